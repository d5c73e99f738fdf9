//! The simulator against the whole model: the same history, call by call through `apply`, with keepers that follow the
//! rules of `omnibus-keeper`. The same requests are paid at the same seconds, and the pot is the same to the wei.

use crate::world::*;
use omnibus_model::{
    sim::{
        Demand, Keeper, Outage, Paid, Plan, Pool, Problem, Sample, Slash, Watch, What, cheapest,
        run,
    },
    *,
};
use proptest::prelude::*;
use ruint::aliases::U256;

/// Notes who was paid when.
#[derive(Default)]
struct Notes(Vec<Paid>);

impl Watch for Notes {
    fn paid(&mut self, paid: &Paid) {
        self.0.push(*paid);
    }
}

/// The whole model, and keepers that know only its views and what a call would answer.
struct Reference {
    w: World,
    plan: Plan,
    requests: Vec<(RequestId, u64)>,
    promised: Vec<u64>,
    paid: Vec<Paid>,
    samples: Vec<Sample>,
}

impl Reference {
    fn new(plan: &Plan) -> Self {
        let validators: Vec<_> = (0..plan.validators)
            .map(|id| (id, 1, plan.buckets as u64))
            .collect();
        let mut w = World::new(&validators);
        w.give(ALICE.into(), 1_000_000_000);
        w.s.staking.cooldown = plan.cooldown;
        w.s.minter.last_cooldown = plan.cooldown;
        w.s.minter.params = plan.params;
        let mut reference = Self {
            w,
            plan: plan.clone(),
            requests: Vec::new(),
            promised: Vec::new(),
            paid: Vec::new(),
            samples: Vec::new(),
        };
        reference.demand(What::Deposit(plan.pot));
        reference.look();
        reference
    }

    fn demand(&mut self, what: What) {
        match what {
            What::Deposit(coins) => {
                let _ = self.w.try_(ALICE, MinterCall::Submit { coins });
            }
            What::Exit(lst) => {
                let amount = lst.min(self.w.s.token.balance(ALICE));
                if amount.is_zero() {
                    return;
                }
                let out = self.w.ok(ALICE, MinterCall::Unstake { amount });
                let id = RequestId::new(out.ret[1].to::<u64>());
                if id.get() != 0 {
                    self.requests.push((id, self.w.now - START));
                }
            }
        }
    }

    fn slash(&mut self, id: u16) {
        self.w.slash(id);
        self.w.ok(ALICE, MinterCall::SyncValidators);
    }

    /// What a call would answer, without making it.
    fn would(&self, call: MinterCall) -> Option<Vec<U256>> {
        self.w.clone().try_(KEEPER, call).ok().map(|out| out.ret)
    }

    fn covered(&self) -> bool {
        let m = &self.w.s.minter;
        m.open_value().unwrap() <= m.line.committed.plus(m.cooling).unwrap()
    }

    fn stale(&self) -> bool {
        let m = &self.w.s.minter;
        let wanted = m
            .params
            .withhold
            .of_down(m.assets().unwrap())
            .unwrap()
            .raw();
        wanted.abs_diff(m.target.raw()) > wanted / U256::from(100)
    }

    fn look(&mut self) {
        for id in 0..self.plan.validators {
            let v = &self.w.s.minter.validators[&ValidatorId(id)];
            if v.slashed && !v.booked {
                let validator = ValidatorId(id);
                self.w.ok(KEEPER, MinterCall::BookSlash { validator });
            }
        }
        while self.round() {}
        let line = &self.w.s.minter.line;
        let done = |id: &RequestId| line.rung(id.rung()).is_some_and(|rung| line.is_done(rung));
        while let Some((id, requested)) = self.requests.first().copied().filter(|(id, _)| done(id))
        {
            self.requests.remove(0);
            self.paid.push(Paid {
                requested,
                promised: self.promised[usize::try_from(id.rung()).unwrap()],
                paid: self.w.now - START,
            });
        }
    }

