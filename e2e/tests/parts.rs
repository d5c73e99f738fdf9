//! The parts beside the road, by the command line and to the wei: governance, AMM, vault, receipts, reserve, delegates.

use crate::site::{ACCOUNTS, COIN, Site, wei};
use alloy::{
    eips::BlockId,
    primitives::{
        Address, B256, U256, U512,
        aliases::{I24, U24, U160},
    },
    sol,
    sol_types::{SolCall, SolValue as _},
};
use chain::bindings::{ILiquidMinter, ILiquidToken, TimelockController};
use std::time::Duration;
use tokio::time::timeout;

const LIMIT: Duration = Duration::from_secs(240);

sol! {
    interface Pair {
        function getReserves() external view returns (uint112 first, uint112 second, uint32 at);
        function token0() external view returns (address);
    }

    /// Uniswap V3's `NonfungiblePositionManager`.
    interface Positions {
        struct MintParams {
            address token0;
            address token1;
            uint24 fee;
            int24 tickLower;
            int24 tickUpper;
            uint256 amount0Desired;
            uint256 amount1Desired;
            uint256 amount0Min;
            uint256 amount1Min;
            address recipient;
            uint256 deadline;
        }

        function createAndInitializePoolIfNecessary(address token0, address token1, uint24 fee, uint160 sqrtPriceX96)
            external
            payable
            returns (address pool);
        function mint(MintParams params) external payable;
    }

    interface V3Factory {
        function createPool(address a, address b, uint24 fee) external returns (address pool);
        function getPool(address a, address b, uint24 fee) external view returns (address pool);
    }

    interface V3Pool {
        function liquidity() external view returns (uint128);
    }

    interface Wrapped {
        function deposit() external payable;
    }
}

/// Deploys a contract of npm's Uniswap packages.
async fn uniswap(site: &Site, artifact: &str, arguments: &[u8]) -> Address {
    let artifact = format!("contracts/node_modules/@uniswap/{artifact}");
    site.create(&artifact, arguments).await
}

/// What a V3 pool pays within one range, by the formulas of its paper, each step rounded for the pool: `liquidity` at the price
/// 1, a fee of 0.3 %.
fn paid_by_v3(liquidity: u128, lst: U256, lst_is_0: bool) -> U256 {
    let one = U512::from(1) << 96;
    let (liquidity, lst) = (U512::from(liquidity), U512::from(lst));
    let given = lst * U512::from(997_000) / U512::from(1_000_000);
    let out: U512 = if lst_is_0 {
        let whole: U512 = liquidity << 96;
        let above: U512 = whole * one;
        let price = above.div_ceil(whole + given * one);
        liquidity * (one - price) / one
    } else {
        let price: U512 = one + (given << 96) / liquidity;
        (liquidity << 96) * (price - one) / price / one
    };
    out.to()
}

fn coins(amount: u128) -> U256 {
    U256::from(amount * COIN)
}

