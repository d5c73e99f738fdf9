// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICoreStakeHub} from "../../staking/ICoreStakeHub.sol";
import {ISleeve} from "../ISleeve.sol";
import {ICoreSleeve} from "./ICoreSleeve.sol";
import {Outside} from "./Outside.sol";
import {TokenSleeve} from "./TokenSleeve.sol";

/// @title The protocol's lstBTC: a token whose holder claims CORE for it. Off by default.
/// @notice Its yield rises with the CORE that the same address delegates. So, once the basket's sleeve of CORE has named this
/// one its tenant, a harvest leaves the tokens there, and what they earn comes with that sleeve's own rewards. Every leg is in
/// kind: redeeming lstBTC burns it now and pays on Bitcoin later, off chain.
/// @dev The token may be paused: then a leg waits, and new tokens stay here, where they earn too.
contract LstBtcSleeve is TokenSleeve {
    /// @inheritdoc ISleeve
    uint256 public constant MAX_EXIT = 0;
    /// @inheritdoc ISleeve
    uint256 public constant DELIVER_GAS = 1_000_000;
    /// @dev Of moving tokens to the host.
    uint256 private constant MOVE_GAS = 500_000;

    address public immutable STAKE_HUB;
    /// @notice The basket's sleeve of CORE, or 0.
    address public immutable HOST;

    /// @notice The host is another basket's.
    error BadHost(address host);

    constructor(address basket, address token, address stakeHub, address host) TokenSleeve(basket, token, token) {
        _requireCode(stakeHub);
        if (host != address(0) && ISleeve(host).BASKET() != basket) revert BadHost(host);
        STAKE_HUB = stakeHub;
        HOST = host;
    }

    /// @dev Yield on what is held here.
    receive() external payable {}

    /// @inheritdoc ISleeve
    function held() public view override returns (uint256) {
        return _balance(TOKEN, address(this)) + _lodged();
    }

    /// @inheritdoc ISleeve
    function unbond(uint256 units, address to) external onlyBasket returns (uint256, uint256, address) {
        return _unbondInKind(units, to);
    }

    /// @inheritdoc ISleeve
    /// @dev All coins here go to the basket, whatever StakeHub says it paid. Tokens that do not move today move tomorrow.
    function harvest() external override onlyBasket returns (uint256 units, uint256 coins) {
        Outside.must(STAKE_HUB, abi.encodeCall(ICoreStakeHub.claimReward, ()));
        uint256 here = _balance(TOKEN, address(this));
        if (here != 0 && _isTenant()) {
            Outside.attempt(TOKEN, MOVE_GAS, abi.encodeWithSelector(0xa9059cbb, HOST, here)); // transfer(address,uint256)
        }
        units = held();
        coins = address(this).balance;
        if (coins != 0) _pay(BASKET, coins);
    }

    /// @dev From here first: what is lodged earns more.
    function _sendUnits(uint256 units, address to) internal override {
        uint256 here = _balance(TOKEN, address(this));
        uint256 lodged = _lodged();
        if (units > here + lodged) revert NotEnough(units, here + lodged);
        uint256 own = units < here ? units : here;
        if (own != 0) _send(TOKEN, to, own);
        if (own < units) ICoreSleeve(HOST).release(units - own, to);
    }

    /// @dev The host holds this token for its tenant alone.
    function _lodged() private view returns (uint256) {
        return _isTenant() ? _balance(TOKEN, HOST) : 0;
    }

    function _isTenant() private view returns (bool) {
        return HOST != address(0) && ICoreSleeve(HOST).tenant() == address(this);
    }
}
