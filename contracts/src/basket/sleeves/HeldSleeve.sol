// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ISleeve} from "../ISleeve.sol";
import {TokenSleeve} from "./TokenSleeve.sol";

/// @title A token that is held and does nothing: coreBTC, WBTC.
/// @notice Every leg is in kind and paid at once. Such a token may have a blacklist or a pause: then a leg waits.
contract HeldSleeve is TokenSleeve {
    /// @inheritdoc ISleeve
    uint256 public constant MAX_EXIT = 0;
    /// @inheritdoc ISleeve
    uint256 public constant DELIVER_GAS = 500_000;

    constructor(address basket, address token) TokenSleeve(basket, token, token) {}

    /// @inheritdoc ISleeve
    function unbond(uint256 units, address to) external onlyBasket returns (uint256, uint256, address) {
        return _unbondInKind(units, to);
    }
}
