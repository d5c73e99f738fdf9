//! Reward tokens: from buckets to the converter, which sells them by a falling price; the coins become a load of rewards.

use crate::{
    Account, Address, Assets, BucketId, ConverterCall, DAY, Error, Event, Goods, MinterCall,
    Outcome, Price, StakingError, State, Timestamp, ValidatorId,
    exit::Ctx,
    staking::RewardToken,
    state::MAX_BUCKETS,
    units::{mul_div_down, mul_div_up},
};
use ruint::aliases::U256;
use std::collections::BTreeMap;

/// A token that is new, or whose price lies at its floor when more comes, starts at this many floors.
const START_MULTIPLE: U256 = U256::from_limbs([16, 0, 0, 0]);
/// The price halves in this time, seconds.
const HALVING: u64 = 3_600;
/// Largest floor, limit and, times [`START_MULTIPLE`], price.
const MOST: U256 = U256::from_limbs([u64::MAX, u64::MAX, 0, 0]);
/// Prices are for so many smallest units.
const UNIT: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);

/// The sale of one token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conversion {
    /// The least price; 0: unknown here.
    pub floor: Price,
    /// Of one sale, at most.
    pub per_sale: Goods,
    /// Of one UTC day, at most.
    pub per_day: Goods,
    /// The price at `started_at`.
    pub start: Price,
    /// When it began to fall.
    pub started_at: Timestamp,
    /// Unix day of `sold_today`.
    pub day: u64,
    /// Sold on that day.
    pub sold_today: Goods,
}

/// One converter's tokens.
pub type Conversions = BTreeMap<Address, Conversion>;

impl Conversion {
    /// The price at `now`: `max(floor, high - floor(high * (age mod 1 h) / 2 h))`, `high = start >> floor(age / 1 h)`.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn price(&self, now: Timestamp) -> Result<Price, Error> {
        let age = now.since(self.started_at);
        let halvings = age.checked_div(HALVING).unwrap_or_default();
        if halvings > 255 {
            return Ok(self.floor);
        }
        let bits = usize::try_from(halvings).map_err(|_| Error::Arithmetic)?;
        let high = Price::new(self.start.raw().wrapping_shr(bits));
        let along = age.checked_rem(HALVING).unwrap_or_default();
        let twice = U256::from(HALVING.saturating_mul(2));
        let fallen = high.mul_div_down(U256::from(along), twice)?;
        Ok(self.floor.max(high.minus(fallen)?))
    }

    /// What the limits leave at `now`.
    #[must_use]
    pub fn room(&self, now: Timestamp) -> Goods {
        if self.floor.is_zero() {
            return Goods::ZERO;
        }
        let today = now.get().checked_div(DAY).unwrap_or_default();
        let sold = if self.day == today {
            self.sold_today
        } else {
            Goods::ZERO
        };
        self.per_sale.min(self.per_day.min0(sold))
    }

    fn restart(&mut self, now: Timestamp) -> Result<(), Error> {
        self.start = self.floor.mul_div_down(START_MULTIPLE, U256::from(1))?;
        self.started_at = now;
        Ok(())
    }
}

impl State {
    /// The sale of `token` by the converter at `place`.
    #[must_use]
    pub fn conversion(&self, place: Address, token: Address) -> Conversion {
        self.converters
            .get(&place)
            .and_then(|all| all.get(&token))
            .copied()
            .unwrap_or_default()
    }

    fn conversion_mut(&mut self, place: Address, token: Address) -> &mut Conversion {
        self.converters
            .entry(place)
            .or_default()
            .entry(token)
            .or_default()
    }

    /// Smallest units of the reward token that `account` holds.
    #[must_use]
    pub fn goods_of(&self, account: impl Into<Account>) -> Goods {
        self.goods.get(&account.into()).copied().unwrap_or_default()
    }

    fn move_goods(&mut self, from: Account, to: Account, amount: Goods) -> Result<(), Error> {
        let left = self.goods_of(from).minus(amount)?;
        self.goods.insert(from, left);
        let there = self.goods_of(to).plus(amount)?;
        self.goods.insert(to, there);
        Ok(())
    }

    /// `setConversion`, after its checks of power.
    pub(crate) fn set_conversion(
        &mut self,
        now: Timestamp,
        token: Address,
        floor: Price,
        (per_sale, per_day): (Goods, Goods),
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let place = self.converter()?;
        if floor.is_zero() || floor.raw() > MOST {
            return Err(Error::BadFloor(floor));
        }
        let most = Goods::new(MOST);
        let c = self.conversion_mut(place, token);
        let new = c.floor.is_zero();
        c.floor = floor;
        c.per_sale = per_sale.min(most);
        c.per_day = per_day.min(most);
        if new {
            c.restart(now)?;
        }
        out.tell(Event::Configured {
            converter: place,
            token,
            floor,
            per_sale,
            per_day,
        });
        Ok(())
    }

