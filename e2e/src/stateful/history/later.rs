//! What can happen with receipts, the reserve, delegates, reward tokens, the vault, the pool and the halt.

use super::*;
use crate::world::later::{POOL_FEE, STYLE_NONE, STYLE_V2, Upgrade};
use chain::bindings::{
    IRewardConverter as C, converter::IRewardConverter::buyCall, receipts::ILiquidReceipts as Q,
    vault::ILiquidVault as V,
};

alloy::sol! {
    #[sol(all_derives)]
    interface Shares {
        function balanceOf(address owner) external view returns (uint256);
        function totalSupply() external view returns (uint256);
        function convertToAssets(uint256 shares) external view returns (uint256);
        function approve(address spender, uint256 amount) external returns (bool);
        function deposit(uint256 assets, address receiver) external returns (uint256);
        function redeem(uint256 shares, address receiver, address owner) external returns (uint256);
        function transferFrom(address from, address to, uint256 tokenId) external;
    }
    error Halted(bytes4 selector);
}

/// Kinds of emergencies, as the minter numbers them.
const HALT: u8 = 0;
const READER: u8 = 1;

impl History {
    // ----------------------------------------------------------------------------------------------------- receipts

    pub(super) fn receipts(&mut self) -> Result<()> {
        let held: Vec<_> = self.b.receipts.iter().map(|(&r, &x)| (r, x)).collect();
        let held = held.choose(&mut self.rng).copied();
        let Some((request, (token, owner))) = held.filter(|_| self.chance(60)) else {
            return self.receipt_minted();
        };
        let (who, at) = (self.who_owns(owner), self.w.receipts);
        let who = if self.chance(4) { self.anyone() } else { who };
        match self.rng.random_range(0..10) {
            0..=2 => {
                let to = self.anyone().at;
                let call = Shares::transferFromCall {
                    from: owner,
                    to,
                    tokenId: token,
                };
                self.call(who, at, 0, &call)?;
            }
            3..=5 => {
                self.call(who, at, 0, &Q::unwrapCall { tokenId: token })?;
            }
            6 => {
                let tokens = vec![token, U256::from(request + 1)];
                self.call(who, at, 0, &Q::refreshCall { tokenIds: tokens })?;
            }
            7 => {
                let hints = self.look(&M::findHintsCall {
                    ids: vec![U256::from(request)],
                });
                let call = Q::claimCall {
                    tokenId: token,
                    hintA: hints.hintsA[0],
                    hintB: hints.hintsB[0],
                    recipient: who.at,
                };
                self.call(who, at, 0, &call)?;
            }
            _ => {
                let before = self.w.view(at, &Q::infoCall { tokenId: token });
                let call = Q::redeemCall {
                    tokenId: token,
                    recipient: who.at,
                };
                let had = self.w.balance(who.at);
                let out = self.call(who, at, 0, &call)?;
                if out.ok && !who.is_contract() {
                    let got = self.w.balance(who.at) - had;
                    ensure!(
                        U256::from(got) == before.gross - before.fee,
                        "2: receipt {token} showed {} less {} and paid {got}",
                        before.gross,
                        before.fee
                    );
                }
            }
        }
        Ok(())
    }

    fn receipt_minted(&mut self) -> Result<()> {
        let own: Vec<_> = self
            .b
            .tickets
            .iter()
            .filter(|(_, t)| t.owner != self.w.receipts)
            .map(|(&id, t)| (id, t.owner))
            .collect();
        let Some(&(id, owner)) = own.choose(&mut self.rng) else {
            return self.exit();
        };
        let who = if self.chance(4) {
            self.anyone()
        } else {
            self.who_owns(owner)
        };
        self.minter(who, &M::mintReceiptCall { id: U256::from(id) })?;
        Ok(())
    }

    /// Owners say whether to be paid unasked, and somebody pays them.
    pub(super) fn paid_unasked(&mut self) -> Result<()> {
        if self.chance(25) {
            let who = self.anyone();
            let on = self.chance(80);
            self.minter(who, &M::setAutoPayCall { on })?;
            return Ok(());
        }
        let whole = !self.chance(10);
        let mut ready = self.ready(whole);
        if self.chance(90) {
            ready.retain(|r| self.told_to_pay(r.1));
        }
        let Some(&(id, _)) = ready.choose(&mut self.rng) else {
            return self.exit();
        };
        let who = self.anyone();
        self.minter(who, &M::claimForCall { id: U256::from(id) })?;
        Ok(())
    }

