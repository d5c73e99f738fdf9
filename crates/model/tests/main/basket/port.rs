//! A second model of rules 1 to 8, written apart from the crate: plain integers, one struct, mistakes that can be
//! switched on. It shows which rules are needed, and the crate's books have to agree with it step by step.
//!
//! Beside the checks of the first model it sells out of the basket (rule 8), at once and by auction.

use super::tools::{Dice, Ratio};
use omnibus_model::basket::{Book, Parts, Shares, Units, due_down};
use ruint::aliases::U256;
use std::collections::BTreeMap;

/// Mistakes.
#[derive(Clone, Copy, Default)]
struct Mistakes {
    /// A claim's bit is set although the leg is partial.
    bitmap_only: bool,
    /// A carve fixes units, those who stay absorb the rest.
    fixed_units: bool,
    /// A deposit's shares are valued on what came, not on what the parts are worth.
    gross: bool,
    /// An in-kind mint rounds down.
    floor_mint: bool,
    /// A carve rounds up.
    ceil_carve: bool,
    /// A sale's parts round up.
    ceil_sale: bool,
    /// A sale is priced on what is handed out, not on what the parts were worth.
    priced_given: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Wait,
    Out,
    Done,
}

#[derive(Clone)]
struct Leg {
    parts: u128,
    ticket: u128,
    recovered: u128,
    out: u128,
    state: State,
}

struct Epoch {
    shares: u128,
    by: BTreeMap<usize, u128>,
    legs: Vec<Leg>,
    paid: BTreeMap<(usize, usize), u128>,
    mask: BTreeMap<(usize, usize), bool>,
}

struct Port {
    m: Mistakes,
    u: Vec<u128>,
    p: Vec<u128>,
    b: Vec<u128>,
    /// The crate's, doing the same; kept only while no mistake is on.
    books: Vec<Book>,
    t: u128,
    balances: BTreeMap<usize, u128>,
    escrow: BTreeMap<usize, u128>,
    epochs: Vec<Epoch>,
    came: Vec<u128>,
    went: Vec<u128>,
    lost: Vec<u128>,
    earned: Vec<u128>,
    stalled: Vec<bool>,
}

type Check = Result<(), String>;

fn ceil(a: u128, b: u128) -> u128 {
    a.div_ceil(b)
}

fn fail(what: &str, holds: bool) -> Check {
    if holds { Ok(()) } else { Err(what.into()) }
}

const NEW: Leg = Leg {
    parts: 0,
    ticket: 0,
    recovered: 0,
    out: 0,
    state: State::Wait,
};

impl Port {
    fn new(n: usize, m: Mistakes) -> Self {
        let u: Vec<u128> = (1..=n as u128).map(|i| i * 1_000_000).collect();
        Self {
            m,
            p: u.clone(),
            b: u.clone(),
            books: u.iter().map(|x| Book::first(Units::of(*x))).collect(),
            t: 1_000_000,
            balances: [(0, 1_000_000)].into(),
            escrow: BTreeMap::new(),
            epochs: Vec::new(),
            came: u.clone(),
            went: vec![0; n],
            lost: vec![0; n],
            earned: vec![0; n],
            stalled: vec![false; n],
            u,
        }
    }

    fn n(&self) -> usize {
        self.u.len()
    }

    fn right(&self) -> bool {
        !(self.m.fixed_units || self.m.floor_mint || self.m.ceil_carve || self.m.ceil_sale)
    }

    /// Units of the basket per share, exactly.
    fn per_share(&self) -> Vec<Ratio> {
        (0..self.n())
            .map(|i| self.units(i).per(U256::from(self.t)))
            .collect()
    }

    fn units(&self, i: usize) -> Ratio {
        if self.p[i] == 0 {
            return Ratio::zero();
        }
        Ratio::of(U256::from(self.u[i]), U256::from(self.p[i])).times(U256::from(self.b[i]))
    }

    fn value(&self, prices: &[u128]) -> Ratio {
        (0..self.n()).fold(Ratio::zero(), |sum, i| {
            sum.plus(self.units(i).times(U256::from(prices[i])))
        })
    }

