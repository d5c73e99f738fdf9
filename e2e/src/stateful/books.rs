//! What the world must look like, worked out from events alone: coins, buckets, the line by rungs, holders.
#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "test code: a number that does not fit ends the run"
)]

use std::collections::{BTreeMap, BTreeSet};

use alloy::{
    primitives::{Address, Log, U256, aliases::U512},
    sol_types::{SolEvent, SolEventInterface},
};
use chain::bindings::{IPlumeStaking, factory, minter, receipts, rewards, token};
use eyre::{Result, bail, ensure};
use minter::ILiquidMinter::ILiquidMinterEvents as E;
use receipts::ILiquidReceipts::ILiquidReceiptsEvents as Q;
use rewards::ILiquidRewards::ILiquidRewardsEvents as R;

use crate::world::World;

/// Rates are scaled by this.
pub const RAY: u128 = 1_000_000_000_000_000_000_000_000_000;

/// floor(a * b / c) in full width.
pub fn mul_div(a: u128, b: u128, c: u128) -> u128 {
    let q = U256::from(a) * U256::from(b) / U256::from(c);
    q.try_into().expect("the quotient fits 128 bits")
}

/// floor(a * b / c) of 256-bit numbers in full width.
fn mul_div_wide(a: U256, b: U256, c: U256) -> U256 {
    let q = U512::from(a) * U512::from(b) / U512::from(c);
    U256::from_limbs_slice(&q.as_limbs()[..4])
}

/// A solidity word that is an amount.
pub fn wei(x: U256) -> u128 {
    x.try_into().expect("amounts fit 128 bits")
}

/// A solidity word that is a time or a small count.
pub fn num(x: U256) -> u64 {
    x.try_into().expect("counts and times fit 64 bits")
}

/// One bucket as the events tell it.
#[derive(Debug, Default, Clone)]
pub struct Bucket {
    pub address: Address,
    pub active: u128,
    pub cooling: u128,
    pub end: u64,
}

/// A cooldown slot as the staking system's own events tell it.
#[derive(Debug, Default, Clone)]
pub(super) struct Slot {
    amount: u128,
    end: u64,
}

/// A closed rung. Shares are exact to 2^-64 wei: the line is simulated rung by rung, not by its integral.
#[derive(Debug, Clone)]
pub struct Rung {
    pub lst: u128,
    pub fee_bps: u128,
    pub units_end: U256,
    /// LST not yet funded, scaled 2^64.
    pub open: U256,
    /// Coins that it was given, scaled 2^64.
    pub coins: U256,
    /// Unix second at which the last of it was funded; 0 before.
    pub funded_at: u64,
}

impl Rung {
    /// Coins given so far, wei.
    pub fn paid(&self) -> u128 {
        wei(self.coins >> 64)
    }
    /// LST still open, wei.
    pub fn open_lst(&self) -> u128 {
        wei(self.open >> 64)
    }
}

/// A request.
#[derive(Debug, Clone)]
pub struct Ticket {
    pub owner: Address,
    pub lst: u128,
    /// Gross coins taken so far.
    pub taken: u128,
}

/// The expected state, fed by logs.
#[derive(Debug, Default, Clone)]
pub struct Books {
    pub rate: u128,
    pub headroom: u128,
    pub reserved: u128,
    pub fees: u128,
    pub active: u128,
    pub cooling: u128,
    /// Coins in the minter that nobody booked.
    pub surplus: u128,
    /// The first-loss reserve.
    pub insurance: u128,
    pub open_lst: u128,
    pub staged: u128,
    pub open_rung: u64,
    pub rungs: Vec<Rung>,
    /// The first rung that is not wholly funded.
    pub first_open: usize,
    pub tickets: BTreeMap<u64, Ticket>,
    /// Receipts by their request: id and owner.
    pub receipts: BTreeMap<u64, (U256, Address)>,
    /// Receipts that ended, by id: none may come back.
    pub burned: BTreeSet<U256>,
    /// Who last spent the receipt of a request.
    pub spent_by: BTreeMap<u64, Address>,
    /// Who said whether to be paid unasked.
    pub auto_pay: BTreeMap<Address, bool>,
    pub buckets: BTreeMap<(u16, u64), Bucket>,
    pub(super) slots: BTreeMap<Address, Slot>,
    pub lst: BTreeMap<Address, u128>,
    pub supply: u128,
    pub holders_owed: u128,
    pub protocol_fees: u128,
    /// Coins forced into the rewards contract.
    pub rewards_forced: u128,
    /// Rewards paid to an account, ever.
    pub rewards_paid: BTreeMap<Address, u128>,
    /// Wei that rounding may have left in `reserved` so far: a bound that grows with each rounding.
    pub line_dust: u128,
    pub watermark: U256,
    /// When a validator was slashed, as the staking system told.
    pub slashed_at: BTreeMap<u16, u64>,
    /// Named reasons told so far: loss, cooldown raised, step late.
    pub revisions: [u64; 3],
    /// What the last call did, for counts.
    pub call: Call,
}