    /// Each job once; whether any did something.
    fn round(&mut self) -> bool {
        let mut acted = false;
        let least = self.plan.keeper.fulfil_least.raw();
        for id in 0..self.plan.validators {
            let v = &self.w.s.minter.validators[&ValidatorId(id)];
            let now = self.w.at();
            if v.present()
                .any(|(_, b)| !b.cooling.is_zero() && b.end <= now)
            {
                let validator = ValidatorId(id);
                let max_to_sweep = self.plan.keeper.sweep_page;
                self.w.ok(
                    KEEPER,
                    MinterCall::SweepMaturedBuckets {
                        validator,
                        max_to_sweep,
                    },
                );
                acted = true;
            }
        }

        let m = &self.w.s.minter;
        if !m.line.staged_lst.is_zero()
            && self.w.at() >= m.line.last_closed_at.after(m.params.min_rung_age)
        {
            self.w.ok(KEEPER, MinterCall::CloseRung);
            let m = &self.w.s.minter;
            let eta = m
                .rung_eta(
                    m.line.open_rung() - 1,
                    Shares::ZERO,
                    self.w.at(),
                    self.plan.cooldown,
                )
                .unwrap();
            self.promised.push(eta.at.max(self.w.at()).get() - START);
            acted = true;
        }

        let covered = self.covered();
        let line = &self.w.s.minter.line;
        let last = line.marks[line.marks_done..].last();
        let unpromised = line.end > line.watermark && last.is_none_or(|mark| mark.units < line.end);
        if !covered || unpromised {
            let moves = self.would(MinterCall::ProcessBatchUnstake).unwrap();
            if !moves[0].is_zero() || !moves[1].is_zero() || (covered && unpromised) {
                self.w.ok(KEEPER, MinterCall::ProcessBatchUnstake);
                acted = true;
            }
        }

        let m = &self.w.s.minter;
        let due = m.due(self.w.at()).unwrap();
        if !m.line.open_lst.is_zero() {
            let pays = self.would(MinterCall::Finalize).unwrap()[0];
            let all = m.open_value().unwrap().raw();
            if !pays.is_zero() && (pays >= least || pays >= all || !due.is_zero()) {
                self.w.ok(KEEPER, MinterCall::Finalize);
                acted = true;
            }
        }

        let m = &self.w.s.minter;
        let due = m.due(self.w.at()).unwrap();
        if !m.line.open_lst.is_zero() && due.is_zero() && self.covered() {
            let max_spend = m.headroom.min0(m.line.committed.plus(m.target).unwrap());
            let call = MinterCall::FulfillProRata {
                users: vec![],
                ids: vec![],
                max_spend,
            };
            let pays = self.would(call.clone()).unwrap()[0];
            if !pays.is_zero() && pays >= least {
                self.w.ok(KEEPER, call);
                acted = true;
            }
        }

        acted |= self.restake();

        let m = &self.w.s.minter;
        let free = m.free_to_stake(self.w.at()).unwrap();
        let stale = self.stale();
        if stale || free >= m.params.min_stake {
            let stakes = self.would(MinterCall::Rebalance).unwrap()[0];
            if !stakes.is_zero() || stale {
                self.w.ok(KEEPER, MinterCall::Rebalance);
                acted = true;
            }
        }
        acted
    }

    fn restake(&mut self) -> bool {
        let m = &self.w.s.minter;
        let mut latest: Option<(ValidatorId, Timestamp, Assets, bool)> = None;
        for id in &m.registry {
            let v = &m.validators[id];
            for (_, b) in v.present().filter(|(_, b)| !b.cooling.is_zero()) {
                if latest.is_none_or(|(_, end, ..)| b.end > end) {
                    latest = Some((*id, b.end, b.cooling, v.booked));
                }
            }
        }
        let Some((validator, end, cooling, booked)) = latest else {
            return false;
        };
        let staged = m.rate.to_assets_down(m.line.staged_lst).unwrap();
        let queue = m
            .open_value()
            .unwrap()
            .plus(staged)
            .unwrap()
            .plus(MARGIN)
            .unwrap();
        let free = m.cooling.plus(m.line.committed).unwrap().min0(queue);
        let buffer = m.target.min0(m.headroom.min0(m.line.committed));
        let amount = free.min0(buffer).min(cooling);
        if booked || end <= self.w.at() || amount < m.params.min_stake {
            return false;
        }
        self.w.ok(KEEPER, MinterCall::Restake { validator, amount });
        true
    }

    fn sample(&mut self) {
        let m = &self.w.s.minter;
        self.samples.push(Sample {
            at: self.w.now - START,
            headroom: m.headroom,
            target: m.target,
            active: m.active,
            cooling: m.cooling,
            queued: m.total_queued().unwrap(),
            waiting: self.requests.len() as u64,
        });
    }

