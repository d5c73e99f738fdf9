use crate::{
    Account, Address, Call, Error, Event, MinterCall, Outcome, StakingCall, StakingError, State,
    Timestamp,
    exit::{Ctx, Deposit},
    state::DEPARTURES_PER_CALL,
};
use ruint::aliases::U256;

/// One call by `caller` at `now`: what it gives, or why it is refused, and then nothing has changed.
///
/// `now` never goes back, and the coins that a payable call carries are the caller's (see [`State::coins`]).
///
/// # Errors
/// Those of the interfaces, with their values; [`Error::Arithmetic`] when the caller lacks the coins it sends.
pub fn apply(
    state: &mut State,
    caller: Address,
    now: Timestamp,
    call: &Call,
) -> Result<Outcome, Error> {
    let mut next = state.clone();
    let mut out = Outcome::default();
    let ctx = Ctx { caller, now };
    match call {
        Call::Minter(call) => next.minter_call(ctx, call, &mut out)?,
        Call::Token(call) => {
            let places = next.places;
            next.token
                .apply(caller, places.minter, places.rewards, now, call, &mut out)?;
        }
        Call::Rewards(call) => next.rewards_call(ctx, call, &mut out)?,
        Call::Staking(call) => next.staking_call(ctx, call)?,
        Call::Receipts(call) => next.receipts_call(ctx, call, &mut out)?,
        Call::Vault(call) => next.vault_call(ctx, call, &mut out)?,
        Call::CoinVault(call) => next.coin_vault_call(ctx, call, &mut out)?,
        Call::Converter(call) => next.converter_call(ctx, call, &mut out)?,
        Call::Market(call) => next.market_call(ctx, call, &mut out)?,
    }
    *state = next;
    Ok(out)
}

impl State {
    /// A call to the minter by another contract of ours: what it returns.
    pub(crate) fn call_minter(
        &mut self,
        caller: Address,
        now: Timestamp,
        call: &MinterCall,
        out: &mut Outcome,
    ) -> Result<Vec<U256>, Error> {
        self.minter_call(Ctx { caller, now }, call, out)?;
        Ok(out.take_words())
    }

    fn minter_call(&mut self, ctx: Ctx, call: &MinterCall, out: &mut Outcome) -> Result<(), Error> {
        let Ctx { caller, now } = ctx;
        self.sieve(call)?;
        match call {
            MinterCall::Submit { coins } => self.deposit(ctx, Deposit::plain(*coins, caller), out),
            MinterCall::SubmitAndGive { coins, recipient } => {
                self.deposit(ctx, Deposit::plain(*coins, *recipient), out)
            }
            MinterCall::SubmitForValidator { coins, validator } => {
                let hint = Some(*validator);
                self.deposit(
                    ctx,
                    Deposit {
                        hint,
                        ..Deposit::plain(*coins, caller)
                    },
                    out,
                )
            }
            MinterCall::Deposit {
                coins,
                recipient,
                min_out,
                deadline,
            } => {
                let plain = Deposit::plain(*coins, *recipient);
                let (min_out, deadline) = (*min_out, *deadline);
                self.deposit(
                    ctx,
                    Deposit {
                        min_out,
                        deadline,
                        ..plain
                    },
                    out,
                )
            }
            MinterCall::Receive { coins } => {
                if caller == self.places.staking || caller == self.places.rewards {
                    return Err(Error::FromBucket(caller));
                }
                self.deposit(ctx, Deposit::plain(*coins, caller), out)?;
                out.words([])
            }
            MinterCall::Redeem { amount, params } => self.redeem(ctx, *amount, params, None, out),
            MinterCall::Unstake { amount } => self.unstake(ctx, *amount, None, out),
            MinterCall::UnstakeFromValidator { amount, validator } => {
                self.unstake(ctx, *amount, Some(*validator), out)
            }
            MinterCall::SubmitAndDeposit {
                coins,
                recipient,
                min_shares,
            } => {
                if self.minter.vault.is_zero() {
                    return Err(Error::VaultNotSet);
                }
                let minter = self.places.minter;
                self.move_coins(caller.into(), minter.into(), *coins)?;
                let own = Ctx {
                    caller: minter,
                    now,
                };
                let shares =
                    self.vault_submit_and_deposit(own, *coins, *recipient, *min_shares, out)?;
                out.words([shares.raw()])
            }
            MinterCall::ClaimFor { id } => self.claim_for(*id, out),
            MinterCall::SetAutoPay { on } => {
                self.minter.auto_pay.insert(caller, *on);
                out.tell(Event::AutoPaySet {
                    owner: caller,
                    on: *on,
                });
                Ok(())
            }
            MinterCall::MintReceipt { id } => self.mint_receipt(ctx, *id, out),
            MinterCall::UnwrapTicket { id, owner } => self.unwrap_ticket(ctx, *id, *owner),
            MinterCall::Cancel { id } => self.cancel(ctx, *id, out),
            MinterCall::Claim { id, hint_a, hint_b } => {
                self.claim(ctx, *id, Some((*hint_a, *hint_b)), caller, out)
            }
            MinterCall::ClaimTo {
                id,
                hint_a,
                hint_b,
                recipient,
            } => self.claim(ctx, *id, Some((*hint_a, *hint_b)), *recipient, out),
            MinterCall::Withdraw { recipient, id } => self.claim(ctx, *id, None, *recipient, out),
            MinterCall::UnstakeRewards => self.pay_rewards(caller, caller, now, out),
            MinterCall::CloseRung => self.close_rung(ctx, out),
            MinterCall::Finalize => {
                let coins = self.finalize(now, out)?;
                out.words([coins.raw()])
            }
            MinterCall::FulfillRequests { users, ids } => {
                self.fulfill_requests(ctx, users, ids, out)
            }
            MinterCall::FulfillProRata {
                users,
                ids,
                max_spend,
            } => self.fulfill_pro_rata(ctx, users, ids, *max_spend, out),
            MinterCall::PublishEta { rung } => self.publish_eta(*rung, now, out),
            MinterCall::Rebalance => self.rebalance(ctx, out),
            MinterCall::StakeWithheldForValidator { amount, validator } => {
                self.stake_withheld(ctx, *amount, *validator, out)
            }
            MinterCall::Restake { validator, amount } => {
                self.restake(ctx, *validator, *amount, out)
            }
            MinterCall::ProcessBatchUnstake => {
                self.process_batch_unstake(ctx, DEPARTURES_PER_CALL, out)
            }
            MinterCall::ProcessBatchUnstakePage { most } => {
                self.process_batch_unstake(ctx, *most, out)
            }
            MinterCall::SweepMaturedBuckets {
                validator,
                max_to_sweep,
            } => self.sweep(ctx, *validator, *max_to_sweep, out),
            MinterCall::ClaimValidator { validator } => self.claim_validator(ctx, *validator, out),
            MinterCall::ClaimAll => self.claim_all(ctx, out),
            MinterCall::ClaimBuckets {
                validator,
                from,
                to,
            } => self.claim_buckets(ctx, *validator, *from, *to, out),
            MinterCall::ClaimToken {
                token,
                validator,
                from,
                to,
            } => self.claim_token(now, *token, *validator, (*from, *to), out),
            MinterCall::FundInsurance { coins } => self.fund_insurance(ctx, *coins, out),
            MinterCall::LoadRewards { coins } => {
                if coins.is_zero() {
                    return Err(Error::ZeroAmount);
                }
                self.move_coins(caller.into(), self.places.minter.into(), *coins)?;
                self.feed_sink(now, *coins, out)
            }
            MinterCall::Skim => self.skim(ctx, out),
            MinterCall::SkimStake { bucket } => self.skim_stake(ctx, *bucket, out),
            MinterCall::BookSlash { validator } => self.book_slash(*validator, now, out),
            MinterCall::SyncValidators => self.sync(now, out),
            MinterCall::PayFees => self.pay_fees(out),
            MinterCall::ReceiveFromBucket { .. } => Err(Error::NotBucket(caller)),
            other => self.power(ctx, other, out),
        }
    }

