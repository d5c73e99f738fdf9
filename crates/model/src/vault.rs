//! The compounding vault: ERC-4626 over LST, with virtual shares; its share is the coin vault's too.
//!
//! ```text
//! waitingLst  = floor((coinsHeld + earned(vault)) / rate)
//! totalAssets = lstHeld + waitingLst
//! shares(a)   = a * (totalSupply + V) / (totalAssets + V)          V = 1e6
//! ```

use crate::{
    Address, Assets, Error, Event, MinterCall, Outcome, Rate, Shares, State, Timestamp, VaultCall,
    VaultShares,
    exit::Ctx,
    state::MAX_AMOUNT,
    units::{mul_div_down, mul_div_up},
};
use ruint::aliases::U256;
use std::collections::BTreeMap;

/// Shares and LST wei that nobody owns: whoever inflates a share by a wei gives a million away (attack L23).
const VIRTUAL: U256 = U256::from_limbs([1_000_000, 0, 0, 0]);
/// Deposits harvest first when more than one part in this many waits.
const HARVEST_PART: U256 = U256::from_limbs([10_000, 0, 0, 0]);

/// The vault's books.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vault {
    /// LST wei that it counts as its own.
    pub lst_held: Shares,
    /// Coins of rewards that were collected and are not LST yet, wei.
    pub coins_held: Assets,
    /// Sum of `balances`.
    pub total_supply: VaultShares,
    /// Who has how many shares.
    pub balances: BTreeMap<Address, VaultShares>,
    /// (owner, spender) -> shares.
    pub allowances: BTreeMap<(Address, Address), VaultShares>,
}

impl Vault {
    /// Shares of `owner`.
    #[must_use]
    pub fn balance(&self, owner: Address) -> VaultShares {
        self.balances.get(&owner).copied().unwrap_or_default()
    }

    /// Shares that `spender` may take from `owner`; the maximum is never used up.
    #[must_use]
    pub fn allowance(&self, owner: Address, spender: Address) -> VaultShares {
        self.allowances
            .get(&(owner, spender))
            .copied()
            .unwrap_or_default()
    }

    fn virtual_supply(&self) -> Result<U256, Error> {
        let supply = self.total_supply.raw();
        supply.checked_add(VIRTUAL).ok_or(Error::Arithmetic)
    }

    fn spend(&mut self, owner: Address, spender: Address, x: VaultShares) -> Result<(), Error> {
        let allowed = self.allowance(owner, spender);
        if owner == spender || allowed == VaultShares::MAX {
            return Ok(());
        }
        if allowed < x {
            return Err(Error::InsufficientAllowance(
                spender,
                allowed.raw(),
                x.raw(),
            ));
        }
        self.allowances.insert((owner, spender), allowed.minus(x)?);
        Ok(())
    }

    fn take(&mut self, owner: Address, x: VaultShares) -> Result<(), Error> {
        let has = self.balance(owner);
        if has < x {
            return Err(Error::InsufficientBalance(owner, has.raw(), x.raw()));
        }
        self.balances.insert(owner, has.minus(x)?);
        Ok(())
    }

    fn add(&mut self, owner: Address, x: VaultShares) -> Result<(), Error> {
        let has = self.balance(owner);
        self.balances.insert(owner, has.plus(x)?);
        Ok(())
    }

    fn mint(&mut self, to: Address, value: VaultShares, out: &mut Outcome) -> Result<(), Error> {
        if to.is_zero() {
            return Err(Error::InvalidReceiver(to));
        }
        self.add(to, value)?;
        self.total_supply = self.total_supply.plus(value)?;
        out.tell(Event::VaultTransfer {
            from: Address::ZERO,
            to,
            value,
        });
        Ok(())
    }

    fn burn(&mut self, from: Address, value: VaultShares, out: &mut Outcome) -> Result<(), Error> {
        self.take(from, value)?;
        self.total_supply = self.total_supply.minus(value)?;
        out.tell(Event::VaultTransfer {
            from,
            to: Address::ZERO,
            value,
        });
        Ok(())
    }

