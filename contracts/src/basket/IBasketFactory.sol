// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ISleeve} from "./ISleeve.sol";

/// @title Makes baskets: clones of one version of the code, by templates.
/// @notice A template says which tokens a basket's sleeves hold, in which order and at which weights; whoever makes a basket of
/// it brings the adapters, each made for the basket's address, which is known before (`predict`). Without owner or storage but
/// its templates: a new version is a new factory.
interface IBasketFactory {
    struct Template {
        bytes32 name;
        address[] tokens; // of each sleeve; 0xEeee…EEeE the chain's coin
        uint16[] targetBps;
        uint16[] bandBps;
    }

    struct CreateParams {
        uint256 template;
        bytes32 salt;
        string name;
        string symbol;
        address feed;
        address timelock;
        address guardian;
        address feeRecipient;
        address seeder;
        uint16 entryFeeBps;
        uint16 instantFeeBps;
        uint16 managementFeeBps;
        uint16 performanceFeeBps;
        uint256 floor;
        uint256 buffer;
        uint256 shareCap;
        ISleeve[] sleeves;
        uint256[] caps;
        uint256[] limits;
    }

    event BasketCreated(
        address indexed basket,
        uint256 indexed template,
        address token,
        address queue,
        address receipts,
        address creator
    );

    error ZeroAddress();
    error BadTemplate(uint256 template);
    error UnknownTemplate(uint256 template);
    error LengthMismatch(uint256 a, uint256 b);
    /// @notice The template wants `expected` in this place.
    error WrongToken(uint256 sleeve, address token, address expected);

    function BASKET_CODE() external view returns (address);
    function QUEUE_CODE() external view returns (address);
    function templateCount() external view returns (uint256);
    function template(uint256 id) external view returns (Template memory);
    /// @notice Addresses of what `creator` makes with `salt`: nobody else can take them.
    function predict(address creator, bytes32 salt) external view returns (address basket, address queue);
    /// @notice Makes a basket with its token, queue and receipts. Anyone; the seeder makes the first deposit.
    function create(CreateParams calldata params) external returns (address basket);
}