/// With a governor the timelock is the admin, the deployer is nobody, and what loosens waits for the longest exit.
#[tokio::test(flavor = "multi_thread")]
async fn deploy_with_a_governor_hands_over_to_the_timelock() {
    timeout(LIMIT, async {
        let site =
            Site::deployed_with(&["--governor", ACCOUNTS[2], "--guardian", ACCOUNTS[3]]).await;
        let file = site.deployment();
        let timelock = site.address("TimelockController");
        assert_eq!(
            file["roles"]["admin"]
                .as_str()
                .unwrap()
                .parse::<Address>()
                .unwrap(),
            timelock
        );
        assert_eq!(file["roles"]["governor"], ACCOUNTS[2].to_lowercase());
        for name in [
            "LiquidVault",
            "LiquidCoinVault",
            "LiquidReceipts",
            "RewardConverter",
            "LiquidHalt",
            "AmmRoute",
            "WrappedCoin",
        ] {
            let code = site.pool.code(site.address(name), BlockId::latest()).await;
            assert!(!code.unwrap().is_empty(), "{name}");
        }
        // Its own roles: the governor proposes and carries out, nobody administers it but itself.
        let holds = async |role: &str, account: &str| {
            let role = match role {
                "" => B256::ZERO,
                name => alloy::primitives::keccak256(name),
            };
            let account: Address = account.parse().unwrap();
            let call = TimelockController::hasRoleCall { role, account };
            site.pool
                .read(timelock, &call, BlockId::latest())
                .await
                .unwrap()
        };
        assert!(holds("PROPOSER_ROLE", ACCOUNTS[2]).await);
        assert!(holds("EXECUTOR_ROLE", ACCOUNTS[2]).await);
        assert!(!holds("PROPOSER_ROLE", ACCOUNTS[0]).await);
        assert!(!holds("", ACCOUNTS[0]).await && !holds("", ACCOUNTS[2]).await);

        // The deployer has nothing left: not even the announcement.
        let text = site.fails(0, &["ops", "amm", "on"], 6);
        assert!(text.contains("AccessControlUnauthorizedAccount"), "{text}");
        // Off by default; on is loosening.
        let off = site.read(&ILiquidMinter::ammRouteCall {}).await;
        assert_eq!(off.route, Address::ZERO);
        let sent = site.ok(2, &["ops", "amm", "on", "--slippage", "150"]);
        assert_eq!(
            sent.as_array().unwrap().len(),
            2,
            "proposed and announced: {sent}"
        );
        let off = site.read(&ILiquidMinter::ammRouteCall {}).await;
        assert_eq!(off.route, Address::ZERO, "announced is not done");
        let text = site.fails(2, &["ops", "amm", "on", "--slippage", "150"], 6);
        assert!(text.contains("TooEarly"), "{text}");
        let delay = site.read(&ILiquidMinter::longestExitCall {}).await;
        site.pass(delay.to::<u64>()).await;
        site.ok(2, &["ops", "amm", "on", "--slippage", "150"]);
        let on = site.read(&ILiquidMinter::ammRouteCall {}).await;
        assert_eq!(on.route, site.address("AmmRoute"));
        assert_eq!(on.slippageBps, U256::from(150));
        // What tightens is at once, by the guardian too.
        site.ok(3, &["ops", "amm", "off"]);
        let off = site.read(&ILiquidMinter::ammRouteCall {}).await;
        assert_eq!(off.route, Address::ZERO);
    })
    .await
    .expect("in time");
}

/// Governor and guardian, each with a key of its own: the second signature halts. What is in the line still comes out.
#[tokio::test(flavor = "multi_thread")]
async fn emergency_by_governor_and_guardian_halts_and_claims_go_on() {
    timeout(LIMIT, async {
        let site =
            Site::deployed_with(&["--governor", ACCOUNTS[2], "--guardian", ACCOUNTS[3]]).await;
        site.ok(0, &["user", "deposit", "5"]);
        let exit = site.ok(0, &["user", "redeem", "5", "--instant-max", "0"]);
        let id = exit["request"].as_str().unwrap().to_owned();
        site.pass(3_700).await;
        site.ok(1, &["ops", "close-rung"]);
        // Headroom above the target is committed to the line; no stake has to leave.
        site.ok(1, &["ops", "depart"]);
        assert!(
            site.fails(1, &["ops", "emergency", "halt"], 6)
                .contains("AccessControlUnauthorizedAccount"),
            "a keeper has no part in it"
        );
        site.ok(2, &["ops", "emergency", "halt"]);
        let status = site.ok(0, &["ops", "status"]);
        assert_eq!(status["halted"], false, "one signature is none");
        // The same one again is still one.
        site.ok(2, &["ops", "emergency", "halt"]);
        assert_eq!(site.ok(0, &["ops", "status"])["halted"], false);
        site.ok(3, &["ops", "emergency", "halt"]);
        assert_eq!(site.ok(0, &["ops", "status"])["halted"], true);
        assert!(
            site.fails(0, &["user", "deposit", "1"], 6)
                .contains("Halted")
        );
        assert!(
            site.fails(0, &["user", "redeem", "1", "--instant-max", "0"], 6)
                .contains("Halted")
        );
        site.ok(1, &["ops", "finalize"]);
        let claimed = site.ok(0, &["user", "claim", &id]);
        let fee = wei(&claimed[0]["fee"]);
        assert_eq!(wei(&claimed[0]["paid"]) + fee, coins(5));
    })
    .await
    .expect("in time");
}

