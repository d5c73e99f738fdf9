//! Every view, balance, request, bucket, rung, checkpoint and mark, against the model.

use std::{collections::BTreeSet, fmt::Debug};

use alloy::{
    primitives::{Address, Bytes, U256},
    sol_types::SolCall,
};
use chain::bindings::{
    IAmmRoute, ILiquidCoinVault as CoinVault, ILiquidMinter as Minter, ILiquidReceipts as Receipts,
    ILiquidRewards as Rewards, ILiquidToken as Token, ILiquidVault as Vault,
    IRewardConverter as Converter, LocalStaking, minter::ILiquidMinterTypes as Types,
};
use model::{
    Account, Assets, BucketId, RequestId, Shares, State, Timestamp, ValidatorId, VaultShares,
};
use serde::Serialize;

use crate::world::{NATIVE, World, later::Pair};

use super::encode::{Book, addr, count, time};

/// A view that shows a difference.
#[derive(Debug, Clone, Serialize)]
pub struct View {
    /// When it was asked, unix seconds.
    pub at: u64,
    /// Whom.
    pub to: Address,
    /// Calldata.
    pub data: Bytes,
    /// The answer that the model expects.
    pub expected: Bytes,
}

/// A field that differs.
#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    /// Which.
    pub field: String,
    /// What the model says.
    pub expected: String,
    /// What the contracts say.
    pub actual: String,
    /// How to ask again, where a view can be asked.
    pub view: Option<View>,
}

/// Random arguments of the views that take an amount, and what was compared before and cannot change any more.
#[derive(Debug, Default)]
pub(super) struct Probe {
    pub(super) amount: U256,
    pub(super) user: model::Address,
    pub(super) start: u64,
    pub(super) items: u64,
    pub(super) rungs: usize,
    pub(super) checkpoints: usize,
    pub(super) marks: usize,
}

pub(super) struct Compare<'a> {
    pub(super) world: &'a mut World,
    pub(super) book: &'a Book,
    pub(super) state: &'a State,
    pub(super) now: Timestamp,
    pub(super) found: Vec<Difference>,
    /// Contracts whose storage changed since the last comparison; `None`: nothing was compared yet.
    pub(super) wrote: Option<BTreeSet<Address>>,
    /// Whether time has passed since then.
    pub(super) later: bool,
    /// Fields compared so far.
    pub(super) fields: u64,
}