    fn transfer(
        &mut self,
        from: Address,
        to: Address,
        value: VaultShares,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        if to.is_zero() {
            return Err(Error::InvalidReceiver(to));
        }
        self.take(from, value)?;
        self.add(to, value)?;
        out.tell(Event::VaultTransfer { from, to, value });
        Ok(())
    }
}

impl State {
    /// The rate, and the most coins that a deposit may bring at `now`: 0 while deposits are closed.
    #[must_use]
    pub fn deposit_terms(&self, now: Timestamp) -> (Rate, Assets) {
        let m = &self.minter;
        let closed = self.halted()
            || now < m.deposits_paused_until
            || m.slash_pending > 0
            || m.rate < Rate::LOWEST;
        let room = if closed {
            Assets::ZERO
        } else {
            MAX_AMOUNT.min0(m.headroom)
        };
        (m.rate, room)
    }

    fn deposits_open(&self, now: Timestamp) -> bool {
        !self.deposit_terms(now).1.is_zero()
    }

    /// What a harvest would turn: coins, and the LST that they count as (down; 0 at a rate of 0).
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn vault_waiting(&self, now: Timestamp) -> Result<(Assets, Shares), Error> {
        let earned = self.token.earned(now, self.places.vault)?;
        let coins = self.vault.coins_held.plus(earned)?;
        let rate = self.minter.rate;
        if rate.raw().is_zero() {
            return Ok((coins, Shares::ZERO));
        }
        Ok((coins, rate.to_shares_down(coins)?))
    }

