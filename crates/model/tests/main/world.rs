//! A small world to play examples in: keepers with all roles, a few people with coins, validators without commission.

use omnibus_model::*;
use ruint::aliases::U256;

pub const ADMIN: Address = Address::short(1);
pub const KEEPER: Address = Address::short(2);
pub const FEES: Address = Address::short(3);
pub const ALICE: Address = Address::short(11);
pub const BOB: Address = Address::short(12);
pub const CAROL: Address = Address::short(13);

pub const E: u128 = 1_000_000_000_000_000_000;
pub const HOUR: u64 = 3_600;
/// A day boundary.
pub const START: u64 = 20_000 * DAY;
pub const COOLDOWN: u64 = 21 * DAY;

pub fn coins(n: u128) -> Assets {
    Assets::of(n * E)
}

pub fn lst(n: u128) -> Shares {
    Shares::of(n * E)
}

#[derive(Clone)]
pub struct World {
    pub s: State,
    pub now: u64,
}

impl World {
    /// Validators `(id, weight, buckets)`; the seed deposit is 1 coin, the minimum stake 1 coin, the cooldown 21 days.
    pub fn new(validators: &[(u16, u64, u64)]) -> Self {
        let places = Places {
            minter: Address::short(101),
            token: Address::short(102),
            rewards: Address::short(103),
            staking: Address::short(104),
            treasury: Address::short(105),
            receipts: Address::short(106),
            vault: Address::short(107),
            coin_vault: Address::short(108),
            wrapped_coin: Address::short(109),
            reward_token: Address::short(110),
            code: Address::short(111),
        };
        let staking = Staking {
            min_stake: coins(1),
            cooldown: COOLDOWN,
            ..Default::default()
        };
        let now = Timestamp::new(START);
        let s = State::initialize(places, ADMIN, FEES, coins(1), staking, now).unwrap();
        let mut world = Self { s, now: START };
        for who in [ALICE, BOB, CAROL] {
            world.give(who.into(), 1_000_000);
        }
        world.give(places.treasury.into(), 1_000_000);
        for role in [Role::Rebalancer, Role::Claimer, Role::Handler] {
            world.ok(
                ADMIN,
                MinterCall::GrantRole {
                    role,
                    account: KEEPER,
                },
            );
        }
        for (id, ..) in validators {
            world.outside(StakingCall::AddValidator {
                validator: ValidatorId(*id),
                commission: U256::ZERO,
                capacity: Assets::ZERO,
            });
        }
        world.ok(ADMIN, MinterCall::SyncValidators);
        for &(id, weight, count) in validators {
            let validator = ValidatorId(id);
            world.ok(ADMIN, MinterCall::SetValidatorWeight { validator, weight });
            world.ok(ADMIN, MinterCall::AddBuckets { validator, count });
        }
        world
    }

    pub fn give(&mut self, to: Account, n: u128) {
        self.outside(StakingCall::ForceCoins {
            to,
            coins: coins(n),
        });
    }

    pub fn at(&self) -> Timestamp {
        Timestamp::new(self.now)
    }

    pub fn wait(&mut self, seconds: u64) {
        self.now += seconds;
    }

    pub fn call(&mut self, who: Address, call: Call) -> Result<Outcome, Error> {
        let now = self.at();
        apply(&mut self.s, who, now, &call)
    }

    pub fn try_(&mut self, who: Address, call: MinterCall) -> Result<Outcome, Error> {
        self.call(who, Call::Minter(call))
    }

    #[track_caller]
    pub fn ok(&mut self, who: Address, call: MinterCall) -> Outcome {
        let shown = format!("{call:?}");
        self.try_(who, call)
            .unwrap_or_else(|error| panic!("{shown}: {error:?}"))
    }

    #[track_caller]
    pub fn outside(&mut self, call: StakingCall) {
        self.call(ADMIN, Call::Staking(call)).unwrap();
    }

    pub fn deposit(&mut self, who: Address, n: u128) {
        self.ok(who, MinterCall::Submit { coins: coins(n) });
    }

    /// Queues everything: no instant part.
    pub fn queue(&mut self, who: Address, amount: Shares) -> RequestId {
        let params = ExitParams {
            instant_max: Shares::ZERO,
            amm_max: Shares::ZERO,
            queue_max: amount,
            min_out_now: Assets::ZERO,
            fee_limit_bps: U256::ZERO,
            deadline: self.at(),
            recipient: who,
        };
        let out = self.ok(who, MinterCall::Redeem { amount, params });
        RequestId::new(out.ret[1].to::<u64>())
    }

    pub fn stake(&mut self, id: u16, n: u128) {
        let validator = ValidatorId(id);
        self.ok(
            KEEPER,
            MinterCall::StakeWithheldForValidator {
                amount: coins(n),
                validator,
            },
        );
    }

    pub fn slash(&mut self, id: u16) {
        self.outside(StakingCall::Slash {
            validator: ValidatorId(id),
        });
    }

    pub fn depart(&mut self) -> Outcome {
        self.ok(KEEPER, MinterCall::ProcessBatchUnstake)
    }

    pub fn close(&mut self) {
        self.ok(KEEPER, MinterCall::CloseRung);
    }

    pub fn sweep(&mut self, id: u16) -> Outcome {
        let call = MinterCall::SweepMaturedBuckets {
            validator: ValidatorId(id),
            max_to_sweep: 200,
        };
        self.ok(KEEPER, call)
    }

    pub fn withdraw(&mut self, who: Address, id: RequestId) -> Result<Outcome, Error> {
        self.try_(who, MinterCall::Withdraw { recipient: who, id })
    }

    pub fn bucket(&self, id: u16, index: usize) -> Bucket {
        self.s.minter.validators[&ValidatorId(id)].buckets[index]
    }

    pub fn events(out: &Outcome, name: &str) -> usize {
        out.events
            .iter()
            .filter(|event| format!("{event:?}").starts_with(name))
            .count()
    }
}

pub fn word(n: u128) -> U256 {
    U256::from(n)
}