/// What one call told.
#[derive(Debug, Default, Clone)]
pub struct Call {
    pub lost: bool,
    pub slashes: u64,
    pub departures: u64,
    pub from_buckets: u64,
    pub transfers: Vec<(Address, Address, u128)>,
    pub paid: Vec<(Address, Address, u128)>,
    pub rewards: Vec<(Address, Address, u128)>,
    pub emptied: bool,
    /// Deposits for somebody else: payer, account, coins.
    pub given: Vec<(Address, Address, u128)>,
    /// Requests made: whose LST, owner, LST.
    pub requested: Vec<(Address, Address, u128)>,
    pub closed: bool,
    pub netted: bool,
    pub skimmed_stake: Vec<(u16, u64, u128)>,
    /// Receipts that changed hands: from, to, request.
    pub moved: Vec<(Address, Address, u64)>,
    pub unwrapped: u64,
    /// Sales to a pool: who sold, who got the coins, LST, coins.
    pub sold: Vec<(Address, Address, u128, u128)>,
    /// Owners whose requests were claimed to themselves.
    pub claimed_by: Vec<Address>,
}

impl Books {
    /// Takes a successful call's logs in order.
    pub fn apply(&mut self, w: &World, logs: &[Log]) -> Result<()> {
        self.call = Call::default();
        let open_before = self.open_lst;
        for log in logs {
            if log.address == w.minter {
                if let Ok(e) = E::decode_log(log) {
                    self.minter(w, e.data)?;
                }
            } else if log.address == w.rewards {
                self.rewards(R::decode_log(log)?.data)?;
            } else if log.address == w.token {
                if let Ok(t) = token::ILiquidToken::Transfer::decode_log(log) {
                    self.transfer(t.from, t.to, wei(t.value))?;
                }
            } else if log.address == w.receipts {
                self.receipt(w, Q::decode_log(log)?.data)?;
            } else if log.address == w.factory {
                let e = factory::IBucketFactory::BucketCreated::decode_log(log)?;
                self.buckets
                    .entry((e.validatorId, num(e.index)))
                    .or_default()
                    .address = e.bucket;
            } else if log.address == w.staking {
                self.staking(w, log)?;
            }
        }
        self.call.emptied = open_before > 0 && self.open_lst == 0;
        Ok(())
    }

    fn transfer(&mut self, from: Address, to: Address, x: u128) -> Result<()> {
        if from == Address::ZERO {
            self.supply += x;
        } else {
            let had = self.lst.entry(from).or_default();
            ensure!(*had >= x, "2: {from} sent {x} LST and had {had}");
            *had -= x;
        }
        if to == Address::ZERO {
            self.supply -= x;
        } else {
            *self.lst.entry(to).or_default() += x;
        }
        self.call.transfers.push((from, to, x));
        Ok(())
    }

    fn rewards(&mut self, e: R) -> Result<()> {
        match e {
            R::RewardsLoaded(e) => {
                self.protocol_fees += wei(e.fee);
                self.holders_owed += wei(e.amount - e.fee);
            }
            R::RewardsPaid(e) => {
                ensure!(
                    self.holders_owed >= wei(e.amount),
                    "2: rewards paid that nobody loaded"
                );
                self.holders_owed -= wei(e.amount);
                *self.rewards_paid.entry(e.account).or_default() += wei(e.amount);
                self.call
                    .rewards
                    .push((e.account, e.recipient, wei(e.amount)));
            }
            R::ProtocolFeesPaid(e) => {
                ensure!(
                    self.protocol_fees == wei(e.amount),
                    "2: not the protocol's fees were paid"
                );
                self.protocol_fees = 0;
            }
            R::RewardFeeSet(_) | R::DelegateSet(_) | R::DelegationClosed(_) => {}
        }
        Ok(())
    }

