// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ISleeve} from "../../src/basket/ISleeve.sol";
import {CoreWorld} from "../core/CoreWorld.sol";

/// @dev What a sleeve asks of its basket: who governs it, and to take coins.
contract BasketStub {
    address public immutable TIMELOCK;

    constructor(address timelock) {
        TIMELOCK = timelock;
    }

    receive() external payable {}
}

/// @dev Burns all gas that it is given, whatever it is asked.
contract GasBurner {
    fallback() external payable {
        while (true) {}
    }
}

/// @dev Answers everything with a megabyte of words, in failure or (for views) in success.
contract Bomb {
    fallback() external payable {
        assembly {
            revert(0, 1000000)
        }
    }
}

/// @dev Refuses everything.
contract Refuser {
    fallback() external payable {
        revert("no");
    }
}

/// @notice Core's stand-ins and a basket that is played by the test.
abstract contract SleeveWorld is CoreWorld {
    address internal constant NATIVE = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;

    BasketStub internal basket;
    address internal timelock = makeAddr("timelock");
    address internal queue = makeAddr("queue");

    function deployWorld() internal {
        deployCore();
        basket = new BasketStub(timelock);
        vm.deal(address(basket), 1_000_000 ether);
    }

    function deliver(ISleeve sleeve, uint256 units, address to) internal {
        vm.prank(address(basket));
        sleeve.deliver(units, to);
    }

    /// All at once, or by a ticket.
    function unbond(ISleeve sleeve, uint256 units) internal returns (uint256 ticket, uint256 paid, address asset) {
        vm.prank(address(basket));
        return sleeve.unbond(units, queue);
    }

    function collect(ISleeve sleeve, uint256 ticket) internal returns (uint256 paid, bool done) {
        vm.prank(address(basket));
        return sleeve.collect(ticket, queue);
    }

    function harvest(ISleeve sleeve) internal returns (uint256 units, uint256 coins) {
        vm.prank(address(basket));
        return sleeve.harvest();
    }

    /// Only the basket gets through: one call of each kind by a stranger, refused by name.
    function strangersAreRefused(ISleeve sleeve) internal {
        bytes[] memory calls = new bytes[](6);
        calls[0] = abi.encodeCall(ISleeve.enter, ());
        calls[1] = abi.encodeCall(ISleeve.deliver, (0, carol));
        calls[2] = abi.encodeCall(ISleeve.unbond, (0, carol));
        calls[3] = abi.encodeCall(ISleeve.collect, (1, carol));
        calls[4] = abi.encodeCall(ISleeve.harvest, ());
        calls[5] = abi.encodeCall(ISleeve.delegateIdle, (0));
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(carol);
            (bool ok, bytes memory said) = address(sleeve).call(calls[i]);
            assertFalse(ok, "a stranger got through");
            assertEq(said, abi.encodeWithSelector(ISleeve.NotBasket.selector, carol));
        }
    }
}
