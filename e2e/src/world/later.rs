//! The parts around the road: the vault, a real Uniswap pool and the route to it, a reward token and who sells it, a halt.

use alloy::{
    primitives::{Address, Log, U256},
    sol_types::SolValue,
};
use chain::bindings::{ILiquidMinter as M, ILiquidToken, LocalStaking as S};

use super::{COIN, NATIVE, World};

alloy::sol! {
    /// A Uniswap V2 factory and its pairs.
    #[sol(all_derives)]
    interface Pair {
        function createPair(address a, address b) external returns (address);
        function getPair(address a, address b) external view returns (address);
        function token0() external view returns (address);
        function getReserves() external view returns (uint112 first, uint112 second, uint32 at);
        function mint(address to) external returns (uint256);
        function swap(uint256 first, uint256 second, address to, bytes data) external;
    }
    /// An ERC-20 that wraps the coin, or that anybody may mint.
    #[sol(all_derives)]
    interface Coin {
        function deposit() external payable;
        function withdraw(uint256 amount) external;
        function transfer(address to, uint256 amount) external returns (bool);
        function mint(address to, uint256 amount) external;
    }
    #[sol(all_derives)]
    struct RoutePool {
        address at;
        uint8 style;
        uint16 feeBps;
    }
    #[sol(all_derives)]
    interface Upgrade {
        function upgradeToAndCall(address code, bytes data) external payable;
    }
}

/// Coins, and as much LST, that the pool begins with, wei. The operator has twice as much of both for its trades.
pub const DEPTH: u128 = 3_000 * COIN;
/// The pool's own fee, basis points.
pub const POOL_FEE: u16 = 30;
/// Kinds of pools, as the route numbers them.
pub const STYLE_NONE: u8 = 0;
/// Uniswap V2.
pub const STYLE_V2: u8 = 1;

/// Where the parts are.
#[derive(Debug, Clone, Copy)]
pub struct Later {
    /// ERC-4626.
    pub vault: Address,
    /// Its entry and exit in coin.
    pub coin_vault: Address,
    /// The wrapped coin.
    pub wcoin: Address,
    /// A reward token of the staking system.
    pub gold: Address,
    /// LST against the wrapped coin.
    pub pair: Address,
    /// Sells LST there.
    pub route: Address,
    /// Two that sell reward tokens: the one in force, and one to change to.
    pub converters: [Address; 2],
    /// Two halts in front of the minter's code.
    pub halts: [Address; 2],
}

impl World {
    /// Deploys and enables them, as the admin does before the setup is sealed.
    pub fn deploy_later(&mut self) -> Later {
        let (operator, admin, minter, token) = (self.operator, self.admin, self.minter, self.token);
        let nonce = self.nonce(operator);
        let vault = operator.create(nonce);
        let coin_vault = operator.create(nonce + 1);
        let args = (
            "Vault".to_string(),
            "vLST".to_string(),
            token,
            minter,
            self.rewards,
            coin_vault,
        );
        assert_eq!(
            self.deploy("LiquidVault", &args.abi_encode_params(), 0),
            vault
        );
        assert_eq!(
            self.deploy("LiquidCoinVault", &vault.abi_encode(), 0),
            coin_vault
        );
        let named = |name: &str| (name.to_string(), name.to_string()).abi_encode_params();
        let wcoin = self.deploy("LocalToken", &named("WCOIN"), 0);
        let gold = self.deploy("LocalToken", &named("GOLD"), 0);
        let halts = [0, 1].map(|_| {
            let args = (token, self.staking, self.code).abi_encode_params();
            self.deploy("LiquidHalt", &args, 0)
        });
        let other = self.deploy("RewardConverter", &minter.abi_encode(), 0);
        let converters = [self.converter, other];
        self.reward_token(gold);
        let pair = self.pool(wcoin);
        let route = self.route(wcoin, pair);
        for set in [
            call(&M::setVaultCall { vault }),
            call(&M::setHaltCall { code: halts[0] }),
            call(&M::setAmmRouteCall {
                route,
                slippageBps: U256::from(500),
            }),
            call(&M::setConversionCall {
                token: gold,
                floor: U256::from(COIN / 1_000),
                perSale: U256::from(1_000 * COIN),
                perDay: U256::from(10_000 * COIN),
            }),
        ] {
            let out = self.send(admin, minter, 0, set, super::GAS);
            assert!(out.ok, "the admin sets what is deployed: {}", out.output);
        }
        Later {
            vault,
            coin_vault,
            wcoin,
            gold,
            pair,
            route,
            converters,
            halts,
        }
    }

