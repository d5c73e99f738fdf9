//! Promised times.

use crate::{
    Assets, BucketId, Error, Event, Outcome, Shares, State, Timestamp, Units, ValidatorId,
    state::{Minter, SLACK, Validator},
    units::{ceil_div, small},
};

/// When a request is claimable if every step uses its whole grace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Eta {
    /// Unix seconds; 0: its coins are here.
    pub at: Timestamp,
    /// A promise was exceeded.
    pub revised: bool,
}

impl Eta {
    const HERE: Self = Self {
        at: Timestamp::ZERO,
        revised: false,
    };
}

impl Minter {
    /// When the bucket may be unstaked again: 0 if it never cooled.
    #[must_use]
    pub fn available_at(&self, bucket: &crate::Bucket) -> Timestamp {
        if bucket.end == Timestamp::ZERO {
            Timestamp::ZERO
        } else {
            bucket.end.after(self.params.safety)
        }
    }

    /// Empty slot, cooldown over, safety over: nothing would merge (promise 4).
    #[must_use]
    pub fn is_available(&self, bucket: &crate::Bucket, now: Timestamp) -> bool {
        bucket.cooling.is_zero() && now >= self.available_at(bucket)
    }

    /// Seconds between timetable departures of a validator, up.
    #[must_use]
    pub fn period(&self, v: &Validator, cooldown: u64) -> u64 {
        self.params
            .interval
            .max(ceil_div(self.span(cooldown), small(v.n)))
    }

    /// Cooldown and safety, seconds.
    #[must_use]
    pub fn span(&self, cooldown: u64) -> u64 {
        cooldown.saturating_add(self.params.safety)
    }

    /// Seconds between timetable departures of the line, up.
    #[must_use]
    pub fn line_period(&self, cooldown: u64) -> u64 {
        let buckets = self
            .live()
            .fold(0_u64, |sum, (_, v)| sum.saturating_add(small(v.n)));
        ceil_div(self.span(cooldown), buckets)
    }

    /// Buckets in cooldown by ascending end.
    fn cooling_by_end(&self) -> Vec<(Timestamp, Assets)> {
        let mut list: Vec<_> = self
            .validators
            .values()
            .flat_map(|v| v.present())
            .filter(|(_, bucket)| !bucket.cooling.is_zero())
            .map(|(_, bucket)| (bucket.end, bucket.cooling))
            .collect();
        list.sort_unstable();
        list
    }

    /// The time by which `value` wei counted from the watermark are here, from committed coins, cooling stake and
    /// timetable departures alone (promise 8): never buffer, deposits or AMM. The flag tells whether a departure is needed.
    fn eta_of(
        &self,
        value: Assets,
        not_before: Timestamp,
        now: Timestamp,
        cooldown: u64,
    ) -> Result<(Eta, bool), Error> {
        let grace = self.params.keeper_grace;
        let mut here = self.line.committed;
        if value.is_zero() {
            return Ok((Eta::HERE, false));
        }
        let value = value.plus(SLACK)?;
        if value <= here {
            return Ok((Eta::HERE, false));
        }
        let cooling = self.cooling_by_end();
        for (end, amount) in &cooling {
            here = here.plus(*amount)?;
            if here >= value {
                let at = end.after(grace);
                let eta = Eta {
                    at: at.max(now),
                    revised: at < now,
                };
                return Ok((eta, false));
            }
        }
        let earliest = self.line.next_departure.max(not_before);
        let mut departures: Vec<_> = self
            .live()
            .flat_map(|(_, v)| v.present().map(move |(_, bucket)| (v, bucket)))
            .filter(|(_, bucket)| !bucket.active.is_zero())
            .map(|(v, bucket)| {
                let at = v
                    .next_departure
                    .max(earliest)
                    .max(self.available_at(bucket));
                (at, bucket.active)
            })
            .collect();
        departures.sort_unstable();
        let mut departure = earliest;
        for (at, amount) in departures {
            departure = at;
            here = here.plus(amount)?;
            if here >= value {
                break;
            }
        }
        let late = departure.after(grace);
        let last_end = cooling.last().map_or(Timestamp::ZERO, |(end, _)| *end);
        // Where stake does not reach, the mark that follows is the latest promise of all.
        let at = late.max(now).after(cooldown).max(last_end).after(grace);
        let at = at.max(self.line.latest_eta);
        let eta = Eta {
            at,
            revised: now > late,
        };
        Ok((eta, true))
    }

