//! Coins into the vault at once, and out of it through the exit line (ERC-7540): all requests of a rung are one ticket.
//!
//! ```text
//! claimable shares = s - ceil(s * pending / whole) - claimed
//! claimable coins  = floor((A + net) * s / S) - paid
//! ```

use crate::{
    Address, Assets, BPS, CoinVaultCall, Error, Event, ExitParams, MinterCall, Outcome, Rate,
    RequestId, Shares, State, Timestamp, Units, VaultShares, exit::Ctx, state::MAX_AMOUNT,
    units::mul_div_up,
};
use ruint::aliases::U256;
use std::collections::{BTreeMap, BTreeSet};

/// A controller's requests that one claim looks at.
const REQUESTS_PER_CALL: usize = 16;

/// All requests under one id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExitPool {
    /// Requested in all, less what was cancelled.
    pub shares: VaultShares,
    /// That ever came, wei.
    pub coins: Assets,
    /// The minter's ticket behind it.
    pub ticket: Option<RequestId>,
}

/// One controller's part of a pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExitRequest {
    /// Asked for.
    pub shares: VaultShares,
    /// Of these, claimed.
    pub claimed: VaultShares,
    /// Wei paid so far.
    pub paid: Assets,
}

/// The coin vault's books. A request's id is its rung plus 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CoinVault {
    /// By id.
    pub pools: BTreeMap<u64, ExitPool>,
    /// By controller and id.
    pub requests: BTreeMap<(Address, u64), ExitRequest>,
    /// A controller's ids, oldest first; done ones leave from the head.
    pub lists: BTreeMap<Address, Vec<u64>>,
    /// (controller, operator): who may act for whom.
    pub operators: BTreeSet<(Address, Address)>,
}

impl CoinVault {
    /// The controller's part of a pool.
    #[must_use]
    pub fn request(&self, controller: Address, id: u64) -> ExitRequest {
        self.requests
            .get(&(controller, id))
            .copied()
            .unwrap_or_default()
    }

    fn may(&self, controller: Address, caller: Address) -> bool {
        controller == caller || self.operators.contains(&(controller, caller))
    }

    fn check(&self, controller: Address, caller: Address) -> Result<(), Error> {
        if self.may(controller, caller) {
            Ok(())
        } else {
            Err(Error::NotController(controller, caller))
        }
    }

    /// The ids that a claim of the controller's looks at.
    fn oldest(&self, controller: Address) -> Vec<u64> {
        let all = self.lists.get(&controller);
        all.into_iter()
            .flatten()
            .take(REQUESTS_PER_CALL)
            .copied()
            .collect()
    }

    /// Takes requests that are done off the head.
    fn prune(&mut self, controller: Address) {
        let done = |id: &u64| self.request(controller, *id).shares.is_zero();
        let head = self.oldest(controller);
        let count = head.iter().take_while(|id| done(id)).count();
        if let Some(list) = self.lists.get_mut(&controller) {
            list.drain(..count);
        }
    }

    fn book(&mut self, controller: Address, id: u64, part: Part) -> Result<(), Error> {
        let request = self.requests.entry((controller, id)).or_default();
        request.claimed = request.claimed.plus(part.shares)?;
        request.paid = request.paid.plus(part.coins)?;
        if request.claimed == request.shares {
            *request = ExitRequest::default();
        }
        Ok(())
    }
}

/// What of a request is claimable: shares and the wei that they are worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Shares.
    pub shares: VaultShares,
    /// Wei.
    pub coins: Assets,
}

/// How far a ticket is funded.
struct Funding {
    /// Wei that a claim would pay now.
    net: Assets,
    /// LST of its rung that waits for coins, up.
    pending: Shares,
    /// All LST of its rung.
    whole: Shares,
}