    fn not_lower(what: &str, before: &[Ratio], after: &[Ratio]) -> Check {
        before
            .iter()
            .zip(after)
            .try_for_each(|(x, y)| fail(what, y >= x))
    }

    /// Rule 7.
    fn takes_in(&self, i: usize) -> bool {
        self.u[i] * 1_000_000 >= self.p[i]
    }

    fn down(&self, i: usize) -> u128 {
        (self.u[i] * self.b[i])
            .checked_div(self.p[i])
            .unwrap_or_default()
    }

    fn up(&self, i: usize) -> u128 {
        if self.p[i] == 0 {
            0
        } else {
            ceil(self.u[i] * self.b[i], self.p[i])
        }
    }

    fn mint_in_kind(&mut self, who: usize, s: u128) -> Check {
        if (0..self.n()).any(|i| !self.takes_in(i)) {
            return Ok(());
        }
        let before = self.per_share();
        for i in 0..self.n() {
            if self.p[i] == 0 {
                continue;
            }
            let (p, x);
            if self.m.floor_mint {
                p = self.b[i] * s / self.t;
                x = p * self.u[i] / self.p[i];
            } else {
                p = ceil(self.b[i] * s, self.t);
                x = ceil(p * self.u[i], self.p[i]);
            }
            self.u[i] += x;
            self.p[i] += p;
            self.b[i] += p;
            self.came[i] += x;
            if self.right() {
                let taken = self.books[i]
                    .taken_up(Shares::of(s), Shares::of(self.t))
                    .unwrap();
                self.books[i].take(taken).unwrap();
            }
        }
        self.t += s;
        *self.balances.entry(who).or_default() += s;
        Self::not_lower("mint", &before, &self.per_share())
    }

    fn add(&mut self, i: usize, x: u128) -> u128 {
        let p = if self.p[i] == 0 {
            x
        } else {
            x * self.p[i] / self.u[i]
        };
        let credited = (p * self.u[i]).checked_div(self.p[i]).unwrap_or(x);
        self.u[i] += x;
        self.p[i] += p;
        self.b[i] += p;
        self.came[i] += x;
        if self.right() {
            let bought = self.books[i].purchase_down(Units::of(x)).unwrap();
            assert_eq!(bought.credited, Units::of(credited));
            self.books[i].buy(bought).unwrap();
        }
        credited
    }

    /// For corners of the box and points inside, the value of a share does not fall.
    fn in_box(
        &self,
        dice: &mut Dice,
        low: &[u128],
        high: &[u128],
        before: impl Fn(&[u128]) -> Ratio,
    ) -> Check {
        for _ in 0..4 {
            let prices: Vec<u128> = (0..self.n())
                .map(|j| {
                    let inside = dice.range(low[j], high[j]);
                    dice.pick(&[low[j], high[j], inside])
                })
                .collect();
            let after = self.value(&prices).per(U256::from(self.t));
            fail("box", after >= before(&prices))?;
        }
        Ok(())
    }

    fn deposit(
        &mut self,
        dice: &mut Dice,
        (who, i, x): (usize, usize, u128),
        low: &[u128],
        high: &[u128],
    ) -> Check {
        if !self.takes_in(i) {
            return Ok(());
        }
        let nav: u128 = (0..self.n()).map(|j| self.up(j) * high[j]).sum();
        if nav == 0 {
            return Ok(());
        }
        let bought = (x * self.p[i]).checked_div(self.u[i]).unwrap_or(x);
        let credited = (bought * self.u[i]).checked_div(self.p[i]).unwrap_or(x);
        let counted = if self.m.gross { x } else { credited };
        let s = counted * low[i] * self.t / nav;
        if s == 0 {
            return Ok(());
        }
        let (was, t) = (self.snapshot(), U256::from(self.t));
        self.add(i, x);
        self.t += s;
        *self.balances.entry(who).or_default() += s;
        self.in_box(dice, low, high, |prices| was.value(prices).per(t))
    }

    /// Only what `value` reads.
    fn snapshot(&self) -> Self {
        let mut copy = Self::new(0, self.m);
        copy.u.clone_from(&self.u);
        copy.p.clone_from(&self.p);
        copy.b.clone_from(&self.b);
        copy
    }