/// The real Uniswap V2: what is quoted is sold, and the pool's own balances say so.
#[tokio::test(flavor = "multi_thread")]
async fn amm_an_exit_by_the_pool_to_the_wei() {
    timeout(LIMIT, async {
        let site = Site::deployed_with(&["--pool", "2000"]).await;
        site.ok(2, &["user", "deposit", "100"]);
        let before = site.coins(2).await;
        // 0.3 % of the pool's fee on 10 of 2,000: constant product, by hand.
        let (x, y, lst) = (coins(2_000), coins(2_000), coins(10));
        let given = lst * U256::from(9_970);
        let expected = given * y / (x * U256::from(10_000) + given);
        let exit = site.ok(
            2,
            &[
                "user",
                "redeem",
                "10",
                "--instant-max",
                "0",
                "--amm-max",
                "10",
            ],
        );
        assert_eq!(wei(&exit["sold"]), lst);
        assert_eq!(wei(&exit["proceeds"]), expected);
        assert_eq!(wei(&exit["paid"]), U256::ZERO);
        assert!(exit["request"].is_null());
        let gas = site.gas_paid(&exit["transaction"]).await;
        assert_eq!(site.coins(2).await, before + expected - gas);
        let pair = site.address("UniswapV2Pair");
        let reserves = site
            .pool
            .read(pair, &Pair::getReservesCall {}, BlockId::latest())
            .await
            .unwrap();
        let token0 = site
            .pool
            .read(pair, &Pair::token0Call {}, BlockId::latest())
            .await
            .unwrap();
        let (tokens, wrapped) = if token0 == site.address("LiquidToken") {
            (reserves.first, reserves.second)
        } else {
            (reserves.second, reserves.first)
        };
        assert_eq!(U256::from(tokens), x + lst);
        assert_eq!(U256::from(wrapped), y - expected);
        // Without limits the best of pool and buffer is taken, and what it would be is quoted.
        let quote = site.ok(2, &["user", "redeem", "30", "--quote"]);
        let before = site.coins(2).await;
        let exit = site.ok(2, &["user", "redeem", "30"]);
        let gas = site.gas_paid(&exit["transaction"]).await;
        let now = wei(&exit["paid"]) + wei(&exit["proceeds"]);
        assert_eq!(site.coins(2).await, before + now - gas);
        let promised = wei(&quote["instantPay"]) + wei(&quote["ammPay"]);
        assert!(now.abs_diff(promised) <= U256::from(4), "{now} {promised}");
    })
    .await
    .expect("in time");
}