impl State {
    /// `requestFunding` of the minter. A rung that has not closed waits whole.
    fn funding(&self, ticket: Option<RequestId>) -> Result<Funding, Error> {
        let line = &self.minter.line;
        let one = Shares::of(1);
        let waiting = Funding {
            net: Assets::ZERO,
            pending: one,
            whole: one,
        };
        let Some((id, rung)) = ticket.and_then(|id| line.rung(id.rung()).map(|rung| (id, rung)))
        else {
            return Ok(waiting);
        };
        let net = match line.claimable(id) {
            Ok((gross, fee)) => gross.minus(fee)?,
            Err(_) => Assets::ZERO,
        };
        let left = rung.end.min0(rung.start.max(line.watermark));
        let pending = if line.is_done(rung) || left == Units::ZERO {
            Shares::ZERO
        } else {
            line.open_lst
                .mul_div_up(left.raw(), line.open_units().raw())?
                .min(rung.lst)
        };
        Ok(Funding {
            net,
            pending,
            whole: rung.lst,
        })
    }

    /// What `claimRequest` would bring, and the wei that the pool could collect. While anything of the pool is pending a
    /// share of each request is: no request ends before its last coin is here.
    fn claimable_part(&self, controller: Address, id: u64) -> Result<(Part, Assets), Error> {
        let request = self.coin_vault.request(controller, id);
        if request.shares.is_zero() {
            return Ok((Part::default(), Assets::ZERO));
        }
        let pool = self.coin_vault.pools.get(&id).copied().unwrap_or_default();
        let Funding {
            net,
            pending,
            whole,
        } = self.funding(pool.ticket)?;
        let all = pool.coins.plus(net)?;
        if !pending.is_zero() && all.is_zero() {
            return Ok((Part::default(), net));
        }
        let waits = request.shares.mul_div_up(pending.raw(), whole.raw())?;
        let shares = request.shares.min0(request.claimed).min0(waits);
        if shares.is_zero() {
            return Ok((Part::default(), net));
        }
        let coins = all
            .mul_div_down(request.shares.raw(), pool.shares.raw())?
            .min0(request.paid);
        Ok((Part { shares, coins }, net))
    }

