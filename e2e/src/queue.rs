//! What a long queue costs: requests made by calls, then pro rata, finalize and claims, each a whole cold transaction (L32).
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "measuring code: what does not work ends it"
)]

use alloy::{
    primitives::{Address, U256},
    sol_types::SolCall,
};
use chain::bindings::{ILiquidMinter as M, minter::ILiquidMinterTypes::ExitParams};
use eyre::{Result, ensure};

use crate::world::{COIN, Claims, GAS, Setup, World, account};

const HOUR: u64 = 3_600;
const DAY: u64 = 86_400;
const COOLDOWN: u64 = 8 * DAY;
/// LST of all requests of a stage, wei, whatever their number: what a longer queue costs, not a richer one.
const QUEUED: u128 = 200 * COIN;
/// Accounts that make the requests.
const PEOPLE: usize = 100;
/// Rungs that the requests of a stage are spread over.
const RUNGS: usize = 10;
/// Of a stage's requests, at most so many are claimed, evenly spread.
const CLAIMS: usize = 10_000;

/// One length of the queue, and what it cost there: gas of whole transactions, intrinsic and calldata included.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Stage {
    /// Open requests when it was measured, each made by a call.
    pub requests: usize,
    /// `fulfillProRata` over all of them, nobody pushed to.
    pub pro_rata: u64,
    /// The dearest `finalize`, of a part of them or of the rest.
    pub finalize: u64,
    /// The dearest claim with hints.
    pub claim: u64,
    /// Claims made and compared with what the view had said.
    pub claims: usize,
    /// Wei that stayed reserved when every request was claimed; only where all were.
    pub dust: Option<u128>,
}

impl Stage {
    /// Pro rata, finalize and claim cost what they cost in a shorter queue, within 2 %: zero bytes of calldata differ.
    ///
    /// # Errors
    /// What costs more, and how much.
    pub fn costs_no_more_than(&self, shorter: &Self) -> Result<()> {
        for (name, a, b) in [
            ("pro rata", shorter.pro_rata, self.pro_rata),
            ("finalize", shorter.finalize, self.finalize),
            ("claim", shorter.claim, self.claim),
        ] {
            ensure!(
                b <= a + a / 50,
                "{name} costs {a} gas at {} requests and {b} at {}",
                shorter.requests,
                self.requests
            );
        }
        Ok(())
    }
}

/// Measures the stages one after the other in one world; each empties the queue. `said` hears how many requests are made.
///
/// # Panics
/// When a call that must work fails, or a claim pays something else than was shown.
pub fn measure(lengths: &[usize], mut said: impl FnMut(usize)) -> Vec<Stage> {
    let mut w = World::new(&Setup {
        validators: 4,
        buckets: 8,
        cooldown: COOLDOWN,
        vote: DAY,
    });
    let people: Vec<Address> = (0..PEOPLE).map(|i| account(&format!("queue{i}"))).collect();
    for p in &people {
        w.give(*p, 1_000_000 * COIN);
    }
    lengths
        .iter()
        .map(|&n| stage(&mut w, &people, n, &mut said))
        .collect()
}

fn keep<C: SolCall>(w: &mut World, call: &C) -> u64 {
    let (keeper, minter) = (w.keeper, w.minter);
    w.must(keeper, minter, 0, call).gas
}

fn stage(w: &mut World, people: &[Address], n: usize, said: &mut impl FnMut(usize)) -> Stage {
    let minter = w.minter;
    // Not round, so that shares round.
    let request = QUEUED / n as u128 + 7;
    // Enough LST for the one who makes most requests, and nearly all of it staked.
    let each = request * n.div_ceil(people.len()) as u128 + COIN;
    for p in people {
        w.must(*p, minter, each, &M::submitCall {});
    }
    stake_all(w);

    let mut ids = Vec::with_capacity(n);
    for k in 0..n {
        let who = people[k % people.len()];
        let call = M::redeemCall {
            amount: U256::from(request),
            p: ExitParams {
                instantMax: U256::ZERO,
                ammMax: U256::ZERO,
                queueMax: U256::from(request),
                minOutNow: U256::ZERO,
                feeLimitBps: U256::from(10_000),
                deadline: U256::MAX,
                recipient: who,
            },
        };
        let out = w.must(who, minter, 0, &call);
        let made = M::redeemCall::abi_decode_returns(&out.output).expect("it decodes");
        ids.push((made.id, who));
        if (k + 1) % n.div_ceil(RUNGS) == 0 || k + 1 == n {
            w.pass(HOUR);
            keep(w, &M::closeRungCall {});
        }
        if (k + 1) % 10_000 == 0 {
            said(k + 1);
        }
    }

    // Early money for a part of it: what comes in lifts the target by a tenth, the rest is above it.
    let part = QUEUED / 4;
    w.must(people[0], minter, part, &M::submitCall {});
    let pro_rata = M::fulfillProRataCall {
        users: Vec::new(),
        ids: Vec::new(),
        maxSpend: U256::from(part / 2),
    };
    let pro_rata = keep(w, &pro_rata);
    // What departed comes home validator by validator: finalize funds parts of the line, then the rest.
    let mut finalize = 0;
    while !w.view(minter, &M::lineCall {}).openLst.is_zero() {
        keep(w, &M::processBatchUnstakeCall {});
        w.pass(COOLDOWN + 2 * HOUR);
        for id in w.view(minter, &M::validatorsCall {}) {
            let call = M::sweepMaturedBucketsCall {
                validatorId: id,
                maxToSweep: U256::from(128),
            };
            keep(w, &call);
            let open = w.view(minter, &M::lineCall {}).openLst;
            if !open.is_zero() && !w.view(minter, &M::committedCall {}).is_zero() {
                finalize = finalize.max(keep(w, &M::finalizeCall {}));
            }
        }
    }
    claim_all(w, &ids, n, pro_rata, finalize)
}

fn claim_all(
    w: &mut World,
    ids: &[(U256, Address)],
    n: usize,
    pro_rata: u64,
    finalize: u64,
) -> Stage {
    let minter = w.minter;
    let step = n.div_ceil(CLAIMS).max(1);
    let (mut claim, mut claims) = (0, 0);
    for (id, who) in ids.iter().step_by(step) {
        let hints = w.view(minter, &M::findHintsCall { ids: vec![*id] });
        let shown = w.view(minter, &M::claimableCall { id: *id });
        let call = Claims::claimCall {
            id: *id,
            hintA: hints.hintsA[0],
            hintB: hints.hintsB[0],
        };
        let had = w.balance(*who);
        let out = w.must(*who, minter, 0, &call);
        let got = U256::from(w.balance(*who) - had);
        assert_eq!(
            got,
            shown.gross - shown.fee,
            "request {id} paid what it showed"
        );
        claim = claim.max(out.gas);
        claims += 1;
    }
    let dust = (step == 1).then(|| {
        let s = w.view(minter, &M::getBufferAndQueueStatsCall {});
        let fees = w.view(minter, &M::feesCall {});
        (s.reserved - fees).to::<u128>()
    });
    Stage {
        requests: n,
        pro_rata,
        finalize,
        claim,
        claims,
        dust,
    }
}

fn stake_all(w: &mut World) {
    let (keeper, minter) = (w.keeper, w.minter);
    let call = M::rebalanceCall {}.abi_encode();
    loop {
        let out = w.send(keeper, minter, 0, call.clone(), GAS);
        if !out.ok || M::rebalanceCall::abi_decode_returns(&out.output).is_ok_and(|x| x.is_zero()) {
            return;
        }
    }
}
