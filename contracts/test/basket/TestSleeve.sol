// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ISleeve} from "../../src/basket/ISleeve.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// A sleeve that does what a test says: it stalls, reverts with a bomb, burns gas, loses, pays tickets in parts.
contract TestSleeve is ISleeve {
    using SafeERC20 for IERC20;

    enum Mood {
        Well,
        Stalled, // refuses all that moves
        Burning, // burns all gas it gets
        Bomb // reverts with a megabyte
    }

    address internal constant NATIVE = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;

    address public immutable BASKET;
    address public immutable TOKEN;
    address public immutable EPOCH_TOKEN;
    uint256 public immutable MAX_EXIT;

    struct Ticket {
        uint256 left; // units of TOKEN, or coins
        uint256 ripe;
        bool last; // no more than what is ripe comes
        bool open;
    }

    Mood public mood;
    uint112 public reserved; // of tickets, in units of TOKEN
    uint112 public working; // units that are not idle
    uint256 public exitTime;
    uint256 public rate;
    uint256 public coinsToHarvest;
    uint256 public tickets;
    uint256 public harvests;
    uint256 public lastKeep;
    mapping(uint256 id => Ticket) public ticketAt;

    constructor(address basket, address token, address epochToken, uint256 maxExit) {
        BASKET = basket;
        TOKEN = token;
        EPOCH_TOKEN = epochToken;
        MAX_EXIT = maxExit;
        exitTime = maxExit;
    }

    receive() external payable {}

    function DELIVER_GAS() external pure virtual returns (uint256) {
        return 200_000;
    }

    function _work() internal virtual {}

    modifier onlyBasket() {
        if (msg.sender != BASKET) revert NotBasket(msg.sender);
        _;
    }

    modifier feels() {
        if (mood == Mood.Stalled) revert NotYet(0, 0);
        if (mood == Mood.Bomb) {
            assembly {
                revert(0, 1000000)
            }
        }
        if (mood == Mood.Burning) {
            assembly {
                invalid()
            }
        }
        _;
    }

    // ------------------------------------------------------------------------------------------------ what a test says

    function setMood(Mood mood_) external {
        mood = mood_;
    }

    function setExitTime(uint256 time) external {
        exitTime = time;
    }

    function setRate(uint256 rate_) external {
        rate = rate_;
    }

    function setCoinsToHarvest(uint256 coins) external {
        coinsToHarvest = coins;
    }

    function setWorking(uint256 units) external {
        working = uint112(units);
    }

    /// Units vanish.
    function lose(uint256 units) external {
        _pay(TOKEN, address(0xdead), units);
    }

    /// `amount` of what a ticket waits for is here; the rest of it is lost when this is the last.
    function ripen(uint256 id, uint256 amount, bool last) external {
        ticketAt[id].ripe += amount;
        ticketAt[id].last = last;
    }

    // --------------------------------------------------------------------------------------------------------- reading

    function held() public view returns (uint256) {
        return (TOKEN == NATIVE ? address(this).balance : IERC20(TOKEN).balanceOf(address(this))) - reserved;
    }

    function instantCapacity() external view returns (uint256) {
        return held() - working;
    }

    // -------------------------------------------------------------------------------------------------------------- in

    function enter() external payable onlyBasket {
        if (TOKEN != NATIVE) revert NotPayable();
    }

    // ------------------------------------------------------------------------------------------------------------- out

    function deliver(uint256 units, address to) external onlyBasket feels {
        _work();
        if (units > held()) revert NotEnough(units, held());
        _pay(TOKEN, to, units);
        emit Delivered(to, units);
    }

    /// A ticket where `exitTime` is not 0; at once otherwise. Where the way ends in coins, a unit is paid as its rate says.
    function unbond(uint256 units, address to)
        external
        onlyBasket
        feels
        returns (uint256 ticket, uint256 paid, address asset)
    {
        asset = EPOCH_TOKEN;
        if (exitTime == 0) {
            paid = units;
            _pay(asset, to, paid);
        } else if (asset != TOKEN && units < 1 ether) {
            (paid, asset) = (units, TOKEN);
            _pay(TOKEN, to, paid);
        } else {
            ticket = ++tickets;
            ticketAt[ticket].open = true;
            if (asset == TOKEN) {
                ticketAt[ticket].left = units;
                reserved += uint112(units);
            } else {
                ticketAt[ticket].left = units * rate / 1e18;
                _pay(TOKEN, address(0xdead), units);
            }
        }
        emit Unbonded(ticket, units, paid, asset);
    }

    function collect(uint256 ticket, address to) external onlyBasket feels returns (uint256 paid, bool done) {
        Ticket storage t = ticketAt[ticket];
        if (!t.open) revert UnknownTicket(ticket);
        paid = t.ripe;
        if (paid == 0 && !t.last) revert NotYet(ticket, 0);
        if (EPOCH_TOKEN == TOKEN) reserved -= uint112(t.last ? t.left : paid);
        t.left -= paid;
        t.ripe = 0;
        done = t.last || t.left == 0;
        if (done) t.open = false;
        _pay(EPOCH_TOKEN, to, paid);
        emit Collected(ticket, paid, done);
    }

    // ---------------------------------------------------------------------------------------------------------- chores

    function harvest() external onlyBasket feels returns (uint256 units, uint256 coins) {
        ++harvests;
        coins = coinsToHarvest;
        coinsToHarvest = 0;
        if (coins != 0) _pay(NATIVE, BASKET, coins);
        units = held();
    }

    function delegateIdle(uint256 keep) external onlyBasket feels returns (uint256 delegated) {
        lastKeep = keep;
        uint256 idle = held() - working;
        if (idle > keep) delegated = idle - keep;
        working += uint112(delegated);
    }

    function _pay(address asset, address to, uint256 amount) private {
        if (amount == 0) return;
        if (asset == NATIVE) {
            (bool ok,) = to.call{value: amount}("");
            if (!ok) revert TransferFailed(to, amount);
        } else {
            IERC20(asset).safeTransfer(to, amount);
        }
        if (working == 0) return;
        uint256 here = held();
        if (working > here) working = uint112(here);
    }
}

/// A sleeve whose delivery needs millions of gas, as one of many validators does.
contract HeavySleeve is TestSleeve {
    constructor(address basket, address token) TestSleeve(basket, token, token, 0) {}

    function DELIVER_GAS() external pure override returns (uint256) {
        return 7_000_000;
    }

    function _work() internal view override {
        uint256 from = gasleft();
        while (from - gasleft() < 6_500_000) {}
    }
}
