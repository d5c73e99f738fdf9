//! What the contract's views answer.

use crate::{
    Account, Assets, BPS, BucketId, Error, Eta, RequestId, Shares, State, Timestamp, ValidatorId,
    exit::bps_of,
    units::{mul_div_down, wide},
};
use ruint::aliases::U256;

/// `quoteExit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExitQuote {
    /// LST wei that would leave by the buffer.
    pub instant_lst: Shares,
    /// Wei paid for it, after the fee.
    pub instant_pay: Assets,
    /// Its fee, bps, up.
    pub instant_fee_bps: U256,
    /// LST wei that a pool would buy.
    pub amm_lst: Shares,
    /// Wei that it would pay.
    pub amm_pay: Assets,
    /// LST wei that would queue.
    pub queue_lst: Shares,
    /// Wei at today's rate, after the standard fee.
    pub queue_value: Assets,
    /// If the rung closed as it stands, as soon as it may; 0 when nothing queues or its coins are here.
    pub queue_eta: Timestamp,
}

/// One line of `getBuckets`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BucketInfo {
    /// Unix seconds; 0: never cooled.
    pub next_available: Timestamp,
    /// Wei.
    pub active: Assets,
    /// Wei.
    pub cooling: Assets,
}

/// One line of `getValidatorsToProcess`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// Whose.
    pub validator: ValidatorId,
    /// Bit 0 sweep, 1 departure, 2 slash to book, 3 retiring stake.
    pub reasons: u8,
    /// The next time at which one of them becomes true; 0: unknown.
    pub next: Timestamp,
}

impl State {
    /// `getBuckets(v)`.
    ///
    /// # Errors
    /// [`Error::UnknownValidator`].
    pub fn buckets(&self, id: ValidatorId) -> Result<Vec<BucketInfo>, Error> {
        let m = &self.minter;
        Ok(m.validator(id)?
            .present()
            .map(|(_, bucket)| BucketInfo {
                next_available: m.available_at(bucket),
                active: bucket.active,
                cooling: bucket.cooling,
            })
            .collect())
    }

    /// `getBucketAvailabilitySummary(v)`: buckets, available now, when the next one is (now if one is, 0: no buckets).
    ///
    /// # Errors
    /// [`Error::UnknownValidator`].
    pub fn availability(
        &self,
        id: ValidatorId,
        now: Timestamp,
    ) -> Result<(usize, usize, Timestamp), Error> {
        let m = &self.minter;
        let v = m.validator(id)?;
        let available = v
            .present()
            .filter(|(_, bucket)| m.is_available(bucket, now))
            .count();
        let next = v
            .present()
            .filter(|(_, bucket)| !m.is_available(bucket, now))
            .map(|(_, bucket)| m.available_at(bucket))
            .min();
        let next = if available > 0 { Some(now) } else { next };
        Ok((v.n, available, next.unwrap_or_default()))
    }