/// The real Uniswap V3: a pool that the admin allows on a deployment without any, with a mean that has to be old enough.
#[tokio::test(flavor = "multi_thread")]
async fn amm_an_exit_by_a_v3_pool_to_the_wei() {
    timeout(LIMIT, async {
        let site = Site::deployed().await;
        let provider: Address = ACCOUNTS[3].parse().unwrap();
        let (token, wrapped) = (site.address("LiquidToken"), site.address("WrappedCoin"));
        let does = async |to: Address, data: Vec<u8>| {
            site.act(provider, Some(to), data).await;
        };
        let factory = uniswap(
            &site,
            "v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json",
            &[],
        )
        .await;
        let positions = uniswap(
            &site,
            "v3-periphery/artifacts/contracts/NonfungiblePositionManager.sol/NonfungiblePositionManager.json",
            &(factory, wrapped, Address::ZERO).abi_encode(),
        )
        .await;
        let (token0, token1) = (token.min(wrapped), token.max(wrapped));
        let fee = U24::from(3_000);
        let pool = V3Factory::createPoolCall {
            a: token,
            b: wrapped,
            fee,
        };
        does(factory, pool.abi_encode()).await;
        let find = V3Factory::getPoolCall { a: token, b: wrapped, fee };
        let pool = site.pool.read(factory, &find, BlockId::latest()).await.unwrap();

        // What lets exits through it is announced first, for as long as the longest exit takes.
        let address = pool.to_string();
        let allow = ["ops", "amm", "allow", &address, "--style", "v3"];
        let on = ["ops", "amm", "on"];
        site.ok(0, &on);
        site.ok(0, &allow);
        let longest = site.read(&ILiquidMinter::longestExitCall {}).await;
        site.pass(longest.to()).await;
        site.ok(0, &on);
        site.ok(0, &allow);

        let create = Positions::createAndInitializePoolIfNecessaryCall {
            token0,
            token1,
            fee,
            sqrtPriceX96: U160::from(1) << 96,
        };
        does(positions, create.abi_encode()).await;
        site.ok(3, &["user", "deposit", "2000"]);
        let deposit = Wrapped::depositCall {}.abi_encode();
        site.pay(provider, Some(wrapped), deposit, coins(2_000)).await;
        for asset in [token, wrapped] {
            let approve = ILiquidToken::approveCall { spender: positions, value: coins(2_000) };
            does(asset, approve.abi_encode()).await;
        }
        let mint = Positions::mintCall {
            params: Positions::MintParams {
                token0,
                token1,
                fee,
                tickLower: I24::try_from(-600).unwrap(),
                tickUpper: I24::try_from(600).unwrap(),
                amount0Desired: coins(2_000),
                amount1Desired: coins(2_000),
                amount0Min: U256::ZERO,
                amount1Min: U256::ZERO,
                recipient: provider,
                deadline: U256::MAX,
            },
        };
        does(positions, mint.abi_encode()).await;

        site.ok(2, &["user", "deposit", "100"]);
        let exit = |amount: &str| {
            let limits = ["--instant-max", "0", "--amm-max", amount];
            site.ok(2, &[&["user", "redeem", amount][..], &limits].concat())
        };
        let waits = |done: &serde_json::Value| {
            assert_eq!(wei(&done["sold"]), U256::ZERO);
            assert!(!done["request"].is_null());
        };
        // Its mean is younger than the window: the pool is not asked.
        waits(&exit("1"));
        site.pass(1_800).await;

        let liquidity = site.pool.read(pool, &V3Pool::liquidityCall {}, BlockId::latest()).await.unwrap();
        let expected = paid_by_v3(liquidity, coins(10), token < wrapped);
        let before = site.coins(2).await;
        let done = exit("10");
        assert_eq!(wei(&done["sold"]), coins(10));
        assert_eq!(wei(&done["proceeds"]), expected);
        assert!(done["request"].is_null());
        let gas = site.gas_paid(&done["transaction"]).await;
        assert_eq!(site.coins(2).await, before + expected - gas);
        let held = ILiquidToken::balanceOfCall { account: pool };
        let held = site.pool.read(token, &held, BlockId::latest()).await.unwrap();
        assert!(held.abs_diff(coins(2_010)) <= U256::from(1), "{held}");

        // Taken off the list, it is not asked again.
        site.ok(0, &["ops", "amm", "forbid", &address]);
        waits(&exit("1"));
    })
    .await
    .expect("in time");
}