    /// What others do at the staking system. Its own events are not the model's.
    fn staking_call(&mut self, ctx: Ctx, call: &StakingCall) -> Result<(), Error> {
        let Ctx { caller, now } = ctx;
        let staking: Account = self.places.staking.into();
        let me: Account = caller.into();
        match *call {
            StakingCall::Stake { validator, coins } => {
                self.staking.stake(me, validator, coins, now)?;
                self.move_coins(me, staking, coins)?;
            }
            StakingCall::StakeOnBehalf {
                validator,
                staker,
                coins,
            } => {
                self.staking.stake(staker, validator, coins, now)?;
                self.move_coins(me, staking, coins)?;
            }
            StakingCall::Unstake { validator, amount } => {
                self.staking.unstake(me, validator, amount, now)?;
            }
            StakingCall::Withdraw => {
                let paid = self.staking.withdraw(me, now)?;
                if self.refusing.contains(&caller) {
                    return Err(StakingError::NativeTransferFailed(me).into());
                }
                self.move_coins(staking, me, paid)?;
            }
            StakingCall::AddValidator {
                validator,
                commission,
                capacity,
            } => {
                self.staking.join(validator, commission, capacity, now);
            }
            StakingCall::SetStatus { validator, active } => {
                self.staking.set_status(validator, active, now)?;
            }
            StakingCall::SetCapacity {
                validator,
                capacity,
            } => {
                self.staking.set_capacity(validator, capacity)?;
            }
            StakingCall::SetPercentage { bps } => self.staking.percentage = bps,
            StakingCall::SetMinStake { amount } => self.staking.min_stake = amount,
            StakingCall::SetCooldown { seconds } => self.staking.cooldown = seconds,
            StakingCall::SetRewardRate { validator, rate } => {
                self.staking.set_rate(validator, rate, now)?;
            }
            StakingCall::SetGoodsRate { validator, rate } => {
                self.staking.set_goods_rate(validator, rate, now)?;
            }
            StakingCall::StockGoods { amount } => {
                let treasury: Account = self.places.treasury.into();
                let there = self.goods_of(treasury).plus(amount)?;
                self.goods.insert(treasury, there);
            }
            StakingCall::Slash { validator } => self.staking.slash(validator, now)?,
            StakingCall::Vote {
                target,
                voter,
                expiration,
            } => {
                self.staking.vote(target, voter, expiration, now)?;
            }
            StakingCall::ClearRecord { account, validator } => {
                self.staking.clear(account, validator, now);
            }
            StakingCall::SetWithdrawShortfall { bps } => self.staking.shortfall = bps,
            StakingCall::ForceCoins { to, coins } => self.add_coins(to, coins)?,
            StakingCall::DrainTreasury { coins } => {
                let treasury: Account = self.places.treasury.into();
                self.take_coins(treasury, coins.min(self.balance(treasury)))?;
            }
            StakingCall::Refuse { account, refuse } => {
                if refuse {
                    self.refusing.insert(account);
                } else {
                    self.refusing.remove(&account);
                }
            }
            StakingCall::PutCode { account } => {
                self.code.insert(account);
            }
        }
        Ok(())
    }
}
