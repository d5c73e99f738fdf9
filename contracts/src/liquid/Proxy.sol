// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

// Imported so that the proxy in front of the minter, and its governor, have artifacts of their own.
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