/// A position as a number.
fn small(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

/// The model's answer, or its words when it has none: then the field differs.
fn must<T: Default>(answer: Result<T, model::Error>) -> T {
    answer.unwrap_or_default()
}

impl Compare<'_> {
    fn same<T: PartialEq + Debug>(
        &mut self,
        field: impl FnOnce() -> String,
        expected: T,
        actual: T,
    ) {
        self.fields += 1;
        if expected != actual {
            self.found.push(Difference {
                field: field(),
                expected: format!("{expected:?}"),
                actual: format!("{actual:?}"),
                view: None,
            });
        }
    }

    /// Whether a view of `contracts` may answer otherwise than at the last comparison. One that `ticks` also when only time
    /// has passed.
    fn moved(&self, contracts: &[Address], ticks: bool) -> bool {
        let wrote = |all: &BTreeSet<Address>| contracts.iter().any(|at| all.contains(at));
        (ticks && self.later) || self.wrote.as_ref().is_none_or(wrote)
    }

    /// A view of the minter against the answer expected.
    fn minter<C: SolCall>(&mut self, call: C, field: &str, expected: C::Return)
    where
        C::Return: PartialEq + Debug,
    {
        let to = self.book.minter;
        self.view(to, call, || field.to_owned(), expected);
    }

    fn view<C: SolCall>(
        &mut self,
        to: Address,
        call: C,
        field: impl FnOnce() -> String,
        expected: C::Return,
    ) where
        C::Return: PartialEq + Debug,
    {
        self.fields += 1;
        let actual = match self.world.try_view(to, &call) {
            Ok(actual) if actual == expected => return,
            Ok(actual) => format!("{actual:?}"),
            Err(reason) => format!("revert {}", super::encode::describe_revert(&reason)),
        };
        self.found.push(Difference {
            field: field(),
            expected: format!("{expected:?}"),
            actual,
            view: Some(View {
                at: self.now.get(),
                to,
                data: call.abi_encode().into(),
                expected: C::abi_encode_returns(&expected).into(),
            }),
        });
    }

    pub(super) fn all(&mut self, probe: &mut Probe, people: &[model::Address]) {
        self.globals(probe);
        if self.moved(&[self.book.minter, self.book.staking], true) {
            self.line(probe);
            self.validators(probe);
            self.requests(probe);
            self.powers();
        }
        self.people(people);
        self.receipts();
        self.vault(probe, people);
        self.coin_vault(probe, people);
        self.market();
    }

    /// What governor and guardian set.
    fn powers(&mut self) {
        let (state, now) = (self.state, self.now);
        let m = &state.minter;
        let insurance = m.insurance.raw();
        self.minter(Minter::insuranceCall {}, "insurance", insurance);
        self.minter(Minter::vaultCall {}, "vault", addr(m.vault));
        self.minter(Minter::converterCall {}, "converter", addr(m.converter));
        self.minter(Minter::haltCodeCall {}, "haltCode", addr(m.halt_code));
        self.minter(
            Minter::ammRouteCall {},
            "ammRoute",
            Minter::ammRouteReturn {
                route: addr(m.amm_route),
                slippageBps: m.amm_slippage.raw(),
            },
        );
        let (rate, room) = state.deposit_terms(now);
        self.minter(
            Minter::depositTermsCall {},
            "depositTerms",
            Minter::depositTermsReturn {
                rate: rate.raw(),
                room: room.raw(),
            },
        );
        for ((what, to), signature) in &m.signatures {
            self.minter(
                Minter::emergencySignatureCall {
                    what: super::encode::emergency_number(*what),
                    to: addr(*to),
                },
                "emergencySignature",
                Minter::emergencySignatureReturn {
                    by: addr(signature.by),
                    at: time(signature.at),
                },
            );
        }
    }

    fn receipts(&mut self) {
        let at = self.book.receipts;
        if !self.moved(&[at], false) {
            return;
        }
        let state = self.state;
        for (id, owner) in &state.receipts.owners {
            let call = Receipts::ownerOfCall { tokenId: id.raw() };
            self.view(at, call, || format!("ownerOf({id:?})"), addr(*owner));
            let approved = state.receipts.approved.get(id).copied().unwrap_or_default();
            let call = Receipts::getApprovedCall { tokenId: id.raw() };
            self.view(at, call, || format!("getApproved({id:?})"), addr(approved));
        }
    }

    fn vault(&mut self, probe: &Probe, people: &[model::Address]) {
        let (state, now, at) = (self.state, self.now, self.book.vault);
        let v = &state.vault;
        let named = |what: &'static str| move || format!("vault.{what}");
        let held = v.lst_held.raw();
        self.view(at, Vault::lstHeldCall {}, named("lstHeld"), held);
        let coins = v.coins_held.raw();
        self.view(at, Vault::coinsHeldCall {}, named("coinsHeld"), coins);
        let supply = v.total_supply.raw();
        self.view(at, Vault::totalSupplyCall {}, named("totalSupply"), supply);
        let (coins, lst) = must(state.vault_waiting(now));
        self.view(
            at,
            Vault::pendingRewardsCall {},
            named("pendingRewards"),
            Vault::pendingRewardsReturn {
                coins: coins.raw(),
                lst: lst.raw(),
            },
        );
        let all = must(state.vault_assets(now)).raw();
        self.view(at, Vault::totalAssetsCall {}, named("totalAssets"), all);
        let x = probe.amount;
        let lst = Shares::new(x);
        let shares = VaultShares::new(x);
        self.view(
            at,
            Vault::previewDepositCall { assets: x },
            named("previewDeposit"),
            must(state.vault_shares_down(now, lst)).raw(),
        );
        self.view(
            at,
            Vault::previewWithdrawCall { assets: x },
            named("previewWithdraw"),
            must(state.vault_shares_up(now, lst)).raw(),
        );
        self.view(
            at,
            Vault::previewRedeemCall { shares: x },
            named("previewRedeem"),
            must(state.vault_lst_down(now, shares)).raw(),
        );
        self.view(
            at,
            Vault::previewMintCall { shares: x },
            named("previewMint"),
            must(state.vault_lst_up(now, shares)).raw(),
        );
        let held = self.moved(&[at], false);
        for who in people.iter().filter(|_| held) {
            let balance = v.balance(*who).raw();
            let call = Vault::balanceOfCall {
                account: addr(*who),
            };
            self.view(at, call, || format!("vault.balanceOf({who:?})"), balance);
        }
        let most = must(state.vault_max_redeem(now, probe.user));
        let owner = addr(probe.user);
        let call = Vault::maxRedeemCall { owner };
        self.view(at, call, named("maxRedeem"), most.raw());
        let most = must(state.vault_lst_down(now, most)).raw();
        let call = Vault::maxWithdrawCall { owner };
        self.view(at, call, named("maxWithdraw"), most);
        for ((owner, spender), amount) in v.allowances.iter().filter(|_| held) {
            let call = Vault::allowanceCall {
                owner: addr(*owner),
                spender: addr(*spender),
            };
            let field = || format!("vault.allowance({owner:?})");
            self.view(at, call, field, amount.raw());
        }
    }

    fn coin_vault(&mut self, probe: &Probe, people: &[model::Address]) {
        let (state, now, at) = (self.state, self.now, self.book.coin_vault);
        let books = &state.coin_vault;
        let named = |what: &'static str| move || format!("coinVault.{what}");
        let price = must(state.coins_for_shares_up(now, VaultShares::new(probe.amount)));
        let call = CoinVault::previewMintCall {
            shares: probe.amount,
        };
        self.view(at, call, named("previewMint"), price.raw());
        let worth = must(state.shares_for_coins_down(now, Assets::new(probe.amount)));
        let call = CoinVault::previewDepositCall {
            assets: probe.amount,
        };
        self.view(at, call, named("previewDeposit"), worth.raw());
        let most = must(state.coin_vault_max_deposit(now)).raw();
        let call = CoinVault::maxDepositCall {
            receiver: addr(probe.user),
        };
        self.view(at, call, named("maxDeposit"), most);
        let booked = self.moved(&[at], false);
        for (id, pool) in books.pools.iter().filter(|_| booked) {
            let call = CoinVault::poolCall {
                requestId: U256::from(*id),
            };
            let expected = CoinVault::poolReturn {
                shares: pool.shares.raw(),
                coins: pool.coins.raw(),
            };
            self.view(at, call, || format!("coinVault.pool({id})"), expected);
            let call = CoinVault::ticketOfCall {
                requestId: U256::from(*id),
            };
            let ticket = pool.ticket.map_or(0, RequestId::get);
            let field = || format!("coinVault.ticketOf({id})");
            self.view(at, call, field, U256::from(ticket));
        }
        // The line's state decides, and the pool's own.
        let funded = self.moved(&[at, self.book.minter], false);
        for ((controller, id), request) in books.requests.iter().filter(|_| funded) {
            if request.shares.is_zero() {
                continue;
            }
            let part = must(state.exit_claimable(*controller, *id));
            let pending = request.shares.min0(request.claimed).min0(part.shares);
            let (request_id, who) = (U256::from(*id), addr(*controller));
            self.view(
                at,
                CoinVault::claimableRedeemRequestCall {
                    requestId: request_id,
                    controller: who,
                },
                || format!("claimableRedeemRequest({id}, {controller:?})"),
                part.shares.raw(),
            );
            self.view(
                at,
                CoinVault::pendingRedeemRequestCall {
                    requestId: request_id,
                    controller: who,
                },
                || format!("pendingRedeemRequest({id}, {controller:?})"),
                pending.raw(),
            );
            self.view(
                at,
                CoinVault::claimableAssetsCall {
                    requestId: request_id,
                    controller: who,
                },
                || format!("claimableAssets({id}, {controller:?})"),
                part.coins.raw(),
            );
        }
        let listed = people.iter().filter(|who| books.lists.contains_key(who));
        for who in listed.filter(|_| funded) {
            let most = must(state.exit_most(*who));
            let controller = addr(*who);
            let call = CoinVault::maxRedeemCall { controller };
            let field = || format!("coinVault.maxRedeem({who:?})");
            self.view(at, call, field, most.shares.raw());
            let call = CoinVault::maxWithdrawCall { controller };
            let field = || format!("coinVault.maxWithdraw({who:?})");
            self.view(at, call, field, most.coins.raw());
            let first = books.lists.get(who).and_then(|list| list.first());
            let call = CoinVault::firstRequestCall { controller };
            let field = || format!("coinVault.firstRequest({who:?})");
            self.view(at, call, field, U256::from(first.copied().unwrap_or(0)));
        }
    }

    /// Pool, route and converters.
    fn market(&mut self) {
        let (state, now) = (self.state, self.now);
        let (x, y) = (state.pool.lst.raw(), state.pool.coins.raw());
        match self
            .world
            .try_view(self.book.pair, &Pair::getReservesCall {})
        {
            Ok(r) => {
                let (first, second) = if self.book.lst_is_first {
                    (x, y)
                } else {
                    (y, x)
                };
                let actual = (U256::from(r.first), U256::from(r.second));
                self.same(|| "the pool's reserves".into(), (first, second), actual);
            }
            Err(reason) => {
                self.same(|| "the pool".into(), String::new(), format!("{reason}"));
            }
        }
        match self
            .world
            .try_view(self.book.route, &IAmmRoute::poolsCall {})
        {
            Ok(pools) => {
                let actual: Vec<_> = pools.iter().map(|p| (p.at, u64::from(p.feeBps))).collect();
                let expected: Vec<_> = state
                    .listed
                    .iter()
                    .map(|listed| (addr(listed.at), listed.fee.get()))
                    .collect();
                self.same(|| "the route's pools".into(), expected, actual);
            }
            Err(reason) => {
                self.same(|| "the route".into(), String::new(), format!("{reason}"));
            }
        }
        let token = self.book.gold;
        for at in self.book.converters {
            let place = super::encode::model_addr(at);
            let c = state.conversion(place, super::encode::model_addr(token));
            let field = |what: &'static str| move || format!("{what} of converter {at}");
            if !self.moved(&[at, token], true) {
                continue;
            }
            self.view(
                at,
                Converter::conversionCall { token },
                field("conversion"),
                Converter::Conversion {
                    floor: c.floor.raw(),
                    perSale: c.per_sale.raw(),
                    perDay: c.per_day.raw(),
                    start: c.start.raw(),
                    startedAt: time(c.started_at),
                    day: U256::from(c.day),
                    soldToday: c.sold_today.raw(),
                },
            );
            if !c.floor.is_zero() {
                let price = must(c.price(now)).raw();
                self.view(at, Converter::priceCall { token }, field("price"), price);
            }
            let there = state.goods_of(place).min(c.room(now)).raw();
            self.view(
                at,
                Converter::forSaleCall { token },
                field("forSale"),
                there,
            );
        }
    }

    fn globals(&mut self, probe: &Probe) {
        let (state, now) = (self.state, self.now);
        let m = &state.minter;
        let line = &m.line;
        let (assets, supply) = (must(m.assets()), must(state.supply()));
        let buffer = must(state.buffer());
        self.minter(Minter::rateCall {}, "rate", m.rate.raw());
        self.minter(Minter::assetsCall {}, "assets", assets.raw());
        self.minter(Minter::supplyCall {}, "supply", supply.raw());
        self.minter(Minter::headroomCall {}, "headroom", m.headroom.raw());
        self.minter(Minter::activeStakeCall {}, "activeStake", m.active.raw());
        self.minter(Minter::committedCall {}, "committed", line.committed.raw());
        self.minter(Minter::dueCall {}, "due", must(m.due(now)).raw());
        self.minter(Minter::bufferTargetCall {}, "bufferTarget", m.target.raw());
        let liquidity = must(m.instant_liquidity(now)).raw();
        self.minter(
            Minter::instantLiquidityCall {},
            "instantLiquidity",
            liquidity,
        );
        self.minter(Minter::feesCall {}, "fees", m.fees.raw());
        self.minter(
            Minter::freeToStakeCall {},
            "freeToStake",
            must(m.free_to_stake(now)).raw(),
        );
        self.minter(
            Minter::longestExitCall {},
            "longestExit",
            U256::from(state.longest_exit()),
        );
        self.minter(
            Minter::currentWithheldETHCall {},
            "currentWithheldETH",
            buffer.raw(),
        );
        self.minter(
            Minter::totalInstantUnstakedCall {},
            "totalInstantUnstaked",
            m.reserved.raw(),
        );
        self.minter(
            Minter::totalUnstakedCall {},
            "totalUnstaked",
            m.cooling.raw(),
        );
        self.minter(
            Minter::meterCall {},
            "meter",
            Minter::meterReturn {
                level: m.meter.level.raw(),
                updatedAt: time(m.meter.updated_at),
            },
        );
        self.minter(
            Minter::getBufferAndQueueStatsCall {},
            "getBufferAndQueueStats",
            Minter::getBufferAndQueueStatsReturn {
                buffer: buffer.raw(),
                reserved: m.reserved.raw(),
                unstakedTotal: m.cooling.raw(),
                headroom: m.headroom.raw(),
                totalQueued: must(m.total_queued()).raw(),
            },
        );
        let p = &m.params;
        self.minter(
            Minter::feesAndRatiosCall {},
            "feesAndRatios",
            Minter::feesAndRatiosReturn {
                _0: p.min_instant_fee.raw(),
                _1: p.max_instant_fee.raw(),
                _2: p.standard_fee.raw(),
                _3: line.rung_fee.raw(),
                _4: p.withhold.raw(),
                _5: p.utilization_threshold.raw(),
            },
        );
        self.minter(
            Minter::flagsCall {},
            "flags",
            Minter::flagsReturn {
                _0: time(m.instant_paused_until),
                _1: time(m.deposits_paused_until),
                _2: time(m.pause_allowed_from),
                _3: time(m.synced_at),
                _4: U256::from(m.slash_pending),
                _5: m.vote_open,
            },
        );
        self.minter(
            Minter::keeperParamsCall {},
            "keeperParams",
            Minter::keeperParamsReturn {
                _0: p.threshold.raw(),
                _1: U256::from(p.interval),
                _2: p.min_stake.raw(),
                _3: U256::from(p.keeper_grace),
                _4: U256::from(p.safety),
                _5: U256::from(p.min_rung_age),
                _6: U256::from(p.max_sync_age),
                _7: p.staking_percentage_cap.raw(),
            },
        );
        self.minter(
            Minter::rewardsSinkCall {},
            "rewardsSink",
            addr(m.rewards_sink),
        );
        self.minter(
            Minter::feeRecipientCall {},
            "feeRecipient",
            addr(m.fee_recipient),
        );
        self.minter(Minter::setupSealedCall {}, "setupSealed", m.sealed);
        for (call, at) in &m.scheduled {
            let operation = self.book.operation(call);
            self.minter(
                Minter::scheduledAtCall { operation },
                "scheduledAt",
                time(*at),
            );
        }
        let amount = Shares::new(probe.amount);
        if let Ok(quote) = state.quote_exit(amount, now) {
            self.minter(
                Minter::quoteExitCall {
                    amount: probe.amount,
                },
                "quoteExit",
                Types::ExitQuote {
                    instantLst: quote.instant_lst.raw(),
                    instantPay: quote.instant_pay.raw(),
                    instantFeeBps: quote.instant_fee_bps,
                    ammPay: quote.amm_pay.raw(),
                    queueLst: quote.queue_lst.raw(),
                    queueValue: quote.queue_value.raw(),
                    queueEta: time(quote.queue_eta),
                    ammLst: quote.amm_lst.raw(),
                },
            );
        }
        let lst = must(m.rate.to_shares_down(Assets::new(probe.amount)));
        self.minter(
            Minter::quoteDepositCall {
                coins: probe.amount,
            },
            "quoteDeposit",
            lst.raw(),
        );
        let next = state
            .next_validator(Assets::new(probe.amount), now)
            .ok()
            .flatten();
        let none = BucketId {
            validator: ValidatorId(model::NO_HINT),
            index: 0,
        };
        let (bucket, capacity) = next.unwrap_or((none, Assets::ZERO));
        self.minter(
            Minter::getNextValidatorCall {
                amount: probe.amount,
            },
            "getNextValidator",
            Minter::getNextValidatorReturn {
                validatorId: bucket.validator.0,
                bucketIndex: count(bucket.index),
                capacity: capacity.raw(),
            },
        );
        let work = must(state.work(now));
        self.minter(
            Minter::getValidatorsToProcessCall {
                maxCount: U256::from(32),
            },
            "getValidatorsToProcess",
            Minter::getValidatorsToProcessReturn {
                ids: work.iter().map(|w| w.validator.0).collect(),
                reasons: work.iter().map(|w| w.reasons).collect(),
                nextTs: work.iter().map(|w| time(w.next)).collect(),
                count: count(work.len()),
            },
        );
        self.rewards_and_token();
    }

    fn rewards_and_token(&mut self) {
        let state = self.state;
        let (token, rewards) = (self.book.token, self.book.rewards);
        let own = &state.rewards;
        self.view(
            rewards,
            Rewards::rewardFeeBpsCall {},
            || "rewardFeeBps".into(),
            own.fee.raw(),
        );
        self.view(
            rewards,
            Rewards::holdersOwedCall {},
            || "holdersOwed".into(),
            own.holders_owed.raw(),
        );
        let fees = own.protocol_fees.raw();
        self.view(
            rewards,
            Rewards::protocolFeesCall {},
            || "protocolFees".into(),
            fees,
        );
        let total = state.token.total_supply.raw();
        self.view(
            token,
            Token::totalSupplyCall {},
            || "totalSupply".into(),
            total,
        );
        match state.token.stream_state(self.now) {
            Ok(stream) => self.view(
                token,
                Token::streamStateCall {},
                || "streamState".into(),
                Token::streamStateReturn {
                    index: stream.index.raw(),
                    updatedAt: time(stream.updated_at),
                    flow: stream.flow.raw(),
                    carry: stream.carry.raw(),
                    unallocated: stream.unallocated.raw(),
                    lastLoadAt: time(stream.last_load_at),
                },
            ),
            Err(error) => self.same(|| "streamState".into(), format!("{error:?}"), String::new()),
        }
        let today = self.now.get() / model::DAY;
        let ahead: Vec<_> = state.token.ending.range(today + 1..).collect();
        for (day, flow) in ahead {
            let call = Token::flowEndingCall {
                day: U256::from(*day),
            };
            self.view(token, call, || format!("flowEnding({day})"), flow.raw());
        }
        if !self.moved(&[token], false) {
            return;
        }
        for ((owner, spender), amount) in &state.token.allowances {
            let call = Token::allowanceCall {
                owner: addr(*owner),
                spender: addr(*spender),
            };
            self.view(
                token,
                call,
                || format!("allowance({owner:?})"),
                amount.raw(),
            );
        }
    }

    fn line(&mut self, probe: &mut Probe) {
        let state = self.state;
        let line = &state.minter.line;
        self.minter(
            Minter::lineCall {},
            "line",
            Types::LineState {
                end: line.end.raw(),
                watermark: line.watermark.raw(),
                c: line.c.raw(),
                b: line.b.raw(),
                openLst: line.open_lst.raw(),
                stagedLst: line.staged_lst.raw(),
                openRung: U256::from(line.open_rung()),
                openCount: U256::from(line.open_count),
                lastClosedAt: time(line.last_closed_at),
                committed: line.committed.raw(),
                nextDeparture: time(line.next_departure),
                latestEta: time(line.latest_eta),
                marks: count(line.marks.len()),
                marksDone: count(line.marks_done),
                checkpoints: count(line.checkpoints.len()),
            },
        );
        // What is behind never changes: new ones now, all of them once more at the end of the history.
        for (id, rung) in line.rungs.iter().enumerate().skip(probe.rungs) {
            self.view(
                self.book.minter,
                Minter::rungCall { id: count(id) },
                || format!("rung({id})"),
                Types::Rung {
                    lst: rung.lst.raw(),
                    count: U256::from(rung.count),
                    feeBps: rung.fee.raw(),
                    unitsStart: rung.start.raw(),
                    unitsEnd: rung.end.raw(),
                    c0: rung.c0.raw(),
                },
            );
        }
        for (index, checkpoint) in line.checkpoints.iter().enumerate().skip(probe.checkpoints) {
            self.view(
                self.book.minter,
                Minter::checkpointCall {
                    index: count(index),
                },
                || format!("checkpoint({index})"),
                Minter::checkpointReturn {
                    watermark: checkpoint.watermark.raw(),
                    b: checkpoint.b.raw(),
                },
            );
        }
        for (index, mark) in line
            .marks
            .iter()
            .enumerate()
            .skip(probe.marks.saturating_sub(1))
        {
            self.view(
                self.book.minter,
                Minter::markCall {
                    index: count(index),
                },
                || format!("mark({index})"),
                Minter::markReturn {
                    units: mark.units.raw(),
                    eta: time(mark.eta),
                },
            );
        }
        probe.rungs = line.rungs.len();
        probe.checkpoints = line.checkpoints.len();
        probe.marks = line.marks.len();
    }

    fn validators(&mut self, probe: &Probe) {
        let (state, now) = (self.state, self.now);
        let m = &state.minter;
        let ids: Vec<u16> = m.registry.iter().map(|id| id.0).collect();
        self.minter(Minter::validatorsCall {}, "validators", ids);
        for id in &m.registry {
            self.validator(*id, now, probe);
        }
    }

    fn validator(&mut self, id: ValidatorId, now: Timestamp, probe: &Probe) {
        let state = self.state;
        let Ok(v) = state.minter.validator(id) else {
            return;
        };
        let validator_id = id.0;
        let at = self.book.minter;
        self.view(
            at,
            Minter::validatorStateCall {
                validatorId: validator_id,
            },
            || format!("validatorState({validator_id})"),
            Types::ValidatorState {
                registered: true,
                inactive: v.inactive,
                slashed: v.slashed,
                booked: v.booked,
                weight: U256::from(v.weight),
                maxPercentageBps: v.max_percentage.raw(),
                active: v.active.raw(),
                cooling: v.cooling.raw(),
                buckets: count(v.n),
                targetBuckets: count(v.target),
                nextDeparture: time(v.next_departure),
                sweepCursor: count(v.sweep_cursor),
                stakeCursor: count(v.stake_cursor),
                claimCursor: count(v.claim_cursor),
            },
        );
        let expected: Vec<_> = must(state.buckets(id))
            .into_iter()
            .enumerate()
            .map(|(index, info)| Types::BucketInfo {
                bucket: self.book.account(Account::Bucket(BucketId {
                    validator: id,
                    index,
                })),
                nextAvailableTime: time(info.next_available),
                activeStake: info.active.raw(),
                coolingAmount: info.cooling.raw(),
            })
            .collect();
        let call = Minter::getBucketsCall {
            validatorId: validator_id,
        };
        self.view(at, call, || format!("getBuckets({validator_id})"), expected);
        let (total, available, next) = must(state.availability(id, now));
        self.view(
            at,
            Minter::getBucketAvailabilitySummaryCall {
                validatorId: validator_id,
            },
            || format!("getBucketAvailabilitySummary({validator_id})"),
            Minter::getBucketAvailabilitySummaryReturn {
                totalBuckets: count(total),
                availableNow: count(available),
                nextAvailableTs: time(next),
            },
        );
        let call = Minter::nextBatchUnstakeTimePerValidatorCall {
            validatorId: validator_id,
        };
        let next = time(must(state.next_departure(id)));
        self.view(
            at,
            call,
            || format!("nextBatchUnstakeTimePerValidator({validator_id})"),
            next,
        );
        let call = Minter::totalQueuedWithdrawalsPerValidatorCall {
            validatorId: validator_id,
        };
        let queued = must(state.queued_with(id)).raw();
        self.view(
            at,
            call,
            || format!("totalQueuedWithdrawalsPerValidator({validator_id})"),
            queued,
        );
        self.staking(id);
        let staked = self.moved(&[self.book.staking], false);
        let used = v.present().filter(|(_, b)| b.used);
        // Rewards grow with every second by one formula: one bucket shows it.
        let chosen = probe.start.checked_rem(small(v.n)).unwrap_or(0);
        let buckets: Vec<_> = used
            .map(|(index, _)| index)
            .filter(|index| staked || small(*index) == chosen)
            .collect();
        for index in buckets {
            self.bucket(
                BucketId {
                    validator: id,
                    index,
                },
                now,
            );
        }
    }

    /// The staking system's own books of a validator.
    fn staking(&mut self, id: ValidatorId) {
        let Some(v) = self.state.staking.validators.get(&id).cloned() else {
            return;
        };
        if !self.moved(&[self.book.staking], false) {
            return;
        }
        let to = self.book.staking;
        match self
            .world
            .try_view(to, &LocalStaking::getValidatorInfoCall { id: id.0 })
        {
            Ok(answer) => {
                let info = answer._0;
                let actual = (
                    info.active,
                    info.slashed,
                    info.maxCapacity,
                    info.delegatedAmount,
                );
                let expected = (v.active, v.slashed, v.capacity.raw(), v.delegated.raw());
                self.same(|| format!("staking validator {}", id.0), expected, actual);
            }
            Err(reason) => self.same(
                || "getValidatorInfo".into(),
                String::new(),
                format!("{reason}"),
            ),
        }
    }

    /// The staking system's own books of a bucket, and its coins.
    fn bucket(&mut self, id: BucketId, now: Timestamp) {
        let account = Account::Bucket(id);
        let at = self.book.account(account);
        let to = self.book.staking;
        let position = self.state.staking.position(account, id.validator);
        let call = LocalStaking::getUserValidatorStakeCall {
            user: at,
            id: id.validator.0,
        };
        self.view(
            to,
            call,
            || format!("stake of {id:?}"),
            position.staked.raw(),
        );
        if let Ok(slots) = self
            .world
            .try_view(to, &LocalStaking::getUserCooldownsCall { user: at })
        {
            let own = slots.iter().find(|slot| slot.validatorId == id.validator.0);
            let actual = own.map_or((U256::ZERO, U256::ZERO), |s| (s.amount, s.cooldownEndTime));
            let expected = (position.cooling.raw(), time(position.end));
            self.same(|| format!("cooldown of {id:?}"), expected, actual);
        }
        let mut owed = U256::ZERO;
        for other in &self.state.staking.ids {
            owed += self.state.staking.claimable(account, *other, now).raw();
        }
        let call = LocalStaking::getClaimableRewardCall {
            user: at,
            token: NATIVE,
        };
        self.view(to, call, || format!("rewards of {id:?}"), owed);
        let mut goods = U256::ZERO;
        for other in &self.state.staking.ids {
            goods += self
                .state
                .staking
                .claimable_goods(account, *other, now)
                .raw();
        }
        let call = LocalStaking::getClaimableRewardCall {
            user: at,
            token: self.book.gold,
        };
        self.view(to, call, || format!("token rewards of {id:?}"), goods);
        let coins = self.state.balance(account).raw();
        let actual = U256::from(self.world.balance(at));
        self.same(|| format!("coins of {id:?}"), coins, actual);
    }

    fn requests(&mut self, probe: &Probe) {
        let (state, now) = (self.state, self.now);
        let line = &state.minter.line;
        let at = self.book.minter;
        let ids: Vec<RequestId> = line.tickets.keys().copied().collect();
        let raw = |id: &RequestId| U256::from(id.get());
        let mut rung = None;
        for (id, ticket) in &line.tickets {
            self.view(
                at,
                Minter::requestCall { id: raw(id) },
                || format!("request({id:?})"),
                Minter::requestReturn {
                    owner: addr(ticket.owner),
                    lst: ticket.lst.raw(),
                    paid: ticket.paid.raw(),
                },
            );
            if let Ok((gross, fee)) = line.claimable(*id) {
                let expected = Minter::claimableReturn {
                    gross: gross.raw(),
                    fee: fee.raw(),
                };
                let call = Minter::claimableCall { id: raw(id) };
                self.view(at, call, || format!("claimable({id:?})"), expected);
            }
            // A promise is a rung's.
            let told = rung.replace(id.rung()) == Some(id.rung());
            if let (false, Ok(eta)) = (told, state.exit_eta(*id, now)) {
                let expected = Minter::exitEtaReturn {
                    eta: time(eta.at),
                    revised: eta.revised,
                };
                let call = Minter::exitEtaCall { id: raw(id) };
                self.view(at, call, || format!("exitEta({id:?})"), expected);
            }
        }
        let hints: Vec<_> = ids.iter().filter_map(|id| line.hints(*id).ok()).collect();
        self.view(
            at,
            Minter::findHintsCall {
                ids: ids.iter().map(raw).collect(),
            },
            || "findHints".into(),
            Minter::findHintsReturn {
                hintsA: hints.iter().map(|(a, _)| count(*a)).collect(),
                hintsB: hints.iter().map(|(_, b)| count(*b)).collect(),
            },
        );
        let start = U256::from(probe.start);
        if let Ok((ready, next)) = state.ready_requests(probe.user, start, probe.items) {
            self.view(
                at,
                Minter::getReadyRequestsForUserCall {
                    user: addr(probe.user),
                    startId: start,
                    maxItems: U256::from(probe.items),
                },
                || {
                    format!(
                        "getReadyRequestsForUser({:?}, {start}, {})",
                        probe.user, probe.items
                    )
                },
                Minter::getReadyRequestsForUserReturn {
                    ids: ready.iter().map(|(id, _)| raw(id)).collect(),
                    amounts: ready.iter().map(|(_, amount)| amount.raw()).collect(),
                    nextId: next,
                },
            );
        }
    }

    fn people(&mut self, people: &[model::Address]) {
        let (state, now) = (self.state, self.now);
        let (token, rewards) = (self.book.token, self.book.rewards);
        let held = self.moved(&[token], false);
        let earned = self.moved(&[token, rewards], true);
        let named = self.moved(&[rewards], false);
        let said = self.moved(&[self.book.minter], false);
        for who in people {
            let at = addr(*who);
            let coins = state.balance(*who).raw();
            let actual = U256::from(self.world.balance(at));
            self.same(|| format!("coins of {who:?}"), coins, actual);
            if held {
                let balance = state.token.balance(*who).raw();
                self.view(
                    token,
                    Token::balanceOfCall { account: at },
                    || format!("balanceOf({who:?})"),
                    balance,
                );
            }
            if earned {
                let (all, by_delegate) = must(state.rewards_of(*who, now));
                self.view(
                    rewards,
                    Rewards::rewardsOfCall { account: at },
                    || format!("rewardsOf({who:?})"),
                    Rewards::rewardsOfReturn {
                        all: all.raw(),
                        byDelegate: by_delegate.raw(),
                    },
                );
            }
            if named {
                let delegate = state.rewards.delegates.get(who).copied();
                self.view(
                    rewards,
                    Rewards::delegateOfCall { account: at },
                    || format!("delegateOf({who:?})"),
                    addr(delegate.unwrap_or_default()),
                );
                self.view(
                    rewards,
                    Rewards::everClaimedCall { account: at },
                    || format!("everClaimed({who:?})"),
                    state.rewards.claimed.contains(who),
                );
            }
            // Nobody's word changes but by saying it.
            if said && (state.minter.auto_pay.contains_key(who) || self.wrote.is_none()) {
                self.view(
                    self.book.minter,
                    Minter::autoPayCall { owner: at },
                    || format!("autoPay({who:?})"),
                    state.auto_pay(*who),
                );
            }
        }
    }
}