    /// Rule 8, alone: parts, units handed out, units to be paid for.
    fn sale(&self, i: usize, asked: u128) -> (u128, u128, u128) {
        if self.u[i] == 0 {
            return (0, 0, 0);
        }
        let exact = asked * self.p[i];
        let parts = if self.m.ceil_sale {
            ceil(exact, self.u[i])
        } else {
            exact / self.u[i]
        };
        let parts = parts.min(self.b[i]);
        let given = self.u[i] * parts / self.p[i];
        let worth = ceil(self.u[i] * parts, self.p[i]);
        let priced = if self.m.priced_given { given } else { worth };
        (parts, given, priced)
    }

    fn sell(&mut self, i: usize, asked: u128, (parts, given, _): (u128, u128, u128)) {
        if self.right() {
            let sale = self.books[i].sale_down(Units::of(asked)).unwrap();
            assert_eq!(sale.parts, Parts::of(parts));
            assert_eq!(sale.given, Units::of(given));
            self.books[i].sell(sale).unwrap();
        }
        self.u[i] -= given;
        self.p[i] -= parts;
        self.b[i] -= parts;
        self.went[i] += given;
    }

    /// Shares at NAV low, paid in units of `i` at their high price.
    fn instant(
        &mut self,
        dice: &mut Dice,
        (who, i, s): (usize, usize, u128),
        low: &[u128],
        high: &[u128],
    ) -> Check {
        let s = s.min(self.balance(who));
        let nav: u128 = (0..self.n()).map(|j| self.down(j) * low[j]).sum();
        let asked = s * nav / self.t / high[i];
        let sale = self.sale(i, asked);
        if s == 0 || sale.1 == 0 {
            return Ok(());
        }
        let (was, t) = (self.snapshot(), U256::from(self.t));
        let before = self.per_part();
        self.sell(i, asked, sale);
        self.t -= s;
        *self.balances.entry(who).or_default() -= s;
        Self::not_lower("sale lowers units per part", &before, &self.per_part())?;
        self.in_box(dice, low, high, |prices| was.value(prices).per(t))
    }

    fn per_part(&self) -> Vec<Ratio> {
        (0..self.n())
            .map(|i| match self.p[i] {
                // A sleeve that is gone lowers nothing.
                0 => Ratio::of(U256::MAX, U256::from(1)),
                p => Ratio::of(U256::from(self.u[i]), U256::from(p)),
            })
            .collect()
    }

    /// Units of `i` for units of `j` at one price vector, `slip` of 10,000 below it: no more is lost than what is
    /// charged.
    fn auction(&mut self, (i, j, x, slip): (usize, usize, u128, u128), price: &[u128]) -> Check {
        if i == j || !self.takes_in(j) || self.u[i] == 0 {
            return Ok(());
        }
        let asked = x.min(self.down(i));
        let sale = self.sale(i, asked);
        if sale.1 == 0 {
            return Ok(());
        }
        let sold = sale.2 * price[i];
        let pay = ceil(sold * (10_000 - slip), 10_000 * price[j]);
        let before = self.value(price);
        self.sell(i, asked, sale);
        let credited = self.add(j, pay);
        let loss = sold.saturating_sub(credited * price[j]);
        let after = self
            .value(price)
            .plus(Ratio::of(U256::from(loss), U256::from(1)));
        fail("auction loses more than is charged", after >= before)
    }

    fn balance(&self, who: usize) -> u128 {
        self.balances.get(&who).copied().unwrap_or_default()
    }

    fn request(&mut self, who: usize, s: u128) {
        let s = s.min(self.balance(who));
        if s > 0 {
            *self.balances.entry(who).or_default() -= s;
            *self.escrow.entry(who).or_default() += s;
        }
    }

    fn cancel(&mut self, who: usize) {
        let s = self.escrow.remove(&who).unwrap_or_default();
        *self.balances.entry(who).or_default() += s;
    }