    /// Value of the line from the watermark to `end`, wei, rounded up inside the line: what is committed up to it
    /// surely completes the rung.
    fn value_until_up(&self, end: Units) -> Result<Assets, Error> {
        self.rate.to_assets_up(self.line.open_lst_until_up(end)?)
    }

    /// The promise to a closed rung, or what the open one would be promised with `more` LST in it.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn rung_eta(
        &self,
        rung: u64,
        more: Shares,
        now: Timestamp,
        cooldown: u64,
    ) -> Result<Eta, Error> {
        let Some(closed) = self.line.rung(rung) else {
            let closes = now.max(self.line.last_closed_at.after(self.params.min_rung_age));
            let not_before = if self.waits_for_none()? {
                closes
            } else {
                Timestamp::ZERO
            };
            let lst = self.line.open_lst.plus(self.line.staged_lst)?.plus(more)?;
            let value = self.rate.to_assets_down(lst)?;
            let (eta, _) = self.eta_of(value, not_before, now, cooldown)?;
            return Ok(Eta {
                revised: false,
                ..eta
            });
        };
        if self.line.is_done(closed) {
            return Ok(Eta::HERE);
        }
        let value = self.value_until_up(closed.end)?;
        let mark = self
            .line
            .marks
            .iter()
            .skip(self.line.marks_done)
            .find(|mark| mark.units >= closed.end);
        // Due: finalize takes the whole headroom for it.
        if mark.is_some_and(|mark| mark.eta <= now) && value <= self.headroom {
            return Ok(Eta::HERE);
        }
        let (eta, departs) = self.eta_of(value, Timestamp::ZERO, now, cooldown)?;
        if eta == Eta::HERE {
            return Ok(eta);
        }
        Ok(match mark {
            Some(mark) if mark.eta < now => Eta {
                revised: true,
                ..eta
            },
            // Marked while nothing was left to depart, or the earlier promise: it stands.
            Some(mark) if departs || mark.eta < eta.at => Eta {
                at: mark.eta,
                revised: false,
            },
            _ => eta,
        })
    }
}

impl State {
    /// `exitEta(id)`.
    ///
    /// # Errors
    /// [`Error::UnknownRequest`].
    pub fn exit_eta(&self, id: crate::RequestId, now: Timestamp) -> Result<Eta, Error> {
        let m = &self.minter;
        m.line.tickets.get(&id).ok_or(Error::UnknownRequest(id))?;
        m.rung_eta(id.rung(), Shares::ZERO, now, self.staking.cooldown)
    }

    /// `publishEta(rung)`: tells a closed rung's promise.
    pub(crate) fn publish_eta(
        &self,
        rung: u64,
        now: Timestamp,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        if rung >= self.minter.line.open_rung() {
            return Err(Error::NotClosed(rung));
        }
        let eta = self
            .minter
            .rung_eta(rung, Shares::ZERO, now, self.staking.cooldown)?
            .at;
        out.tell(Event::EtaPublished { rung, eta });
        out.words([eta.raw()])
    }

    /// When a validator's next timetable departure is possible: its own and the line's turn.
    ///
    /// # Errors
    /// [`Error::UnknownValidator`].
    pub fn next_departure(&self, id: ValidatorId) -> Result<Timestamp, Error> {
        let m = &self.minter;
        Ok(m.validator(id)?.next_departure.max(m.line.next_departure))
    }

    /// The bucket with the latest end of all that cool; the first of several.
    pub(crate) fn latest_cooling(&self) -> Option<(BucketId, Timestamp)> {
        let m = &self.minter;
        let mut latest: Option<(BucketId, Timestamp)> = None;
        for id in &m.registry {
            let Some(v) = m.validators.get(id) else {
                continue;
            };
            for (index, bucket) in v.present().filter(|(_, b)| !b.cooling.is_zero()) {
                if latest.is_none_or(|(_, end)| bucket.end > end) {
                    latest = Some((
                        BucketId {
                            validator: *id,
                            index,
                        },
                        bucket.end,
                    ));
                }
            }
        }
        latest
    }
}