    /// Claimable of one request: shares and wei.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn exit_claimable(&self, controller: Address, id: u64) -> Result<Part, Error> {
        Ok(self.claimable_part(controller, id)?.0)
    }

    /// `maxRedeem` and `maxWithdraw` of the coin vault: over the 16 oldest requests.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn exit_most(&self, controller: Address) -> Result<Part, Error> {
        let mut sum = Part::default();
        for id in self.coin_vault.oldest(controller) {
            let part = self.exit_claimable(controller, id)?;
            sum.shares = sum.shares.plus(part.shares)?;
            sum.coins = sum.coins.plus(part.coins)?;
        }
        Ok(sum)
    }

    /// `previewMint` of the coin vault: wei for `shares`, up.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn coins_for_shares_up(
        &self,
        now: Timestamp,
        shares: VaultShares,
    ) -> Result<Assets, Error> {
        let lst = self.vault_lst_up(now, shares)?;
        self.minter.rate.to_assets_up(lst)
    }

    /// `maxDeposit` of the coin vault, wei: the minter's room, and what 96 bits of LST supply leave, less what may be
    /// harvested before.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn coin_vault_max_deposit(&self, now: Timestamp) -> Result<Assets, Error> {
        let (rate, room) = self.deposit_terms(now);
        let left = Shares::new(MAX_AMOUNT.raw()).min0(self.token.total_supply);
        let most = room.min(rate.to_assets_down(left)?);
        Ok(most.min0(self.vault_waiting(now)?.0))
    }

    /// `previewDeposit` of the coin vault: shares for `coins`, down; none at a rate of 0.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn shares_for_coins_down(
        &self,
        now: Timestamp,
        coins: Assets,
    ) -> Result<VaultShares, Error> {
        let lst = if self.minter.rate == Rate::new(U256::ZERO) {
            Shares::ZERO
        } else {
            self.minter.rate.to_shares_down(coins)?
        };
        self.vault_shares_down(now, lst)
    }

    /// Puts `lst` of the coin vault into the open rung.
    fn queue_ticket(
        &mut self,
        now: Timestamp,
        lst: Shares,
        out: &mut Outcome,
    ) -> Result<RequestId, Error> {
        let own = self.places.coin_vault;
        let params = ExitParams {
            instant_max: Shares::ZERO,
            amm_max: Shares::ZERO,
            queue_max: lst,
            min_out_now: Assets::ZERO,
            fee_limit_bps: BPS,
            deadline: now,
            recipient: own,
        };
        let call = MinterCall::Redeem {
            amount: lst,
            params,
        };
        let words = self.call_minter(own, now, &call, out)?;
        let id = words.get(1).copied().unwrap_or_default();
        Ok(RequestId::new(
            u64::try_from(id).map_err(|_| Error::Arithmetic)?,
        ))
    }

    fn cancel_ticket(
        &mut self,
        now: Timestamp,
        id: RequestId,
        out: &mut Outcome,
    ) -> Result<Shares, Error> {
        let call = MinterCall::Cancel { id };
        let words = self.call_minter(self.places.coin_vault, now, &call, out)?;
        Ok(Shares::new(words.first().copied().unwrap_or_default()))
    }

    fn request_redeem(
        &mut self,
        ctx: Ctx,
        shares: VaultShares,
        controller: Address,
        owner: Address,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        if shares.is_zero() {
            return Err(Error::ZeroAmount);
        }
        if controller.is_zero() {
            return Err(Error::ZeroAddress);
        }
        if shares.raw() > MAX_AMOUNT.raw() {
            let amount = Assets::new(shares.raw());
            return Err(Error::AmountTooLarge(amount, MAX_AMOUNT));
        }
        let trusted = self.coin_vault.may(owner, ctx.caller);
        let spender = if trusted { owner } else { ctx.caller };
        let own = Ctx {
            caller: self.places.coin_vault,
            now: ctx.now,
        };
        let mut lst = self.vault_redeem_for_exit(own, shares, owner, spender, out)?;
        let id = self.minter.line.open_rung().saturating_add(1);
        let before = self.coin_vault.pools.get(&id).and_then(|pool| pool.ticket);
        if let Some(ticket) = before {
            lst = lst.plus(self.cancel_ticket(ctx.now, ticket, out)?)?;
        }
        let ticket = self.queue_ticket(ctx.now, lst, out)?;
        let books = &mut self.coin_vault;
        let pool = books.pools.entry(id).or_default();
        pool.shares = pool.shares.plus(shares)?;
        pool.ticket = Some(ticket);
        let request = books.requests.entry((controller, id)).or_default();
        request.shares = request.shares.plus(shares)?;
        let list = books.lists.entry(controller).or_default();
        if list.last() != Some(&id) {
            list.push(id);
        }
        out.tell(Event::RedeemRequest {
            controller,
            owner,
            id,
            sender: ctx.caller,
            shares,
        });
        out.words([U256::from(id)])
    }

    /// Takes the controller's request of the open rung back, as LST: its part of the ticket, down.
    fn cancel_request(
        &mut self,
        ctx: Ctx,
        receiver: Address,
        controller: Address,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        self.coin_vault.check(controller, ctx.caller)?;
        if receiver.is_zero() {
            return Err(Error::ZeroAddress);
        }
        let id = self.minter.line.open_rung().saturating_add(1);
        let shares = self.coin_vault.request(controller, id).shares;
        if shares.is_zero() {
            return Err(Error::NothingToCancel(id, controller));
        }
        let pool = self.coin_vault.pools.get(&id).copied().unwrap_or_default();
        let ticket = pool.ticket.ok_or(Error::Arithmetic)?;
        self.coin_vault
            .requests
            .insert((controller, id), ExitRequest::default());
        self.coin_vault.prune(controller);
        let all = self.cancel_ticket(ctx.now, ticket, out)?;
        let lst = all.mul_div_down(shares.raw(), pool.shares.raw())?;
        let left = pool.shares.minus(shares)?;
        let ticket = if left.is_zero() {
            None
        } else {
            Some(self.queue_ticket(ctx.now, all.minus(lst)?, out)?)
        };
        let pool = self.coin_vault.pools.entry(id).or_default();
        pool.shares = left;
        pool.ticket = ticket;
        out.tell(Event::RedeemRequestCancelled {
            controller,
            receiver,
            id,
            shares,
            lst,
        });
        let own = self.places.coin_vault;
        self.token.transfer(ctx.now, own, receiver, lst, out)?;
        out.words([lst.raw()])
    }

    /// What is claimable of a request, after the coins of its pool came.
    fn claim_now(
        &mut self,
        now: Timestamp,
        controller: Address,
        id: u64,
        out: &mut Outcome,
    ) -> Result<Part, Error> {
        let (part, net) = self.claimable_part(controller, id)?;
        if part.shares.is_zero() || net.is_zero() {
            return Ok(part);
        }
        let own = self.places.coin_vault;
        let ticket = self.coin_vault.pools.get(&id).and_then(|pool| pool.ticket);
        let call = MinterCall::Withdraw {
            recipient: own,
            id: ticket.ok_or(Error::Arithmetic)?,
        };
        let words = self.call_minter(own, now, &call, out)?;
        let came = Assets::new(words.first().copied().unwrap_or_default());
        let pool = self.coin_vault.pools.entry(id).or_default();
        pool.coins = pool.coins.plus(came)?;
        Ok(part)
    }

    fn check_claim(
        &self,
        ctx: Ctx,
        amount: U256,
        receiver: Address,
        controller: Address,
    ) -> Result<(), Error> {
        self.coin_vault.check(controller, ctx.caller)?;
        if amount.is_zero() {
            return Err(Error::ZeroAmount);
        }
        if receiver.is_zero() {
            return Err(Error::ZeroAddress);
        }
        Ok(())
    }

    fn pay_part(
        &mut self,
        ctx: Ctx,
        receiver: Address,
        controller: Address,
        part: Part,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        self.coin_vault.prune(controller);
        out.tell(Event::ExitWithdraw {
            sender: ctx.caller,
            receiver,
            owner: controller,
            coins: part.coins,
            shares: part.shares,
        });
        self.send(self.places.coin_vault, receiver, part.coins)
    }

    /// `redeem`: `shares` of what is claimable, oldest first; coins of a part round down.
    fn exit_redeem(
        &mut self,
        ctx: Ctx,
        shares: VaultShares,
        receiver: Address,
        controller: Address,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        self.check_claim(ctx, shares.raw(), receiver, controller)?;
        let (mut left, mut coins) = (shares, Assets::ZERO);
        for id in self.coin_vault.oldest(controller) {
            if left.is_zero() {
                break;
            }
            let most = self.claim_now(ctx.now, controller, id, out)?;
            let take = left.min(most.shares);
            if take.is_zero() {
                continue;
            }
            let got = if take == most.shares {
                most.coins
            } else {
                most.coins.mul_div_down(take.raw(), most.shares.raw())?
            };
            let part = Part {
                shares: take,
                coins: got,
            };
            self.coin_vault.book(controller, id, part)?;
            left = left.minus(take)?;
            coins = coins.plus(got)?;
        }
        if !left.is_zero() {
            let there = shares.minus(left)?;
            return Err(Error::RedeemAboveClaimable(controller, shares, there));
        }
        self.pay_part(ctx, receiver, controller, Part { shares, coins }, out)?;
        out.words([coins.raw()])
    }

    /// `withdraw`: `coins` of what is claimable, oldest first; shares of a part round up.
    fn exit_withdraw(
        &mut self,
        ctx: Ctx,
        coins: Assets,
        receiver: Address,
        controller: Address,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        self.check_claim(ctx, coins.raw(), receiver, controller)?;
        let (mut left, mut shares) = (coins, VaultShares::ZERO);
        for id in self.coin_vault.oldest(controller) {
            if left.is_zero() {
                break;
            }
            let most = self.claim_now(ctx.now, controller, id, out)?;
            let got = if most.shares.is_zero() {
                Assets::ZERO
            } else {
                left.min(most.coins)
            };
            if got.is_zero() {
                continue;
            }
            let take = if got == most.coins {
                most.shares
            } else {
                VaultShares::new(mul_div_up(most.shares.raw(), got.raw(), most.coins.raw())?)
            };
            let part = Part {
                shares: take,
                coins: got,
            };
            self.coin_vault.book(controller, id, part)?;
            left = left.minus(got)?;
            shares = shares.plus(take)?;
        }
        if !left.is_zero() {
            let there = coins.minus(left)?;
            return Err(Error::WithdrawAboveClaimable(controller, coins, there));
        }
        self.pay_part(ctx, receiver, controller, Part { shares, coins }, out)?;
        out.words([shares.raw()])
    }

    pub(crate) fn coin_vault_call(
        &mut self,
        ctx: Ctx,
        call: &CoinVaultCall,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let own = Ctx {
            caller: self.places.coin_vault,
            now: ctx.now,
        };
        match *call {
            CoinVaultCall::Deposit {
                coins,
                assets,
                receiver,
            } => {
                if coins != assets {
                    return Err(Error::WrongValue(assets, coins));
                }
                self.move_coins(ctx.caller.into(), own.caller.into(), coins)?;
                let none = VaultShares::ZERO;
                let shares = self.vault_submit_and_deposit(own, coins, receiver, none, out)?;
                self.tell_coin_deposit(ctx.caller, receiver, Part { shares, coins }, out);
                out.words([shares.raw()])
            }
            CoinVaultCall::Mint {
                coins,
                shares,
                receiver,
            } => {
                let price = self.coins_for_shares_up(ctx.now, shares)?;
                if coins < price {
                    return Err(Error::WrongValue(price, coins));
                }
                self.move_coins(ctx.caller.into(), own.caller.into(), coins)?;
                self.vault_submit_and_mint(own, price, receiver, shares, out)?;
                let part = Part {
                    shares,
                    coins: price,
                };
                self.tell_coin_deposit(ctx.caller, receiver, part, out);
                self.send(own.caller, ctx.caller, coins.minus(price)?)?;
                out.words([price.raw()])
            }
            CoinVaultCall::RequestRedeem {
                shares,
                controller,
                owner,
            } => self.request_redeem(ctx, shares, controller, owner, out),
            CoinVaultCall::CancelRequest {
                receiver,
                controller,
            } => self.cancel_request(ctx, receiver, controller, out),
            CoinVaultCall::Redeem {
                shares,
                receiver,
                controller,
            } => self.exit_redeem(ctx, shares, receiver, controller, out),
            CoinVaultCall::Withdraw {
                coins,
                receiver,
                controller,
            } => self.exit_withdraw(ctx, coins, receiver, controller, out),
            CoinVaultCall::ClaimRequest {
                id,
                receiver,
                controller,
            } => {
                self.check_claim(ctx, U256::from(id), receiver, controller)?;
                let part = self.claim_now(ctx.now, controller, id, out)?;
                if part.shares.is_zero() {
                    return Err(Error::NothingToClaimOf(id, controller));
                }
                self.coin_vault.book(controller, id, part)?;
                self.pay_part(ctx, receiver, controller, part, out)?;
                out.words([part.shares.raw(), part.coins.raw()])
            }
            CoinVaultCall::SetOperator { operator, approved } => {
                let key = (ctx.caller, operator);
                if approved {
                    self.coin_vault.operators.insert(key);
                } else {
                    self.coin_vault.operators.remove(&key);
                }
                out.tell(Event::OperatorSet {
                    controller: ctx.caller,
                    operator,
                    approved,
                });
                out.words([U256::from(1)])
            }
        }
    }

    fn tell_coin_deposit(&self, sender: Address, owner: Address, part: Part, out: &mut Outcome) {
        out.tell(Event::CoinDeposit {
            sender,
            owner,
            coins: part.coins,
            shares: part.shares,
        });
    }
}
