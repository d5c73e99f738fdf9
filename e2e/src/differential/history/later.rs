//! Receipts, reserve, delegates, vaults, pool, reward tokens, wiring and halt: how they begin, and what happens with them.

use std::{collections::BTreeMap, sync::OnceLock};

use alloy::{
    json_abi::StateMutability,
    primitives::{Bytes, Selector},
};
use model::{
    CoinVaultCall, ConverterCall, Emergency, Goods, Listed, MarketCall, Pool, Price, ReceiptId,
    ReceiptsCall, Style, VaultCall, VaultShares,
};

use super::*;
use crate::{
    table::Table,
    world::{
        Outcome,
        later::{Coin, DEPTH, POOL_FEE},
    },
};

/// What the world's deployment sets: per staked wei and second, times 1e18.
const COIN_RATE: u64 = 3_000_000_000;
const GOODS_RATE: u64 = 20_000_000_000;

/// Every state-changing function by contract and selector, as the table names it.
fn names() -> &'static BTreeMap<(&'static str, Selector), &'static str> {
    static NAMES: OnceLock<BTreeMap<(&'static str, Selector), &'static str>> = OnceLock::new();
    NAMES.get_or_init(|| {
        let mut names = BTreeMap::new();
        for (contract, artifact) in [
            ("", "LiquidMinter"),
            ("", "ILiquidMinter"),
            ("token", "LiquidToken"),
            ("rewards", "LiquidRewards"),
            ("receipts", "LiquidReceipts"),
            ("vault", "LiquidVault"),
            ("coinVault", "LiquidCoinVault"),
            ("converter", "RewardConverter"),
        ] {
            for f in crate::world::abi(artifact).functions() {
                if !matches!(
                    f.state_mutability,
                    StateMutability::View | StateMutability::Pure
                ) {
                    let name = Table::named(contract, &f.signature());
                    names.insert((contract, f.selector()), name);
                }
            }
        }
        names
    })
}

