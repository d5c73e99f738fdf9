//! A basket of CORE, stCORE and coreBTC, seeded, on the adapters themselves and the local stand-ins of Core's systems: feed
//! with its sources, timelock, guardian and factory are the real ones, from the committed artifacts.
#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "test code: a broken deployment ends the run"
)]

use alloy::{
    primitives::{Address, B256, Bytes, U256, address, keccak256, ruint::UintTryFrom},
    signers::{SignerSync, local::PrivateKeySigner},
    sol_types::{SolCall, SolValue},
};
use chain::bindings::{
    IBasket, IBasketFactory, IBasketTimelock, ICoreSleeve, IMedianSource, IPriceFeed, LocalCoreBtc,
    LocalCoreCandidateHub, LocalCoreEarn, TimelockController, basket_factory::IBasketFactory as F,
};

use super::chain::Chain;
use crate::world::{COIN, account};

alloy::sol! {
    #[sol(all_derives)]
    interface Erc20 {
        function approve(address spender, uint256 value) external returns (bool);
        function transfer(address to, uint256 value) external returns (bool);
        function balanceOf(address account) external view returns (uint256);
        function allowance(address owner, address spender) external view returns (uint256);
        function mint(address to, uint256 value) external;
    }
    #[sol(all_derives)]
    interface Actor {
        function behave(uint8 mode, address target, bytes data) external;
        function act(address target, bytes data) external payable returns (bytes memory);
        function tries() external view returns (uint256);
    }
}

/// Stands for the chain's coin.
pub const NATIVE: Address = address!("EeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE");
/// Owns the dead shares.
pub const DEAD: Address = address!("000000000000000000000000000000000000dEaD");
pub const DAY: u64 = 86_400;
/// A midnight, UTC, and an hour.
pub const T0: u64 = 1_700_006_400 + 3_600;
/// What delegators of each validator share in a round.
pub const REWARD: u128 = 37_500_000_000_000_000;
/// Of 1e6, a round: by what stCORE's rate rises.
pub const GROWTH: u64 = 100;
/// Satoshis of one BTC.
pub const BTC: u128 = 100_000_000;
/// CORE of one BTC at first, wei.
pub const BTC_PRICE: u128 = 1_000 * COIN;
/// Earn's fee that its sleeve declared, of 1e6.
pub const MAX_FEE: u64 = 10_000;
/// Seconds that the stCORE sleeve declared.
pub const ST_EXIT: u64 = 8 * DAY;
pub const VALIDATORS: usize = 5;
pub const PEOPLE: usize = 6;

/// Where everything lives.
#[derive(Debug, Clone)]
pub struct Places {
    pub basket: Address,
    pub token: Address,
    pub queue: Address,
    pub receipts: Address,
    pub feed: Address,
    pub timelock: Address,
    pub guardian: Address,
    /// The guardian's wallet, a contract.
    pub warden: Address,
    /// Proposes to the timelock.
    pub governor: Address,
    pub fees: Address,
    pub hub: Address,
    pub agent: Address,
    pub stake_hub: Address,
    pub earn: Address,
    pub st: Address,
    pub btc: Address,
    pub wbtc: Address,
    /// Two independent sources of BTC.
    pub sources: [Address; 2],
    /// CORE, stCORE, coreBTC.
    pub adapters: [Address; 3],
    pub people: Vec<Address>,
    /// Contracts that get coins, each in its way.
    pub actors: [Address; 2],
    pub validators: [Address; VALIDATORS],
}

pub struct World {
    pub c: Chain,
    pub at: Places,
    reporters: [PrivateKeySigner; 2],
}

fn key(name: &str) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&keccak256(name)).expect("a key")
}

/// A symbol as sources hold it.
pub fn symbol(text: &str) -> B256 {
    let mut bytes = [0; 32];
    bytes[..text.len()].copy_from_slice(text.as_bytes());
    B256::from(bytes)
}

pub fn u<T>(x: T) -> U256
where
    U256: UintTryFrom<T>,
{
    U256::from(x)
}

/// How a basket of this run begins.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    pub entry: u16,
    pub instant: u16,
    pub management: u16,
    pub performance: u16,
    pub floor: u128,
    pub buffer: u128,
    pub share_cap: u128,
    pub caps: [u128; 3],
    pub limits: [u128; 3],
    pub targets: [u16; 3],
    pub bands: [u16; 3],
}

impl Default for Terms {
    fn default() -> Self {
        let most = [1_000_000 * COIN, 1_000_000 * COIN, 1_000 * BTC];
        Self {
            entry: 5,
            instant: 10,
            management: 200,
            performance: 1_000,
            floor: 2 * COIN,
            buffer: 20 * COIN,
            share_cap: 1_000_000_000 * COIN,
            caps: most,
            limits: most,
            targets: [5_000, 3_000, 2_000],
            bands: [5_000; 3],
        }
    }
}

/// Shares and units of the first deposit.
pub const SEED: (u128, [u128; 3]) = (1_000 * COIN, [500 * COIN, 250 * COIN, BTC / 4]);

