//! The parts around the minter: vault, receipts, pools, reserve, delegates, converter, emergencies.
//!
//! Several of these contracts log a `Transfer` or a `Withdraw` of the same signature as another's. The decoder puts the
//! contract before the name (`vault.Transfer`), so that a share or a receipt is never taken for LST.

use super::{
    Step, other,
    totals::{HEADROOM, INSURANCE, VAULT_HARVESTED, VAULT_IN_KIND, VAULT_LST, VAULT_SHARES},
};
use crate::{
    Event, Result,
    rows::{
        AutoPay, Conversion, ConversionSale, Delegate, Emergency, EmergencyKind, ExitPool,
        HistoryKind, PoolSale, PoolStyle, Receipt, ReceiptState, Request, ReserveMove,
        ReserveMoveKind, Scheduled, VaultHolder, VaultMove, VaultMoveKind, VaultRequest,
    },
};
use alloy::primitives::{Address, B256, Bytes, U256, keccak256};

/// The announced call that proposes a delegate.
const SET_DELEGATE: &str = "setDelegateClaimer(address,address)";

impl Step<'_, '_, '_> {
    /// An event of the parts; what is none may be the basket's.
    pub(super) async fn part(&mut self) -> Result<()> {
        match self.event.name.as_str() {
            // ------------------------------------------------------------ vault
            "vault.Transfer" => self.shares_moved().await,
            "vault.Deposit" => self.vault_exchanged(true).await,
            "vault.Withdraw" => self.vault_exchanged(false).await,
            "vault.Harvested" => {
                let (coins, lst) = (self.amount("coins")?, self.amount("lst")?);
                self.add(VAULT_LST, lst).await?;
                self.add(VAULT_HARVESTED, coins).await?;
                let caller = self.address("caller")?;
                self.vault_move(VaultMoveKind::Harvest, caller, lst, U256::ZERO, coins)
                    .await
            }
            // Its LST and shares are in the withdrawal that it logs too.
            "vault.RedeemedInKind" => {
                let (account, coins) = (self.address("owner")?, self.amount("coins")?);
                self.add(VAULT_IN_KIND, coins).await?;
                self.vault_move(
                    VaultMoveKind::InKind,
                    account,
                    U256::ZERO,
                    U256::ZERO,
                    coins,
                )
                .await
            }
            "coinVault.RedeemRequest" => self.vault_requested().await,
            "coinVault.RedeemRequestCancelled" => {
                let (account, id) = (self.address("controller")?, self.parse("requestId")?);
                let row = self.tables.get(VaultRequest::key(&account, &id)).await?;
                let mut row = row.ok_or_else(|| self.error(format!("request {id} is unknown")))?;
                row.shares = U256::ZERO;
                row.lst_back = row.lst_back.saturating_add(self.amount("lst")?);
                self.tables.put(&row).await?;
                self.topic(&format!("account:{account:#x}"));
                Ok(())
            }
            "coinVault.Withdraw" => {
                let (account, coins) = (self.address("owner")?, self.amount("assets")?);
                self.vault_holder(account, |h| {
                    h.coins_claimed = h.coins_claimed.saturating_add(coins)
                })
                .await?;
                let to = other(account, self.address("receiver")?);
                self.history(
                    account,
                    HistoryKind::VaultClaim,
                    coins,
                    U256::ZERO,
                    to,
                    None,
                )
                .await
            }
            // ------------------------------------------------------------ receipts
            "receipts.Transfer" => self.receipt_moved().await,
            "receipts.ReceiptClaimed" => {
                let mut receipt = self.receipt("tokenId").await?;
                receipt.state = ReceiptState::Claimed;
                receipt.paid = self.amount("paid")?;
                receipt.next = Some(self.amount("nextTokenId")?).filter(|id| !id.is_zero());
                self.put_receipt(receipt).await
            }
            "receipts.Unwrapped" => {
                let mut receipt = self.receipt("tokenId").await?;
                receipt.state = ReceiptState::Unwrapped;
                self.put_receipt(receipt).await
            }
            "AutoPaySet" => {
                let row = AutoPay {
                    account: self.address("owner")?,
                    is_on: self.flag("on")?,
                    at: self.event.at,
                };
                self.topic(&format!("account:{:#x}", row.account));
                self.tables.put(&row).await
            }
            // ------------------------------------------------------------ pools
            "route.PoolSet" => self.pool_set(self.event.address).await,
            "AmmPoolSet" => self.pool_set(self.address("route")?).await,
            "AmmExit" => self.pool_sold().await,
            // ------------------------------------------------------------ first-loss reserve
            "InsuranceFunded" => {
                self.add(INSURANCE, self.amount("amount")?).await?;
                let from = self.address("from")?;
                self.reserve_move(ReserveMoveKind::Funded, Some(from)).await
            }
            "InsuranceUsed" => {
                let amount = self.amount("amount")?;
                self.sub(INSURANCE, amount).await?;
                self.add(HEADROOM, amount).await?;
                self.reserve_move(ReserveMoveKind::Used, None).await
            }
            "InsuranceWithdrawn" => {
                self.sub(INSURANCE, self.amount("amount")?).await?;
                let to = self.address("recipient")?;
                self.reserve_move(ReserveMoveKind::Withdrawn, Some(to))
                    .await
            }
            // ------------------------------------------------------------ power
            "Scheduled" => self.announced().await,
            "ScheduleCancelled" => {
                let operation: B256 = self.parse("operation")?;
                let row = self.tables.get(Scheduled::key(&operation)).await?;
                let mut row =
                    row.ok_or_else(|| self.error(format!("{operation} was never announced")))?;
                row.cancelled = true;
                self.tables.put(&row).await?;
                if let Some((account, delegate)) = proposed_delegate(&row.data) {
                    let mut row = self.delegate(account).await?;
                    if row.proposed == Some(delegate) {
                        (row.proposed, row.proposed_at) = (None, None);
                    }
                    self.tables.put(&row).await?;
                }
                self.topic("metrics");
                Ok(())
            }
            "DelegateSet" => {
                let mut row = self.delegate(self.address("account")?).await?;
                let delegate = self.address("delegate")?;
                row.delegate = Some(delegate).filter(|d| !d.is_zero());
                row.active_from = row.delegate.map(|_| self.event.at);
                row.kept = row.kept.saturating_add(self.amount("kept")?);
                if row.proposed == Some(delegate) {
                    (row.proposed, row.proposed_at) = (None, None);
                }
                self.tables.put(&row).await
            }
            "DelegationClosed" => {
                let mut row = self.delegate(self.address("account")?).await?;
                (row.delegate, row.active_from) = (None, None);
                row.closed = true;
                self.tables.put(&row).await
            }
            "EmergencySigned" => {
                let until = Some(self.parse("until")?);
                self.emergency(false, until).await
            }
            "EmergencyDone" => self.emergency(true, None).await,
            "Upgraded" => {
                self.parameter("implementation".to_owned(), self.text("implementation")?)
                    .await
            }
            // ------------------------------------------------------------ converter
            "TokenRewardsClaimed" => {
                let amount = self.amount("amount")?;
                let mut row = self.conversion().await?;
                row.received = row.received.saturating_add(amount);
                self.tables.put(&row).await
            }
            "converter.Configured" => {
                let mut row = self.conversion().await?;
                row.floor = self.amount("floor")?;
                row.per_sale = self.amount("perSale")?;
                row.per_day = self.amount("perDay")?;
                row.changed_at = self.event.at;
                self.topic("metrics");
                self.tables.put(&row).await
            }
            "converter.Sold" => self.converted().await,
            _ => self.basket().await,
        }
    }

    // -------------------------------------------------------------------- vault

    /// LST `into` the vault for shares, or out of it for shares.
    async fn vault_exchanged(&mut self, into: bool) -> Result<()> {
        let (account, lst, shares) = (
            self.address("owner")?,
            self.amount("assets")?,
            self.amount("shares")?,
        );
        let (kind, told, party) = if into {
            self.add(VAULT_LST, lst).await?;
            (VaultMoveKind::Deposit, HistoryKind::VaultDeposit, "sender")
        } else {
            self.sub(VAULT_LST, lst).await?;
            (
                VaultMoveKind::Withdraw,
                HistoryKind::VaultWithdraw,
                "receiver",
            )
        };
        self.vault_holder(account, |h| {
            let sum = if into { &mut h.lst_in } else { &mut h.lst_out };
            *sum = sum.saturating_add(lst);
        })
        .await?;
        let party = other(account, self.address(party)?);
        self.history(account, told, U256::ZERO, lst, party, None)
            .await?;
        self.vault_move(kind, account, lst, shares, U256::ZERO)
            .await
    }

    async fn shares_moved(&mut self) -> Result<()> {
        let (from, to, value) = (
            self.address("from")?,
            self.address("to")?,
            self.amount("value")?,
        );
        if from.is_zero() {
            self.add(VAULT_SHARES, value).await?;
        } else {
            // Anybody may send nothing, also who never held any.
            let held = self.tables.get(VaultHolder::key(&from)).await?;
            let held = held.map_or(U256::ZERO, |h| h.shares);
            let rest = held.checked_sub(value);
            let rest = rest.ok_or_else(|| self.error("sends more shares than it holds"))?;
            self.vault_holder(from, |h| h.shares = rest).await?;
        }
        if to.is_zero() {
            self.sub(VAULT_SHARES, value).await
        } else {
            self.vault_holder(to, |h| h.shares = h.shares.saturating_add(value))
                .await
        }
    }

    async fn vault_requested(&mut self) -> Result<()> {
        let (controller, id) = (self.address("controller")?, self.parse("requestId")?);
        let shares = self.amount("shares")?;
        let Event {
            block, at, tx_hash, ..
        } = *self.event;
        let row = self.tables.get(VaultRequest::key(&controller, &id)).await?;
        let (before, lst_back) = row.map_or((U256::ZERO, U256::ZERO), |r| (r.shares, r.lst_back));
        self.tables
            .put(&VaultRequest {
                controller,
                id,
                shares: before.saturating_add(shares),
                lst_back,
                requested_at: at,
                block,
                tx_hash,
            })
            .await?;
        let owner = other(controller, self.address("owner")?);
        self.history(
            controller,
            HistoryKind::VaultRequest,
            U256::ZERO,
            U256::ZERO,
            owner,
            None,
        )
        .await
    }

    async fn vault_holder(
        &mut self,
        account: Address,
        change: impl FnOnce(&mut VaultHolder),
    ) -> Result<()> {
        let row = self.tables.get(VaultHolder::key(&account)).await?;
        let mut row = row.unwrap_or(VaultHolder {
            account,
            shares: U256::ZERO,
            lst_in: U256::ZERO,
            lst_out: U256::ZERO,
            coins_claimed: U256::ZERO,
            first_at: self.event.at,
        });
        change(&mut row);
        self.topic(&format!("account:{account:#x}"));
        self.tables.put(&row).await
    }

    async fn vault_move(
        &mut self,
        kind: VaultMoveKind,
        account: Address,
        lst: U256,
        shares: U256,
        coins: U256,
    ) -> Result<()> {
        let Event {
            block,
            log_index,
            at,
            ..
        } = *self.event;
        let (lst_after, shares_after) = (
            self.total(VAULT_LST).await?,
            self.total(VAULT_SHARES).await?,
        );
        self.topic("metrics");
        self.tables
            .put(&VaultMove {
                block,
                log_index,
                at,
                kind,
                account,
                lst,
                shares,
                coins,
                lst_after,
                shares_after,
            })
            .await
    }

    // -------------------------------------------------------------------- receipts

    async fn receipt_moved(&mut self) -> Result<()> {
        let (from, to, id) = (
            self.address("from")?,
            self.address("to")?,
            self.amount("tokenId")?,
        );
        let request_id = id & U256::from(u64::MAX);
        let mut request = self.request(request_id).await?;
        if from.is_zero() {
            if request.receipt.is_some() {
                return Err(self.error(format!("request {request_id} has a receipt")));
            }
            let receipt = Receipt {
                id,
                request: request_id,
                owner: to,
                state: ReceiptState::Live,
                paid: U256::ZERO,
                next: None,
                minted_at: self.event.at,
                block: 0,
                tx_hash: B256::ZERO,
            };
            self.put_receipt(receipt).await?;
            return self.give(request, Some(id), to).await;
        }
        let mut receipt = self.receipt("tokenId").await?;
        if receipt.owner != from || request.receipt != Some(id) {
            return Err(self.error(format!("{from} does not own it")));
        }
        if to.is_zero() {
            // A claim or the unwrapping says in a moment which it was; the request stays with who burned it.
            request.receipt = None;
            return self.tables.put(&request).await;
        }
        receipt.owner = to;
        self.put_receipt(receipt).await?;
        for (account, kind, counterparty) in [
            (from, HistoryKind::ReceiptOut, to),
            (to, HistoryKind::ReceiptIn, from),
        ] {
            self.history(
                account,
                kind,
                U256::ZERO,
                request.lst,
                Some(counterparty),
                Some(request_id),
            )
            .await?;
        }
        self.give(request, Some(id), to).await
    }

    async fn give(
        &mut self,
        mut request: Request,
        receipt: Option<U256>,
        owner: Address,
    ) -> Result<()> {
        request.receipt = receipt;
        request.owner = owner;
        self.topic("queue");
        self.topic(&format!("account:{owner:#x}"));
        self.tables.put(&request).await
    }

    async fn receipt(&mut self, argument: &str) -> Result<Receipt> {
        let id = self.amount(argument)?;
        let row = self.tables.get(Receipt::key(&id)).await?;
        row.filter(|r| r.state == ReceiptState::Live)
            .ok_or_else(|| self.error(format!("receipt {id} is not live")))
    }

    /// Notes where it changed last.
    async fn put_receipt(&mut self, mut receipt: Receipt) -> Result<()> {
        (receipt.block, receipt.tx_hash) = (self.event.block, self.event.tx_hash);
        self.topic(&format!("account:{:#x}", receipt.owner));
        self.tables.put(&receipt).await
    }

    // -------------------------------------------------------------------- pools

    async fn pool_set(&mut self, route: Address) -> Result<()> {
        let style = match self.parse::<u64>("style")? {
            0 => PoolStyle::Removed,
            1 => PoolStyle::V2,
            2 => PoolStyle::V3,
            style => return Err(self.error(format!("style {style} is unknown"))),
        };
        self.topic("metrics");
        self.tables
            .put(&ExitPool {
                route,
                pool: self.address("pool")?,
                style,
                fee_bps: self.parse("feeBps")?,
                changed_at: self.event.at,
            })
            .await
    }

    async fn pool_sold(&mut self) -> Result<()> {
        let Event {
            block,
            log_index,
            at,
            ..
        } = *self.event;
        let (account, recipient) = (self.address("account")?, self.address("recipient")?);
        let (lst, coins) = (self.amount("lst")?, self.amount("coins")?);
        self.holder(account, |h| h.exited = h.exited.saturating_add(coins))
            .await?;
        self.history(
            account,
            HistoryKind::PoolExit,
            coins,
            lst,
            other(account, recipient),
            None,
        )
        .await?;
        self.topic("metrics");
        self.tables
            .put(&PoolSale {
                block,
                log_index,
                at,
                pool: self.address("pool")?,
                account,
                recipient,
                lst,
                coins,
            })
            .await
    }

    // -------------------------------------------------------------------- reserve

    /// The reserve's events say what it holds now: ours must be the same.
    async fn reserve_move(
        &mut self,
        kind: ReserveMoveKind,
        account: Option<Address>,
    ) -> Result<()> {
        let (amount, held) = (self.amount("amount")?, self.amount("held")?);
        if self.total(INSURANCE).await? != held {
            return Err(self.error("the reserve holds another amount"));
        }
        let Event {
            block,
            log_index,
            at,
            ..
        } = *self.event;
        self.topic("metrics");
        self.tables
            .put(&ReserveMove {
                block,
                log_index,
                at,
                kind,
                account,
                amount,
                held,
            })
            .await
    }

    // -------------------------------------------------------------------- power

    async fn announced(&mut self) -> Result<()> {
        let data: Bytes = self.parse("data")?;
        let at = self.parse("scheduledAt")?;
        if let Some((account, delegate)) = proposed_delegate(&data) {
            let mut row = self.delegate(account).await?;
            (row.proposed, row.proposed_at) = (Some(delegate), Some(at));
            self.tables.put(&row).await?;
        }
        self.topic("metrics");
        self.tables
            .put(&Scheduled {
                operation: self.parse("operation")?,
                at,
                cancelled: false,
                data,
                block: self.event.block,
            })
            .await
    }

    async fn delegate(&mut self, account: Address) -> Result<Delegate> {
        let row = self.tables.get(Delegate::key(&account)).await?;
        self.topic(&format!("account:{account:#x}"));
        Ok(row.unwrap_or(Delegate {
            account,
            delegate: None,
            active_from: None,
            kept: U256::ZERO,
            closed: false,
            proposed: None,
            proposed_at: None,
        }))
    }

    async fn emergency(&mut self, done: bool, until: Option<u64>) -> Result<()> {
        let what = match self.parse::<u64>("what")? {
            0 => EmergencyKind::Halt,
            1 => EmergencyKind::Reader,
            what => return Err(self.error(format!("emergency {what} is unknown"))),
        };
        let Event {
            block,
            log_index,
            at,
            ..
        } = *self.event;
        self.topic("metrics");
        self.tables
            .put(&Emergency {
                block,
                log_index,
                at,
                what,
                target: self.address("to")?,
                signer: self.address("by")?,
                done,
                until,
            })
            .await
    }

    // -------------------------------------------------------------------- converter

    async fn conversion(&mut self) -> Result<Conversion> {
        let token = self.address("token")?;
        let row = self.tables.get(Conversion::key(&token)).await?;
        Ok(row.unwrap_or(Conversion {
            token,
            floor: U256::ZERO,
            per_sale: U256::ZERO,
            per_day: U256::ZERO,
            received: U256::ZERO,
            sold: U256::ZERO,
            coins: U256::ZERO,
            changed_at: 0,
        }))
    }

    async fn converted(&mut self) -> Result<()> {
        let (amount, coins) = (self.amount("amount")?, self.amount("coins")?);
        let mut row = self.conversion().await?;
        row.sold = row.sold.saturating_add(amount);
        row.coins = row.coins.saturating_add(coins);
        self.tables.put(&row).await?;
        let Event {
            block,
            log_index,
            at,
            ..
        } = *self.event;
        self.topic("metrics");
        self.tables
            .put(&ConversionSale {
                block,
                log_index,
                at,
                token: row.token,
                buyer: self.address("buyer")?,
                amount,
                coins,
                price: self.amount("price")?,
            })
            .await
    }
}