    pub(crate) fn converter(&self) -> Result<Address, Error> {
        let place = self.minter.converter;
        if place.is_zero() {
            return Err(Error::NoConverter);
        }
        Ok(place)
    }

    /// `claimToken`: rewards in the ERC-20 from a page of used buckets, each failing by itself, to the converter. What a
    /// bucket held of it goes along.
    pub(crate) fn claim_token(
        &mut self,
        now: Timestamp,
        token: Address,
        id: ValidatorId,
        (from, to): (u64, u64),
        out: &mut Outcome,
    ) -> Result<(), Error> {
        if token != self.places.reward_token {
            return Err(Error::BadParameter("token", token.raw()));
        }
        let place = self.converter()?;
        let v = self.minter.validator(id)?;
        let cut = |x: u64| usize::try_from(x.min(MAX_BUCKETS)).unwrap_or_default();
        let used: Vec<usize> = (cut(from)..cut(to))
            .filter(|index| v.buckets.get(*index).is_some_and(|b| b.used))
            .collect();
        let mut sum = Goods::ZERO;
        for index in used {
            let bucket = BucketId {
                validator: id,
                index,
            };
            match self.claim_goods(bucket, now)? {
                Ok(amount) => {
                    self.move_goods(Account::Bucket(bucket), place.into(), amount)?;
                    sum = sum.plus(amount)?;
                }
                Err(reason) => out.tell(Event::RewardsClaimFailed {
                    validator: id,
                    index,
                    reason,
                }),
            }
        }
        if !sum.is_zero() {
            out.tell(Event::TokenRewardsClaimed {
                validator: id,
                token,
                amount: sum,
            });
            let c = self.conversion_mut(place, token);
            if !c.floor.is_zero() && c.price(now)? == c.floor {
                c.restart(now)?;
                let price = c.start;
                out.tell(Event::Restarted {
                    converter: place,
                    token,
                    price,
                });
            }
        }
        out.words([sum.raw()])
    }

    /// What one bucket gets of the treasury, and what it held before.
    fn claim_goods(
        &mut self,
        id: BucketId,
        now: Timestamp,
    ) -> Result<Result<Goods, StakingError>, Error> {
        let account = Account::Bucket(id);
        let treasury: Account = self.places.treasury.into();
        let owed = self.staking.claimable_goods(account, id.validator, now);
        let there = self.goods_of(treasury);
        if owed > there {
            return Ok(Err(StakingError::TreasuryLacksGoods(owed, there)));
        }
        self.staking
            .collect_of(RewardToken::Goods, account, id.validator, now);
        self.move_goods(treasury, account, owed)?;
        Ok(Ok(self.goods_of(account)))
    }

    /// `buy`: coins round up, so nobody buys below the price. A sale of the whole limit doubles it; dust lifts it by
    /// dust.
    pub(crate) fn converter_call(
        &mut self,
        ctx: Ctx,
        call: &ConverterCall,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let ConverterCall::Buy {
            converter: place,
            token,
            amount,
            max_price,
            coins: sent,
        } = *call;
        let now = ctx.now;
        if amount.is_zero() {
            return Err(Error::ZeroAmount);
        }
        let c = self.conversion(place, token);
        let most = c.room(now);
        if amount > most {
            return Err(Error::AboveLimit(amount, most));
        }
        let price = c.price(now)?;
        if price > max_price {
            return Err(Error::PriceAboveMaximum(price, max_price));
        }
        let coins = Assets::new(mul_div_up(amount.raw(), price.raw(), UNIT)?);
        if sent < coins {
            return Err(Error::PaymentTooSmall(sent, coins));
        }
        let today = now.get().checked_div(DAY).unwrap_or_default();
        let lifted = mul_div_down(price.raw(), amount.raw(), c.per_sale.raw())?;
        let lifted = price.plus(Price::new(lifted))?.raw();
        let entry = self.conversion_mut(place, token);
        if entry.day != today {
            entry.day = today;
            entry.sold_today = Goods::ZERO;
        }
        entry.sold_today = entry.sold_today.plus(amount)?;
        entry.start = Price::new(lifted.min(MOST.saturating_mul(START_MULTIPLE)));
        entry.started_at = now;
        out.tell(Event::Sold {
            converter: place,
            token,
            buyer: ctx.caller,
            amount,
            coins,
            price,
        });
        self.move_coins(ctx.caller.into(), place.into(), sent)?;
        self.call_minter(place, now, &MinterCall::LoadRewards { coins }, out)?;
        let there = self.goods_of(place);
        if there < amount {
            return Err(Error::InsufficientBalance(place, there.raw(), amount.raw()));
        }
        self.move_goods(place.into(), ctx.caller.into(), amount)?;
        self.send(place, ctx.caller, sent.minus(coins)?)?;
        out.words([coins.raw()])
    }
}
