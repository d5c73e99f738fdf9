//! The emergency: governor and guardian together switch to the halt, or repair the reader. Nothing else.

use crate::{
    Address, Call, DAY, Error, Event, MinterCall, Outcome, Role, State, Timestamp, exit::Ctx,
};
use ruint::aliases::U256;

/// A signature lapses after this long, seconds.
const EMERGENCY_WINDOW: u64 = 2 * DAY;

/// What two may do together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Emergency {
    /// The proxy switches to the halt that was named beforehand.
    Halt,
    /// Flags, intervals and lists are read elsewhere.
    Reader,
}

/// The first of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Who signed.
    pub by: Address,
    /// When.
    pub at: Timestamp,
}

/// Steps that go on under the halt: coins come home, reach the line, are claimed; and what it takes to leave.
const fn goes_on(call: &MinterCall) -> bool {
    matches!(
        call,
        MinterCall::SweepMaturedBuckets { .. }
            | MinterCall::ReceiveFromBucket { .. }
            | MinterCall::Finalize
            | MinterCall::BookSlash { .. }
            | MinterCall::FulfillRequests { .. }
            | MinterCall::Claim { .. }
            | MinterCall::ClaimTo { .. }
            | MinterCall::ClaimFor { .. }
            | MinterCall::Withdraw { .. }
            | MinterCall::UnstakeRewards
            | MinterCall::Schedule { .. }
            | MinterCall::CancelScheduled { .. }
            | MinterCall::Emergency { .. }
            | MinterCall::GrantRole { .. }
            | MinterCall::RevokeRole { .. }
            | MinterCall::Upgrade { .. }
    )
}

impl State {
    /// The code in force is a halt.
    #[must_use]
    pub fn halted(&self) -> bool {
        self.minter.code != self.places.code
    }

    /// `Halted` for everything that a halted minter refuses.
    pub(crate) fn sieve(&self, call: &MinterCall) -> Result<(), Error> {
        if self.halted() && !goes_on(call) {
            return Err(Error::Halted(Box::new(Call::Minter(call.clone()))));
        }
        Ok(())
    }

    /// A signature of governor or guardian; the other's, by another account within 48 hours, carries it out.
    pub(crate) fn emergency(
        &mut self,
        ctx: Ctx,
        what: Emergency,
        to: Address,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let m = &mut self.minter;
        let by = ctx.caller;
        let has = |who, role| m.roles.contains(&(role, who));
        let (governor, guardian) = (has(by, Role::Admin), has(by, Role::Guardian));
        if !governor && !guardian {
            return Err(Error::Unauthorized(by, Role::Admin));
        }
        match what {
            Emergency::Halt if to != m.halt_code || to.is_zero() => {
                return Err(Error::BadParameter("haltCode", to.raw()));
            }
            Emergency::Reader if to != self.places.staking => {
                return Err(Error::BadParameter("reader", to.raw()));
            }
            _ => {}
        }
        let signed = m.signatures.get(&(what, to)).copied();
        // Both roles as of now.
        let done = signed.is_some_and(|first| {
            first.by != by
                && ctx.now <= first.at.after(EMERGENCY_WINDOW)
                && ((governor && has(first.by, Role::Guardian))
                    || (guardian && has(first.by, Role::Admin)))
        });
        if !done {
            let at = ctx.now;
            m.signatures.insert((what, to), Signature { by, at });
            let until = at.after(EMERGENCY_WINDOW);
            out.tell(Event::EmergencySigned {
                what,
                to,
                by,
                until,
            });
            return out.words([U256::ZERO]);
        }
        m.signatures.remove(&(what, to));
        out.tell(Event::EmergencyDone { what, to, by });
        match what {
            Emergency::Halt => {
                m.code = to;
                out.tell(Event::Upgraded { code: to });
            }
            Emergency::Reader => out.tell(Event::AddressSet {
                name: "stakingReader",
                value: to,
            }),
        }
        out.words([U256::from(1)])
    }
}
