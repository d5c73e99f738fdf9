//! A basket to play with: CORE, stCORE at 1.1, a BTC token at 100,000 CORE with two sources, a liquid token at 1.05.

pub use crate::world::{ALICE, BOB, CAROL, E};
use omnibus_model::{
    Address, Bps, DAY, Price, Timestamp,
    basket::{
        Asset, Call, CoreAgent, Earn, Error, Event, Feed, GovernanceCall, Kind, Limits,
        Observation, Outcome, Outside, OutsideCall, Owner, Places, Shares, Sleeve, SleeveId, State,
        Units, apply,
    },
};
use ruint::aliases::U256;

pub const GOVERNOR: Address = Address::short(1);
pub const GUARDIAN: Address = Address::short(4);
pub const FEES: Address = Address::short(3);
pub const KEEPER: Address = Address::short(2);
pub const V1: Address = Address::short(31);
pub const V2: Address = Address::short(32);
pub const V3: Address = Address::short(33);
pub const STCORE: Asset = Asset::Token(Address::short(221));
pub const BTC: Asset = Asset::Token(Address::short(222));
pub const LST: Asset = Asset::Token(Address::short(223));
pub const CORE: SleeveId = SleeveId(0);
pub const HOUR: u64 = 3_600;
/// A UTC midnight: the round of this number has just begun.
pub const ROUND: u64 = 20_000;
/// Everything.
pub const ALL: u64 = u64::MAX;

pub fn units(n: u128) -> Units {
    Units::of(n)
}

/// Whole CORE or tokens of 18 decimals.
pub fn whole(n: u128) -> Units {
    Units::of(n * E)
}

pub fn shares(n: u128) -> Shares {
    Shares::of(n * E)
}

pub fn word(n: u128) -> U256 {
    U256::from(n)
}

/// CORE wei for 1e18 satoshi at `core` CORE per BTC: `core * 1e18 / 1e8 * 1e18`.
pub fn btc_price(core: u128) -> Price {
    Price::new(word(core) * word(10).pow(word(28)))
}

fn limits(target: u64, max_exit: u64) -> Limits {
    Limits {
        cap: Units::MAX,
        target: Bps::new(target),
        band: Bps::new(500),
        max_exit,
    }
}

pub fn account(i: u16) -> Address {
    Address::short(211 + i)
}

pub fn core_sleeve(target: u64) -> Sleeve {
    Sleeve::new(Kind::Core, account(0), Asset::Core, limits(target, 0))
}

pub fn stcore_sleeve(target: u64) -> Sleeve {
    let mut sleeve = Sleeve::new(Kind::StCore, account(1), STCORE, limits(target, 7 * DAY));
    sleeve.feed = Feed {
        least: Price::of(E),
        most: Price::of(2 * E),
        needed: 1,
        patience: 900,
        ..Feed::default()
    };
    sleeve
}

pub fn btc_sleeve(target: u64, now: Timestamp) -> Sleeve {
    let mut sleeve = Sleeve::new(Kind::Held, account(2), BTC, limits(target, 0));
    let seen = Some(Observation {
        price: btc_price(100_000),
        at: now,
    });
    sleeve.feed = Feed {
        error: Bps::new(50),
        max_age: 3 * HOUR,
        least: btc_price(10_000),
        most: btc_price(1_000_000),
        needed: 2,
        sources: vec![seen, seen],
        ..Feed::default()
    };
    sleeve
}

pub fn lst_sleeve(target: u64) -> Sleeve {
    let mut sleeve = Sleeve::new(Kind::Rate, account(3), LST, limits(target, 0));
    sleeve.feed = Feed {
        error: Bps::new(10),
        least: Price::of(E / 2),
        most: Price::of(2 * E),
        needed: 1,
        patience: 900,
        ..Feed::default()
    };
    sleeve
}

#[derive(Clone)]
pub struct World {
    pub s: State,
    pub now: u64,
}

impl World {
    /// Noon of the first round. Alice founds it with `first` of each sleeve against `minted` shares; Alice, Bob and
    /// Carol have a million whole CORE and tokens and 10,000 BTC besides.
    pub fn found(sleeves: Vec<Sleeve>, first: &[Units], minted: Shares) -> Self {
        let now = ROUND * DAY + 12 * HOUR;
        let mut outside = Outside {
            agent: CoreAgent {
                round: ROUND,
                open: [V1, V2, V3].into(),
                ..CoreAgent::default()
            },
            earn: Earn {
                rate: word(1_100_000),
                rate_at: Timestamp::new(ROUND * DAY),
                turned: ROUND,
                lock: 7 * DAY,
                ..Earn::default()
            },
            ..Outside::default()
        };
        for (i, sleeve) in sleeves.iter().enumerate() {
            if sleeve.kind == Kind::Rate {
                let rate = Price::of(105 * E / 100);
                outside.rates.insert(SleeveId(i), rate);
            }
        }
        for (sleeve, first) in sleeves.iter().zip(first) {
            outside.credit(ALICE, sleeve.asset, *first).unwrap();
        }
        for who in [ALICE, BOB, CAROL] {
            for (asset, amount) in [
                (Asset::Core, whole(1_000_000)),
                (STCORE, whole(1_000_000)),
                (LST, whole(1_000_000)),
                (BTC, units(1_000_000_000_000)),
            ] {
                outside.credit(who, asset, amount).unwrap();
            }
        }
        let places = Places {
            basket: Address::short(201),
            agent: Address::short(202),
            governor: GOVERNOR,
            fees: FEES,
        };
        let at = Timestamp::new(now);
        let mut s = State::create(places, sleeves, outside, ALICE, first, minted, at).unwrap();
        s.validators = vec![(V1, 1), (V2, 1)];
        s.governance.guardian = GUARDIAN;
        s.governance.mandate = at.after(365 * DAY);
        Self { s, now }
    }