impl World {
    #[must_use]
    pub fn new(terms: &Terms) -> Self {
        let mut c = Chain::new(T0);
        let op = c.operator;
        let hub = c.deploy("LocalCoreCandidateHub", &op.abi_encode());
        let agent = c.deploy("LocalCoreAgent", &hub.abi_encode());
        let stake_hub = c.deploy("LocalCoreStakeHub", &hub.abi_encode());
        c.must(
            op,
            hub,
            0,
            &LocalCoreCandidateHub::wireCall {
                coreAgent_: agent,
                stakeHub_: stake_hub,
                bitcoinAgent_: Address::ZERO,
            },
        );
        let validators: [Address; VALIDATORS] =
            std::array::from_fn(|i| account(&format!("candidate{i}")));
        for candidate in validators {
            c.must(
                op,
                hub,
                0,
                &LocalCoreCandidateHub::addCandidateCall {
                    candidate,
                    rewardPerRound: u(REWARD),
                },
            );
        }
        let earn = c.deploy("LocalCoreEarn", &(op, hub).abi_encode_params());
        let st = c.view(earn, &LocalCoreEarn::TOKENCall {});
        c.must(
            op,
            earn,
            0,
            &LocalCoreEarn::setGrowthCall { growth_: u(GROWTH) },
        );
        let btc = c.deploy("LocalCoreBtc", &op.abi_encode());
        let wbtc = c.deploy(
            "LocalWbtc",
            &("Local WBTC".to_string(), "WBTC".to_string()).abi_encode_params(),
        );
        c.must(
            op,
            btc,
            0,
            &LocalCoreBtc::setMinterCapCall {
                minter: op,
                cap: u(1_000_000 * BTC),
            },
        );
        c.give(stake_hub, 1_000_000 * COIN);
        c.give(earn, 10_000_000 * COIN);

        let governor = account("governor");
        let delay = u(11 * DAY);
        let timelock = c.deploy(
            "BasketTimelock",
            &(delay, vec![governor], vec![Address::ZERO], op).abi_encode_params(),
        );
        let warden = c.deploy("LocalActor", &[]);
        let guardian = c.deploy(
            "Guardian",
            &(timelock, warden, u(T0 + 365 * DAY)).abi_encode_params(),
        );
        let reporters = [key("reporter0"), key("reporter1")];
        let feed = c.deploy("PriceFeed", &(timelock, symbol("CORE")).abi_encode_params());
        let rate = c.deploy("EarnSource", &earn.abi_encode());
        let sources: [Address; 2] = std::array::from_fn(|i| {
            let args = (
                symbol("BTC"),
                symbol("CORE"),
                vec![reporters[i].address()],
                u(1_u64),
                u(2 * DAY),
                u(3_600_u64),
                u(50_u64),
            );
            c.deploy("MedianSource", &args.abi_encode_params())
        });

        let market = {
            let views = c.deploy("BasketViews", &[]);
            c.deploy("BasketMarket", &views.abi_encode())
        };
        let desk = c.deploy("BasketDesk", &market.abi_encode());
        let code = c.deploy("Basket", &desk.abi_encode());
        let queue_code = c.deploy("UnbondingQueue", &[]);
        let template = IBasketFactory::Template {
            name: symbol("three"),
            tokens: vec![NATIVE, st, btc],
            targetBps: terms.targets.to_vec(),
            bandBps: terms.bands.to_vec(),
        };
        let factory = c.deploy(
            "BasketFactory",
            &(code, queue_code, vec![template]).abi_encode_params(),
        );
        let salt = symbol("one");
        let home = c.view(factory, &F::predictCall { creator: op, salt });
        let (basket, queue) = (home.basket, home.queue);
        let core_sleeve = c.deploy(
            "CoreSleeve",
            &(basket, agent, stake_hub, hub).abi_encode_params(),
        );
        let st_sleeve = c.deploy(
            "StCoreSleeve",
            &(basket, st, earn, u(ST_EXIT), u(MAX_FEE)).abi_encode_params(),
        );
        let btc_sleeve = c.deploy("HeldSleeve", &(basket, btc).abi_encode_params());
        let adapters = [core_sleeve, st_sleeve, btc_sleeve];

        let people: Vec<Address> = (0..PEOPLE)
            .map(|i| key(&format!("person{i}")).address())
            .collect();
        let actors = [c.deploy("LocalActor", &[]), c.deploy("LocalActor", &[])];
        let mut w = Self {
            c,
            at: Places {
                basket,
                token: Address::ZERO,
                queue,
                receipts: Address::ZERO,
                feed,
                timelock,
                guardian,
                warden,
                governor,
                fees: account("basketFees"),
                hub,
                agent,
                stake_hub,
                earn,
                st,
                btc,
                wbtc,
                sources,
                adapters,
                people,
                actors,
                validators,
            },
            reporters,
        };
        for source in 0..2 {
            let (to, data) = w.report(source, u(BTC_PRICE));
            assert!(w.c.send(op, to, 0, data).ok, "the first price");
        }
        let list = IPriceFeed::listCall {
            asset: st,
            listing: IPriceFeed::Listing {
                fair: rate,
                isRate: true,
                roundBps: 5,
                decimals: 18,
                spreadBps: 10,
                disagreeBps: 0,
                market: Address::ZERO,
                guard: Address::ZERO,
                least: 900_000_000_000_000_000,
                most: 1_500_000_000_000_000_000,
            },
        };
        for list in [list, w.listing_of_btc(btc)] {
            let out = w.c.send_as(timelock, feed, list.abi_encode().into());
            assert!(out.ok, "listed: {}", out.output);
        }

        let params = F::createCall {
            params: IBasketFactory::CreateParams {
                template: U256::ZERO,
                salt,
                name: "Basket".into(),
                symbol: "BASKET".into(),
                feed,
                timelock,
                guardian,
                feeRecipient: w.at.fees,
                seeder: w.at.people[0],
                entryFeeBps: terms.entry,
                instantFeeBps: terms.instant,
                managementFeeBps: terms.management,
                performanceFeeBps: terms.performance,
                floor: u(terms.floor),
                buffer: u(terms.buffer),
                shareCap: u(terms.share_cap),
                sleeves: adapters.to_vec(),
                caps: terms.caps.map(u::<u128>).to_vec(),
                limits: terms.limits.map(u::<u128>).to_vec(),
            },
        };
        w.c.must(op, factory, 0, &params);
        w.at.token = w.c.view(basket, &IBasket::TOKENCall {});
        w.at.receipts =
            w.c.view(queue, &chain::bindings::IUnbondingQueue::RECEIPTSCall {});
        w.c.must(op, timelock, 0, &IBasketTimelock::registerCall { basket });
        let lawful = TimelockController::renounceRoleCall {
            role: B256::ZERO,
            callerConfirmation: op,
        };
        w.c.must(op, timelock, 0, &lawful);
        w.settle();
        w
    }

