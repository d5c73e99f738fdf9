//! The simulator against the contracts: one scenario, the same looks of the keepers, the clock moved on. Each exit is paid
//! within one look of when the simulator says, and is promised the same.

use alloy::{
    primitives::{Address, U256},
    sol_types::SolEvent,
};
use chain::bindings::ILiquidMinter as M;
use model::{
    Assets, DAY, Shares,
    sim::{Demand, Keeper, Paid, Plan, Watch, What, run},
};
use omnibus_e2e::world::{COIN, Setup, T0, World, account};

const LOOK: u64 = 1_800;
const SETUP: Setup = Setup {
    validators: 2,
    buckets: 3,
    cooldown: 10 * DAY,
    vote: DAY,
};
const POT: u128 = 10_000;

#[derive(Default)]
struct Notes(Vec<Paid>);

impl Watch for Notes {
    fn paid(&mut self, paid: &Paid) {
        self.0.push(*paid);
    }
}

/// A request on the contracts; seconds after the beginning.
struct Request {
    id: U256,
    requested: u64,
    /// What `quoteExit` had shown just before it.
    quoted: u64,
    /// What `exitEta` said when its rung closed.
    promised: Option<u64>,
    paid: Option<u64>,
}

struct Chain {
    w: World,
    who: Address,
    requests: Vec<Request>,
}

impl Chain {
    fn new() -> Self {
        let mut w = World::new(&SETUP);
        let who = account("alice");
        w.give(who, 1_000_000 * COIN);
        w.must(who, w.minter, POT * COIN, &M::submitCall {});
        let mut chain = Self {
            w,
            who,
            requests: Vec::new(),
        };
        while chain.look() {}
        chain
    }

    fn demand(&mut self, what: What) {
        let (who, minter) = (self.who, self.w.minter);
        match what {
            What::Deposit(coins) => {
                self.w
                    .must(who, minter, coins.raw().to(), &M::submitCall {});
            }
            What::Exit(lst) => {
                let amount = lst.raw();
                let quote = self.w.view(minter, &M::quoteExitCall { amount });
                let out = self.w.must(who, minter, 0, &M::unstakeCall { amount });
                let made = out
                    .logs
                    .iter()
                    .find_map(|log| M::ExitRequested::decode_log(log).ok());
                if let Some(made) = made {
                    let eta: u64 = quote.queueEta.to();
                    self.requests.push(Request {
                        id: made.id,
                        requested: self.w.now - T0,
                        quoted: eta.saturating_sub(T0),
                        promised: None,
                        paid: None,
                    });
                }
            }
        }
    }

    fn keep<C: alloy::sol_types::SolCall>(&mut self, call: &C) {
        let (keeper, minter) = (self.w.keeper, self.w.minter);
        self.w.must(keeper, minter, 0, call);
    }

    /// One look: each job that has something to do, from the contract's own views. True when one had.
    fn look(&mut self) -> bool {
        let minter = self.w.minter;
        let now = U256::from(self.w.now);
        let mut acted = false;
        for validator in 0..SETUP.validators {
            let buckets = self.w.view(
                minter,
                &M::getBucketsCall {
                    validatorId: validator,
                },
            );
            // `nextAvailableTime` is an hour of safety after the end.
            let matured = |b: &chain::bindings::minter::ILiquidMinterTypes::BucketInfo| {
                !b.coolingAmount.is_zero() && now + U256::from(3_600) >= b.nextAvailableTime
            };
            if buckets.iter().any(matured) {
                self.keep(&M::sweepMaturedBucketsCall {
                    validatorId: validator,
                    maxToSweep: U256::from(25),
                });
                acted = true;
            }
        }
        let line = self.w.view(minter, &M::lineCall {});
        if !line.stagedLst.is_zero() && now >= line.lastClosedAt + U256::from(3_600) {
            self.keep(&M::closeRungCall {});
            for request in self
                .requests
                .iter_mut()
                .filter(|request| request.promised.is_none())
            {
                let eta: u64 = self
                    .w
                    .view(minter, &M::exitEtaCall { id: request.id })
                    .eta
                    .to();
                request.promised = Some(eta.max(self.w.now) - T0);
            }
            acted = true;
        }
        let line = self.w.view(minter, &M::lineCall {});
        // The rate is 1: LST and coins are the same.
        let covered =
            line.openLst <= line.committed + self.w.view(minter, &M::totalUnstakedCall {});
        let marked = !line.marks.is_zero() && {
            let index = line.marks - U256::ONE;
            self.w.view(minter, &M::markCall { index }).units >= line.end
        };
        if line.end > line.watermark && (!covered || !marked) {
            self.keep(&M::processBatchUnstakeCall {});
        }
        if !self.w.view(minter, &M::lineCall {}).openLst.is_zero() {
            self.keep(&M::finalizeCall {});
        }
        let free = self.w.view(minter, &M::freeToStakeCall {});
        if free >= U256::from(COIN) {
            self.keep(&M::rebalanceCall {});
            acted = true;
        }
        let line = self.w.view(minter, &M::lineCall {});
        for request in self
            .requests
            .iter_mut()
            .filter(|request| request.paid.is_none())
        {
            let rung = request.id >> 32;
            if rung < line.openRung
                && self.w.view(minter, &M::rungCall { id: rung }).unitsEnd <= line.watermark
            {
                request.paid = Some(self.w.now - T0);
            }
        }
        acted
    }
}