    /// Looks at every tick, whether or not something is due: what the simulator leaves out must have been nothing.
    fn play(mut self, demand: &[Demand]) -> Self {
        let mut demand = demand.iter().peekable();
        let mut slashes = self.plan.slashes.clone().into_iter().peekable();
        let samples = u64::from(self.plan.samples);
        let times: Vec<u64> = (0..samples).map(|n| self.plan.span * n / samples).collect();
        let mut times = times.into_iter().peekable();
        let mut look = self.plan.keeper.next_look(1);
        let end = self.plan.span;
        loop {
            let next = [
                slashes.peek().map(|s| s.at),
                demand.peek().map(|d| d.at),
                times.peek().copied(),
            ];
            let at = next.into_iter().flatten().chain([look]).min().unwrap();
            if at >= end {
                return self;
            }
            self.w.now = START + at;
            if let Some(slash) = slashes.next_if(|slash| slash.at == at) {
                self.slash(slash.validator);
            } else if let Some(demand) = demand.next_if(|demand| demand.at == at) {
                self.demand(demand.what);
            } else if look == at {
                self.look();
                look = self.plan.keeper.next_look(at + 1);
            } else if times.next_if_eq(&at).is_some() {
                self.sample();
            }
        }
    }
}

fn agree(plan: &Plan, demand: &[Demand]) {
    let mut notes = Notes::default();
    let report = match run(plan, demand.to_vec(), &mut notes) {
        Err(Problem::Lost { .. }) => return,
        other => other.unwrap(),
    };
    let reference = Reference::new(plan).play(demand);
    for (simulated, real) in report.samples.iter().zip(&reference.samples) {
        assert_eq!(simulated, real);
    }
    assert_eq!(report.samples.len(), reference.samples.len());
    let within: Vec<_> = notes
        .0
        .into_iter()
        .filter(|paid| paid.paid < plan.span)
        .collect();
    assert_eq!(within, reference.paid);
}

fn history(span: u64) -> impl Strategy<Value = Vec<Demand>> {
    let one = (0..span, 0..10_u8, 1..20_000_u128).prop_map(|(at, kind, amount)| Demand {
        at,
        what: if kind < 4 {
            What::Deposit(coins(amount))
        } else {
            What::Exit(lst(amount))
        },
    });
    proptest::collection::vec(one, 1..40).prop_map(|mut list| {
        list.sort_by_key(|demand| demand.at);
        list
    })
}

prop_compose! {
    fn plans()(
        validators in 1..5_u16,
        buckets in 1..6_usize,
        pot in 1_000..100_000_u128,
        cooldown in 1..5_u64,
        withhold in 0..3_000_u64,
        hours in (0..48_u64, 0..12_u64, 1..12_u64),
        threshold in prop_oneof![Just(0_u128), 1..5_000_u128],
        outages in proptest::collection::vec((0..20_u64, 1..5_u64), 0..2),
        slashes in proptest::collection::vec((0..20 * DAY, 0..5_u16), 0..2),
    ) -> Plan {
        let params = Params {
            withhold: Bps::new(withhold),
            interval: hours.0 * HOUR,
            keeper_grace: hours.1 * HOUR,
            threshold: coins(threshold),
            max_sync_age: 0,
            ..Params::default()
        };
        let outages = outages.into_iter().map(|(from, days)| Outage { from: from * DAY, to: (from + days) * DAY });
        let mut slashes: Vec<_> =
            slashes.into_iter().map(|(at, id)| Slash { at, validator: id % validators }).collect();
        // Somebody is left.
        slashes.truncate(usize::from(validators) - 1);
        slashes.sort();
        Plan {
            validators,
            buckets,
            pot: coins(pot),
            cooldown: cooldown * DAY,
            params,
            keeper: Keeper { cadence: hours.2 * HOUR / 4, outages: outages.collect(), ..Keeper::default() },
            slashes,
            pool: None,
            span: 25 * DAY,
            samples: 50,
        }
    }
}

proptest! {
    #[test]
    fn the_simulator_is_the_model(plan in plans(), demand in history(22 * DAY)) {
        agree(&plan, &demand);
    }
}