    fn carve(&mut self, s: u128) -> Vec<Leg> {
        (0..self.n())
            .map(|i| {
                let parts = if self.m.ceil_carve {
                    ceil(self.b[i] * s, self.t)
                } else {
                    self.b[i] * s / self.t
                };
                if self.m.fixed_units {
                    // The leg is so many units from now on, and the basket keeps its parts.
                    let ticket = self.down(i) * s / self.t;
                    return Leg { ticket, ..NEW };
                }
                self.b[i] -= parts;
                if self.right() {
                    let same = self.books[i]
                        .carve(Shares::of(s), Shares::of(self.t))
                        .unwrap();
                    assert_eq!(same, Parts::of(parts));
                }
                Leg { parts, ..NEW }
            })
            .collect()
    }

    fn leave(&mut self, by: BTreeMap<usize, u128>, what: &str) -> Check {
        let shares = by.values().sum();
        if shares == 0 {
            return Ok(());
        }
        let before = self.per_share();
        let legs = self.carve(shares);
        self.t -= shares;
        self.epochs.push(Epoch {
            shares,
            by,
            legs,
            paid: BTreeMap::new(),
            mask: BTreeMap::new(),
        });
        Self::not_lower(what, &before, &self.per_share())?;
        let e = self.epochs.len() - 1;
        for i in 0..self.n() {
            self.start(e, i)?;
        }
        Ok(())
    }

    fn close(&mut self) -> Check {
        let by = std::mem::take(&mut self.escrow);
        self.leave(by, "close")
    }

    fn in_kind(&mut self, dice: &mut Dice, who: usize, s: u128) -> Check {
        let s = s.min(self.balance(who));
        if s == 0 {
            return Ok(());
        }
        *self.balances.entry(who).or_default() -= s;
        self.leave([(who, s)].into(), "in kind")?;
        let e = self.epochs.len() - 1;
        for i in 0..self.n() {
            if self.epochs[e].legs[i].state == State::Out && dice.chance(70) {
                self.collect(e, i, 10);
            }
        }
        self.claim(e, who)
    }

    fn start(&mut self, e: usize, i: usize) -> Check {
        let Some(leg) = self.epochs[e].legs.get(i).cloned() else {
            return Ok(());
        };
        if leg.state != State::Wait || self.stalled[i] {
            return Ok(());
        }
        let (before, shares_before) = (self.per_part(), self.per_share());
        let x = if self.m.fixed_units {
            // What was fixed is paid, as long as it lasts.
            let x = leg.ticket.min(self.u[i]);
            let p = if self.u[i] == 0 {
                0
            } else {
                ceil(x * self.p[i], self.u[i]).min(self.b[i])
            };
            self.b[i] -= p;
            self.p[i] -= p;
            x
        } else {
            (self.u[i] * leg.parts)
                .checked_div(self.p[i])
                .unwrap_or_default()
        };
        self.u[i] -= x;
        self.p[i] -= leg.parts;
        if self.right() {
            let same = self.books[i].depart(Parts::of(leg.parts)).unwrap();
            assert_eq!(same, Units::of(x));
        }
        let leg = &mut self.epochs[e].legs[i];
        leg.parts = 0;
        leg.ticket = x;
        leg.state = State::Out;
        Self::not_lower("start lowers units per part", &before, &self.per_part())?;
        Self::not_lower(
            "start takes from those who stay",
            &shares_before,
            &self.per_share(),
        )
    }

    /// `tenths` of a ticket come.
    fn collect(&mut self, e: usize, i: usize, tenths: u128) {
        let Some(leg) = self.epochs[e].legs.get_mut(i) else {
            return;
        };
        if leg.state == State::Out {
            let x = leg.ticket * tenths / 10;
            leg.ticket -= x;
            leg.recovered += x;
            if leg.ticket == 0 {
                leg.state = State::Done;
            }
        }
    }

    fn claim(&mut self, e: usize, who: usize) -> Check {
        let epoch = &mut self.epochs[e];
        let Some(s) = epoch.by.get(&who).copied() else {
            return Ok(());
        };
        for (i, leg) in epoch.legs.iter_mut().enumerate() {
            if leg.state == State::Wait || epoch.mask.contains_key(&(who, i)) {
                continue;
            }
            let whole = leg.recovered * s / epoch.shares;
            let pay = if self.m.bitmap_only {
                if leg.recovered == 0 {
                    continue;
                }
                epoch.mask.insert((who, i), true);
                whole
            } else {
                let paid = epoch.paid.insert((who, i), whole).unwrap_or_default();
                if leg.state == State::Done {
                    epoch.mask.insert((who, i), true);
                }
                let same = due_down(
                    Units::of(leg.recovered),
                    Shares::of(s),
                    Shares::of(epoch.shares),
                    Units::of(paid),
                );
                assert_eq!(same, Ok(Units::of(whole - paid)));
                whole - paid
            };
            leg.out += pay;
            self.went[i] += pay;
            fail("claims exceed what was recovered", leg.out <= leg.recovered)?;
        }
        Ok(())
    }