/// Coins and tokens into the vault, tokens out at once, coins out by the line.
#[tokio::test(flavor = "multi_thread")]
async fn vault_in_and_out_to_the_wei() {
    timeout(LIMIT, async {
        let site = Site::deployed().await;
        let tokens = async |account: usize| {
            let account: Address = ACCOUNTS[account].parse().unwrap();
            let call = ILiquidToken::balanceOfCall { account };
            let token = site.address("LiquidToken");
            site.pool
                .read(token, &call, BlockId::latest())
                .await
                .unwrap()
        };
        // The first share costs one token, and has its 18 decimals.
        let quote = site.ok(2, &["user", "vault", "deposit", "50", "--quote"]);
        let before = site.coins(2).await;
        let done = site.ok(2, &["user", "vault", "deposit", "50", "--min-shares", "50"]);
        assert_eq!(wei(&done["amount"]), coins(50));
        assert_eq!(wei(&quote["amount"]), coins(50));
        let gas = site.gas_paid(&done["transaction"]).await;
        assert_eq!(site.coins(2).await, before - coins(50) - gas);
        assert_eq!(tokens(2).await, U256::ZERO, "the vault holds them");
        site.ok(3, &["user", "deposit", "8"]);
        let done = site.ok(3, &["user", "vault", "deposit", "8", "--tokens"]);
        assert_eq!(wei(&done["amount"]), coins(8));
        assert_eq!(tokens(3).await, U256::ZERO);
        let text = site.fails(
            3,
            &["user", "vault", "deposit", "1", "--min-shares", "2"],
            6,
        );
        assert!(text.contains("SharesBelowMinimum"), "{text}");

        // Rewards accrue, a harvest turns them into tokens; a share is worth more.
        for _ in 0..8 {
            site.ok(1, &["ops", "rebalance"]);
        }
        site.pass(2 * 86_400).await;
        site.ok(1, &["ops", "claim"]);
        site.pass(8 * 86_400).await;
        site.ok(3, &["ops", "harvest"]);
        let shown = site.ok(2, &["user", "vault", "show"]);
        assert_eq!(wei(&shown["shares"]), coins(50));
        assert!(wei(&shown["tokens"]) > coins(50), "{shown}");

        // Tokens at once …
        let done = site.ok(2, &["user", "vault", "redeem", "20"]);
        assert_eq!(tokens(2).await, wei(&done["amount"]));
        assert!(wei(&done["amount"]) > coins(20));
        // … and coins by the line.
        let asked = site.ok(2, &["user", "vault", "redeem", "30", "--coins"]);
        assert_eq!(wei(&asked["shares"]), coins(30));
        assert_eq!(
            wei(&site.ok(2, &["user", "vault", "claim"])["amount"]),
            U256::ZERO
        );
        site.pass(3_700).await;
        site.ok(1, &["ops", "close-rung"]);
        for _ in 0..4 {
            site.ok(1, &["ops", "depart"]);
        }
        site.pass(21 * 86_400 + 60).await;
        site.ok(1, &["ops", "sweep", "--max", "128", "--fulfil"]);
        let shown = site.ok(2, &["user", "vault", "show"]);
        let claimable = wei(&shown["claimable"]);
        assert!(claimable > coins(30) * U256::from(9_990) / U256::from(10_000));
        let before = site.coins(2).await;
        let claimed = site.ok(2, &["user", "vault", "claim"]);
        assert_eq!(wei(&claimed["amount"]), claimable);
        let gas = site.gas_paid(&claimed["transaction"]).await;
        assert_eq!(site.coins(2).await, before + claimable - gas);
        let shown = site.ok(2, &["user", "vault", "show"]);
        assert_eq!(wei(&shown["shares"]), U256::ZERO);
        assert_eq!(shown["requests"].as_array().unwrap().len(), 0);
    })
    .await
    .expect("in time");
}

/// Minted by one, given to another, claimed by that one; the seller has nothing left to claim.
#[tokio::test(flavor = "multi_thread")]
async fn receipt_sold_and_claimed_by_another_wallet_to_the_wei() {
    timeout(LIMIT, async {
        let site = Site::deployed().await;
        site.ok(2, &["user", "deposit", "30"]);
        let exit = site.ok(2, &["user", "redeem", "30", "--instant-max", "0"]);
        let id = exit["request"].as_str().unwrap().to_owned();
        let text = site.fails(3, &["user", "receipt", "mint", &id], 6);
        assert!(text.contains("NotRequestOwner"), "{text}");
        let minted = site.ok(2, &["user", "receipt", "mint", &id]);
        let token = minted["receipt"].as_str().unwrap().to_owned();
        assert_eq!(token, id, "the first version has the request's number");
        assert!(
            site.fails(2, &["user", "claim", &id], 6)
                .contains("NotRequestOwner")
        );
        site.ok(2, &["user", "receipt", "transfer", &token, ACCOUNTS[3]]);
        let shown = site.ok(3, &["user", "receipt", "show", &token]);
        assert_eq!(shown["owner"], ACCOUNTS[3].to_lowercase());
        assert_eq!(wei(&shown["lst"]), coins(30));

        site.pass(3_700).await;
        site.ok(1, &["ops", "close-rung"]);
        site.ok(1, &["ops", "depart"]);
        site.ok(1, &["ops", "finalize"]);
        let text = site.fails(2, &["user", "receipt", "claim", &token], 6);
        assert!(text.contains("NotReceiptOwner"), "{text}");
        let before = site.coins(3).await;
        let claimed = site.ok(3, &["user", "receipt", "claim", &token]);
        // The standard fee is 5 basis points.
        let fee = (coins(30) * U256::from(5)).div_ceil(U256::from(10_000));
        assert_eq!(wei(&claimed["paid"]), coins(30) - fee);
        assert!(claimed["next"].is_null());
        let gas = site.gas_paid(&claimed["transaction"]).await;
        assert_eq!(site.coins(3).await, before + coins(30) - fee - gas);
        let text = site.fails(3, &["user", "receipt", "claim", &token], 6);
        assert!(text.contains("ERC721NonexistentToken"), "{text}");
    })
    .await
    .expect("in time");
}