    /// What the line still waits for, wei: `openValue - cooling - committed`.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn needed(&self) -> Result<Assets, Error> {
        let m = &self.minter;
        Ok(m.open_value()?.min0(m.cooling).min0(m.line.committed))
    }

    /// `totalQueuedWithdrawalsPerValidator(v)`: its part of what is needed, in the order of departures, wei.
    ///
    /// # Errors
    /// [`Error::UnknownValidator`].
    pub fn queued_with(&self, id: ValidatorId) -> Result<Assets, Error> {
        self.minter.validator(id)?;
        let mut need = self.needed()?;
        for other in self.minter.departure_order()? {
            let part = need.min(self.minter.validator(other)?.active);
            if other == id {
                return Ok(part);
            }
            need = need.minus(part)?;
        }
        Ok(Assets::ZERO)
    }

    /// `getValidatorsToProcess`: all that have something to do, in registration order.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn work(&self, now: Timestamp) -> Result<Vec<Work>, Error> {
        let m = &self.minter;
        let needed = !self.needed()?.is_zero();
        let mut list = Vec::new();
        for id in &m.registry {
            let v = m.validator(*id)?;
            let mut reasons = 0_u8;
            if v.slashed && !v.booked {
                reasons |= 4;
            }
            let turn = self.next_departure(*id)?;
            let on_time = now >= turn && !v.booked;
            let mut next = None;
            if needed && !on_time && !v.booked {
                next = Some(turn);
            }
            for (index, bucket) in v.present() {
                if !bucket.cooling.is_zero() {
                    if now >= bucket.end {
                        reasons |= 1;
                    } else {
                        next = Some(next.map_or(bucket.end, |at: Timestamp| at.min(bucket.end)));
                    }
                }
                if on_time && !bucket.active.is_zero() && m.is_available(bucket, now) {
                    if needed {
                        reasons |= 2;
                    }
                    if index >= v.target {
                        reasons |= 8;
                    }
                }
            }
            if reasons != 0 {
                list.push(Work {
                    validator: *id,
                    reasons,
                    next: next.unwrap_or_default(),
                });
            }
        }
        Ok(list)
    }

    /// `getNextValidator(amount)`: where the stake bus would put the first of `amount`, and that validator's capacity.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn next_validator(
        &self,
        amount: Assets,
        now: Timestamp,
    ) -> Result<Option<(BucketId, Assets)>, Error> {
        let next = self.next_stake(amount, &self.eligible()?, now)?;
        Ok(next.map(|(bucket, _, capacity)| (bucket, capacity)))
    }

    /// `quoteExit(amount)`.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn quote_exit(&self, amount: Shares, now: Timestamp) -> Result<ExitQuote, Error> {
        let m = &self.minter;
        let sale = self.amm_quote(now, amount, amount, amount)?;
        let rest = amount.minus(sale.lst)?;
        let instant = self.instant_part(now, rest, rest)?;
        let queue_lst = rest.minus(instant.lst)?;
        let value = m.rate.to_assets_down(queue_lst)?;
        let queue_eta = if queue_lst.is_zero() {
            Timestamp::ZERO
        } else {
            m.rung_eta(m.line.open_rung(), queue_lst, now, self.staking.cooldown)?
                .at
        };
        Ok(ExitQuote {
            instant_lst: instant.lst,
            instant_pay: instant.gross.minus(instant.fee)?,
            instant_fee_bps: bps_of(instant.fee, instant.gross)?,
            amm_lst: sale.lst,
            amm_pay: sale.coins,
            queue_lst,
            queue_value: value.minus(m.line.rung_fee.of_up(value)?)?,
            queue_eta,
        })
    }

    /// `getReadyRequestsForUser`: looks at no more than `max` ids from `start` on; (ids, net wei, where to go on, 0 before a
    /// rung that is not funded).
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn ready_requests(
        &self,
        user: crate::Address,
        start: U256,
        max: u64,
    ) -> Result<(Vec<(RequestId, Assets)>, U256), Error> {
        let line = &self.minter.line;
        let mut ready = Vec::new();
        let start = u64::try_from(start).unwrap_or(u64::MAX);
        let (mut rung, mut seq) = (start >> 32, (start & u64::from(u32::MAX)).max(1));
        let mut looked = 0_u64;
        let done = |rung: u64| line.rung(rung).filter(|rung| line.is_done(rung));
        while let Some(closed) = done(rung).filter(|_| looked < max) {
            if seq > u64::from(closed.count) {
                rung = rung.saturating_add(1);
                seq = 1;
                continue;
            }
            let request = RequestId::new((rung << 32) | seq);
            if line.tickets.get(&request).is_some_and(|t| t.owner == user) {
                let (gross, fee) = line.claimable(request)?;
                ready.push((request, gross.minus(fee)?));
            }
            looked = looked.saturating_add(1);
            seq = seq.saturating_add(1);
        }
        let next = if done(rung).is_some() {
            (rung << 32) | seq
        } else {
            0
        };
        Ok((ready, U256::from(next)))
    }

    /// Reward wei of a bucket, claimable now.
    #[must_use]
    pub fn bucket_rewards(&self, id: BucketId, now: Timestamp) -> Assets {
        self.staking
            .claimable(Account::Bucket(id), id.validator, now)
    }

    /// `buffer = headroom + reserved`, wei (`currentWithheldETH`).
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn buffer(&self) -> Result<Assets, Error> {
        self.minter.headroom.plus(self.minter.reserved)
    }

    /// Promised time of a request.
    ///
    /// # Errors
    /// [`Error::UnknownRequest`].
    pub fn eta(&self, id: RequestId, now: Timestamp) -> Result<Eta, Error> {
        self.exit_eta(id, now)
    }

    /// Buffer in bps of assets, down.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn headroom_bps(&self) -> Result<U256, Error> {
        mul_div_down(
            self.minter.headroom.raw(),
            BPS,
            self.minter.assets()?.raw().max(wide(1)),
        )
    }
}