fn exit(at: u64, amount: u128) -> Demand {
    Demand {
        at,
        what: What::Exit(lst(amount)),
    }
}

/// One validator with two buckets and no buffer, 10 days of cooldown: each date is worked out by hand.
#[test]
fn an_exit_waits_for_its_rung_one_departure_and_one_cooldown() {
    let plan = Plan {
        validators: 2,
        buckets: 1,
        pot: coins(1_000),
        cooldown: 10 * DAY,
        params: Params {
            withhold: Bps::new(0),
            ..Params::default()
        },
        span: 60 * DAY,
        ..Plan::default()
    };
    let mut notes = Notes::default();
    // Three small exits in a row. The rung of the first closes at once, for none was closed in the last hour.
    let day = DAY;
    let demand = [exit(day, 10), exit(2 * day, 10), exit(3 * day, 10)];
    let report = run(&plan, demand, &mut notes).unwrap();
    let [first, second, third] = notes.0[..] else {
        panic!("{:?}", notes.0);
    };
    // Departs at once, matures after the cooldown.
    assert_eq!(first.paid, 11 * day);
    // Two buckets: departures are at least (10 d + 1 h) / 2 = 120.5 h apart.
    let turn = day + 241 * HOUR / 2;
    assert_eq!(second.paid, turn + 10 * day);
    // Rides along: the third closed before that departure.
    assert_eq!(third.paid, turn + 10 * day);
    // Promised: a grace for the departure, the cooldown, a grace for the sweep.
    assert_eq!(first.promised, first.paid + 12 * HOUR);
    assert_eq!(second.promised, second.paid + 12 * HOUR);
    assert_eq!(
        (report.promises.kept, report.promises.broken, report.unpaid),
        (3, 0, 0)
    );
    assert_eq!(report.promises.early.max(), 12 * HOUR);
    assert_eq!(report.waits.count(), 3);
    assert_eq!(report.operations.closes, 3);
    assert_eq!(report.operations.departures, 2);
}

#[test]
fn the_buffer_pays_at_once_what_it_holds() {
    let plan = Plan {
        pot: coins(1_000),
        ..Plan::default()
    };
    // A tenth of 1,001 coins is the buffer: 100.1.
    let report = run(&plan, [exit(DAY, 100), exit(2 * DAY, 100)], &mut ()).unwrap();
    assert_eq!((report.exits.exits, report.by_buffer), (2, 1));
    // What is left in the buffer: 0.1, and the limiter lets out what leaked since.
    assert_eq!(report.instant.exits, 2);
    assert_eq!(report.queue.exits, 1);
    let instant = report.instant.coins.raw() / U256::from(E / 10);
    assert_eq!(instant, U256::from(1_001));
}

/// Keepers that are out longer than their grace break the promise, by what they were out too long.
#[test]
fn an_outage_breaks_promises() {
    let outage = Outage {
        from: 10 * DAY,
        to: 40 * DAY,
    };
    let plan = Plan {
        pot: coins(1_000),
        params: Params {
            withhold: Bps::new(0),
            ..Params::default()
        },
        keeper: Keeper {
            outages: vec![outage],
            ..Keeper::default()
        },
        span: 50 * DAY,
        ..Plan::default()
    };
    let mut notes = Notes::default();
    let report = run(&plan, [exit(DAY, 10)], &mut notes).unwrap();
    // Matures on day 22, is paid when the keepers are back on day 40.
    assert_eq!(notes.0[0].paid, 40 * DAY);
    assert_eq!(report.promises.broken, 1);
    assert_eq!(report.promises.latest, 18 * DAY - 12 * HOUR);
}

#[test]
fn a_slash_is_booked_and_exits_get_less() {
    let slash = Slash {
        at: 5 * DAY,
        validator: 1,
    };
    let plan = Plan {
        validators: 4,
        pot: coins(999),
        params: Params {
            withhold: Bps::new(0),
            ..Params::default()
        },
        slashes: vec![slash],
        span: 50 * DAY,
        ..Plan::default()
    };
    let report = run(&plan, [exit(10 * DAY, 100)], &mut ()).unwrap();
    // 1,000 coins over four validators: one of them held 250.
    assert_eq!(report.losses, coins(250));
    // 100 LST are 75 coins then.
    assert_eq!(report.exits.coins, coins(75));
    assert_eq!(report.operations.bookings, 1);
}