    /// Whether an owner wants to be paid unasked: what they said, else whether they have no code.
    pub(super) fn told_to_pay(&self, owner: Address) -> bool {
        let told = self.b.auto_pay.get(&owner).copied();
        told.unwrap_or_else(|| {
            self.persons
                .get(&owner)
                .is_some_and(|&i| !self.people[i].is_contract())
        })
    }

    // ------------------------------------------------------------------------------------------------------ reserve

    pub(super) fn reserve(&mut self) -> Result<()> {
        if self.chance(45) || self.b.insurance == 0 {
            let (who, amount) = (self.anyone(), self.coins(1, 20) / 10);
            self.call(who, self.w.minter, amount, &M::fundInsuranceCall {})?;
            return Ok(());
        }
        let (held, admin) = (self.b.insurance, self.admin_or_not());
        let amount = if self.chance(4) {
            held + 1
        } else {
            self.part(held / 3)
        };
        let call = M::withdrawInsuranceCall {
            recipient: self.w.fee_recipient,
            amount: U256::from(amount),
        };
        self.minter(admin, &call)?;
        Ok(())
    }

    // ---------------------------------------------------------------------------------------------------- delegates

    pub(super) fn delegates(&mut self) -> Result<()> {
        let account = *self.mute.choose(&mut self.rng).expect("not empty");
        let rewards = self.w.rewards;
        let delegate = self.w.view(rewards, &R::delegateOfCall { account });
        match self.rng.random_range(0..10) {
            0 | 1 => {
                // They hold something to claim for.
                let (who, has) = self.holder();
                let value = U256::from(self.part(has / 4));
                let token = self.w.token;
                self.call(who, token, 0, &T::transferCall { to: account, value })?;
            }
            2 | 3 => {
                let who = self.anyone();
                self.call(who, rewards, 0, &R::refuseDelegateCall {})?;
            }
            4 | 5 => {
                let delegate = if self.sealed {
                    Address::ZERO
                } else {
                    self.anyone().at
                };
                let account = if self.chance(10) {
                    self.anyone().at
                } else {
                    account
                };
                let call = M::setDelegateClaimerCall { account, delegate };
                let admin = self.admin_or_not();
                self.minter(admin, &call)?;
            }
            _ => {
                let who = if self.chance(5) {
                    self.anyone()
                } else {
                    self.who_owns(delegate)
                };
                if who.at == Address::ZERO {
                    return self.rewards();
                }
                let call = R::claimAsDelegateCall {
                    account,
                    recipient: who.at,
                };
                self.call(who, rewards, 0, &call)?;
            }
        }
        Ok(())
    }

    // ------------------------------------------------------------------------------------------------ reward tokens

    pub(super) fn gold(&mut self) -> Result<()> {
        let token = self.parts.gold;
        let who = self.anyone();
        if self.chance(60) {
            let (id, from) = (self.live_id(), self.rng.random_range(0..3));
            let call = M::claimTokenCall {
                token: if self.chance(4) { NATIVE } else { token },
                validatorId: id,
                from: U256::from(from),
                to: U256::from(from + self.rng.random_range(1..6)),
            };
            self.minter(who, &call)?;
            return Ok(());
        }
        let at = self.look(&M::converterCall {});
        let amount = self.w.view(at, &C::forSaleCall { token });
        if amount.is_zero() {
            return Ok(());
        }
        let amount = U256::from(self.part(wei(amount)).max(1));
        let price = self.w.view(at, &C::priceCall { token });
        let cost = wei(price * amount / U256::from(COIN)) + 1;
        let call = buyCall {
            token,
            amount,
            maxPrice: price,
        };
        self.call(who, at, cost, &call)?;
        Ok(())
    }

    // -------------------------------------------------------------------------------------------------------- vault