impl History {
    /// The function of the system that a call is of.
    pub(super) fn function(&self, call: &Call, encoded: &Encoded) -> Option<&'static str> {
        let contract = match call {
            Call::Minter(MinterCall::Receive { .. }) => return Some("receive()"),
            Call::Minter(_) => "",
            Call::Token(_) => "token",
            Call::Rewards(_) => "rewards",
            Call::Receipts(_) => "receipts",
            Call::Vault(_) => "vault",
            Call::CoinVault(_) => "coinVault",
            Call::Converter(_) => "converter",
            Call::Staking(_) | Call::Market(_) => return None,
        };
        let selector = Selector::from_slice(encoded.data.get(..4)?);
        names().get(&(contract, selector)).copied()
    }

    /// The model goes the way of `World::deploy_later`.
    pub(super) fn later_start(&mut self, setup: &Setup) -> Vec<(model::Address, Call)> {
        let (parts, admin) = (self.parts, self.admin);
        let operator = model_addr(self.world.operator);
        let pair = model_addr(parts.pair);
        let places = self.state.places;
        let depth = |n: u128| Assets::of(n * DEPTH);
        let outside = |call| (admin, Call::Staking(call));
        let minter = |call| (admin, Call::Minter(call));
        let force = |to: Account, coins| outside(StakingCall::ForceCoins { to, coins });
        let mut calls: Vec<_> = self
            .mute
            .iter()
            .copied()
            .chain(self.parts.halts.map(model_addr))
            .chain(self.parts.converters.map(model_addr))
            .chain([pair, model_addr(parts.route)])
            .map(|account| outside(StakingCall::PutCode { account }))
            .collect();
        for id in 0..setup.validators {
            let validator = ValidatorId(id);
            let rate = U256::from(COIN_RATE);
            calls.push(outside(StakingCall::SetRewardRate { validator, rate }));
            let rate = U256::from(GOODS_RATE);
            calls.push(outside(StakingCall::SetGoodsRate { validator, rate }));
        }
        let converter = model_addr(self.world.converter);
        calls.extend([
            outside(StakingCall::StockGoods {
                amount: Goods::of(1_000_000 * COIN),
            }),
            minter(MinterCall::SetConverter { converter }),
            force(operator.into(), depth(3)),
            force(places.wrapped_coin.into(), depth(3)),
            (
                operator,
                Call::Minter(MinterCall::Submit { coins: depth(3) }),
            ),
            (
                operator,
                Call::Token(TokenCall::Transfer {
                    to: pair,
                    amount: Shares::of(DEPTH),
                }),
            ),
            minter(MinterCall::SetVault {
                vault: places.vault,
            }),
            minter(MinterCall::SetHalt {
                code: model_addr(parts.halts[0]),
            }),
            minter(MinterCall::SetAmmRoute {
                route: model_addr(parts.route),
                slippage: Bps::new(500),
            }),
            minter(MinterCall::SetConversion {
                token: places.reward_token,
                floor: Price::of(COIN / 1_000),
                per_sale: Goods::of(1_000 * COIN),
                per_day: Goods::of(10_000 * COIN),
            }),
        ]);
        self.state.pool = Pool {
            at: pair,
            lst: Shares::of(DEPTH),
            coins: depth(1),
        };
        self.state.listed = vec![Listed {
            at: pair,
            fee: Bps::new(u64::from(POOL_FEE)),
        }];
        calls
    }

    // ------------------------------------------------------------------------------------------------ what the driver does

    /// The transaction data of a permit, signed with its signer's key.
    pub(super) fn signed(&mut self, call: &Call) -> Vec<u8> {
        let Call::Token(TokenCall::Permit {
            owner,
            spender,
            amount,
            deadline,
            signer,
        }) = call
        else {
            return Vec::new();
        };
        let key = self.keys.iter().find(|k| k.address() == addr(*signer));
        let key = key.cloned().expect("somebody with a key signs");
        let nonce = self.state.token.nonces.get(owner).copied().unwrap_or(0);
        let terms = (addr(*owner), addr(*spender), amount.raw());
        self.world
            .permit(&key, terms, U256::from(nonce), deadline.raw())
            .abi_encode()
    }

    /// The treasury gets more of the reward token.
    pub(super) fn stock(&mut self, amount: U256) -> Outcome {
        let call = Coin::mintCall {
            to: self.world.treasury,
            amount,
        };
        let (operator, gold) = (self.world.operator, self.parts.gold);
        self.world.send(operator, gold, 0, call.abi_encode(), GAS)
    }

    /// Somebody trades with the pool: tokens in, then the swap; coins are wrapped before and unwrapped after.
    pub(super) fn trade(&mut self, who: Address, call: &MarketCall) -> Outcome {
        let parts = self.parts;
        let token = self.world.token;
        let r = self.world.view(parts.pair, &Pair::getReservesCall {});
        let first = self.book.lst_is_first;
        let (lst_there, coins_there) = if first {
            (r.first, r.second)
        } else {
            (r.second, r.first)
        };
        let (lst_there, coins_there) = (U256::from(lst_there), U256::from(coins_there));
        let out_of = |paid: U256, there: U256, other: U256| {
            let kept = paid * U256::from(997);
            kept * other / (there * U256::from(1_000) + kept)
        };
        let swap = |out: U256, of_lst: bool| {
            let out_first = of_lst == first;
            Pair::swapCall {
                first: if out_first { out } else { U256::ZERO },
                second: if out_first { U256::ZERO } else { out },
                to: who,
                data: Bytes::new(),
            }
            .abi_encode()
        };
        let to_pair = |amount: U256| {
            Coin::transferCall {
                to: parts.pair,
                amount,
            }
            .abi_encode()
        };
        let steps = match call {
            MarketCall::SellLst { lst } => {
                let out = out_of(lst.raw(), lst_there, coins_there);
                let unwrap = Coin::withdrawCall { amount: out };
                [
                    (token, 0, to_pair(lst.raw())),
                    (parts.pair, 0, swap(out, false)),
                    (parts.wcoin, 0, unwrap.abi_encode()),
                ]
            }
            MarketCall::BuyLst { coins } => {
                let out = out_of(coins.raw(), coins_there, lst_there);
                let value = coins.raw().saturating_to();
                [
                    (parts.wcoin, value, Coin::depositCall {}.abi_encode()),
                    (parts.wcoin, 0, to_pair(coins.raw())),
                    (parts.pair, 0, swap(out, true)),
                ]
            }
        };
        let mut all = Outcome {
            ok: true,
            ..Outcome::default()
        };
        for (to, value, data) in steps {
            let out = self.world.send(who, to, value, data, GAS);
            if !out.ok {
                return out;
            }
            all.wrote.extend(out.wrote);
            all.gas += out.gas;
            all.logs.extend(out.logs);
        }
        all
    }

    // ------------------------------------------------------------------------------------------------------ the dice

    /// Where LST may go by mistake or on purpose.
    pub(super) fn place(&mut self) -> model::Address {
        let places = self.state.places;
        let all: Vec<_> = self
            .mute
            .iter()
            .copied()
            .chain([places.vault, places.coin_vault, self.state.pool.at])
            .collect();
        all.choose(&mut self.rng).copied().unwrap_or(places.vault)
    }

    fn plain(&mut self) -> model::Address {
        let plain: Vec<_> = self.people.iter().filter(|p| !p.code).collect();
        plain.choose(&mut self.rng).map_or(model::DEAD, |p| p.at)
    }

    pub(super) fn permit(&mut self) -> (model::Address, Call) {
        let owner = self.plain();
        let signer = if self.rng.random_bool(0.05) {
            self.plain()
        } else {
            owner
        };
        let late = u64::from(self.rng.random_bool(0.05));
        let balance = self.state.token.balance(owner).raw();
        let call = TokenCall::Permit {
            owner,
            spender: self.person(),
            amount: Shares::new(self.part(balance)),
            deadline: Timestamp::new(self.world.now - late),
            signer,
        };
        (self.person(), Call::Token(call))
    }

    pub(super) fn receipt(&mut self) -> (model::Address, Call) {
        let held: Vec<_> = self
            .state
            .receipts
            .owners
            .iter()
            .map(|(id, owner)| (*id, *owner))
            .collect();
        let burned: Vec<_> = self.state.receipts.next_version.keys().copied().collect();
        let chosen = held.choose(&mut self.rng).copied();
        let Some((id, owner)) = chosen.filter(|_| self.rng.random_bool(0.7)) else {
            let own: Vec<_> = self
                .state
                .minter
                .line
                .tickets
                .iter()
                .filter(|(_, t)| self.people.iter().any(|p| p.at == t.owner))
                .map(|(id, t)| (*id, t.owner))
                .collect();
            let other = self.request();
            let (id, owner) = own.choose(&mut self.rng).copied().unwrap_or(other);
            let call = MinterCall::MintReceipt { id };
            return (self.mostly(owner), Call::Minter(call));
        };
        let id = match burned.choose(&mut self.rng) {
            Some(request) if self.rng.random_bool(0.02) => ReceiptId {
                request: *request,
                version: 0,
            },
            _ => id,
        };
        let who = self.mostly(owner);
        let recipient = self.person();
        let (a, b) = self.state.minter.line.hints(id.request).unwrap_or_default();
        let call = match self.rng.random_range(0..100) {
            0..18 => ReceiptsCall::Claim {
                id,
                hint_a: U256::from(a + usize::from(self.rng.random_bool(0.03))),
                hint_b: U256::from(b),
                recipient,
            },
            18..36 => ReceiptsCall::Redeem { id, recipient },
            36..60 => ReceiptsCall::Unwrap { id },
            60..66 => {
                let ids = held.iter().map(|(id, _)| *id).take(3).chain([id]).collect();
                ReceiptsCall::Refresh { ids }
            }
            66..80 => {
                let to = *[recipient, self.place(), self.state.places.receipts]
                    .choose(&mut self.rng)
                    .unwrap_or(&recipient);
                let to = if self.rng.random_bool(0.8) {
                    recipient
                } else {
                    to
                };
                let from = self.mostly(owner);
                let books = &self.state.receipts;
                let operators = books.operators.iter().filter(|(o, _)| *o == owner);
                let mover = books
                    .approved
                    .get(&id)
                    .copied()
                    .or(operators.map(|(_, x)| *x).next());
                let who = mover.unwrap_or(who);
                let call = ReceiptsCall::TransferFrom { from, to, id };
                return (who, Call::Receipts(call));
            }
            80..92 => ReceiptsCall::Approve { to: recipient, id },
            _ => ReceiptsCall::SetApprovalForAll {
                operator: recipient,
                approved: self.rng.random_bool(0.6),
            },
        };
        (who, Call::Receipts(call))
    }

    /// Owners say whether to be paid unasked, and somebody pays them.
    pub(super) fn paid_unasked(&mut self) -> (model::Address, Call) {
        if self.rng.random_bool(0.35) {
            let on = self.rng.random_bool(0.7);
            return (self.person(), Call::Minter(MinterCall::SetAutoPay { on }));
        }
        let line = &self.state.minter.line;
        let ready: Vec<_> = line
            .tickets
            .iter()
            .filter(|(id, t)| {
                self.state.auto_pay(t.owner)
                    && line.rung(id.rung()).is_some_and(|rung| line.is_done(rung))
            })
            .map(|(id, _)| *id)
            .collect();
        if ready.is_empty() && self.rng.random_bool(0.8) {
            return self.fund();
        }
        let (other, _) = self.request();
        let id = ready.choose(&mut self.rng).copied().unwrap_or(other);
        let id = if self.rng.random_bool(0.05) {
            other
        } else {
            id
        };
        (self.person(), Call::Minter(MinterCall::ClaimFor { id }))
    }

    pub(super) fn reserve(&mut self) -> (model::Address, Call) {
        if self.rng.random_bool(0.45) {
            let coins = self.coins();
            let call = MinterCall::FundInsurance { coins };
            return (self.person(), Call::Minter(call));
        }
        let held = self.state.minter.insurance.raw();
        let recipient = if self.rng.random_bool(0.05) {
            model::Address::ZERO
        } else {
            self.person()
        };
        let amount = Assets::new(self.part(held / U256::from(3)));
        let call = MinterCall::WithdrawInsurance { recipient, amount };
        (self.mostly(self.admin), Call::Minter(call))
    }

    pub(super) fn delegates(&mut self) -> (model::Address, Call) {
        let coded: Vec<_> = self
            .people
            .iter()
            .filter(|p| p.code)
            .map(|p| p.at)
            .collect();
        let all: Vec<_> = self.mute.iter().copied().chain(coded).collect();
        let account = all.choose(&mut self.rng).copied().unwrap_or_default();
        match self.rng.random_range(0..100) {
            0..22 => (self.person(), Call::Rewards(RewardsCall::RefuseDelegate)),
            22..30 => {
                let (who, balance) = self.holder();
                let amount = Shares::new(self.part(balance.raw() / U256::from(4)));
                let call = TokenCall::Transfer {
                    to: account,
                    amount: amount.min(balance),
                };
                (who, Call::Token(call))
            }
            30..62 => {
                let off = self.state.minter.sealed || self.rng.random_bool(0.2);
                let delegate = if off {
                    model::Address::ZERO
                } else {
                    self.person()
                };
                let account = if self.rng.random_bool(0.05) {
                    self.plain()
                } else {
                    account
                };
                let call = MinterCall::SetDelegateClaimer { account, delegate };
                (self.mostly(self.admin), Call::Minter(call))
            }
            _ => {
                let recipient = self.person();
                let told: Vec<_> = self.state.rewards.delegates.iter().collect();
                let (account, who) = told
                    .choose(&mut self.rng)
                    .map_or((account, recipient), |(account, who)| (**account, **who));
                let call = RewardsCall::ClaimAsDelegate { account, recipient };
                (self.mostly(who), Call::Rewards(call))
            }
        }
    }

    /// Reward tokens come to the converter and are bought there.
    pub(super) fn gold(&mut self) -> (model::Address, Call) {
        let token = self.state.places.reward_token;
        let who = self.person();
        match self.rng.random_range(0..100) {
            0..50 => {
                let from = self.rng.random_range(0..3);
                let call = MinterCall::ClaimToken {
                    token: if self.rng.random_bool(0.04) {
                        model_addr(crate::world::NATIVE)
                    } else {
                        token
                    },
                    validator: self.validator(),
                    from,
                    to: from + self.rng.random_range(1..6),
                };
                (who, Call::Minter(call))
            }
            _ => {
                let place = if self.rng.random_bool(0.9) {
                    self.state.minter.converter
                } else {
                    model_addr(*self.parts.converters.choose(&mut self.rng).expect("two"))
                };
                let c = self.state.conversion(place, token);
                let now = self.now();
                let there = self.state.goods_of(place).min(c.room(now)).raw();
                let amount = self.part(there);
                let price = c.price(now).unwrap_or_default();
                let cost = (amount * price.raw()).div_ceil(U256::from(COIN));
                let more = self.rng.random_range(0..3_u64);
                let less = u64::from(self.rng.random_bool(0.05));
                let coins = (cost + U256::from(more)).saturating_sub(U256::from(less * 3));
                let lower = U256::from(u64::from(self.rng.random_bool(0.05)));
                let call = ConverterCall::Buy {
                    converter: place,
                    token,
                    amount: Goods::new(amount),
                    max_price: Price::new(price.raw().saturating_sub(lower)),
                    coins: Assets::new(coins),
                };
                (who, Call::Converter(call))
            }
        }
    }

    /// Shares of somebody who has some, if anybody has.
    fn sharer(&mut self) -> (model::Address, VaultShares) {
        let held: Vec<_> = self
            .people
            .iter()
            .map(|p| (p.at, self.state.vault.balance(p.at)))
            .filter(|(_, x)| !x.is_zero())
            .collect();
        let other = (self.person(), VaultShares::of(COIN));
        held.choose(&mut self.rng).copied().unwrap_or(other)
    }

    fn nobody_or(&mut self, who: model::Address) -> model::Address {
        if self.rng.random_bool(0.02) {
            model::Address::ZERO
        } else {
            who
        }
    }

    pub(super) fn vaults(&mut self) -> (model::Address, Call) {
        let someone = self.person();
        let receiver = self.nobody_or(someone);
        let now = self.now();
        let vault = self.state.places.vault;
        let call = match self.rng.random_range(0..100) {
            0..18 => {
                let coins = self.coins();
                let call = MinterCall::SubmitAndDeposit {
                    coins,
                    recipient: receiver,
                    min_shares: VaultShares::of(u128::from(self.rng.random_bool(0.5))),
                };
                return (self.person(), Call::Minter(call));
            }
            18..24 => VaultCall::SubmitAndDeposit {
                coins: self.coins(),
                receiver,
                min_shares: if self.rng.random_bool(0.03) {
                    VaultShares::MAX
                } else {
                    VaultShares::ZERO
                },
            },
            24..46 => {
                let (who, balance) = self.holder();
                let lst = Shares::new(self.part(balance.raw() / U256::from(2)));
                let allowed = self.state.token.allowance(who, vault);
                if allowed < lst && self.rng.random_bool(0.95) {
                    let call = TokenCall::Approve {
                        spender: vault,
                        amount: Shares::MAX,
                    };
                    return (who, Call::Token(call));
                }
                let call = if self.rng.random_bool(0.5) {
                    VaultCall::Deposit { lst, receiver }
                } else {
                    let shares = self.state.vault_shares_down(now, lst).unwrap_or_default();
                    VaultCall::Mint { shares, receiver }
                };
                return (who, Call::Vault(call));
            }
            46..52 => VaultCall::Harvest,
            52..84 => {
                let (owner, has) = self.sharer();
                let shares = VaultShares::new(self.part(has.raw())).min(has);
                let more = VaultShares::of(u128::from(self.rng.random_bool(0.03)));
                let shares = shares.plus(more).unwrap_or_default();
                let spenders: Vec<_> = self
                    .state
                    .vault
                    .allowances
                    .iter()
                    .filter(|((o, _), x)| *o == owner && !x.is_zero())
                    .map(|((_, spender), _)| *spender)
                    .collect();
                let spender = spenders.choose(&mut self.rng).copied();
                let spender = spender.filter(|_| self.rng.random_bool(0.4));
                let who = spender.unwrap_or(owner);
                let call = match self.rng.random_range(0..3) {
                    0 => VaultCall::Redeem {
                        shares,
                        receiver,
                        owner,
                    },
                    1 => VaultCall::Withdraw {
                        lst: self.state.vault_lst_down(now, shares).unwrap_or_default(),
                        receiver,
                        owner,
                    },
                    _ => VaultCall::RedeemInKind {
                        shares,
                        receiver,
                        owner,
                    },
                };
                return (self.mostly(who), Call::Vault(call));
            }
            84..94 => {
                let (owner, has) = self.sharer();
                let shares = VaultShares::new(self.part(has.raw()));
                let spender = receiver;
                let call = if self.rng.random_bool(0.6) {
                    VaultCall::Approve { spender, shares }
                } else {
                    VaultCall::Transfer {
                        to: receiver,
                        shares: shares.min(has),
                    }
                };
                return (owner, Call::Vault(call));
            }
            _ => {
                let granted: Vec<_> = self
                    .state
                    .vault
                    .allowances
                    .iter()
                    .filter(|(_, x)| !x.is_zero())
                    .map(|(key, x)| (*key, *x))
                    .collect();
                let Some(((from, spender), most)) = granted.choose(&mut self.rng).copied() else {
                    return (someone, Call::Vault(VaultCall::Harvest));
                };
                let there = self.state.vault.balance(from).min(most);
                let shares = VaultShares::new(self.part(there.raw()));
                let call = VaultCall::TransferFrom {
                    from,
                    to: receiver,
                    shares,
                };
                return (spender, Call::Vault(call));
            }
        };
        (someone, Call::Vault(call))
    }

    /// A controller and one of its requests, if there is one: mostly one with something claimable.
    fn controller(&mut self) -> (model::Address, u64) {
        let all: Vec<_> = self
            .state
            .coin_vault
            .requests
            .iter()
            .filter(|(_, r)| !r.shares.is_zero())
            .map(|(key, _)| *key)
            .collect();
        let ready: Vec<_> = all
            .iter()
            .copied()
            .filter(|(who, id)| {
                let part = self.state.exit_claimable(*who, *id).unwrap_or_default();
                !part.shares.is_zero()
            })
            .collect();
        let from = if ready.is_empty() || self.rng.random_bool(0.1) {
            all
        } else {
            ready
        };
        let other = (self.person(), 1);
        from.choose(&mut self.rng).copied().unwrap_or(other)
    }

    pub(super) fn coin_vaults(&mut self) -> (model::Address, Call) {
        let someone = self.person();
        let receiver = self.nobody_or(someone);
        let now = self.now();
        let (who, call) = match self.rng.random_range(0..100) {
            0..14 => {
                let assets = self.coins();
                let more = Assets::of(u128::from(self.rng.random_bool(0.03)));
                let coins = assets.plus(more).unwrap_or_default();
                let call = CoinVaultCall::Deposit {
                    coins,
                    assets,
                    receiver,
                };
                (someone, call)
            }
            14..26 => {
                let shares = VaultShares::new(self.coins().raw());
                let price = self.state.coins_for_shares_up(now, shares);
                let more = Assets::of(self.rng.random_range(0..5));
                let less = Assets::of(u128::from(self.rng.random_bool(0.05)) * 9);
                let coins = price.and_then(|x| x.plus(more)).unwrap_or_default();
                let call = CoinVaultCall::Mint {
                    coins: coins.min0(less),
                    shares,
                    receiver,
                };
                (someone, call)
            }
            26..52 => {
                let (owner, has) = self.sharer();
                let shares = VaultShares::new(self.part(has.raw())).min(has);
                let operators = &self.state.coin_vault.operators;
                let acting = operators.iter().find(|(o, _)| *o == owner);
                let who = match acting {
                    Some((_, operator)) if self.rng.random_bool(0.3) => *operator,
                    _ => owner,
                };
                let call = CoinVaultCall::RequestRedeem {
                    shares,
                    controller: receiver,
                    owner,
                };
                (self.mostly(who), call)
            }
            52..60 => {
                let id = self.state.minter.line.open_rung() + 1;
                let open: Vec<_> = self
                    .state
                    .coin_vault
                    .requests
                    .iter()
                    .filter(|((_, of), r)| *of == id && !r.shares.is_zero())
                    .map(|((who, _), _)| *who)
                    .collect();
                let controller = open.choose(&mut self.rng).copied().unwrap_or(someone);
                let call = CoinVaultCall::CancelRequest {
                    receiver,
                    controller,
                };
                (self.mostly(controller), call)
            }
            60..92 => {
                let (controller, id) = self.controller();
                let most = self.state.exit_most(controller).unwrap_or_default();
                let call = match self.rng.random_range(0..3) {
                    0 => CoinVaultCall::ClaimRequest {
                        id,
                        receiver,
                        controller,
                    },
                    1 => CoinVaultCall::Redeem {
                        shares: VaultShares::new(self.part(most.shares.raw())),
                        receiver,
                        controller,
                    },
                    _ => CoinVaultCall::Withdraw {
                        coins: Assets::new(self.part(most.coins.raw())),
                        receiver,
                        controller,
                    },
                };
                (self.mostly(controller), call)
            }
            _ => {
                let approved = self.rng.random_bool(0.6);
                let call = CoinVaultCall::SetOperator {
                    operator: self.person(),
                    approved,
                };
                (someone, call)
            }
        };
        (who, Call::CoinVault(call))
    }

    /// The pool's price moves.
    pub(super) fn market(&mut self) -> (model::Address, Call) {
        let who = self.plain();
        let has = self.state.token.balance(who).raw();
        let most = U256::from(400 * COIN);
        let call = if self.rng.random_bool(0.5) && has > U256::from(COIN) {
            let amount = self.part(has.min(most)).min(has);
            MarketCall::SellLst {
                lst: Shares::new(amount.max(U256::from(1_000))),
            }
        } else {
            let amount = self.part(most).max(U256::from(1_000));
            MarketCall::BuyLst {
                coins: Assets::new(amount),
            }
        };
        (who, Call::Market(call))
    }

    /// What the admin sets once in a life and takes back, and what two may do together.
    pub(super) fn wiring(&mut self) -> (model::Address, Call) {
        let admin = self.mostly(self.admin);
        let parts = self.parts;
        let pick = self.rng.random_range(0..2);
        let places = self.state.places;
        let (who, call) = match self.rng.random_range(0..100) {
            0..11 => {
                let vault = places.vault;
                (admin, MinterCall::SetVault { vault })
            }
            11..22 => {
                let code = model_addr(parts.halts[pick]);
                (admin, MinterCall::SetHalt { code })
            }
            22..34 => {
                let converter = model_addr(parts.converters[pick]);
                (admin, MinterCall::SetConverter { converter })
            }
            34..50 => {
                let place = self.state.minter.converter;
                let c = self.state.conversion(place, places.reward_token);
                let around = |x: U256, rng: &mut Choices| match rng.random_range(0..6) {
                    0 => x + U256::from(COIN / 100),
                    1 => x / U256::from(2),
                    _ => x,
                };
                let floor = match self.rng.random_range(0..20) {
                    0 => U256::ZERO,
                    _ => c.floor.raw().max(U256::from(COIN / 1_000)),
                };
                let call = MinterCall::SetConversion {
                    token: places.reward_token,
                    floor: Price::new(around(floor, &mut self.rng)),
                    per_sale: Goods::new(around(c.per_sale.raw(), &mut self.rng)),
                    per_day: Goods::new(around(c.per_day.raw(), &mut self.rng)),
                };
                (admin, call)
            }
            50..66 => {
                let off = self.rng.random_bool(0.07);
                let slippage = *[500, 500, 300, 100, 1_001]
                    .choose(&mut self.rng)
                    .unwrap_or(&500);
                let call = MinterCall::SetAmmRoute {
                    route: if off {
                        model::Address::ZERO
                    } else {
                        model_addr(parts.route)
                    },
                    slippage: Bps::new(slippage),
                };
                let guardian = off && self.rng.random_bool(0.5);
                (if guardian { self.guardian } else { admin }, call)
            }
            66..87 => {
                let off = self.rng.random_bool(0.1);
                let fee = *[30, 30, 30, 100, 10, 10_000]
                    .choose(&mut self.rng)
                    .unwrap_or(&30);
                let call = MinterCall::SetAmmPool {
                    pool: model_addr(parts.pair),
                    style: if off { Style::None } else { Style::V2 },
                    fee: Bps::new(if off { 0 } else { fee }),
                };
                (admin, call)
            }
            87..95 => {
                let by = if self.rng.random_bool(0.5) {
                    self.guardian
                } else {
                    admin
                };
                let call = MinterCall::Emergency {
                    what: Emergency::Reader,
                    to: places.staking,
                };
                (by, call)
            }
            _ => {
                let named = self.state.minter.halt_code;
                let to = if self.rng.random_bool(0.9) {
                    named
                } else {
                    model_addr(parts.halts[pick])
                };
                let what = Emergency::Halt;
                let first = self.state.minter.signatures.get(&(what, to));
                let by = match first.map(|signature| signature.by == self.admin) {
                    Some(true) => self.guardian,
                    Some(false) => self.admin,
                    None if self.rng.random_bool(0.5) => self.guardian,
                    None => self.admin,
                };
                let by = self.mostly(by);
                (by, MinterCall::Emergency { what, to })
            }
        };
        (who, Call::Minter(call))
    }

    /// The code behind the halt comes back, announced when the setup is sealed.
    pub(super) fn leave_halt(&mut self) -> (model::Address, Call) {
        let code = self.state.places.code;
        let call = Call::Minter(MinterCall::Upgrade { code });
        let m = &self.state.minter;
        let announced = m.scheduled.iter().any(|(known, _)| *known == call);
        if m.sealed && !announced {
            let call = Box::new(call);
            return (self.admin, Call::Minter(MinterCall::Schedule { call }));
        }
        (self.mostly(self.admin), call)
    }

    /// What only contracts of ours may call.
    pub(super) fn forbidden_later(&mut self, who: model::Address) -> Call {
        let (id, _) = self.request();
        let owner = self.holder().0;
        let shares = VaultShares::of(COIN);
        match self.rng.random_range(0..5) {
            0 => Call::Minter(MinterCall::UnwrapTicket { id, owner: who }),
            1 => Call::Receipts(ReceiptsCall::Mint {
                to: who,
                request: id,
            }),
            2 => Call::Rewards(RewardsCall::SetDelegate {
                account: owner,
                delegate: who,
            }),
            3 => Call::Vault(VaultCall::RedeemForExit {
                shares,
                owner,
                spender: who,
            }),
            _ => Call::Vault(VaultCall::SubmitAndMint {
                coins: Assets::of(COIN),
                shares,
                receiver: who,
            }),
        }
    }
}