/// Account and delegate, if the announced call proposes one.
fn proposed_delegate(call: &[u8]) -> Option<(Address, Address)> {
    let (selector, words) = call.split_at_checked(4)?;
    if !keccak256(SET_DELEGATE).starts_with(selector) || words.len() != 64 {
        return None;
    }
    let (account, delegate) = words.split_at_checked(32)?;
    Some((
        Address::from_word(B256::try_from(account).ok()?),
        Address::from_word(B256::try_from(delegate).ok()?),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy::primitives::hex;

    #[test]
    fn only_the_call_that_proposes_a_delegate_is_taken_for_one() {
        let word = |byte: u8| [vec![0; 12], vec![byte; 20]].concat();
        let call = |selector: [u8; 4]| [selector.to_vec(), word(0x11), word(0x22)].concat();
        // The selector is from `cast sig "setDelegateClaimer(address,address)"`.
        let proposal = call(hex!("b11eb820"));
        let found = (Address::repeat_byte(0x11), Address::repeat_byte(0x22));
        assert_eq!(proposed_delegate(&proposal), Some(found));
        assert_eq!(proposed_delegate(&proposal[..67]), None);
        assert_eq!(proposed_delegate(&call(hex!("b11eb821"))), None);
        assert_eq!(proposed_delegate(&[]), None);
    }
}