    fn receipt(&mut self, w: &World, e: Q) -> Result<()> {
        match e {
            Q::Transfer(e) => {
                let id = e.tokenId.as_limbs()[0];
                let Some(t) = self.tickets.get_mut(&id) else {
                    bail!("2: a receipt of a request that is not there: {}", e.tokenId)
                };
                ensure!(
                    !self.burned.contains(&e.tokenId),
                    "2: receipt {} comes back",
                    e.tokenId
                );
                if e.from == Address::ZERO {
                    let had = self.receipts.insert(id, (e.tokenId, e.to));
                    ensure!(had.is_none(), "2: request {id} has two receipts");
                    let before = std::mem::replace(&mut t.owner, w.receipts);
                    ensure!(
                        before == e.to || self.spent_by.get(&id) == Some(&e.to),
                        "2: {} got the receipt of {before}'s request",
                        e.to
                    );
                } else if e.to == Address::ZERO {
                    ensure!(
                        self.receipts.remove(&id) == Some((e.tokenId, e.from)),
                        "2: receipt {} of {} ends and is not theirs",
                        e.tokenId,
                        e.from
                    );
                    self.burned.insert(e.tokenId);
                    self.spent_by.insert(id, e.from);
                } else {
                    ensure!(
                        self.receipts.insert(id, (e.tokenId, e.to)) == Some((e.tokenId, e.from)),
                        "2: receipt {} left {}, who had it not",
                        e.tokenId,
                        e.from
                    );
                    self.call.moved.push((e.from, e.to, id));
                }
            }
            Q::Unwrapped(e) => {
                let id = num(e.requestId);
                ensure!(
                    self.spent_by.get(&id) == Some(&e.owner),
                    "2: request {id} unwrapped for another"
                );
                match self.tickets.get_mut(&id) {
                    Some(t) => t.owner = e.owner,
                    None => bail!("2: unwrapped nothing"),
                }
                self.call.unwrapped += 1;
            }
            _ => {}
        }
        Ok(())
    }

    /// Who is to have a request's coins.
    pub fn behind(&self, w: &World, id: u64, owner: Address) -> Address {
        if owner != w.receipts {
            return owner;
        }
        let holder = self.receipts.get(&id).map(|r| r.1);
        holder
            .or_else(|| self.spent_by.get(&id).copied())
            .unwrap_or(owner)
    }

    /// What a request is worth, wei: what it may take, and the rest at the rate.
    pub fn worth(&self, id: u64, t: &Ticket) -> u128 {
        match self.rungs.get((id >> 32) as usize) {
            None => mul_div(t.lst, self.rate, RAY),
            Some(r) => {
                mul_div(mul_div(r.open_lst(), t.lst, r.lst), self.rate, RAY)
                    + mul_div(r.paid(), t.lst, r.lst).saturating_sub(t.taken)
            }
        }
    }

    /// 4, on the staking system's own word.
    fn staking(&mut self, w: &World, log: &Log) -> Result<()> {
        if let Ok(e) = IPlumeStaking::ValidatorSlashed::decode_log(log) {
            self.slashed_at.insert(e.validatorId, w.now);
        } else if let Ok(e) = IPlumeStaking::CooldownStarted::decode_log(log) {
            let slot = self.slots.entry(e.staker).or_default();
            ensure!(
                slot.amount == 0 || w.now >= slot.end,
                "4: no bucket is unstaked before its cooldown matured, no end is pushed back: {} at {} has {} until {}",
                e.staker,
                w.now,
                slot.amount,
                slot.end,
            );
            *slot = Slot {
                amount: wei(e.amount),
                end: num(e.cooldownEnd),
            };
        } else if let Ok(e) = IPlumeStaking::Staked::decode_log(log) {
            if let Some(slot) = self.slots.get_mut(&e.staker) {
                slot.amount = slot.amount.saturating_sub(wei(e.fromCooled));
            }
        } else if let Ok(e) = IPlumeStaking::Withdrawn::decode_log(log)
            && let Some(slot) = self.slots.get_mut(&e.staker)
            && w.now >= slot.end
        {
            slot.amount = 0;
        }
        Ok(())
    }