/// The reserve, autoPay and delegates: who may, who may not, and what moves.
#[tokio::test(flavor = "multi_thread")]
async fn reserve_auto_pay_and_delegates_by_the_command_line() {
    timeout(LIMIT, async {
        let site =
            Site::deployed_with(&["--governor", ACCOUNTS[2], "--guardian", ACCOUNTS[3]]).await;
        let sent = site.ok(3, &["ops", "insurance", "fund", "12"]);
        assert_eq!(sent.as_array().unwrap().len(), 1);
        assert_eq!(site.read(&ILiquidMinter::insuranceCall {}).await, coins(12));
        assert_eq!(wei(&site.ok(0, &["ops", "status"])["insurance"]), coins(12));
        assert_eq!(
            site.read(&ILiquidMinter::assetsCall {}).await,
            coins(10),
            "it backs no token"
        );
        let withdraw = ["ops", "insurance", "withdraw", "5", ACCOUNTS[3]];
        let text = site.fails(3, &withdraw, 6);
        assert!(text.contains("AccessControlUnauthorizedAccount"), "{text}");
        site.ok(2, &withdraw);
        assert_eq!(site.read(&ILiquidMinter::insuranceCall {}).await, coins(12));
        let delay = site.read(&ILiquidMinter::longestExitCall {}).await;
        site.pass(delay.to::<u64>()).await;
        let before = site.coins(3).await;
        site.ok(2, &withdraw);
        assert_eq!(site.read(&ILiquidMinter::insuranceCall {}).await, coins(7));
        assert_eq!(site.coins(3).await, before + coins(5));

        let owner: Address = ACCOUNTS[3].parse().unwrap();
        assert!(
            site.read(&ILiquidMinter::autoPayCall { owner }).await,
            "no code, so yes"
        );
        site.ok(3, &["user", "auto-pay", "off"]);
        assert!(!site.read(&ILiquidMinter::autoPayCall { owner }).await);
        site.ok(3, &["user", "auto-pay", "on"]);
        assert!(site.read(&ILiquidMinter::autoPayCall { owner }).await);

        // Only contracts may have a delegate, and a contract that cannot claim is one: the factory.
        let text = site.fails(3, &["user", "delegate", "claim", ACCOUNTS[2]], 6);
        assert!(text.contains("NotDelegate"), "{text}");
        let contract = site.address("BucketFactory").to_string();
        let delegate = ["ops", "delegate", &contract, ACCOUNTS[3]];
        site.ok(2, &delegate);
        let delay = site.read(&ILiquidMinter::longestExitCall {}).await;
        site.pass(delay.to::<u64>()).await;
        site.ok(2, &delegate);
        let paid = site.ok(3, &["user", "delegate", "claim", &contract]);
        assert_eq!(
            wei(&paid["amount"]),
            U256::ZERO,
            "it holds nothing, so it earns nothing"
        );
        site.ok(2, &["ops", "delegate", &contract, "--end"]);
        let text = site.fails(3, &["user", "delegate", "claim", &contract], 6);
        assert!(text.contains("NotDelegate"), "{text}");
        site.ok(3, &["user", "delegate", "refuse"]);
    })
    .await
    .expect("in time");
}