    /// 1,000 CORE against 1,000 shares.
    pub fn core_only() -> Self {
        Self::found(vec![core_sleeve(10_000)], &[whole(1_000)], shares(1_000))
    }

    /// 500 CORE and 500 stCORE (550 CORE) against 1,000 shares.
    pub fn core_and_stcore() -> Self {
        let sleeves = vec![core_sleeve(5_000), stcore_sleeve(5_000)];
        Self::found(sleeves, &[whole(500), whole(500)], shares(1_000))
    }

    /// 400,000 CORE, 200,000 stCORE (220,000), 2 BTC (200,000), 180,000 LST (189,000): 1,009,000 CORE, as many
    /// shares.
    pub fn full() -> Self {
        let now = Timestamp::new(ROUND * DAY + 12 * HOUR);
        let sleeves = vec![
            core_sleeve(4_000),
            stcore_sleeve(2_000),
            btc_sleeve(2_000, now),
            lst_sleeve(2_000),
        ];
        let first = [
            whole(400_000),
            whole(200_000),
            units(200_000_000),
            whole(180_000),
        ];
        Self::found(sleeves, &first, shares(1_009_000))
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

    #[track_caller]
    pub fn ok(&mut self, who: Address, call: Call) -> Outcome {
        let shown = format!("{call:?}");
        self.call(who, call)
            .unwrap_or_else(|error| panic!("{shown}: {error:?}"))
    }

    /// Refused, and nothing has changed.
    #[track_caller]
    pub fn no(&mut self, who: Address, call: Call) -> Error {
        let before = self.s.clone();
        let error = self.call(who, call).unwrap_err();
        assert_eq!(before, self.s);
        error
    }

    #[track_caller]
    pub fn outside(&mut self, call: OutsideCall) {
        self.ok(KEEPER, Call::Outside(call));
    }

    /// The next UTC midnight: the round turns at `rate` (times 1e18) per staked wei, Earn's operator follows at once.
    pub fn dawn(&mut self, rate: u128) {
        self.turn_only(rate);
        let rate = self.s.outside.earn.rate;
        self.outside(OutsideCall::EarnTurn { rate });
    }

    /// As [`Self::dawn`], but Earn's operator is late.
    pub fn turn_only(&mut self, rate: u128) {
        let round = self.now / DAY + 1;
        self.now = round * DAY;
        let rates = [V1, V2, V3].map(|v| (v, word(rate))).to_vec();
        self.outside(OutsideCall::TurnRound { round, rates });
    }

    /// The last hour of the day.
    pub fn dusk(&mut self) {
        self.now = (self.now / DAY + 1) * DAY - HOUR;
    }

    pub fn held(&self, who: Address, asset: Asset) -> Units {
        self.s.outside.held(who, asset)
    }

    pub fn deposit(&self, id: SleeveId, amount: Units) -> Call {
        Call::Deposit {
            sleeve: id,
            units: amount,
            min_shares: Shares::ZERO,
            deadline: self.at(),
        }
    }

    pub fn mint(&self, amount: Shares) -> Call {
        Call::MintInKind {
            shares: amount,
            max_units: vec![Units::MAX; self.s.sleeves.len()],
            min_shares: Shares::ZERO,
            deadline: self.at(),
        }
    }

    pub fn instant(&self, who: Address, amount: Shares) -> Call {
        Call::InstantExit {
            shares: amount,
            recipient: who,
            min_out: Units::ZERO,
            deadline: self.at(),
        }
    }

    pub fn request(&self, who: Address, amount: Shares) -> Call {
        Call::RequestRedeem {
            shares: amount,
            controller: who,
            owner: who,
        }
    }

    /// Queued, waited for, carried out.
    pub fn govern(&mut self, call: GovernanceCall) -> Result<Outcome, Error> {
        let delay = self.s.governance.min_delay(self.s.longest_exit());
        let id = self.ok(GOVERNOR, Call::Schedule { call, delay }).ret[0].to::<u64>();
        self.wait(delay);
        self.call(KEEPER, Call::Execute { id })
    }

    /// Sets without the delay: what a test begins with.
    pub fn give(&mut self, to: Address, amount: Shares) {
        self.ok(ALICE, Call::Transfer { to, shares: amount });
    }
}

pub fn exit_in_kind(who: Address, amount: Shares) -> Call {
    Call::ExitInKind {
        shares: amount,
        recipient: who,
    }
}

pub fn claim(epoch: u64, who: Address, mask: u64) -> Call {
    Call::Claim {
        epoch,
        owner: Owner::Account(who),
        mask,
        recipient: who,
    }
}

pub fn told(out: &Outcome, name: &str) -> usize {
    let begins = |event: &&Event| format!("{event:?}").starts_with(name);
    out.events.iter().filter(begins).count()
}
