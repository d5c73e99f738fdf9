//! The basket, its token, sleeves, queue and receipts, the feed, and what governs them.
//!
//! Only what events tell exactly becomes a row. Units and parts of a sleeve at a block are views of the basket: the effective
//! supply and a sale's parts are in no event.

use super::{
    Step, other,
    totals::{BASKET_FEE_SHARES, BASKET_REQUESTED, BASKET_SHARES, GOV_SUPPLY},
    word,
};
use crate::{
    Event, Result,
    rows::{
        AuctionBid, BasketAuction, BasketHolder, BasketMove, BasketMoveKind, BasketReceipt,
        BasketSleeve, Delegation, Epoch, EpochLeg, EpochPosition, GovAccount, GuardianAct,
        GuardianActKind, Harvest, LegState, Operation, OperationCall, OperationState, Parameter,
        PowerMove, PriceObservation, Proposal, ReceiptState, RoleChange, Vote, WaitingLeg,
    },
    value::Amounts,
};
use alloy::{
    primitives::{Address, B256, Bytes, U256, address, keccak256},
    sol_types::SolValue as _,
};

/// Stands for the chain's coin where a token is named.
const NATIVE: Address = address!("eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee");
/// Seconds of a round.
const ROUND: u64 = 86_400;
/// A basket has no more sleeves (MAX_SLEEVES of the contracts).
const MAX_SLEEVES: u64 = 8;
/// The parameters that name whose transfers other events tell.
const QUEUE: &str = "basket.queue";
const RECEIPTS: &str = "basket.receipts";

/// What is told of a move beside whose it is and of what kind.
#[derive(Default)]
struct Told {
    shares: U256,
    coins: U256,
    fee: U256,
    sleeve: Option<u64>,
    units: Vec<U256>,
    epoch: Option<u64>,
    counterparty: Option<Address>,
}

