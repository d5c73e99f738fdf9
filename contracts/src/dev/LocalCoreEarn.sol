// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICoreCandidateHub} from "../staking/ICoreCandidateHub.sol";
import {ICoreEarn} from "../staking/ICoreEarn.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title LocalCoreEarn: a stand-in for Core Earn, for local chains only
/// @notice Written from the facts C9 to C12 known of the real system, not from its code. It pays with 2,300 gas, as a plain
/// `transfer` does: the least that a receiver may count on. It holds its coins itself: fund it with what its rate promises.
contract LocalCoreEarn is ICoreEarn {
    struct Record {
        uint256 redeemTime;
        uint256 unlockTime;
        uint256 amount;
        uint256 stCore;
        uint256 fee;
    }

    uint256 public constant MIN_MINT = 1 ether;
    uint256 public constant MAX_RECORDS = 100;
    uint256 private constant BASE = 1e6;
    uint256 private constant FEE_BASE = 1e6;

    ICoreCandidateHub public immutable HUB;
    LocalCoreStToken public immutable TOKEN;
    address public immutable owner;
    address public operator;

    /// @inheritdoc ICoreEarn
    uint256 public roundTag;
    /// @inheritdoc ICoreEarn
    uint256 public lockDay = 7;
    /// @inheritdoc ICoreEarn
    uint256 public protocolFeePoints;
    /// @inheritdoc ICoreEarn
    uint256 public redeemMinLimit = 1 ether;
    /// @notice By how much the rate rises in a round, of 1e6.
    uint256 public growth;
    /// @notice What a withdrawal falls short of the records, of 1e6: a fault switch.
    uint256 public shortfall;
    /// @notice Whether a withdrawal pays half of a record and keeps the rest: what a later version of its code might do.
    bool public inParts;
    bool public paused;

    uint256 private _rate = BASE;
    // Filled by `push` through a storage pointer.
    // slither-disable-next-line uninitialized-state
    mapping(address => Record[]) private _records;

    modifier onlyOwner() {
        require(msg.sender == owner, "only owner");
        _;
    }

    /// @dev C10.
    modifier open() {
        require(!paused, "paused");
        require(roundTag == HUB.getRoundTag(), "round not settled");
        _;
    }

    constructor(address owner_, ICoreCandidateHub hub) {
        owner = owner_;
        operator = owner_;
        HUB = hub;
        TOKEN = new LocalCoreStToken(address(this));
        roundTag = hub.getRoundTag();
    }

    receive() external payable {}

    // ----------------------------------------------------------------------------------------------------------- users

    /// @inheritdoc ICoreEarn
    function mint(address validator) external payable open {
        require(msg.value >= MIN_MINT, "mint is too small");
        require(HUB.canDelegate(validator), "validator takes nothing");
        TOKEN.mint(msg.sender, msg.value * BASE / _rate);
    }

    /// @inheritdoc ICoreEarn
    function redeem(uint256 stCore) external open {
        require(stCore >= redeemMinLimit, "redeem is too small");
        Record[] storage list = _records[msg.sender];
        require(list.length < MAX_RECORDS, "too many records");
        // The fee is a part of whole wei.
        // slither-disable-next-line divide-before-multiply
        uint256 amount = stCore * _rate / BASE;
        uint256 cut = amount * protocolFeePoints / FEE_BASE;
        TOKEN.burn(msg.sender, stCore);
        list.push(Record(block.timestamp, block.timestamp + lockDay * 1 days, amount - cut, stCore, cut));
    }

    /// @inheritdoc ICoreEarn
    function withdraw() external open {
        Record[] storage list = _records[msg.sender];
        require(list.length != 0, "no records");
        uint256 sum;
        for (uint256 i = list.length; i != 0; --i) {
            if (list[i - 1].unlockTime >= block.timestamp) continue;
            uint256 part = inParts ? list[i - 1].amount / 2 : list[i - 1].amount;
            sum += part;
            if (inParts && part != 0) {
                list[i - 1].amount -= part;
                continue;
            }
            list[i - 1] = list[list.length - 1];
            list.pop();
        }
        require(sum != 0, "nothing unlocked");
        sum -= sum * shortfall / 1e6;
        payable(msg.sender).transfer(sum);
    }

    /// @notice The caller's records, in no order that lasts.
    function getRedeemRecords() external view returns (Record[] memory) {
        return _records[msg.sender];
    }

    /// @inheritdoc ICoreEarn
    function getCurrentExchangeRate() external view returns (uint256) {
        return _rate;
    }

    /// @inheritdoc ICoreEarn
    /// @dev C11: the sums stand under each other's name, as they do in the real one.
    function getRedeemAmount() external view returns (uint256 unlockedAmount, uint256 lockedAmount) {
        Record[] storage list = _records[msg.sender];
        for (uint256 i; i < list.length; ++i) {
            if (list[i].unlockTime < block.timestamp) lockedAmount += list[i].amount;
            else unlockedAmount += list[i].amount;
        }
    }

    // -------------------------------------------------------------------------------------------------- administration

    /// @inheritdoc ICoreEarn
    function afterTurnRound(address[] calldata) external {
        require(msg.sender == operator, "only operator");
        uint256 round = HUB.getRoundTag();
        for (uint256 at = roundTag; at < round; ++at) {
            _rate += _rate * growth / 1e6;
        }
        roundTag = round;
    }

    function setOperator(address operator_) external onlyOwner {
        operator = operator_;
    }

    function setPaused(bool paused_) external onlyOwner {
        paused = paused_;
    }

    function setLockDay(uint256 days_) external onlyOwner {
        lockDay = days_;
    }

    function setRedeemMinLimit(uint256 least) external onlyOwner {
        redeemMinLimit = least;
    }

    function setFee(uint256 fee_) external onlyOwner {
        require(fee_ <= FEE_BASE, "above all");
        protocolFeePoints = fee_;
    }

    function setGrowth(uint256 growth_) external onlyOwner {
        growth = growth_;
    }

    /// @notice The owner may replace the real one's code: nothing holds the rate up.
    function setRate(uint256 rate) external onlyOwner {
        _rate = rate;
    }

    function setInParts(bool inParts_) external onlyOwner {
        inParts = inParts_;
    }

    function setShortfall(uint256 shortfall_) external onlyOwner {
        require(shortfall_ <= 1e6, "above all");
        shortfall = shortfall_;
    }
}

/// @title LocalCoreStToken: a stand-in for stCORE, for local chains only
contract LocalCoreStToken is ERC20 {
    address public immutable EARN;

    modifier onlyEarn() {
        require(msg.sender == EARN, "only Earn");
        _;
    }

    constructor(address earn) ERC20("Local stCORE", "stCORE") {
        EARN = earn;
    }

    function mint(address to, uint256 amount) external onlyEarn {
        _mint(to, amount);
    }

    function burn(address from, uint256 amount) external onlyEarn {
        _burn(from, amount);
    }
}