    pub(super) fn vaults(&mut self) -> Result<()> {
        let (who, vault) = (self.anyone(), self.parts.vault);
        let shares = self.w.view(vault, &Shares::balanceOfCall { owner: who.at });
        match self.rng.random_range(0..10) {
            0..=4 => {
                let amount = self.coins(1, 400) / 4;
                let call = M::submitAndDepositCall {
                    recipient: who.at,
                    minShares: U256::ZERO,
                };
                self.call(who, self.w.minter, amount, &call)?;
            }
            5 => {
                let assets = U256::from(self.part(self.lst_of(who) / 2));
                let token = self.w.token;
                let spender = vault;
                self.call(
                    who,
                    token,
                    0,
                    &T::approveCall {
                        spender,
                        value: assets,
                    },
                )?;
                let call = Shares::depositCall {
                    assets,
                    receiver: who.at,
                };
                self.call(who, vault, 0, &call)?;
            }
            6 => {
                self.call(who, vault, 0, &V::harvestCall {})?;
            }
            7 => {
                let call = V::redeemInKindCall {
                    shares: U256::from(self.part(wei(shares))),
                    receiver: who.at,
                    owner: who.at,
                };
                self.call(who, vault, 0, &call)?;
            }
            _ => {
                let call = Shares::redeemCall {
                    shares: U256::from(self.part(wei(shares))),
                    receiver: who.at,
                    owner: who.at,
                };
                self.call(who, vault, 0, &call)?;
            }
        }
        Ok(())
    }

    /// 3: a share of the vault never loses LST, whoever comes and goes; the vault has what it says.
    pub(super) fn vault(&mut self) -> Result<()> {
        let vault = self.parts.vault;
        let held = wei(self.w.view(vault, &V::lstHeldCall {}));
        let has = self.b.lst.get(&vault).copied().unwrap_or_default();
        ensure!(held <= has, "1: the vault says {held} LST and has {has}");
        let supply = wei(self.w.view(vault, &Shares::totalSupplyCall {}));
        if supply < COIN {
            self.share_price = 0;
            return Ok(());
        }
        let call = Shares::convertToAssetsCall {
            shares: U256::from(COIN) * U256::from(1_000_000_000_u64),
        };
        let price = wei(self.w.view(vault, &call));
        // Each call may round the vault's LST by a wei or two: 1e9 coins' worth of shares against a supply of a coin or more.
        let dust = 1_000_000_000 * 8 * u128::from(self.calls.min(100));
        ensure!(
            price + dust >= self.share_price,
            "3: 1e27 shares of the vault were worth {} LST and are worth {price}",
            self.share_price
        );
        self.share_price = price;
        Ok(())
    }

    // --------------------------------------------------------------------------------------------------------- pool

    /// The pool's price moves: mostly a little below the rate, now and then beyond the cap or above the rate.
    pub(super) fn market(&mut self) -> Result<()> {
        let parts = self.parts;
        if self.chance(50) {
            let permille = if self.chance(20) {
                self.rng.random_range(900..1_050)
            } else {
                self.rng.random_range(975..1_005)
            };
            let price = mul_div(self.b.rate, permille, 1_000);
            let logs = self.w.trade(&parts, price);
            let line = format!("  outside: the pool trades at {permille} permille of the rate");
            self.note(line);
            self.b.apply(&self.w, &logs)?;
            return Ok(());
        }
        let (who, has) = self.holder();
        let amount = self.part(has.min(40 * COIN));
        let u = U256::from(amount);
        let p = ExitParams {
            instantMax: if self.chance(50) { u } else { U256::ZERO },
            ammMax: u,
            queueMax: if self.chance(90) { u } else { U256::ZERO },
            minOutNow: U256::ZERO,
            feeLimitBps: U256::from(10_000),
            deadline: U256::from(self.w.now),
            recipient: who.at,
        };
        self.minter(who, &M::redeemCall { amount: u, p })?;
        Ok(())
    }

    // ------------------------------------------------------------------------------------------------------- wiring