    /// People with their assets and allowances, the validators' weights, and the first deposit.
    fn settle(&mut self) {
        let Places {
            basket,
            token,
            queue,
            earn,
            st,
            btc,
            wbtc,
            ..
        } = self.at.clone();
        let op = self.c.operator;
        let weights = ICoreSleeve::setValidatorsCall {
            validators: self.at.validators.to_vec(),
            weights: vec![3, 2, 2, 1, 1],
        };
        // The first weights are the deployer's proposal; here the timelock says them itself.
        let out = self.c.send_as(
            self.at.timelock,
            self.at.adapters[0],
            weights.abi_encode().into(),
        );
        assert!(out.ok, "weights: {}", out.output);
        for who in self.at.people.clone() {
            self.c.give(who, 110_000 * COIN);
            self.c.must(
                who,
                earn,
                10_000 * COIN,
                &LocalCoreEarn::mintCall {
                    validator: self.at.validators[0],
                },
            );
            let mint = LocalCoreBtc::mintCall {
                to: who,
                amount: u(100 * BTC),
            };
            self.c.must(op, btc, 0, &mint);
            let mint = Erc20::mintCall {
                to: who,
                value: u(100 * BTC),
            };
            self.c.must(op, wbtc, 0, &mint);
            for (asset, spender) in [(st, basket), (btc, basket), (wbtc, basket), (token, queue)] {
                let approve = Erc20::approveCall {
                    spender,
                    value: U256::MAX,
                };
                self.c.must(who, asset, 0, &approve);
            }
        }
        let (shares, units) = SEED;
        let first = IBasket::mintInKindCall {
            priced: u(shares),
            maxUnits: units.map(u::<u128>).to_vec(),
            receiver: self.at.people[0],
            deadline: U256::MAX,
        };
        self.c.must(self.at.people[0], basket, units[0], &first);
    }

    /// A source's report of a price of one BTC, wei of CORE: where it goes, and the call.
    pub fn report(&mut self, source: usize, price: U256) -> (Address, Bytes) {
        let at = self.at.sources[source];
        let timestamp = u(self.c.now);
        let digest = self
            .c
            .view(at, &IMedianSource::digestCall { price, timestamp });
        let key = &self.reporters[source];
        let signed = key.sign_hash_sync(&digest).expect("a key in memory signs");
        let call = IMedianSource::submitCall {
            reports: vec![IMedianSource::Report {
                reporter: key.address(),
                price,
                timestamp,
                signature: signed.as_bytes().to_vec().into(),
            }],
        };
        (at, call.abi_encode().into())
    }

    /// A token of BTC by both sources.
    pub fn listing_of_btc(&self, asset: Address) -> IPriceFeed::listCall {
        IPriceFeed::listCall {
            asset,
            listing: IPriceFeed::Listing {
                fair: self.at.sources[0],
                isRate: false,
                roundBps: 0,
                decimals: 8,
                spreadBps: 60,
                disagreeBps: 150,
                market: self.at.sources[1],
                guard: Address::ZERO,
                least: BTC_PRICE * 7 / 10,
                most: BTC_PRICE * 14 / 10,
            },
        }
    }

    pub fn token_balance(&mut self, token: Address, who: Address) -> U256 {
        if token == NATIVE {
            return self.c.balance(who);
        }
        self.c.view(token, &Erc20::balanceOfCall { account: who })
    }
}