    fn reward(&mut self, i: usize, x: u128) {
        if self.p[i] > 0 && self.u[i] > 0 {
            self.u[i] += x;
            self.earned[i] += x;
            if self.right() {
                self.books[i].gain(Units::of(x)).unwrap();
            }
        }
    }

    fn slash_sleeve(&mut self, i: usize, bps: u128) {
        let x = self.u[i] * bps / 10_000;
        self.u[i] -= x;
        self.lost[i] += x;
        if self.right() {
            assert_eq!(self.books[i].lose(Units::of(x)), Units::of(x));
        }
    }

    fn slash_ticket(&mut self, e: usize, i: usize, bps: u128) {
        if let Some(leg) = self.epochs[e].legs.get_mut(i)
            && leg.state == State::Out
        {
            let x = leg.ticket * bps / 10_000;
            leg.ticket -= x;
            self.lost[i] += x;
            if leg.ticket == 0 {
                leg.state = State::Done;
            }
        }
    }

    fn fee(&mut self, ppm: u128) {
        let f = self.t * ppm / (1_000_000 - ppm);
        self.t += f;
        *self.balances.entry(99).or_default() += f;
    }

    fn add_sleeve(&mut self) {
        if self.n() < 7 {
            for list in [
                &mut self.u,
                &mut self.p,
                &mut self.b,
                &mut self.came,
                &mut self.went,
                &mut self.lost,
                &mut self.earned,
            ] {
                list.push(0);
            }
            self.stalled.push(false);
            self.books.push(Book::default());
        }
    }

    fn check(&self) -> Check {
        let held: u128 = self.balances.values().chain(self.escrow.values()).sum();
        fail("supply", self.t == held)?;
        for i in 0..self.n() {
            let legs = || self.epochs.iter().filter_map(|e| e.legs.get(i));
            let waiting: u128 = legs().map(|leg| leg.parts).sum();
            fail("parts", self.p[i] == self.b[i] + waiting)?;
            let tickets: u128 = legs()
                .filter(|leg| leg.state == State::Out)
                .map(|leg| leg.ticket)
                .sum();
            let unclaimed: u128 = legs().map(|leg| leg.recovered - leg.out).sum();
            let there = self.went[i] + self.lost[i] + self.u[i] + tickets + unclaimed;
            fail("conservation", self.came[i] + self.earned[i] == there)?;
            if self.right() {
                let book = self.books[i];
                let same = book.units == Units::of(self.u[i])
                    && book.parts == Parts::of(self.p[i])
                    && book.basket == Parts::of(self.b[i]);
                fail("the crate's book is another", same)?;
            }
        }
        Ok(())
    }