    fn reward_token(&mut self, gold: Address) {
        let (operator, staking, treasury) = (self.operator, self.staking, self.treasury);
        self.must(operator, staking, 0, &S::addRewardTokenCall { token: gold });
        let rates = S::setRewardRatesCall {
            tokens: vec![NATIVE, gold],
            rates: [3_000_000_000_u64, 20_000_000_000].map(U256::from).to_vec(),
        };
        self.must(operator, staking, 0, &rates);
        let stock = Coin::mintCall {
            to: treasury,
            amount: U256::from(1_000_000 * COIN),
        };
        self.must(operator, gold, 0, &stock);
    }

    /// The real Uniswap V2, from its npm package.
    fn pool(&mut self, wcoin: Address) -> Address {
        let (operator, token) = (self.operator, self.token);
        let factory = self.deploy_code(
            "UniswapV2Factory",
            super::package("@uniswap/v2-core/build/UniswapV2Factory.json"),
            &operator.abi_encode(),
            0,
        );
        let call = Pair::createPairCall { a: token, b: wcoin };
        self.must(operator, factory, 0, &call);
        let pair = self.view(factory, &Pair::getPairCall { a: token, b: wcoin });
        self.must(operator, self.minter, 3 * DEPTH, &M::submitCall {});
        self.must(operator, wcoin, 3 * DEPTH, &Coin::depositCall {});
        for coin in [token, wcoin] {
            let call = Coin::transferCall {
                to: pair,
                amount: U256::from(DEPTH),
            };
            self.must(operator, coin, 0, &call);
        }
        self.must(operator, pair, 0, &Pair::mintCall { to: operator });
        pair
    }

    /// The route, which knows the pool from the start.
    fn route(&mut self, wcoin: Address, pair: Address) -> Address {
        let pools = vec![RoutePool {
            at: pair,
            style: STYLE_V2,
            feeBps: POOL_FEE,
        }];
        let args = (
            self.minter,
            self.token,
            wcoin,
            1_800_u32,
            U256::from(200),
            pools,
        );
        self.deploy("AmmRoute", &args.abi_encode_params(), 0)
    }

    /// Somebody trades with the pool until one LST costs `price`, ray (wei of coins for 1e9 LST, scaled 1e18), or nearly so, as far as
    /// the purse goes.
    /// Its logs.
    pub fn trade(&mut self, later: &Later, price: u128) -> Vec<Log> {
        let (operator, token) = (self.operator, self.token);
        let r = self.view(later.pair, &Pair::getReservesCall {});
        let first = self.view(later.pair, &Pair::token0Call {}) == token;
        let (lst, coins) = if first {
            (r.first, r.second)
        } else {
            (r.second, r.first)
        };
        let (lst, coins) = (lst.to::<u128>(), coins.to::<u128>());
        // Depth stays about the same; a few parts in a thousand off is good enough.
        let depth = (lst as f64) * (coins as f64);
        let wanted = (depth / (price as f64 / 1e27)).sqrt() as u128;
        let (paid_in, coin, reserve_in, reserve_out) = if wanted > lst {
            (wanted - lst, token, lst, coins)
        } else {
            let coins_wanted = (depth / wanted as f64) as u128;
            (coins_wanted.saturating_sub(coins), later.wcoin, coins, lst)
        };
        let call = ILiquidToken::balanceOfCall { account: operator };
        let purse: u128 = self.view(coin, &call).try_into().expect("fits");
        let paid_in = paid_in.min(purse);
        if paid_in < COIN {
            return Vec::new();
        }
        let give = U256::from(paid_in) * U256::from(997);
        let out =
            give * U256::from(reserve_out) / (U256::from(reserve_in) * U256::from(1000) + give);
        let call = Coin::transferCall {
            to: later.pair,
            amount: U256::from(paid_in),
        };
        let mut logs = self.must(operator, coin, 0, &call).logs;
        let to_first = (coin == token) != first;
        let swap = Pair::swapCall {
            first: if to_first { out } else { U256::ZERO },
            second: if to_first { U256::ZERO } else { out },
            to: operator,
            data: alloy::primitives::Bytes::new(),
        };
        logs.extend(self.must(operator, later.pair, 0, &swap).logs);
        logs
    }
}

fn call<C: alloy::sol_types::SolCall>(c: &C) -> Vec<u8> {
    c.abi_encode()
}