#[test]
fn a_pool_takes_what_its_cap_allows_and_recovers() {
    let pool = Pool {
        coins: coins(1_000),
        fee: Bps::new(30),
        slippage: Bps::new(100),
        recovery: DAY,
    };
    let plan = Plan {
        pot: coins(100_000),
        params: Params {
            withhold: Bps::new(0),
            ..Params::default()
        },
        pool: Some(pool),
        span: 40 * DAY,
        ..Plan::default()
    };
    let report = run(
        &plan,
        [exit(DAY, 100), exit(DAY, 100), exit(3 * DAY, 100)],
        &mut (),
    )
    .unwrap();
    // The last wei brings 0.99: sqrt(1000 * 1000 * 0.997 / 0.99) = 1003.53, and (1003.5294 - 1000) / 0.997 = 3.5397 LST.
    // The second finds the pool at its cap, the third finds it recovered.
    assert_eq!(report.amm.exits, 2);
    let milli = report.amm.coins.raw() / U256::from(E / 1_000);
    assert_eq!(milli, U256::from(7_079));
    assert_eq!(report.queue.exits, 3);
}

#[test]
fn looks_keep_to_the_grid_and_out_of_outages() {
    let keeper = Keeper {
        cadence: 300,
        outages: vec![
            Outage {
                from: 600,
                to: 1_000,
            },
            Outage {
                from: 1_000,
                to: 1_201,
            },
        ],
        ..Keeper::default()
    };
    let looks: Vec<_> = [0, 1, 300, 599, 600, 900, 1_199, 1_501]
        .map(|at| keeper.next_look(at))
        .into();
    assert_eq!(looks, [0, 300, 300, 1_500, 1_500, 1_500, 1_500, 1_800]);
}

#[test]
fn a_plan_that_cannot_be_names_field_and_value() {
    let bad = |change: fn(&mut Plan)| {
        let mut plan = Plan::default();
        change(&mut plan);
        match run(&plan, [], &mut ()) {
            Err(Problem::Plan { field, value, .. }) => (field, value),
            other => panic!("{other:?}"),
        }
    };
    let named = |field, value: &str| (field, value.to_owned());
    assert_eq!(bad(|p| p.validators = 0), named("validators", "0"));
    assert_eq!(bad(|p| p.buckets = 129), named("buckets", "129"));
    assert_eq!(bad(|p| p.pot = Assets::MAX).0, "pot");
    assert_eq!(
        bad(|p| p.params.withhold = Bps::new(5_001)),
        named("withhold", "5001")
    );
    assert_eq!(bad(|p| p.keeper.cadence = 0), named("cadence", "0"));
    assert_eq!(
        bad(|p| p.slashes = vec![Slash {
            at: 0,
            validator: 10
        }]),
        named("slash", "10")
    );
    assert_eq!(
        bad(|p| p.keeper.outages = vec![Outage { from: 2, to: 1 }]),
        named("outage", "2 to 1")
    );
    let backwards = [exit(10, 1), exit(9, 1)];
    assert_eq!(
        run(&Plan::default(), backwards, &mut ()),
        Err(Problem::Order { at: 9, before: 10 })
    );
}

/// Which ladders are tried, and which of them hold, when those in `good` do.
fn search(most: usize, good: &[usize]) -> Vec<(usize, bool)> {
    let plan = Plan {
        span: DAY,
        ..Plan::default()
    };
    let now = std::cell::Cell::new(0);
    let play = |plan: &Plan| {
        now.set(plan.buckets);
        run(plan, [], &mut ())
    };
    let trials = cheapest(&plan, most, play, |_| good.contains(&now.get())).unwrap();
    trials
        .iter()
        .map(|trial| (trial.buckets, trial.holds))
        .collect()
}

#[test]
fn the_search_takes_the_shortest_ladder_that_holds() {
    // Two hold, three do not: nothing is skipped.
    assert_eq!(search(8, &[2, 5, 8]), [(8, true), (1, false), (2, true)]);
    assert_eq!(
        search(4, &[4]),
        [(4, true), (1, false), (2, false), (3, false)]
    );
    assert_eq!(search(8, &[2]), [(8, false)]);
    assert_eq!(search(1, &[1]), [(1, true)]);
}
