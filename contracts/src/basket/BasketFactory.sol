// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {BasketReceipts} from "./BasketReceipts.sol";
import {BasketToken} from "./BasketToken.sol";
import {IBasket, IBasketTypes} from "./IBasket.sol";
import {IBasketFactory} from "./IBasketFactory.sol";
import {IUnbondingQueue} from "./IUnbondingQueue.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";

/// @title Makes baskets.
/// @notice IBasketFactory carries the NatSpec.
contract BasketFactory is IBasketFactory {
    uint256 private constant MAX_SLEEVES = 8;
    uint256 private constant BPS = 10_000;

    /// @inheritdoc IBasketFactory
    address public immutable BASKET_CODE;
    /// @inheritdoc IBasketFactory
    address public immutable QUEUE_CODE;

    Template[] private _templates;

    constructor(address basketCode, address queueCode, Template[] memory templates) {
        if (basketCode == address(0) || queueCode == address(0)) revert ZeroAddress();
        BASKET_CODE = basketCode;
        QUEUE_CODE = queueCode;
        // bound(list templates): the deployer's
        for (uint256 i; i < templates.length; ++i) {
            _check(i, templates[i]);
            _templates.push(templates[i]);
        }
    }

    function _check(uint256 id, Template memory t) private pure {
        uint256 n = t.tokens.length;
        if (n == 0 || n > MAX_SLEEVES || t.targetBps.length != n || t.bandBps.length != n) revert BadTemplate(id);
        uint256 sum;
        // bound(MAX_SLEEVES): checked above
        for (uint256 i; i < n; ++i) {
            if (t.tokens[i] == address(0)) revert BadTemplate(id);
            sum += t.targetBps[i];
        }
        if (sum != BPS) revert BadTemplate(id);
    }

    /// @inheritdoc IBasketFactory
    function templateCount() external view returns (uint256) {
        return _templates.length;
    }

    /// @inheritdoc IBasketFactory
    function template(uint256 id) external view returns (Template memory) {
        if (id >= _templates.length) revert UnknownTemplate(id);
        return _templates[id];
    }

    function _salt(address creator, bytes32 salt) private pure returns (bytes32) {
        return keccak256(abi.encode(creator, salt));
    }

    /// @inheritdoc IBasketFactory
    function predict(address creator, bytes32 salt) public view returns (address basket, address queue) {
        bytes32 s = _salt(creator, salt);
        return (Clones.predictDeterministicAddress(BASKET_CODE, s), Clones.predictDeterministicAddress(QUEUE_CODE, s));
    }

    /// @inheritdoc IBasketFactory
    function create(CreateParams calldata params) external returns (address basket) {
        bytes32 salt = _salt(msg.sender, params.salt);
        basket = Clones.cloneDeterministic(BASKET_CODE, salt);
        address queue = Clones.cloneDeterministic(QUEUE_CODE, salt);
        address token = address(new BasketToken(params.name, params.symbol, basket, queue));
        address receipts = address(
            new BasketReceipts(
                queue, string.concat(params.name, " exit receipt"), string.concat(params.symbol, "-EXIT")
            )
        );
        IUnbondingQueue(queue).initialize(basket, token, receipts);
        IBasket(basket).initialize(_init(params, token, queue));
        emit BasketCreated(basket, params.template, token, queue, receipts, msg.sender);
    }

    function _init(CreateParams calldata params, address token, address queue)
        private
        view
        returns (IBasketTypes.InitParams memory init)
    {
        init.token = token;
        init.queue = queue;
        init.feed = params.feed;
        init.timelock = params.timelock;
        init.guardian = params.guardian;
        init.feeRecipient = params.feeRecipient;
        init.seeder = params.seeder;
        init.entryFeeBps = params.entryFeeBps;
        init.instantFeeBps = params.instantFeeBps;
        init.managementFeeBps = params.managementFeeBps;
        init.performanceFeeBps = params.performanceFeeBps;
        init.floor = params.floor;
        init.buffer = params.buffer;
        init.shareCap = params.shareCap;
        init.sleeves = _sleeves(params);
    }

    function _sleeves(CreateParams calldata params) private view returns (IBasketTypes.SleeveParams[] memory list) {
        if (params.template >= _templates.length) revert UnknownTemplate(params.template);
        Template memory t = _templates[params.template];
        uint256 n = t.tokens.length;
        if (params.sleeves.length != n) revert LengthMismatch(params.sleeves.length, n);
        if (params.caps.length != n) revert LengthMismatch(params.caps.length, n);
        if (params.limits.length != n) revert LengthMismatch(params.limits.length, n);
        list = new IBasketTypes.SleeveParams[](n);
        // bound(MAX_SLEEVES): of a checked template
        for (uint256 i; i < n; ++i) {
            address held = params.sleeves[i].TOKEN();
            if (held != t.tokens[i]) revert WrongToken(i, held, t.tokens[i]);
            list[i] = IBasketTypes.SleeveParams({
                sleeve: params.sleeves[i],
                cap: params.caps[i],
                limit: params.limits[i],
                targetBps: t.targetBps[i],
                bandBps: t.bandBps[i]
            });
        }
    }
}