    fn step(&mut self, dice: &mut Dice) -> Check {
        let who = dice.index(7) + 1;
        if dice.chance(1) {
            self.add_sleeve();
        }
        let n = self.n();
        let i = dice.index(n);
        let price: Vec<u128> = (0..n).map(|_| dice.range(900, 1_100)).collect();
        let low: Vec<u128> = price.iter().map(|p| p * 995 / 1_000).collect();
        let high: Vec<u128> = price.iter().map(|p| ceil(p * 1_005, 1_000)).collect();
        let (small, large) = (dice.range(1, 10_000), dice.range(1, 10_000_000));
        let amount = dice.pick(&[1, 2, 3, 7, small, large]);
        let e = dice.index(self.epochs.len().max(1));
        let any = !self.epochs.is_empty();
        match dice.below(100) {
            0..12 => self.mint_in_kind(who, amount)?,
            12..22 => self.deposit(dice, (who, i, amount), &low, &high)?,
            22..35 => self.request(who, amount),
            35..38 => self.cancel(who),
            38..46 => self.close()?,
            46..52 => self.in_kind(dice, who, amount)?,
            52..58 => self.instant(dice, (who, i, amount), &low, &high)?,
            58..65 => {
                let x = dice.below(self.u[i] / 1_000 + 4);
                self.reward(i, x);
            }
            65..69 => {
                let bps = dice.pick(&[1, 50, 500, 3_000]);
                self.slash_sleeve(i, bps);
            }
            69..73 if any => {
                let bps = dice.pick(&[10, 1_000, 10_000]);
                self.slash_ticket(e, i, bps);
            }
            73..77 => {
                let (j, slip) = (dice.index(n), dice.below(31));
                self.auction((i, j, amount, slip), &price)?;
            }
            77..79 => {
                let ppm = dice.below(51);
                self.fee(ppm);
            }
            79..82 => self.stalled[i] = !self.stalled[i],
            82..88 if any => self.start(e, i)?,
            88..94 if any => {
                let tenths = dice.pick(&[3, 5, 10]);
                self.collect(e, i, tenths);
            }
            _ if any => {
                let owners: Vec<usize> = self.epochs[e].by.keys().copied().collect();
                let owner = dice.pick(&owners);
                self.claim(e, owner)?;
            }
            _ => {}
        }
        self.check()
    }

    /// Everything becomes claimable by nobody's privilege, and what stays behind is dust.
    fn finish(&mut self, dice: &mut Dice) -> Check {
        self.close()?;
        self.stalled.fill(false);
        let mut order: Vec<usize> = (0..self.epochs.len()).collect();
        while !order.is_empty() {
            let e = order.swap_remove(dice.index(order.len()));
            for i in 0..self.epochs[e].legs.len() {
                self.start(e, i)?;
                self.collect(e, i, 10);
            }
            let owners: Vec<usize> = self.epochs[e].by.keys().copied().collect();
            for who in &owners {
                self.claim(e, *who)?;
            }
            for leg in &self.epochs[e].legs {
                fail("stuck", leg.state == State::Done)?;
                let dust = leg.recovered - leg.out;
                fail("dust", dust <= owners.len() as u128)?;
            }
        }
        self.check()
    }
}

fn run(seed: u64, steps: u64, mistakes: Mistakes) -> Check {
    let mut dice = Dice::new(seed);
    let n = dice.index(4) + 1;
    let mut port = Port::new(n, mistakes);
    for _ in 0..steps {
        port.step(&mut dice)?;
    }
    port.finish(&mut dice)
}

const STEPS: u64 = 400;

#[test]
fn the_rules_keep_every_promise_and_the_books_agree_over_240_000_calls() {
    for seed in 0..600 {
        assert_eq!(run(seed, STEPS, Mistakes::default()), Ok(()), "seed {seed}");
    }
}

/// How many of 60 histories notice, and by which checks.
fn caught(mistakes: Mistakes) -> (usize, BTreeMap<String, usize>) {
    let mut by = BTreeMap::new();
    for seed in 0..60 {
        if let Err(what) = run(seed, STEPS, mistakes) {
            *by.entry(what).or_default() += 1;
        }
    }
    (by.values().sum(), by)
}

#[test]
fn planted_mistakes_are_caught() {
    let right = Mistakes::default();
    let planted = [
        (
            "bitmap_only",
            Mistakes {
                bitmap_only: true,
                ..right
            },
        ),
        (
            "fixed_units",
            Mistakes {
                fixed_units: true,
                ..right
            },
        ),
        (
            "gross",
            Mistakes {
                gross: true,
                ..right
            },
        ),
        (
            "floor_mint",
            Mistakes {
                floor_mint: true,
                ..right
            },
        ),
        (
            "ceil_carve",
            Mistakes {
                ceil_carve: true,
                ..right
            },
        ),
        (
            "ceil_sale",
            Mistakes {
                ceil_sale: true,
                ..right
            },
        ),
        (
            "priced_given",
            Mistakes {
                priced_given: true,
                ..right
            },
        ),
    ];
    for (name, mistakes) in planted {
        let (count, by) = caught(mistakes);
        println!("{name}: {count} of 60 {by:?}");
        assert!(count >= 5, "{name} is caught in {count} of 60: {by:?}");
    }
}