impl Step<'_, '_, '_> {
    /// An event of the basket; every other is stored and of no consequence for the derived rows.
    pub(super) async fn basket(&mut self) -> Result<()> {
        let Some((contract, name)) = self.event.name.split_once('.') else {
            return Ok(());
        };
        match contract {
            "basket" => self.of_basket(name).await,
            "basketToken" => match name {
                "Transfer" => self.basket_shares_moved().await,
                _ => Ok(()),
            },
            "sleeve" => match name {
                "Delivered" => self.delivered().await,
                _ => Ok(()),
            },
            "coreSleeve" | "stCoreSleeve" => {
                self.topic("sleeves");
                Ok(())
            }
            "queue" => self.of_queue(name).await,
            "basketReceipts" => self.of_receipts(name).await,
            "feed" => self.of_feed(name).await,
            "gov" => self.of_gov(name).await,
            "governor" => self.of_governor(name).await,
            "basketTimelock" => self.of_timelock(name).await,
            "guardian" => self.of_guardian(name).await,
            _ => Ok(()),
        }
    }

    async fn of_basket(&mut self, name: &str) -> Result<()> {
        match name {
            "Initialized" => {
                for (name, argument) in [
                    (QUEUE, "queue"),
                    ("basket.feed", "feed"),
                    ("basket.timelock", "timelock"),
                ] {
                    self.parameter(name.to_owned(), self.text(argument)?)
                        .await?;
                }
                Ok(())
            }
            // ------------------------------------------------------------ sleeves
            "SleeveAdded" => {
                let Event { block, at, .. } = *self.event;
                self.topic("sleeves");
                self.tables
                    .put(&BasketSleeve {
                        id: self.parse("sleeve")?,
                        adapter: self.address("adapter")?,
                        token: self.address("token")?,
                        epoch_token: self.address("epochToken")?,
                        cap: U256::ZERO,
                        flow_limit: U256::ZERO,
                        band_bps: 0,
                        target_bps: 0,
                        gained: U256::ZERO,
                        released: U256::ZERO,
                        locked: U256::ZERO,
                        fee_units: U256::ZERO,
                        fees_paid: U256::ZERO,
                        lost: U256::ZERO,
                        harvested_at: None,
                        added_at: at,
                        added_block: block,
                        removed_at: None,
                        delivery_tx: None,
                        delivery: None,
                    })
                    .await
            }
            "SleeveRemoved" => {
                let mut row = self.sleeve().await?;
                row.removed_at = Some(self.event.at);
                (row.locked, row.target_bps) = (U256::ZERO, 0);
                self.put_sleeve(&row).await
            }
            "CapsSet" => {
                let mut row = self.sleeve().await?;
                row.cap = self.amount("cap")?;
                row.flow_limit = self.amount("limit")?;
                row.band_bps = self.parse("bandBps")?;
                self.put_sleeve(&row).await
            }
            "WeightsSet" => {
                let targets = self.amounts("targetBps")?;
                for (id, target) in (0..).zip(targets) {
                    let mut row = self.sleeve_of(id).await?;
                    row.target_bps = target.saturating_to();
                    self.put_sleeve(&row).await?;
                }
                Ok(())
            }
            "Harvested" => {
                let mut row = self.sleeve().await?;
                let (gained, released) = (self.amount("gained")?, self.amount("released")?);
                row.gained = row.gained.saturating_add(gained);
                row.released = row.released.saturating_add(released);
                row.locked = self.amount("locked")?;
                row.fee_units = self.amount("feeUnits")?;
                row.harvested_at = Some(self.event.at);
                let mut harvest = self.harvest(row.id).await?;
                harvest.count += 1;
                harvest.gained = harvest.gained.saturating_add(gained);
                harvest.released = harvest.released.saturating_add(released);
                (harvest.locked, harvest.fee_units) = (row.locked, row.fee_units);
                self.put_sleeve(&row).await?;
                self.topic("nav");
                self.tables.put(&harvest).await
            }
            "LossBooked" => {
                let mut row = self.sleeve().await?;
                let units = self.amount("units")?;
                row.lost = row.lost.saturating_add(units);
                let mut harvest = self.harvest(row.id).await?;
                harvest.lost = harvest.lost.saturating_add(units);
                self.put_sleeve(&row).await?;
                self.topic("nav");
                self.tables.put(&harvest).await
            }
            "UnitFeesCollected" => {
                let mut row = self.sleeve().await?;
                row.fees_paid = row.fees_paid.saturating_add(self.amount("units")?);
                row.fee_units = U256::ZERO;
                self.put_sleeve(&row).await
            }
            "FeesCollected" => self.add(BASKET_FEE_SHARES, self.amount("shares")?).await,
            // ------------------------------------------------------------ in
            "Deposited" => {
                let (account, sender) = (self.address("receiver")?, self.address("sender")?);
                let shares = self.amount("shares")?;
                self.credited(account, shares).await?;
                let told = Told {
                    shares,
                    sleeve: Some(self.parse("sleeve")?),
                    units: vec![self.amount("units")?],
                    counterparty: other(account, sender),
                    ..Told::default()
                };
                self.basket_move(account, BasketMoveKind::Deposit, told)
                    .await
            }
            "MintedInKind" => {
                let (account, sender) = (self.address("receiver")?, self.address("sender")?);
                let shares = self.amount("shares")?;
                self.credited(account, shares).await?;
                let told = Told {
                    shares,
                    units: self.amounts("units")?,
                    counterparty: other(account, sender),
                    ..Told::default()
                };
                self.basket_move(account, BasketMoveKind::MintInKind, told)
                    .await
            }
            // ------------------------------------------------------------ out
            "InstantExit" => {
                let (account, receiver) = (self.address("sender")?, self.address("receiver")?);
                let shares = self.amount("shares")?;
                self.left(account, shares).await?;
                let told = Told {
                    shares,
                    coins: self.amount("coins")?,
                    fee: self.amount("feeCoins")?,
                    sleeve: Some(0),
                    counterparty: other(account, receiver),
                    ..Told::default()
                };
                self.basket_move(account, BasketMoveKind::InstantExit, told)
                    .await
            }
            "RedeemedInKind" => self.redeemed_in_kind().await,
            "LegDelivered" => {
                let (account, recipient) = (self.address("owner")?, self.address("recipient")?);
                let sleeve = self.parse("sleeve")?;
                let row = self.tables.get(WaitingLeg::key(&account, &sleeve)).await?;
                let parts = row.map_or(U256::ZERO, |leg| leg.parts);
                if parts != self.amount("parts")? {
                    return Err(self.error(format!("{parts} parts wait")));
                }
                self.tables
                    .remove(WaitingLeg::key(&account, &sleeve))
                    .await?;
                let told = Told {
                    sleeve: Some(sleeve),
                    units: vec![self.amount("units")?],
                    counterparty: other(account, recipient),
                    ..Told::default()
                };
                self.basket_move(account, BasketMoveKind::LegDelivered, told)
                    .await
            }
            "LegRecipientSet" => {
                let (owner, recipient) = (self.address("owner")?, self.address("recipient")?);
                self.leg_recipient(owner, recipient).await
            }
            // ------------------------------------------------------------ rebalancing
            "AuctionStarted" => self.auction_started().await,
            "AuctionBid" => self.auction_bid().await,
            "AuctionEnded" => {
                let mut row = self.auction().await?;
                row.ended_at = Some(self.event.at);
                self.put_auction(row).await
            }
            // ------------------------------------------------------------ parameters
            "FeesSet" => {
                for (name, argument) in [
                    ("basket.entryFeeBps", "entryBps"),
                    ("basket.instantFeeBps", "instantBps"),
                    ("basket.managementFeeBps", "managementBps"),
                    ("basket.performanceFeeBps", "performanceBps"),
                ] {
                    self.parameter(name.to_owned(), self.text(argument)?)
                        .await?;
                }
                Ok(())
            }
            "ParameterSet" => {
                let name = word(self.parse("name")?);
                let value = match name.as_str() {
                    "feed" | "guardian" | "feeRecipient" => {
                        let address = Address::from_word(self.amount("value")?.into());
                        format!("{address:#x}")
                    }
                    _ => self.text("value")?,
                };
                self.parameter(format!("basket.{name}"), value).await
            }
            "PausedUntil" => {
                let (part, until) = (self.parse("what")?, self.parse::<u64>("until")?);
                let (kind, until) = match until {
                    0 => (GuardianActKind::Unpaused, None),
                    until => (GuardianActKind::Paused, Some(until)),
                };
                self.guardian_act(kind, None, Some(part), until).await
            }
            // What a carve and a leg's start tell is told by the queue too.
            _ => Ok(()),
        }
    }

    // -------------------------------------------------------------------- sleeves

    async fn sleeve(&mut self) -> Result<BasketSleeve> {
        let id = self.parse("sleeve")?;
        self.sleeve_of(id).await
    }

    async fn sleeve_of(&mut self, id: u64) -> Result<BasketSleeve> {
        let row = self.tables.get(BasketSleeve::key(&id)).await?;
        row.ok_or_else(|| self.error(format!("sleeve {id} is unknown")))
    }

    async fn put_sleeve(&mut self, row: &BasketSleeve) -> Result<()> {
        self.topic("sleeves");
        self.tables.put(row).await
    }

    /// The sleeve's row of this round, stamped with this event.
    async fn harvest(&mut self, sleeve: u64) -> Result<Harvest> {
        let Event {
            block, at, tx_hash, ..
        } = *self.event;
        let round = at / ROUND;
        let row = self.tables.get(Harvest::key(&sleeve, &round)).await?;
        let row = row.unwrap_or(Harvest {
            sleeve,
            round,
            count: 0,
            gained: U256::ZERO,
            released: U256::ZERO,
            locked: U256::ZERO,
            fee_units: U256::ZERO,
            lost: U256::ZERO,
            at,
            block,
            tx_hash,
        });
        Ok(Harvest {
            at,
            block,
            tx_hash,
            ..row
        })
    }

    /// What an adapter paid in kind. The exit that it was for is logged after it, and names parts, not units.
    async fn delivered(&mut self) -> Result<()> {
        let (adapter, units) = (self.event.address, self.amount("units")?);
        for id in 0..MAX_SLEEVES {
            let Some(mut row) = self.tables.get(BasketSleeve::key(&id)).await? else {
                break;
            };
            if row.adapter == adapter {
                (row.delivery_tx, row.delivery) = (Some(self.event.tx_hash), Some(units));
                return self.put_sleeve(&row).await;
            }
        }
        Ok(())
    }

    async fn redeemed_in_kind(&mut self) -> Result<()> {
        let (account, recipient) = (self.address("owner")?, self.address("recipient")?);
        let (shares, parts) = (self.amount("shares")?, self.amounts("parts")?);
        let delivered = self.amount("delivered")?;
        let Event {
            block, at, tx_hash, ..
        } = *self.event;
        let mut units = Vec::with_capacity(parts.len());
        let mut waits = false;
        for (sleeve, parts) in (0_u64..).zip(parts) {
            let mut row = self.sleeve_of(sleeve).await?;
            let delivery = match (row.delivery_tx.take(), row.delivery.take()) {
                (Some(tx), Some(units)) if tx == tx_hash => units,
                _ => U256::ZERO,
            };
            self.put_sleeve(&row).await?;
            if delivered.bit(units.len()) {
                // Parts too few for a unit are delivered without a delivery; no parts, without anything.
                units.push(if parts.is_zero() {
                    U256::ZERO
                } else {
                    delivery
                });
                continue;
            }
            units.push(U256::ZERO);
            waits = true;
            let leg = self.tables.get(WaitingLeg::key(&account, &sleeve)).await?;
            let (before, since) = leg.map_or((U256::ZERO, at), |leg| (leg.parts, leg.since));
            self.tables
                .put(&WaitingLeg {
                    owner: account,
                    sleeve,
                    parts: before.saturating_add(parts),
                    recipient,
                    since,
                    block,
                    tx_hash,
                })
                .await?;
        }
        if waits {
            self.leg_recipient(account, recipient).await?;
        }
        self.left(account, shares).await?;
        let told = Told {
            shares,
            units,
            counterparty: other(account, recipient),
            ..Told::default()
        };
        self.basket_move(account, BasketMoveKind::InKindExit, told)
            .await
    }

    /// There is one recipient for all waiting legs of an owner: the last named.
    async fn leg_recipient(&mut self, owner: Address, recipient: Address) -> Result<()> {
        for sleeve in 0..MAX_SLEEVES {
            if let Some(mut leg) = self.tables.get(WaitingLeg::key(&owner, &sleeve)).await? {
                leg.recipient = recipient;
                self.tables.put(&leg).await?;
            }
        }
        self.topic("sleeves");
        self.topic(&format!("account:{owner:#x}"));
        Ok(())
    }

    // -------------------------------------------------------------------- holders

    async fn basket_holder(
        &mut self,
        account: Address,
        change: impl FnOnce(&mut BasketHolder),
    ) -> Result<()> {
        let row = self.tables.get(BasketHolder::key(&account)).await?;
        let mut row = row.unwrap_or(BasketHolder {
            account,
            shares: U256::ZERO,
            shares_in: U256::ZERO,
            shares_out: U256::ZERO,
            first_at: self.event.at,
        });
        change(&mut row);
        self.topic(&format!("account:{account:#x}"));
        self.tables.put(&row).await
    }

    async fn credited(&mut self, account: Address, shares: U256) -> Result<()> {
        self.topic("nav");
        self.basket_holder(account, |h| {
            h.shares_in = h.shares_in.saturating_add(shares)
        })
        .await
    }

    async fn left(&mut self, account: Address, shares: U256) -> Result<()> {
        self.topic("nav");
        self.basket_holder(account, |h| {
            h.shares_out = h.shares_out.saturating_add(shares);
        })
        .await
    }

    async fn basket_move(
        &mut self,
        account: Address,
        kind: BasketMoveKind,
        told: Told,
    ) -> Result<()> {
        let Event {
            block,
            log_index,
            at,
            tx_hash,
            ..
        } = *self.event;
        let Told {
            shares,
            coins,
            fee,
            sleeve,
            units,
            epoch,
            counterparty,
        } = told;
        self.topic(&format!("account:{account:#x}"));
        self.tables
            .put(&BasketMove {
                account,
                block,
                log_index,
                kind,
                at,
                tx_hash,
                shares,
                coins,
                fee,
                sleeve,
                units: Amounts(units),
                epoch,
                counterparty,
            })
            .await
    }

    async fn basket_shares_moved(&mut self) -> Result<()> {
        let (from, to, value) = (
            self.address("from")?,
            self.address("to")?,
            self.amount("value")?,
        );
        if from.is_zero() {
            self.add(BASKET_SHARES, value).await?;
        } else {
            // Anybody may send nothing, also who never held any.
            let held = self.tables.get(BasketHolder::key(&from)).await?;
            let held = held.map_or(U256::ZERO, |h| h.shares);
            let rest = held.checked_sub(value);
            let rest =
                rest.ok_or_else(|| self.error("sends more shares of the basket than it holds"))?;
            self.basket_holder(from, |h| h.shares = rest).await?;
        }
        if to.is_zero() {
            self.sub(BASKET_SHARES, value).await?;
        } else {
            self.basket_holder(to, |h| h.shares = h.shares.saturating_add(value))
                .await?;
        }
        // Mints, burns and the queue's escrow are told by the events that they are part of.
        let queue = self.named(QUEUE).await?;
        if from.is_zero() || to.is_zero() || queue == Some(from) || queue == Some(to) {
            return Ok(());
        }
        for (account, kind, counterparty) in [
            (from, BasketMoveKind::TransferOut, to),
            (to, BasketMoveKind::TransferIn, from),
        ] {
            let told = Told {
                shares: value,
                counterparty: Some(counterparty),
                ..Told::default()
            };
            self.basket_move(account, kind, told).await?;
        }
        Ok(())
    }

    /// The address in a parameter.
    async fn named(&mut self, name: &str) -> Result<Option<Address>> {
        let row = self.tables.get(Parameter::key(&name.to_owned())).await?;
        Ok(row.and_then(|row| row.value.parse().ok()))
    }

    // -------------------------------------------------------------------- the queue

    async fn of_queue(&mut self, name: &str) -> Result<()> {
        match name {
            "RedeemRequest" => self.epoch_requested().await,
            "RequestCancelled" => {
                let (account, shares) = (self.address("controller")?, self.amount("shares")?);
                let mut epoch = self.epoch("epoch").await?;
                let mut row = self.position(account, epoch.id).await?;
                row.shares = self.less(row.shares, shares, "its request")?;
                epoch.shares = self.less(epoch.shares, shares, "its epoch")?;
                if epoch.shares.is_zero() {
                    (epoch.requested_at, epoch.due_at) = (None, None);
                }
                let id = epoch.id;
                self.put_position(row).await?;
                self.put_epoch(epoch).await?;
                self.sub(BASKET_REQUESTED, shares).await?;
                self.basket_holder(account, |h| {
                    h.shares_out = h.shares_out.saturating_sub(shares);
                })
                .await?;
                let told = Told {
                    shares,
                    epoch: Some(id),
                    ..Told::default()
                };
                self.basket_move(account, BasketMoveKind::Cancel, told)
                    .await
            }
            "EpochClosed" => self.epoch_closed().await,
            "LegStarted" => {
                let (units, ticket) = (self.amount("units")?, self.amount("ticket")?);
                let mut leg = self.leg().await?;
                if leg.state != LegState::Waiting {
                    return Err(self.error(format!("the leg is {}", leg.state)));
                }
                let sleeve = self.sleeve_of(leg.sleeve).await?;
                (leg.units, leg.ticket) = (units, ticket);
                leg.started_at = Some(self.event.at);
                // A leg without a ticket is paid in the same breath, and that says in what.
                if ticket.is_zero() {
                    leg.state = LegState::Done;
                    leg.done_at = Some(self.event.at);
                    self.leg_done(leg.epoch).await?;
                } else {
                    leg.state = LegState::Out;
                    leg.asset = Some(sleeve.epoch_token);
                }
                self.put_leg(leg).await
            }
            "LegPaid" => {
                let mut leg = self.leg().await?;
                leg.asset = Some(self.address("asset")?);
                leg.recovered = leg.recovered.saturating_add(self.amount("amount")?);
                if self.flag("done")? && leg.state != LegState::Done {
                    leg.state = LegState::Done;
                    leg.done_at = Some(self.event.at);
                    self.leg_done(leg.epoch).await?;
                }
                self.put_leg(leg).await
            }
            "Claimed" => {
                let owner = self.address("owner")?;
                // A receipt's claim says itself which receipt it was.
                if self.named(RECEIPTS).await? == Some(owner) {
                    return Ok(());
                }
                let epoch = self.parse("epoch")?;
                let mut row = self.position(owner, epoch).await?;
                let paid = self.amounts("paid")?;
                let (coins, mask) = self.settle(epoch, row.shares, &mut row.paid, &paid).await?;
                row.mask |= mask;
                row.whole = self.flag("whole")?;
                row.claimed_at = Some(self.event.at);
                let shares = row.shares;
                self.put_position(row).await?;
                let recipient = self.address("recipient")?;
                let told = Told {
                    shares,
                    coins,
                    units: paid,
                    epoch: Some(epoch),
                    counterparty: other(owner, recipient),
                    ..Told::default()
                };
                self.basket_move(owner, BasketMoveKind::Claim, told).await
            }
            "PositionWrapped" => {
                let (owner, id) = (self.address("owner")?, self.amount("line")?);
                let epoch = self.parse("epoch")?;
                let position = self.position(owner, epoch).await?;
                let mut receipt = self.basket_receipt(id).await?;
                receipt.epoch = epoch;
                (receipt.shares, receipt.mask) = (position.shares, position.mask);
                receipt.paid = position.paid;
                self.put_basket_receipt(receipt).await?;
                self.tables
                    .remove(EpochPosition::key(&owner, &epoch))
                    .await?;
                let told = Told {
                    shares: position.shares,
                    epoch: Some(epoch),
                    ..Told::default()
                };
                self.basket_move(owner, BasketMoveKind::Wrap, told).await
            }
            // Its receipt has said so.
            _ => Ok(()),
        }
    }

    async fn epoch_requested(&mut self) -> Result<()> {
        let (account, owner) = (self.address("controller")?, self.address("owner")?);
        let (id, shares) = (self.parse("requestId")?, self.amount("shares")?);
        let Event {
            block, at, tx_hash, ..
        } = *self.event;
        let row = self.tables.get(Epoch::key(&id)).await?;
        let mut epoch = row.unwrap_or(Epoch {
            id,
            shares: U256::ZERO,
            requests: 0,
            requested_at: None,
            due_at: None,
            closed_at: None,
            legs: 0,
            legs_done: 0,
            block,
            tx_hash,
        });
        if epoch.closed_at.is_some() {
            return Err(self.error(format!("epoch {id} is closed")));
        }
        if epoch.requested_at.is_none() {
            epoch.requested_at = Some(at);
            epoch.due_at = Some((at / ROUND + 1) * ROUND);
        }
        epoch.requests += 1;
        epoch.shares = epoch.shares.saturating_add(shares);
        self.put_epoch(epoch).await?;
        self.add(BASKET_REQUESTED, shares).await?;
        let row = self.tables.get(EpochPosition::key(&account, &id)).await?;
        let mut position = row.unwrap_or(self.new_position(account, id));
        position.shares = position.shares.saturating_add(shares);
        position.requested_at = at;
        self.put_position(position).await?;
        self.left(account, shares).await?;
        if let Some(controller) = other(owner, account) {
            let told = Told {
                shares,
                epoch: Some(id),
                counterparty: Some(controller),
                ..Told::default()
            };
            self.basket_move(owner, BasketMoveKind::TransferOut, told)
                .await?;
        }
        let told = Told {
            shares,
            epoch: Some(id),
            counterparty: other(account, owner),
            ..Told::default()
        };
        self.basket_move(account, BasketMoveKind::Request, told)
            .await
    }

    async fn epoch_closed(&mut self) -> Result<()> {
        let (shares, parts) = (self.amount("shares")?, self.amounts("parts")?);
        let Event {
            block, at, tx_hash, ..
        } = *self.event;
        let mut epoch = self.epoch("epoch").await?;
        if epoch.shares != shares || epoch.closed_at.is_some() {
            return Err(self.error(format!("epoch {} holds {}", epoch.id, epoch.shares)));
        }
        epoch.closed_at = Some(at);
        epoch.legs = parts.len() as u64;
        for (sleeve, parts) in (0_u64..).zip(parts) {
            let nothing = parts.is_zero();
            epoch.legs_done += u64::from(nothing);
            self.tables
                .put(&EpochLeg {
                    epoch: epoch.id,
                    sleeve,
                    state: if nothing {
                        LegState::Done
                    } else {
                        LegState::Waiting
                    },
                    asset: None,
                    parts,
                    units: U256::ZERO,
                    ticket: U256::ZERO,
                    recovered: U256::ZERO,
                    started_at: None,
                    done_at: nothing.then_some(at),
                    block,
                    tx_hash,
                })
                .await?;
        }
        self.topic("nav");
        self.put_epoch(epoch).await?;
        self.sub(BASKET_REQUESTED, shares).await
    }

    /// Adds what a claim `paid` to what was `paid` before. Says what of it was coins, and for which legs a position of `shares`
    /// has now got all that it ever gets.
    async fn settle(
        &mut self,
        epoch: u64,
        shares: U256,
        before: &mut Amounts,
        paid: &[U256],
    ) -> Result<(U256, u64)> {
        let all = self.tables.get(Epoch::key(&epoch)).await?;
        let all = all.map_or(U256::ZERO, |epoch| epoch.shares);
        let (mut coins, mut mask) = (U256::ZERO, 0);
        let mut after = Vec::with_capacity(paid.len());
        for (sleeve, now) in (0_u64..).zip(paid) {
            let leg = self.tables.get(EpochLeg::key(&epoch, &sleeve)).await?;
            let leg = leg.ok_or_else(|| self.error(format!("leg {sleeve} is unknown")))?;
            let had = before.0.get(after.len()).copied().unwrap_or_default();
            let has = had.saturating_add(*now);
            after.push(has);
            if leg.asset == Some(NATIVE) {
                coins = coins.saturating_add(*now);
            }
            // Both are below 2^112.
            let due = leg.recovered.saturating_mul(shares).checked_div(all);
            let due = due.unwrap_or_default();
            if has > due {
                return Err(self.error(format!("leg {sleeve} owes {due} and paid {has}")));
            }
            if leg.state == LegState::Done && has == due {
                mask |= 1_u64 << sleeve.min(63);
            }
        }
        *before = Amounts(after);
        Ok((coins, mask))
    }

    async fn epoch(&mut self, argument: &str) -> Result<Epoch> {
        let id = self.parse(argument)?;
        let row = self.tables.get(Epoch::key(&id)).await?;
        row.ok_or_else(|| self.error(format!("epoch {id} is unknown")))
    }

    async fn put_epoch(&mut self, mut row: Epoch) -> Result<()> {
        (row.block, row.tx_hash) = (self.event.block, self.event.tx_hash);
        self.topic("epochs");
        self.tables.put(&row).await
    }

    async fn leg_done(&mut self, epoch: u64) -> Result<()> {
        let row = self.tables.get(Epoch::key(&epoch)).await?;
        let mut row = row.ok_or_else(|| self.error(format!("epoch {epoch} is unknown")))?;
        row.legs_done += 1;
        self.put_epoch(row).await
    }

    async fn leg(&mut self) -> Result<EpochLeg> {
        let (epoch, sleeve): (u64, u64) = (self.parse("epoch")?, self.parse("sleeve")?);
        let row = self.tables.get(EpochLeg::key(&epoch, &sleeve)).await?;
        row.ok_or_else(|| self.error(format!("leg {sleeve} of epoch {epoch} is unknown")))
    }

    async fn put_leg(&mut self, mut row: EpochLeg) -> Result<()> {
        (row.block, row.tx_hash) = (self.event.block, self.event.tx_hash);
        self.topic("epochs");
        self.tables.put(&row).await
    }

    fn new_position(&self, owner: Address, epoch: u64) -> EpochPosition {
        EpochPosition {
            owner,
            epoch,
            shares: U256::ZERO,
            mask: 0,
            paid: Amounts::default(),
            whole: false,
            requested_at: self.event.at,
            claimed_at: None,
            block: self.event.block,
            tx_hash: self.event.tx_hash,
        }
    }

    async fn position(&mut self, owner: Address, epoch: u64) -> Result<EpochPosition> {
        let row = self.tables.get(EpochPosition::key(&owner, &epoch)).await?;
        row.filter(|row| !row.whole)
            .ok_or_else(|| self.error(format!("{owner} has no position in epoch {epoch}")))
    }

    async fn put_position(&mut self, mut row: EpochPosition) -> Result<()> {
        (row.block, row.tx_hash) = (self.event.block, self.event.tx_hash);
        self.topic(&format!("account:{:#x}", row.owner));
        self.tables.put(&row).await
    }

    fn less(&self, from: U256, amount: U256, what: &str) -> Result<U256> {
        from.checked_sub(amount)
            .ok_or_else(|| self.error(format!("{what} is only {from}")))
    }

    // -------------------------------------------------------------------- receipts

    async fn of_receipts(&mut self, name: &str) -> Result<()> {
        match name {
            "Transfer" => self.basket_receipt_moved().await,
            "ReceiptClaimed" => {
                let (id, recipient) = (self.amount("tokenId")?, self.address("recipient")?);
                let paid = self.amounts("paid")?;
                let mut receipt = self.basket_receipt(id).await?;
                let mut total = receipt.paid.clone();
                let settled = self.settle(receipt.epoch, receipt.shares, &mut total, &paid);
                let (coins, mask) = settled.await?;
                let next = Some(self.amount("nextTokenId")?).filter(|id| !id.is_zero());
                if let Some(next) = next {
                    let mut next = self.basket_receipt(next).await?;
                    next.mask |= mask;
                    next.paid = total.clone();
                    self.put_basket_receipt(next).await?;
                }
                receipt.mask |= mask;
                receipt.paid = total;
                receipt.state = ReceiptState::Claimed;
                receipt.next = next;
                let (owner, shares, epoch) = (receipt.owner, receipt.shares, receipt.epoch);
                self.put_basket_receipt(receipt).await?;
                let told = Told {
                    shares,
                    coins,
                    units: paid,
                    epoch: Some(epoch),
                    counterparty: other(owner, recipient),
                    ..Told::default()
                };
                self.basket_move(owner, BasketMoveKind::Claim, told).await
            }
            "Unwrapped" => {
                let (id, owner) = (self.amount("tokenId")?, self.address("owner")?);
                let mut receipt = self.basket_receipt(id).await?;
                let (epoch, shares) = (receipt.epoch, receipt.shares);
                let own = self.tables.get(EpochPosition::key(&owner, &epoch)).await?;
                // Two untouched positions are one; one that is over makes room for another.
                let mut position = own
                    .filter(|own| !own.whole && !own.shares.is_zero())
                    .unwrap_or(EpochPosition {
                        mask: receipt.mask,
                        paid: receipt.paid.clone(),
                        ..self.new_position(owner, epoch)
                    });
                position.shares = position.shares.saturating_add(shares);
                self.put_position(position).await?;
                receipt.state = ReceiptState::Unwrapped;
                self.put_basket_receipt(receipt).await?;
                let told = Told {
                    shares,
                    epoch: Some(epoch),
                    ..Told::default()
                };
                self.basket_move(owner, BasketMoveKind::Unwrap, told).await
            }
            _ => Ok(()),
        }
    }

    async fn basket_receipt_moved(&mut self) -> Result<()> {
        let (from, to, id) = (
            self.address("from")?,
            self.address("to")?,
            self.amount("tokenId")?,
        );
        let version = U256::from(1) << 128_usize;
        if from.is_zero() {
            if self.named(RECEIPTS).await?.is_none() {
                let address = format!("{:#x}", self.event.address);
                self.parameter(RECEIPTS.to_owned(), address).await?;
            }
            // What a claim left has all but the owner of the version before; a first one hears of its position in a moment.
            let before = match id.checked_sub(version) {
                Some(before) => self.tables.get(BasketReceipt::key(&before)).await?,
                None => None,
            };
            let receipt = BasketReceipt {
                id,
                line: id % version,
                epoch: before.as_ref().map_or(0, |r| r.epoch),
                shares: before.as_ref().map_or(U256::ZERO, |r| r.shares),
                mask: before.as_ref().map_or(0, |r| r.mask),
                paid: before.map(|r| r.paid).unwrap_or_default(),
                owner: to,
                state: ReceiptState::Live,
                next: None,
                minted_at: self.event.at,
                block: 0,
                tx_hash: B256::ZERO,
            };
            return self.put_basket_receipt(receipt).await;
        }
        let mut receipt = self.basket_receipt(id).await?;
        if receipt.owner != from {
            return Err(self.error(format!("{from} does not own it")));
        }
        if to.is_zero() {
            // A claim or the unwrapping says in a moment which it was.
            return Ok(());
        }
        receipt.owner = to;
        let (shares, epoch) = (receipt.shares, receipt.epoch);
        self.put_basket_receipt(receipt).await?;
        for (account, kind, counterparty) in [
            (from, BasketMoveKind::ReceiptOut, to),
            (to, BasketMoveKind::ReceiptIn, from),
        ] {
            let told = Told {
                shares,
                epoch: Some(epoch),
                counterparty: Some(counterparty),
                ..Told::default()
            };
            self.basket_move(account, kind, told).await?;
        }
        Ok(())
    }

    async fn basket_receipt(&mut self, id: U256) -> Result<BasketReceipt> {
        let row = self.tables.get(BasketReceipt::key(&id)).await?;
        row.filter(|r| r.state == ReceiptState::Live)
            .ok_or_else(|| self.error(format!("receipt {id} is not live")))
    }

    async fn put_basket_receipt(&mut self, mut row: BasketReceipt) -> Result<()> {
        (row.block, row.tx_hash) = (self.event.block, self.event.tx_hash);
        self.topic(&format!("account:{:#x}", row.owner));
        self.tables.put(&row).await
    }

    // -------------------------------------------------------------------- auctions

    async fn auction_started(&mut self) -> Result<()> {
        let id: u64 = self.parse("id")?;
        let Event {
            block, at, tx_hash, ..
        } = *self.event;
        // One that nobody ended ran out of time or units.
        if let Some(mut before) = self
            .tables
            .get(BasketAuction::key(&id.saturating_sub(1)))
            .await?
            && before.ended_at.is_none()
        {
            before.ended_at = Some(at);
            self.tables.put(&before).await?;
        }
        self.put_auction(BasketAuction {
            id,
            from_sleeve: self.parse("from")?,
            to_sleeve: self.parse("to")?,
            units: self.amount("units")?,
            sold: U256::ZERO,
            paid: U256::ZERO,
            loss: U256::ZERO,
            bids: 0,
            started_at: at,
            ended_at: None,
            block,
            tx_hash,
        })
        .await
    }

    async fn auction_bid(&mut self) -> Result<()> {
        let (sold, paid, loss) = (
            self.amount("sold")?,
            self.amount("paid")?,
            self.amount("loss")?,
        );
        let Event {
            block,
            log_index,
            at,
            tx_hash,
            ..
        } = *self.event;
        let mut row = self.auction().await?;
        row.sold = row.sold.saturating_add(sold);
        row.paid = row.paid.saturating_add(paid);
        row.loss = row.loss.saturating_add(loss);
        row.bids += 1;
        let bid = AuctionBid {
            auction: row.id,
            block,
            log_index,
            at,
            bidder: self.address("bidder")?,
            sold,
            paid,
            loss,
            tx_hash,
        };
        self.topic("nav");
        self.tables.put(&bid).await?;
        self.put_auction(row).await
    }

    async fn auction(&mut self) -> Result<BasketAuction> {
        let id = self.parse("id")?;
        let row = self.tables.get(BasketAuction::key(&id)).await?;
        row.ok_or_else(|| self.error(format!("auction {id} is unknown")))
    }

    async fn put_auction(&mut self, mut row: BasketAuction) -> Result<()> {
        (row.block, row.tx_hash) = (self.event.block, self.event.tx_hash);
        self.topic("sleeves");
        self.tables.put(&row).await
    }

    // -------------------------------------------------------------------- prices

    async fn of_feed(&mut self, name: &str) -> Result<()> {
        self.topic("prices");
        match name {
            "Observed" => {
                let Event {
                    block,
                    log_index,
                    at,
                    ..
                } = *self.event;
                self.topic("nav");
                self.tables
                    .put(&PriceObservation {
                        asset: self.address("asset")?,
                        block,
                        log_index,
                        at,
                        state: self.parse("state")?,
                        low: self.amount("low")?,
                        high: self.amount("high")?,
                    })
                    .await
            }
            "Listed" | "Delisted" => {
                let name_of = format!("feed.listed/{:#x}", self.address("asset")?);
                let listed = (name == "Listed").to_string();
                self.parameter(name_of, listed).await
            }
            _ => Ok(()),
        }
    }

    // -------------------------------------------------------------------- GOV

    async fn of_gov(&mut self, name: &str) -> Result<()> {
        let Event {
            block,
            log_index,
            at,
            tx_hash,
            ..
        } = *self.event;
        match name {
            "Transfer" => {
                let (from, to, value) = (
                    self.address("from")?,
                    self.address("to")?,
                    self.amount("value")?,
                );
                if from.is_zero() {
                    self.add(GOV_SUPPLY, value).await?;
                } else {
                    let mut row = self.gov_account(from).await?;
                    row.balance = self.less(row.balance, value, "its GOV")?;
                    self.tables.put(&row).await?;
                }
                if to.is_zero() {
                    return self.sub(GOV_SUPPLY, value).await;
                }
                let mut row = self.gov_account(to).await?;
                row.balance = row.balance.saturating_add(value);
                self.tables.put(&row).await
            }
            "DelegateChanged" => {
                let some = |a: Address| Some(a).filter(|a| !a.is_zero());
                let (from_delegate, to_delegate) = (
                    some(self.address("fromDelegate")?),
                    some(self.address("toDelegate")?),
                );
                let mut row = self.gov_account(self.address("delegator")?).await?;
                row.delegate = to_delegate;
                row.changed_at = at;
                self.tables.put(&row).await?;
                self.tables
                    .put(&Delegation {
                        delegator: row.account,
                        block,
                        log_index,
                        at,
                        from_delegate,
                        to_delegate,
                        tx_hash,
                    })
                    .await
            }
            "DelegateVotesChanged" => {
                let (votes_before, votes_after) =
                    (self.amount("previousVotes")?, self.amount("newVotes")?);
                let mut row = self.gov_account(self.address("delegate")?).await?;
                if row.votes != votes_before {
                    return Err(self.error(format!("it has {} votes", row.votes)));
                }
                row.votes = votes_after;
                row.changed_at = at;
                self.tables.put(&row).await?;
                self.tables
                    .put(&PowerMove {
                        account: row.account,
                        block,
                        log_index,
                        at,
                        votes_before,
                        votes_after,
                        tx_hash,
                    })
                    .await
            }
            _ => Ok(()),
        }
    }

    async fn gov_account(&mut self, account: Address) -> Result<GovAccount> {
        self.topic("governance");
        self.topic(&format!("account:{account:#x}"));
        let row = self.tables.get(GovAccount::key(&account)).await?;
        Ok(row.unwrap_or(GovAccount {
            account,
            balance: U256::ZERO,
            delegate: None,
            votes: U256::ZERO,
            first_at: self.event.at,
            changed_at: self.event.at,
        }))
    }

    // -------------------------------------------------------------------- governor

    async fn of_governor(&mut self, name: &str) -> Result<()> {
        self.topic("governance");
        let at = self.event.at;
        match name {
            "ProposalCreated" => {
                let (targets, values, data) = (
                    self.list::<Address>("targets")?,
                    self.amounts("values")?,
                    self.list::<Bytes>("calldatas")?,
                );
                let calls = targets.iter().zip(&values).zip(&data);
                let calls = calls.map(|((target, value), data)| {
                    serde_json::json!({
                        "target": format!("{target:#x}"), "value": value.to_string(), "calldata": data,
                    })
                });
                let row = Proposal {
                    id: self.amount("proposalId")?,
                    proposer: self.address("proposer")?,
                    description: self.text("description")?,
                    calls: calls.collect(),
                    vote_start: self.parse("voteStart")?,
                    vote_end: self.parse("voteEnd")?,
                    extended: false,
                    votes_for: U256::ZERO,
                    votes_against: U256::ZERO,
                    votes_abstain: U256::ZERO,
                    voters: 0,
                    eta: None,
                    operation: None,
                    queued_at: None,
                    executed_at: None,
                    cancelled_at: None,
                    created_at: at,
                    block: self.event.block,
                    tx_hash: self.event.tx_hash,
                };
                self.tables.put(&row).await
            }
            "ProposalExtended" => {
                let mut row = self.proposal().await?;
                row.vote_end = self.parse("extendedDeadline")?;
                row.extended = true;
                self.tables.put(&row).await
            }
            "VoteCast" | "VoteCastWithParams" => self.voted().await,
            "ProposalQueued" => {
                let mut row = self.proposal().await?;
                let operation = self.operation_of(&row)?;
                row.eta = Some(self.parse("etaSeconds")?);
                row.queued_at = Some(at);
                row.operation = Some(operation);
                self.tables.put(&row).await?;
                // The timelock has scheduled it a moment ago.
                if let Some(mut its) = self.tables.get(Operation::key(&operation)).await? {
                    its.proposal = Some(row.id);
                    self.tables.put(&its).await?;
                }
                Ok(())
            }
            "ProposalExecuted" => {
                let mut row = self.proposal().await?;
                row.executed_at = Some(at);
                self.tables.put(&row).await
            }
            "ProposalCanceled" => {
                let mut row = self.proposal().await?;
                row.cancelled_at = Some(at);
                self.tables.put(&row).await
            }
            "VotingDelaySet" => self.governor_set("votingDelay", "newVotingDelay").await,
            "VotingPeriodSet" => self.governor_set("votingPeriod", "newVotingPeriod").await,
            "ProposalThresholdSet" => {
                self.governor_set("proposalThreshold", "newProposalThreshold")
                    .await
            }
            "LateQuorumVoteExtensionSet" => {
                self.governor_set("voteExtension", "newVoteExtension").await
            }
            _ => Ok(()),
        }
    }

    async fn governor_set(&mut self, name: &str, argument: &str) -> Result<()> {
        self.parameter(format!("governor.{name}"), self.text(argument)?)
            .await
    }

    async fn voted(&mut self) -> Result<()> {
        let (support, weight): (u64, _) = (self.parse("support")?, self.amount("weight")?);
        let mut row = self.proposal().await?;
        let tally = match support {
            0 => &mut row.votes_against,
            1 => &mut row.votes_for,
            2 => &mut row.votes_abstain,
            _ => return Err(self.error(format!("a vote of kind {support}"))),
        };
        *tally = tally.saturating_add(weight);
        row.voters += 1;
        let vote = Vote {
            proposal: row.id,
            voter: self.address("voter")?,
            support,
            weight,
            reason: self.text("reason")?,
            at: self.event.at,
            block: self.event.block,
            log_index: self.event.log_index,
            tx_hash: self.event.tx_hash,
        };
        self.topic(&format!("account:{:#x}", vote.voter));
        self.tables.put(&row).await?;
        self.tables.put(&vote).await
    }

    async fn proposal(&mut self) -> Result<Proposal> {
        let id = self.amount("proposalId")?;
        let row = self.tables.get(Proposal::key(&id)).await?;
        row.ok_or_else(|| self.error(format!("proposal {id} is unknown")))
    }

    /// The timelock's id of a proposal's calls, as the governor (who logs this event) makes it: no predecessor, and for salt its
    /// own address before the description's hash.
    fn operation_of(&self, proposal: &Proposal) -> Result<B256> {
        #[derive(serde::Deserialize)]
        struct Call {
            target: Address,
            value: String,
            calldata: Bytes,
        }
        let calls: Vec<Call> = serde_json::from_value(proposal.calls.clone())?;
        let targets: Vec<_> = calls.iter().map(|c| c.target).collect();
        let values: Option<Vec<U256>> = calls.iter().map(|c| c.value.parse().ok()).collect();
        let values = values.ok_or_else(|| self.error("a call's value is no number"))?;
        let data: Vec<_> = calls.into_iter().map(|c| c.calldata).collect();
        let salt = B256::right_padding_from(self.event.address.as_slice())
            ^ keccak256(&proposal.description);
        Ok(keccak256(
            (targets, values, data, B256::ZERO, salt).abi_encode_params(),
        ))
    }

    // -------------------------------------------------------------------- timelock

    async fn of_timelock(&mut self, name: &str) -> Result<()> {
        self.topic("governance");
        match name {
            "CallScheduled" => {
                let (id, idx) = (self.parse("id")?, self.parse::<u64>("index")?);
                let Event {
                    block, at, tx_hash, ..
                } = *self.event;
                self.tables
                    .put(&OperationCall {
                        operation: id,
                        idx,
                        target: self.address("target")?,
                        amount: self.amount("value")?,
                        data: self.parse("data")?,
                    })
                    .await?;
                // Scheduled again after it was called off, it is a new one.
                self.tables
                    .put(&Operation {
                        id,
                        proposal: None,
                        predecessor: self.parse("predecessor")?,
                        delay: self.amount("delay")?.saturating_to(),
                        calls: idx.saturating_add(1),
                        state: OperationState::Scheduled,
                        scheduled_at: at,
                        done_at: None,
                        block,
                        tx_hash,
                    })
                    .await
            }
            "CallExecuted" => self.operation_done(OperationState::Executed).await,
            "Cancelled" => self.operation_done(OperationState::Cancelled).await,
            "MinDelayChange" => {
                let delay = self.text("newDuration")?;
                self.parameter("basketTimelock.minDelay".to_owned(), delay)
                    .await
            }
            "RoleGranted" | "RoleRevoked" => {
                let row = RoleChange {
                    block: self.event.block,
                    log_index: self.event.log_index,
                    at: self.event.at,
                    contract: self.event.address,
                    role: self.parse("role")?,
                    account: self.address("account")?,
                    granted: name == "RoleGranted",
                    sender: self.address("sender")?,
                };
                self.tables.put(&row).await
            }
            _ => Ok(()),
        }
    }

    async fn operation_done(&mut self, state: OperationState) -> Result<()> {
        let id: B256 = self.parse("id")?;
        let row = self.tables.get(Operation::key(&id)).await?;
        let mut row = row.ok_or_else(|| self.error(format!("{id} was never scheduled")))?;
        row.state = state;
        row.done_at = Some(self.event.at);
        self.tables.put(&row).await
    }

    // -------------------------------------------------------------------- guardian

    async fn of_guardian(&mut self, name: &str) -> Result<()> {
        let kind = match name {
            "Appointed" => GuardianActKind::Appointed,
            "Removed" => GuardianActKind::Removed,
            "Resigned" => GuardianActKind::Resigned,
            // The basket says it too, and says when the timelock ended a pause.
            _ => return Ok(()),
        };
        let until = match kind {
            GuardianActKind::Appointed => Some(self.parse("until")?),
            _ => None,
        };
        let holder = Some(self.address("holder")?);
        self.guardian_act(kind, holder, None, until).await
    }

    async fn guardian_act(
        &mut self,
        kind: GuardianActKind,
        holder: Option<Address>,
        part: Option<u64>,
        until: Option<u64>,
    ) -> Result<()> {
        let Event {
            block,
            log_index,
            at,
            tx_hash,
            ..
        } = *self.event;
        self.topic("governance");
        self.tables
            .put(&GuardianAct {
                block,
                log_index,
                at,
                kind,
                holder,
                part,
                until,
                tx_hash,
            })
            .await
    }

    // -------------------------------------------------------------------- lists

    fn list<T: std::str::FromStr>(&self, name: &str) -> Result<Vec<T>> {
        let list = self.event.args.get(name).and_then(|v| v.as_array());
        let list = list.ok_or_else(|| self.error(format!("argument {name} is missing")))?;
        let items: Option<_> = list
            .iter()
            .map(|item| item.as_str()?.parse().ok())
            .collect();
        items.ok_or_else(|| self.error(format!("argument {name} is of another type")))
    }

    fn amounts(&self, name: &str) -> Result<Vec<U256>> {
        self.list(name)
    }
}