    /// What the admin sets once in a life, and takes back: while the setup is open, and later what only tightens.
    pub(super) fn wiring(&mut self) -> Result<()> {
        let admin = self.admin_or_not();
        let parts = self.parts;
        let pick = self.rng.random_range(0..2);
        match self.rng.random_range(0..15) {
            0 | 1 => {
                self.minter(admin, &M::setVaultCall { vault: parts.vault })?;
            }
            2 | 3 => {
                let code = parts.halts[pick];
                self.minter(admin, &M::setHaltCall { code })?;
            }
            4 | 5 => {
                let converter = parts.converters[pick];
                self.minter(admin, &M::setConverterCall { converter })?;
            }
            6 | 7 => {
                // The same or a higher floor, the same or lower limits: no announcement needed.
                let floor = COIN / 1_000 + u128::from(self.calls);
                let per_sale = 1_000 * COIN - u128::from(self.calls);
                let call = M::setConversionCall {
                    token: parts.gold,
                    floor: U256::from(floor),
                    perSale: U256::from(per_sale),
                    perDay: U256::from(10 * per_sale),
                };
                self.minter(admin, &call)?;
            }
            8 | 9 => {
                let off = self.chance(8);
                let call = M::setAmmRouteCall {
                    route: if off { Address::ZERO } else { parts.route },
                    slippageBps: U256::from(if off { 0 } else { 500 }),
                };
                let who = if off && self.chance(50) {
                    Who::plain(self.w.guardian)
                } else {
                    admin
                };
                self.minter(who, &call)?;
            }
            10..=12 => {
                let off = self.sealed || self.chance(20);
                let call = M::setAmmPoolCall {
                    pool: parts.pair,
                    style: if off { STYLE_NONE } else { STYLE_V2 },
                    feeBps: U256::from(if off { 0 } else { POOL_FEE }),
                };
                if !self.sealed || self.chance(3) {
                    self.minter(admin, &call)?;
                }
            }
            _ => {
                // One signature does nothing; two switch the reader, here to the one in force.
                let who = if self.chance(50) {
                    Who::plain(self.w.guardian)
                } else {
                    admin
                };
                let call = M::emergencyCall {
                    what: READER,
                    to: self.w.staking,
                };
                self.minter(who, &call)?;
            }
        }
        Ok(())
    }

    /// Governor and guardian halt the minter; coins still come home and are claimed, nothing else goes on; then it is left.
    pub(super) fn halt(&mut self) -> Result<()> {
        if self.sealed {
            return self.wiring();
        }
        let code = self.parts.halts[self.rng.random_range(0..2)];
        let (admin, guardian) = (self.admin(), Who::plain(self.w.guardian));
        self.minter(admin, &M::setHaltCall { code })?;
        let call = M::emergencyCall {
            what: HALT,
            to: code,
        };
        self.minter(admin, &call)?;
        ensure!(self.minter(guardian, &call)?.ok, "10: two may halt");
        self.late = true;
        for _ in 0..self.rng.random_range(4..16) {
            match self.rng.random_range(0..8) {
                0 => {
                    let seconds = self.rng.random_range(60..6 * HOUR);
                    self.jump(self.w.now + seconds)?;
                }
                1 | 2 => self.claim_request_only()?,
                3 => {
                    let who = self.anyone();
                    self.minter(who, &M::unstakeRewardsCall {})?;
                }
                4 => {
                    for id in self.matured() {
                        let call = M::sweepMaturedBucketsCall {
                            validatorId: id,
                            maxToSweep: U256::from(128),
                        };
                        self.minter(self.keeper(), &call)?;
                    }
                }
                5 => {
                    let who = self.keeper();
                    self.fulfil(who)?;
                }
                _ => self.refused_by_the_halt()?,
            }
        }
        let back = Upgrade::upgradeToAndCallCall {
            code: self.w.code,
            data: Vec::new().into(),
        };
        self.outside(self.w.admin, self.w.minter, 0, &back)?;
        self.full_round()?;
        self.times()?;
        self.late = false;
        Ok(())
    }

    fn claim_request_only(&mut self) -> Result<()> {
        let ready = self.ready(true);
        let Some(&(id, owner)) = ready.choose(&mut self.rng) else {
            return Ok(());
        };
        if owner == self.w.receipts {
            return Ok(());
        }
        let who = self.who_owns(owner);
        let call = M::withdrawCall {
            recipient: who.at,
            id: U256::from(id),
        };
        let out = self.minter(who, &call)?;
        ensure!(
            out.ok || who.is_contract(),
            "7: request {id} is funded and cannot be claimed in a halt"
        );
        Ok(())
    }

    fn refused_by_the_halt(&mut self) -> Result<()> {
        let who = self.people[self.rng.random_range(0..self.keys.len())];
        let (data, value) = match self.rng.random_range(0..4) {
            0 => (M::submitCall {}.abi_encode(), COIN),
            1 => {
                let call = M::unstakeCall {
                    amount: U256::from(COIN),
                };
                (call.abi_encode(), 0)
            }
            2 => (M::processBatchUnstakeCall {}.abi_encode(), 0),
            _ => (M::skimCall {}.abi_encode(), 0),
        };
        let selector = [data[0], data[1], data[2], data[3]];
        let out = self.w.send(who.at, self.w.minter, value, data, GAS);
        let said = Halted {
            selector: selector.into(),
        };
        ensure!(
            !out.ok && *out.output == alloy::sol_types::SolError::abi_encode(&said)[..],
            "10: a halted minter answers {selector:?} with {}",
            out.output
        );
        Ok(())
    }
}