    fn bucket(&mut self, id: u16, index: U256) -> Result<&mut Bucket> {
        let key = (id, num(index));
        match self.buckets.get_mut(&key) {
            Some(b) => Ok(b),
            None => bail!("2: money moved through bucket {key:?}, which nobody configured"),
        }
    }

    #[allow(clippy::too_many_lines, reason = "one arm an event")]
    fn minter(&mut self, w: &World, e: E) -> Result<()> {
        match e {
            E::Deposited(e) => {
                self.headroom += wei(e.coins);
                self.call.given.push((e.payer, e.account, wei(e.coins)));
            }
            E::Netted(_) => self.call.netted = true,
            E::InstantExit(e) => {
                self.headroom -= wei(e.gross);
                self.reserved += wei(e.fee);
                self.fees += wei(e.fee);
                self.call
                    .paid
                    .push((e.account, e.recipient, wei(e.gross - e.fee)));
            }
            E::ExitRequested(e) => {
                self.staged += wei(e.lst);
                let t = Ticket {
                    owner: e.owner,
                    lst: wei(e.lst),
                    taken: 0,
                };
                ensure!(
                    self.tickets.insert(num(e.id), t).is_none(),
                    "2: request {} twice",
                    e.id
                );
                ensure!(
                    num(e.id) >> 32 == self.open_rung,
                    "5: a request joins the open rung"
                );
                // A receiver that calls back leaves too: whose LST burned last is who asked.
                let burned = self.call.transfers.iter().rev();
                let payer = burned.copied().find(|(_, to, _)| *to == Address::ZERO);
                let Some((payer, _, _)) = payer else {
                    bail!("2: a request without a burn")
                };
                self.call.requested.push((payer, e.owner, wei(e.lst)));
            }
            E::ExitCancelled(e) => {
                let Some(t) = self.tickets.remove(&num(e.id)) else {
                    bail!("2: cancelled nothing")
                };
                ensure!(
                    t.lst == wei(e.lst) && t.owner == e.owner,
                    "2: cancelled another request"
                );
                self.staged -= t.lst;
            }
            E::RungClosed(e) => {
                ensure!(
                    num(e.rung) == self.open_rung && wei(e.lst) == self.staged,
                    "5: a rung closes as it was staged"
                );
                self.rungs.push(Rung {
                    lst: self.staged,
                    fee_bps: wei(e.feeBps),
                    units_end: e.unitsEnd,
                    open: U256::from(self.staged) << 64,
                    coins: U256::ZERO,
                    funded_at: 0,
                });
                self.open_lst += self.staged;
                self.staged = 0;
                self.open_rung += 1;
                self.call.closed = true;
                self.line_dust += 4;
            }
            E::LineFunded(e) => self.fund(w.now, e.watermark, wei(e.lst), wei(e.coins))?,
            E::LinePaidProRata(e) => self.pro_rata(wei(e.lst), wei(e.coins))?,
            E::Claimed(e) => {
                let (paid, fee, id) = (wei(e.paid), wei(e.fee), num(e.id));
                ensure!(
                    self.reserved >= paid,
                    "1: a claim took more than was reserved"
                );
                self.reserved -= paid;
                self.fees += fee;
                let Some(t) = self.tickets.get_mut(&id) else {
                    bail!("2: claimed nothing")
                };
                ensure!(
                    t.owner == e.owner,
                    "2: {} claimed {}'s request",
                    e.owner,
                    t.owner
                );
                t.taken += paid + fee;
                let (t, rung) = (t.clone(), self.rungs.get((id >> 32) as usize));
                let Some(rung) = rung else {
                    bail!("5: a claim in the open rung")
                };
                let share = mul_div(rung.paid(), t.lst, rung.lst);
                ensure!(
                    t.taken.abs_diff(share) <= self.slack(),
                    "5: request {id} took {} of a rung whose fraction gives it {share}",
                    t.taken,
                );
                ensure!(
                    fee <= ((paid + fee) * rung.fee_bps).div_ceil(10_000),
                    "2: the fee of request {id} is above its rung's"
                );
                if e.done {
                    ensure!(
                        rung.funded_at != 0,
                        "5: request {id} ended before its rung was funded"
                    );
                    self.tickets.remove(&id);
                }
                self.line_dust += 2;
                if e.owner == e.recipient {
                    self.call.claimed_by.push(e.owner);
                }
                let payee = self.behind(w, id, e.owner);
                self.call.paid.push((payee, e.recipient, paid));
            }
            E::FeesPaid(e) => {
                ensure!(wei(e.amount) == self.fees, "2: not the fees were paid");
                self.reserved -= self.fees;
                self.fees = 0;
            }
            E::StakePlaced(e) => {
                self.headroom -= wei(e.amount);
                self.active += wei(e.amount);
                self.bucket(e.validatorId, e.index)?.active += wei(e.amount);
            }
            E::Departed(e) => {
                let now = w.now;
                let b = self.bucket(e.validatorId, e.index)?;
                ensure!(
                    b.cooling == 0 && now >= b.end,
                    "4: bucket {:?} departed while it cooled",
                    (e.validatorId, e.index)
                );
                b.active -= wei(e.amount);
                b.cooling = wei(e.amount);
                b.end = num(e.end);
                self.active -= wei(e.amount);
                self.cooling += wei(e.amount);
                self.call.departures += 1;
            }
            E::Swept(e) => {
                let now = w.now;
                let b = self.bucket(e.validatorId, e.index)?;
                ensure!(
                    now >= b.end && wei(e.gained) <= b.cooling,
                    "2: a sweep credits what was booked, once"
                );
                b.cooling -= wei(e.gained);
                self.cooling -= wei(e.gained);
                self.headroom += wei(e.gained);
                self.surplus += wei(e.received - e.gained);
                self.call.from_buckets += u64::from(!e.received.is_zero());
            }
            E::Restaked(e) => {
                let b = self.bucket(e.validatorId, e.index)?;
                b.cooling -= wei(e.amount);
                b.active += wei(e.amount);
                self.cooling -= wei(e.amount);
                self.active += wei(e.amount);
            }
            E::RewardsClaimed(_) => self.call.from_buckets += 1,
            E::Skimmed(e) => {
                ensure!(
                    wei(e.coins) == self.surplus,
                    "2: skim takes the surplus: {} of {}",
                    e.coins,
                    self.surplus
                );
                self.surplus = 0;
            }
            E::InsuranceFunded(e) => {
                self.insurance += wei(e.amount);
                ensure!(self.insurance == wei(e.held), "2: the reserve is what came");
            }
            E::InsuranceUsed(e) => {
                ensure!(
                    self.insurance >= wei(e.amount),
                    "2: the reserve pays no more than it has"
                );
                self.insurance -= wei(e.amount);
                self.headroom += wei(e.amount);
            }
            E::InsuranceWithdrawn(e) => {
                ensure!(
                    self.insurance == wei(e.held) + wei(e.amount),
                    "2: the reserve is what is left"
                );
                self.insurance = wei(e.held);
            }
            E::AutoPaySet(e) => {
                self.auto_pay.insert(e.owner, e.on);
            }
            E::AmmExit(e) => {
                ensure!(
                    wei(e.coins) >= mul_div(mul_div(wei(e.lst), self.rate, RAY), 9_500, 10_000),
                    "3: sold {} LST for {} coins, below the slippage cap",
                    e.lst,
                    e.coins
                );
                let sale = (e.account, e.recipient, wei(e.lst), wei(e.coins));
                self.call.sold.push(sale);
            }
            E::StakeSkimmed(e) => {
                self.headroom -= wei(e.amount);
                self.active += wei(e.amount);
                self.bucket(e.validatorId, e.index)?.active += wei(e.amount);
                self.call
                    .skimmed_stake
                    .push((e.validatorId, num(e.index), wei(e.amount)));
            }
            E::SlashBooked(e) => {
                let (mut active, mut cooling) = (0, 0);
                let Some(&at) = self.slashed_at.get(&e.validatorId) else {
                    bail!("9: booked a slash that never was")
                };
                for ((_, _), b) in self
                    .buckets
                    .range_mut((e.validatorId, 0)..=(e.validatorId, u64::MAX))
                {
                    active += std::mem::take(&mut b.active);
                    // What had matured before the slash is safe.
                    if b.end >= at {
                        cooling += std::mem::take(&mut b.cooling);
                    }
                }
                ensure!(
                    (active, cooling) == (wei(e.activeLoss), wei(e.coolingLoss)),
                    "2: a slash writes off active stake and what had not matured: {active} {cooling} against {} {}",
                    e.activeLoss,
                    e.coolingLoss
                );
                self.active -= active;
                self.cooling -= cooling;
                self.lose(wei(e.rate))?;
                self.call.slashes += 1;
            }
            E::ShortfallBooked(e) => {
                self.bucket(e.validatorId, e.index)?.cooling -= wei(e.missing);
                self.cooling -= wei(e.missing);
                self.lose(wei(e.rate))?;
            }
            E::EtaRevised(e) => {
                let reason = e.reason as usize;
                if let Some(n) = self.revisions.get_mut(reason) {
                    *n += 1;
                }
            }
            E::BucketsConfigured(e) => {
                let (id, n) = (e.validatorId, num(e.buckets));
                for i in 0..n {
                    self.buckets.entry((id, i)).or_default();
                }
                for ((_, i), b) in self.buckets.range((id, n)..=(id, u64::MAX)) {
                    ensure!(
                        b.active == 0 && b.cooling == 0,
                        "2: bucket {i} of {id} was dropped with money in it"
                    );
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn lose(&mut self, rate: u128) -> Result<()> {
        let supply = self.supply + self.open_lst + self.staged;
        let backed = mul_div(self.headroom + self.active + self.cooling, RAY, supply);
        ensure!(
            rate == backed.min(self.rate),
            "3: a loss sets the rate to what is left: {rate}, not {backed}"
        );
        self.rate = rate;
        self.call.lost = true;
        Ok(())
    }

    /// 5: coins fund rungs in order.
    fn fund(&mut self, now: u64, watermark: U256, lst: u128, coins: u128) -> Result<()> {
        ensure!(
            lst <= self.open_lst && coins <= self.headroom,
            "1: funded with coins that are not there"
        );
        let exact = mul_div(lst, self.rate, RAY);
        ensure!(
            coins == exact,
            "5: {lst} LST of the line are paid {coins}, not {exact}"
        );
        ensure!(watermark > self.watermark, "5: the watermark only moves on");
        self.watermark = watermark;
        self.headroom -= coins;
        self.reserved += coins;
        self.open_lst -= lst;
        let (total, mut rest) = (U256::from(lst) << 64, U256::from(lst) << 64);
        for rung in self.rungs.iter_mut().skip(self.first_open) {
            let take = rung.open.min(rest);
            rung.coins += mul_div_wide(U256::from(coins) << 64, take, total);
            rung.open -= take;
            rest -= take;
            if rest.is_zero() {
                break;
            }
        }
        // The contract ends rungs on whole units: what a rung is off by then, the next one takes over.
        let slack = self.slack();
        let mut over = U256::ZERO;
        for rung in self.rungs.iter_mut().skip(self.first_open) {
            rung.open += over;
            if rung.units_end > watermark {
                ensure!(self.open_lst > 0, "5: the line is funded and a rung is not");
                break;
            }
            ensure!(
                rung.open_lst() <= slack,
                "5: a rung ended {} LST short",
                rung.open_lst()
            );
            over = std::mem::take(&mut rung.open);
            rung.funded_at = now;
            self.first_open += 1;
        }
        self.line_dust += 4;
        Ok(())
    }

    /// 5: pro rata gives every open rung the same fraction.
    fn pro_rata(&mut self, lst: u128, coins: u128) -> Result<()> {
        ensure!(
            lst < self.open_lst && coins <= self.headroom,
            "1: paid pro rata with coins that are not there"
        );
        let (open, part) = (U256::from(self.open_lst) << 64, U256::from(lst) << 64);
        for rung in self.rungs.iter_mut().skip(self.first_open) {
            let take = mul_div_wide(rung.open, part, open);
            rung.coins += mul_div_wide(U256::from(coins) << 64, rung.open, open);
            rung.open -= take;
        }
        self.headroom -= coins;
        self.reserved += coins;
        self.open_lst -= lst;
        let units = self.rungs.last().map_or(U256::ZERO, |r| r.units_end) - self.watermark;
        self.line_dust += 4 + wei(units >> 96);
        Ok(())
    }

    /// Wei by which a request may be off its exact share.
    pub fn slack(&self) -> u128 {
        64 + self.line_dust
    }
}
