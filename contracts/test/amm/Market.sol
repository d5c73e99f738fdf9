// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IV2Pool} from "../../src/liquid/amm/AmmV2.sol";
import {IV3Pool} from "../../src/liquid/amm/AmmV3.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// The wrapped coin: deposit, withdraw, ERC-20.
contract WrappedCoin is ERC20("Wrapped", "W") {
    receive() external payable {
        _mint(msg.sender, msg.value);
    }

    function withdraw(uint256 amount) external {
        _burn(msg.sender, amount);
        (bool ok,) = msg.sender.call{value: amount}("");
        require(ok, "unwrap");
    }
}

interface IV2Factory {
    function createPair(address a, address b) external returns (address);
}

interface IV2Pair is IV2Pool {
    function mint(address to) external returns (uint256);
    function burn(address to) external returns (uint256, uint256);
    function transfer(address to, uint256 amount) external returns (bool);
    function balanceOf(address) external view returns (uint256);
}

interface IV3Factory {
    function createPool(address a, address b, uint24 fee) external returns (address);
}

interface IV3PoolAll is IV3Pool {
    function initialize(uint160 sqrtPrice) external;
    function increaseObservationCardinalityNext(uint16 next) external;
    function mint(address to, int24 lower, int24 upper, uint128 amount, bytes calldata data)
        external
        returns (uint256, uint256);
    function burn(int24 lower, int24 upper, uint128 amount) external returns (uint256, uint256);
}

/// Who provides liquidity and moves prices, with a purse of both tokens.
contract Trader {
    function mint(IV3PoolAll pool, int24 lower, int24 upper, uint128 amount) external {
        pool.mint(address(this), lower, upper, amount, "");
    }

    function swapV3(IV3PoolAll pool, bool zeroForOne, int256 amount) external {
        uint160 limit = zeroForOne ? 4_295_128_740 : 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_341;
        pool.swap(address(this), zeroForOne, amount, limit, "");
    }

    function uniswapV3MintCallback(uint256 a, uint256 b, bytes calldata) external {
        _pay(a, b);
    }

    function uniswapV3SwapCallback(int256 a, int256 b, bytes calldata) external {
        _pay(a > 0 ? uint256(a) : 0, b > 0 ? uint256(b) : 0);
    }

    function _pay(uint256 a, uint256 b) private {
        if (a != 0) IERC20(IV3Pool(msg.sender).token0()).transfer(msg.sender, a);
        if (b != 0) IERC20(IV3Pool(msg.sender).token1()).transfer(msg.sender, b);
    }

    function swapV2(IV2Pair pair, address tokenIn, uint256 amount) external {
        (uint112 r0, uint112 r1,) = pair.getReserves();
        bool first = pair.token0() == tokenIn;
        (uint256 x, uint256 y) = first ? (r0, r1) : (r1, r0);
        uint256 out = amount * 997 * y / (x * 1000 + amount * 997);
        IERC20(tokenIn).transfer(address(pair), amount);
        pair.swap(first ? 0 : out, first ? out : 0, address(this), "");
    }

    function burnV2(IV2Pair pair) external {
        pair.transfer(address(pair), pair.balanceOf(address(this)));
        pair.burn(address(this));
    }
}