    /// `totalAssets`, LST wei. A harvest moves it by nothing.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn vault_assets(&self, now: Timestamp) -> Result<Shares, Error> {
        self.vault.lst_held.plus(self.vault_waiting(now)?.1)
    }

    fn virtual_assets(&self, now: Timestamp) -> Result<U256, Error> {
        let assets = self.vault_assets(now)?.raw();
        assets.checked_add(VIRTUAL).ok_or(Error::Arithmetic)
    }

    /// Shares for `lst`, down: what comes in gets no more than it is worth.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn vault_shares_down(&self, now: Timestamp, lst: Shares) -> Result<VaultShares, Error> {
        let (supply, assets) = (self.vault.virtual_supply()?, self.virtual_assets(now)?);
        mul_div_down(lst.raw(), supply, assets).map(VaultShares::new)
    }

    /// Shares for `lst`, up: what is taken out costs no less than it is worth.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn vault_shares_up(&self, now: Timestamp, lst: Shares) -> Result<VaultShares, Error> {
        let (supply, assets) = (self.vault.virtual_supply()?, self.virtual_assets(now)?);
        mul_div_up(lst.raw(), supply, assets).map(VaultShares::new)
    }

    /// LST wei for `shares`, down.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn vault_lst_down(&self, now: Timestamp, shares: VaultShares) -> Result<Shares, Error> {
        let (supply, assets) = (self.vault.virtual_supply()?, self.virtual_assets(now)?);
        mul_div_down(shares.raw(), assets, supply).map(Shares::new)
    }

    /// LST wei for `shares`, up.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn vault_lst_up(&self, now: Timestamp, shares: VaultShares) -> Result<Shares, Error> {
        let (supply, assets) = (self.vault.virtual_supply()?, self.virtual_assets(now)?);
        mul_div_up(shares.raw(), assets, supply).map(Shares::new)
    }

    /// `maxRedeem`: what is not LST yet becomes it when a redemption needs it; while deposits are closed, only LST that
    /// is here is paid.
    ///
    /// # Errors
    /// [`Error::Arithmetic`] on overflow.
    pub fn vault_max_redeem(&self, now: Timestamp, owner: Address) -> Result<VaultShares, Error> {
        let has = self.vault.balance(owner);
        if self.deposits_open(now) {
            return Ok(has);
        }
        Ok(has.min(self.vault_shares_down(now, self.vault.lst_held)?))
    }

    /// The vault deposits coins of its own at the minter.
    fn vault_submit(
        &mut self,
        now: Timestamp,
        coins: Assets,
        out: &mut Outcome,
    ) -> Result<Shares, Error> {
        let call = MinterCall::Deposit {
            coins,
            recipient: self.places.vault,
            min_out: Shares::ZERO,
            deadline: now,
        };
        let words = self.call_minter(self.places.vault, now, &call, out)?;
        Ok(Shares::new(words.first().copied().unwrap_or_default()))
    }

    fn vault_collect(&mut self, now: Timestamp, out: &mut Outcome) -> Result<Assets, Error> {
        let vault = self.places.vault;
        self.pay_rewards(vault, vault, now, out)?;
        let got = out.take_words().first().copied().unwrap_or_default();
        self.vault.coins_held.plus(Assets::new(got))
    }

    /// Rewards become LST at the rate: `totalAssets` moves by 0 wei.
    pub(crate) fn harvest(
        &mut self,
        ctx: Ctx,
        out: &mut Outcome,
    ) -> Result<(Assets, Shares), Error> {
        let coins = self.vault_collect(ctx.now, out)?;
        if coins.is_zero() {
            return Ok((Assets::ZERO, Shares::ZERO));
        }
        self.vault.coins_held = Assets::ZERO;
        let lst = self.vault_submit(ctx.now, coins, out)?;
        self.vault.lst_held = self.vault.lst_held.plus(lst)?;
        out.tell(Event::Harvested {
            caller: ctx.caller,
            coins,
            lst,
        });
        Ok((coins, lst))
    }

    /// Nobody buys into coins that wait when they are more than 0.01 % of what is held.
    fn harvest_before_deposit(&mut self, ctx: Ctx, out: &mut Outcome) -> Result<(), Error> {
        let (_, waiting) = self.vault_waiting(ctx.now)?;
        let part = self
            .vault
            .lst_held
            .mul_div_down(U256::from(1), HARVEST_PART)?;
        if waiting > part {
            self.harvest(ctx, out)?;
        }
        Ok(())
    }

    /// LST and the shares that it was found worth go in.
    fn vault_deposit(
        &mut self,
        ctx: Ctx,
        receiver: Address,
        (lst, shares): (Shares, VaultShares),
        out: &mut Outcome,
    ) -> Result<(), Error> {
        if lst.is_zero() || shares.is_zero() {
            return Err(Error::ZeroAmount);
        }
        self.harvest_before_deposit(ctx, out)?;
        let vault = self.places.vault;
        self.token
            .transfer_from(ctx.now, vault, ctx.caller, vault, lst, out)?;
        self.vault_credit(ctx.caller, receiver, (lst, shares), out)
    }

    fn vault_credit(
        &mut self,
        sender: Address,
        receiver: Address,
        (lst, shares): (Shares, VaultShares),
        out: &mut Outcome,
    ) -> Result<(), Error> {
        self.vault.lst_held = self.vault.lst_held.plus(lst)?;
        self.vault.mint(receiver, shares, out)?;
        out.tell(Event::VaultDeposit {
            sender,
            owner: receiver,
            lst,
            shares,
        });
        Ok(())
    }

    /// LST leaves the books: more than is held is harvested first.
    fn vault_take(
        &mut self,
        ctx: Ctx,
        (lst, shares): (Shares, VaultShares),
        out: &mut Outcome,
    ) -> Result<(), Error> {
        if lst.is_zero() || shares.is_zero() {
            return Err(Error::ZeroAmount);
        }
        if lst > self.vault.lst_held {
            self.harvest(ctx, out)?;
        }
        self.vault.lst_held = self.vault.lst_held.minus(lst)?;
        Ok(())
    }

    /// Shares of `owner` become LST for `receiver`.
    fn vault_leave(
        &mut self,
        ctx: Ctx,
        (owner, receiver, spender): (Address, Address, Address),
        (lst, shares): (Shares, VaultShares),
        out: &mut Outcome,
    ) -> Result<(), Error> {
        self.vault_take(ctx, (lst, shares), out)?;
        self.vault.spend(owner, spender, shares)?;
        self.vault.burn(owner, shares, out)?;
        self.token
            .transfer(ctx.now, self.places.vault, receiver, lst, out)?;
        out.tell(Event::VaultWithdraw {
            sender: ctx.caller,
            receiver,
            owner,
            lst,
            shares,
        });
        Ok(())
    }

    /// `submitAndDeposit` of the vault: coins that come with the call become LST of the vault, and that shares.
    pub(crate) fn vault_submit_and_deposit(
        &mut self,
        ctx: Ctx,
        coins: Assets,
        receiver: Address,
        min_shares: VaultShares,
        out: &mut Outcome,
    ) -> Result<VaultShares, Error> {
        self.move_coins(ctx.caller.into(), self.places.vault.into(), coins)?;
        self.harvest_before_deposit(ctx, out)?;
        // The assets before: this LST is not held yet.
        let lst = self.vault_submit(ctx.now, coins, out)?;
        let shares = self.vault_shares_down(ctx.now, lst)?;
        if shares.is_zero() {
            return Err(Error::ZeroAmount);
        }
        if shares < min_shares {
            return Err(Error::SharesBelowMinimum(shares, min_shares));
        }
        self.vault_credit(ctx.caller, receiver, (lst, shares), out)?;
        Ok(shares)
    }

    /// `submitAndMint`, for the coin vault: exactly `shares`; what the coins are worth more stays with all holders.
    pub(crate) fn vault_submit_and_mint(
        &mut self,
        ctx: Ctx,
        coins: Assets,
        receiver: Address,
        shares: VaultShares,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        self.move_coins(ctx.caller.into(), self.places.vault.into(), coins)?;
        self.harvest_before_deposit(ctx, out)?;
        let lst = self.vault_submit(ctx.now, coins, out)?;
        let worth = self.vault_shares_down(ctx.now, lst)?;
        if worth < shares {
            return Err(Error::SharesBelowMinimum(worth, shares));
        }
        self.vault_credit(ctx.caller, receiver, (lst, shares), out)
    }

    /// `redeemForExit`, for the coin vault: burns shares of `owner` and hands over their LST.
    pub(crate) fn vault_redeem_for_exit(
        &mut self,
        ctx: Ctx,
        shares: VaultShares,
        owner: Address,
        spender: Address,
        out: &mut Outcome,
    ) -> Result<Shares, Error> {
        if self.deposits_open(ctx.now) {
            self.harvest_before_deposit(ctx, out)?;
        }
        let most = self.vault_max_redeem(ctx.now, owner)?;
        if shares > most {
            return Err(Error::ExceededMaxRedeem(owner, shares, most));
        }
        let lst = self.vault_lst_down(ctx.now, shares)?;
        self.vault_leave(ctx, (owner, ctx.caller, spender), (lst, shares), out)?;
        Ok(lst)
    }

    /// The shares' part of everything as it lies: LST, and waiting coins (one wei less, for the rounding).
    fn redeem_in_kind(
        &mut self,
        ctx: Ctx,
        shares: VaultShares,
        receiver: Address,
        owner: Address,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        if shares.is_zero() {
            return Err(Error::ZeroAmount);
        }
        let supply = self.vault.virtual_supply()?;
        self.vault.spend(owner, ctx.caller, shares)?;
        self.vault.burn(owner, shares, out)?;
        let all = self.vault_collect(ctx.now, out)?;
        let lst = self.vault.lst_held.mul_div_down(shares.raw(), supply)?;
        let coins = all.mul_div_down(shares.raw(), supply)?.min0(Assets::of(1));
        self.vault.lst_held = self.vault.lst_held.minus(lst)?;
        self.vault.coins_held = all.minus(coins)?;
        let (sender, vault) = (ctx.caller, self.places.vault);
        out.tell(Event::VaultWithdraw {
            sender,
            receiver,
            owner,
            lst,
            shares,
        });
        out.tell(Event::RedeemedInKind {
            caller: sender,
            receiver,
            owner,
            shares,
            lst,
            coins,
        });
        self.token.transfer(ctx.now, vault, receiver, lst, out)?;
        self.send(vault, receiver, coins)?;
        out.words([lst.raw(), coins.raw()])
    }

    pub(crate) fn vault_call(
        &mut self,
        ctx: Ctx,
        call: &VaultCall,
        out: &mut Outcome,
    ) -> Result<(), Error> {
        let (caller, now) = (ctx.caller, ctx.now);
        let all = |open: bool| if open { U256::MAX } else { U256::ZERO };
        match *call {
            VaultCall::Deposit { lst, receiver } => {
                let most = Shares::new(all(self.deposits_open(now)));
                if lst > most {
                    return Err(Error::ExceededMaxDeposit(receiver, lst, most));
                }
                let shares = self.vault_shares_down(now, lst)?;
                self.vault_deposit(ctx, receiver, (lst, shares), out)?;
                out.words([shares.raw()])
            }
            VaultCall::Mint { shares, receiver } => {
                let most = VaultShares::new(all(self.deposits_open(now)));
                if shares > most {
                    return Err(Error::ExceededMaxMint(receiver, shares, most));
                }
                let lst = self.vault_lst_up(now, shares)?;
                self.vault_deposit(ctx, receiver, (lst, shares), out)?;
                out.words([lst.raw()])
            }
            VaultCall::Withdraw {
                lst,
                receiver,
                owner,
            } => {
                let most = self.vault_lst_down(now, self.vault_max_redeem(now, owner)?)?;
                if lst > most {
                    return Err(Error::ExceededMaxWithdraw(owner, lst, most));
                }
                let shares = self.vault_shares_up(now, lst)?;
                self.vault_leave(ctx, (owner, receiver, caller), (lst, shares), out)?;
                out.words([shares.raw()])
            }
            VaultCall::Redeem {
                shares,
                receiver,
                owner,
            } => {
                let most = self.vault_max_redeem(now, owner)?;
                if shares > most {
                    return Err(Error::ExceededMaxRedeem(owner, shares, most));
                }
                let lst = self.vault_lst_down(now, shares)?;
                self.vault_leave(ctx, (owner, receiver, caller), (lst, shares), out)?;
                out.words([lst.raw()])
            }
            VaultCall::RedeemInKind {
                shares,
                receiver,
                owner,
            } => self.redeem_in_kind(ctx, shares, receiver, owner, out),
            VaultCall::Harvest => {
                let (coins, lst) = self.harvest(ctx, out)?;
                out.words([coins.raw(), lst.raw()])
            }
            VaultCall::SubmitAndDeposit {
                coins,
                receiver,
                min_shares,
            } => {
                let shares =
                    self.vault_submit_and_deposit(ctx, coins, receiver, min_shares, out)?;
                out.words([shares.raw()])
            }
            VaultCall::SubmitAndMint { .. } | VaultCall::RedeemForExit { .. } => {
                Err(Error::NotCoinVault(caller))
            }
            VaultCall::Transfer { to, shares } => {
                self.vault.transfer(caller, to, shares, out)?;
                out.words([U256::from(1)])
            }
            VaultCall::Approve { spender, shares } => {
                if spender.is_zero() {
                    return Err(Error::InvalidSpender(spender));
                }
                self.vault.allowances.insert((caller, spender), shares);
                out.tell(Event::VaultApproval {
                    owner: caller,
                    spender,
                    value: shares,
                });
                out.words([U256::from(1)])
            }
            VaultCall::TransferFrom { from, to, shares } => {
                let allowed = self.vault.allowance(from, caller);
                if allowed != VaultShares::MAX {
                    if allowed < shares {
                        return Err(Error::InsufficientAllowance(
                            caller,
                            allowed.raw(),
                            shares.raw(),
                        ));
                    }
                    let left = allowed.minus(shares)?;
                    self.vault.allowances.insert((from, caller), left);
                }
                self.vault.transfer(from, to, shares, out)?;
                out.words([U256::from(1)])
            }
        }
    }
}