fn coins(n: u128) -> U256 {
    U256::from(n * COIN)
}

#[test]
fn the_simulator_and_the_contracts_agree_within_one_look() {
    let exit = |at, n| Demand {
        at,
        what: What::Exit(Shares::new(coins(n))),
    };
    let deposit = |at, n| Demand {
        at,
        what: What::Deposit(Assets::new(coins(n))),
    };
    let demand = [
        // The buffer pays part of it, the rest departs.
        exit(DAY + 100, 1_500),
        // Waits for its turn of the timetable.
        exit(DAY + 20_000, 700),
        exit(2 * DAY + 7, 400),
        // Rides with the one before.
        exit(2 * DAY + 9, 300),
        // Nets part of the next.
        deposit(4 * DAY, 250),
        exit(4 * DAY + 4_000, 900),
        // More than what the ladder has free: waits for buckets to mature.
        exit(6 * DAY, 3_000),
        deposit(15 * DAY, 2_000),
        exit(16 * DAY, 50),
        exit(25 * DAY, 1_000),
    ];
    let plan = Plan {
        validators: SETUP.validators,
        buckets: usize::try_from(SETUP.buckets).unwrap(),
        pot: Assets::new(coins(POT)),
        cooldown: SETUP.cooldown,
        keeper: Keeper {
            cadence: LOOK,
            ..Keeper::default()
        },
        span: 60 * DAY,
        ..Plan::default()
    };
    let mut notes = Notes::default();
    run(&plan, demand, &mut notes).unwrap();

    let mut chain = Chain::new();
    let mut coming = demand.iter().peekable();
    let mut look = LOOK;
    while look < plan.span {
        while let Some(demand) = coming.next_if(|demand| demand.at <= look) {
            let seconds = T0 + demand.at - chain.w.now;
            chain.w.pass(seconds);
            chain.demand(demand.what);
        }
        let seconds = T0 + look - chain.w.now;
        chain.w.pass(seconds);
        chain.look();
        look += LOOK;
    }

    assert!(notes.0.len() >= 7, "most of them queue: {}", notes.0.len());
    assert_eq!(notes.0.len(), chain.requests.len());
    for (simulated, real) in notes.0.iter().zip(&chain.requests) {
        let (promised, paid) = (real.promised.unwrap(), real.paid.unwrap());
        assert_eq!(simulated.requested, real.requested);
        assert!(
            simulated.paid.abs_diff(paid) <= LOOK,
            "{simulated:?}: paid at {paid}"
        );
        assert!(
            simulated.promised.abs_diff(promised) <= LOOK,
            "{simulated:?}: promised by {promised}"
        );
        // The quote is for a rung that closes as soon as it may; keepers close it at their next look.
        assert!(
            real.quoted <= promised + LOOK,
            "{simulated:?}: quoted {}",
            real.quoted
        );
        assert!(simulated.paid <= simulated.promised, "{simulated:?}");
    }
}
