// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title LocalActor: an account with code for tests on local chains, as awkward as a receiver can be
/// @notice Whoever drives it makes it call; on incoming coins it accepts, refuses, burns all gas or calls back.
contract LocalActor {
    enum Mode {
        Accept,
        Refuse,
        BurnGas,
        Reenter
    }

    /// @notice What it does with incoming coins.
    Mode public mode;
    /// @notice How often a call back out of `receive` was tried, and how often it went through.
    uint256 public tries;
    uint256 public successes;

    address private _target;
    bytes private _data;
    bool private _inside;

    error Refused();

    /// @notice Sets what happens on incoming coins; `target` and `data` matter in mode Reenter only.
    function behave(Mode mode_, address target, bytes calldata data) external {
        mode = mode_;
        _target = target;
        _data = data;
    }

    /// @notice Calls `target` as this account; a failure bubbles up as it is.
    function act(address target, bytes calldata data) external payable returns (bytes memory) {
        (bool ok, bytes memory answer) = target.call{value: msg.value}(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(answer, 32), mload(answer))
            }
        }
        return answer;
    }

    /// @notice Sends coins that the receiver cannot refuse.
    function force(address payable target) external payable {
        new Bomb{value: msg.value}(target);
    }

    receive() external payable {
        if (mode == Mode.Refuse) revert Refused();
        if (mode == Mode.BurnGas) {
            while (true) {}
        }
        if (mode != Mode.Reenter || _inside) return;
        _inside = true;
        ++tries;
        // Re-entering is what it is for.
        // slither-disable-next-line reentrancy-no-eth
        (bool ok,) = _target.call(_data);
        if (ok) ++successes;
        _inside = false;
    }
}

/// @dev Ends in its own construction and leaves its coins to `target`.
contract Bomb {
    constructor(address payable target) payable {
        selfdestruct(target);
    }
}
