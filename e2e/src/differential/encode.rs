//! The model's calls, errors and events as the bytes that the contracts take and give.

use alloy::{
    primitives::{Address, B256, Bytes, LogData, U256, keccak256},
    sol_types::{Panic, PanicKind, SolCall, SolError, SolEvent},
};
use chain::bindings::{
    IAmmRoute, ILiquidCoinVault as CoinVault, ILiquidMinter as Minter, ILiquidReceipts as Receipts,
    ILiquidRewards as Rewards, ILiquidToken as Token, ILiquidVault as Vault, IPlumeStaking,
    IRewardConverter as Converter, LiquidMinter, LiquidReceipts, LiquidToken, LiquidVault,
    LiquidViews, LocalStaking, LocalTreasury, minter::ILiquidMinterTypes as Types,
};
use model::{Account, Call, Error, Event, MinterCall, Role, StakingError, Timestamp};

use crate::world::{
    NATIVE, World,
    later::{STYLE_NONE, STYLE_V2, Upgrade},
};

/// An address of the model.
pub(super) fn addr(address: model::Address) -> Address {
    Address::from(address.0)
}

/// An address for the model.
pub(super) fn model_addr(address: Address) -> model::Address {
    model::Address(address.into_array())
}

/// Unix seconds; the model's "never" is the contracts' largest word.
pub(super) fn time(at: Timestamp) -> U256 {
    if at == Timestamp::NEVER {
        U256::MAX
    } else {
        at.raw()
    }
}

/// A short ASCII name in the high bytes of a word.
fn name(text: &str) -> B256 {
    let mut word = B256::ZERO;
    word.iter_mut()
        .zip(text.bytes())
        .for_each(|(to, from)| *to = from);
    word
}

pub(super) fn role_hash(role: Role) -> B256 {
    match role {
        Role::Admin => B256::ZERO,
        Role::Rebalancer => keccak256("REBALANCER_ROLE"),
        Role::Claimer => keccak256("CLAIMER_ROLE"),
        Role::Handler => keccak256("HANDLER_ROLE"),
        Role::Guardian => keccak256("GUARDIAN_ROLE"),
    }
}

/// A count of the model.
pub(super) fn count(n: usize) -> U256 {
    U256::from(n)
}

/// Where things are on the chain.
pub(super) struct Book {
    pub(super) minter: Address,
    pub(super) token: Address,
    pub(super) rewards: Address,
    pub(super) staking: Address,
    pub(super) operator: Address,
    pub(super) receipts: Address,
    pub(super) vault: Address,
    pub(super) coin_vault: Address,
    pub(super) converters: [Address; 2],
    pub(super) pair: Address,
    pub(super) gold: Address,
    pub(super) route: Address,
    /// Which reserve of the pool is LST.
    pub(super) lst_is_first: bool,
    /// Buckets, by validator and index, as the factory predicts them.
    pub(super) buckets: std::collections::BTreeMap<model::BucketId, Address>,
}

impl Book {
    pub(super) fn account(&self, account: Account) -> Address {
        match account {
            Account::Other(address) => addr(address),
            Account::Bucket(id) => self.buckets.get(&id).copied().unwrap_or_default(),
        }
    }

    /// `keccak256(calldata)`: what the minter calls an operation.
    pub(super) fn operation(&self, call: &Call) -> B256 {
        keccak256(self.encode(call).data)
    }

    /// The transaction of a call. `from` only where the model's caller is not the sender (administrators).
    pub(super) fn encode(&self, call: &Call) -> Encoded {
        match call {
            Call::Minter(call) => self.minter_call(call),
            Call::Token(call) => Encoded::new(self.token, token_call(call)),
            Call::Rewards(call) => {
                use model::RewardsCall as C;
                let to = self.rewards;
                match *call {
                    C::Load { coins } => {
                        Encoded::new(to, Rewards::loadCall {}.abi_encode()).paying(coins)
                    }
                    C::Claim { recipient } => Encoded::new(
                        to,
                        Rewards::claimCall {
                            recipient: addr(recipient),
                        }
                        .abi_encode(),
                    ),
                    C::ClaimAsDelegate { account, recipient } => Encoded::new(
                        to,
                        Rewards::claimAsDelegateCall {
                            account: addr(account),
                            recipient: addr(recipient),
                        }
                        .abi_encode(),
                    ),
                    C::RefuseDelegate => {
                        Encoded::new(to, Rewards::refuseDelegateCall {}.abi_encode())
                    }
                    C::SetDelegate { account, delegate } => Encoded::new(
                        to,
                        Rewards::setDelegateCall {
                            account: addr(account),
                            delegate: addr(delegate),
                        }
                        .abi_encode(),
                    ),
                    C::ClaimFor { account } => Encoded::new(
                        to,
                        Rewards::claimForCall {
                            account: addr(account),
                        }
                        .abi_encode(),
                    ),
                    C::PayProtocolFees => {
                        Encoded::new(to, Rewards::payProtocolFeesCall {}.abi_encode())
                    }
                    C::SetRewardFee { bps } => Encoded::new(
                        to,
                        Rewards::setRewardFeeCall { bps: bps.raw() }.abi_encode(),
                    ),
                }
            }
            Call::Staking(call) => self.staking_call(call),
            Call::Receipts(call) => Encoded::new(self.receipts, receipts_call(call)),
            Call::Vault(call) => self.vault_call(call),
            Call::CoinVault(call) => self.coin_vault_call(call),
            Call::Converter(model::ConverterCall::Buy {
                converter,
                token,
                amount,
                max_price,
                coins,
            }) => {
                let data = Converter::buyCall {
                    token: addr(*token),
                    amount: amount.raw(),
                    maxPrice: max_price.raw(),
                };
                Encoded::new(addr(*converter), data.abi_encode()).paying(*coins)
            }
            // Several transactions, which the driver makes.
            Call::Market(_) => Encoded::new(self.pair, Vec::new()),
        }
    }

    fn vault_call(&self, call: &model::VaultCall) -> Encoded {
        use model::VaultCall as C;
        let new = |data: Vec<u8>| Encoded::new(self.vault, data);
        match *call {
            C::Deposit { lst, receiver } => new(Vault::depositCall {
                assets: lst.raw(),
                receiver: addr(receiver),
            }
            .abi_encode()),
            C::Mint { shares, receiver } => new(Vault::mintCall {
                shares: shares.raw(),
                receiver: addr(receiver),
            }
            .abi_encode()),
            C::Withdraw {
                lst,
                receiver,
                owner,
            } => new(Vault::withdrawCall {
                assets: lst.raw(),
                receiver: addr(receiver),
                owner: addr(owner),
            }
            .abi_encode()),
            C::Redeem {
                shares,
                receiver,
                owner,
            } => new(Vault::redeemCall {
                shares: shares.raw(),
                receiver: addr(receiver),
                owner: addr(owner),
            }
            .abi_encode()),
            C::RedeemInKind {
                shares,
                receiver,
                owner,
            } => new(Vault::redeemInKindCall {
                shares: shares.raw(),
                receiver: addr(receiver),
                owner: addr(owner),
            }
            .abi_encode()),
            C::Harvest => new(Vault::harvestCall {}.abi_encode()),
            C::SubmitAndDeposit {
                coins,
                receiver,
                min_shares,
            } => new(Vault::submitAndDepositCall {
                receiver: addr(receiver),
                minShares: min_shares.raw(),
            }
            .abi_encode())
            .paying(coins),
            C::SubmitAndMint {
                coins,
                shares,
                receiver,
            } => new(Vault::submitAndMintCall {
                shares: shares.raw(),
                receiver: addr(receiver),
            }
            .abi_encode())
            .paying(coins),
            C::RedeemForExit {
                shares,
                owner,
                spender,
            } => new(Vault::redeemForExitCall {
                shares: shares.raw(),
                owner: addr(owner),
                spender: addr(spender),
            }
            .abi_encode()),
            C::Transfer { to, shares } => new(Vault::transferCall {
                to: addr(to),
                value: shares.raw(),
            }
            .abi_encode()),
            C::Approve { spender, shares } => new(Vault::approveCall {
                spender: addr(spender),
                value: shares.raw(),
            }
            .abi_encode()),
            C::TransferFrom { from, to, shares } => new(Vault::transferFromCall {
                from: addr(from),
                to: addr(to),
                value: shares.raw(),
            }
            .abi_encode()),
        }
    }

    fn coin_vault_call(&self, call: &model::CoinVaultCall) -> Encoded {
        use model::CoinVaultCall as C;
        let new = |data: Vec<u8>| Encoded::new(self.coin_vault, data);
        match *call {
            C::Deposit {
                coins,
                assets,
                receiver,
            } => new(CoinVault::depositCall {
                assets: assets.raw(),
                receiver: addr(receiver),
            }
            .abi_encode())
            .paying(coins),
            C::Mint {
                coins,
                shares,
                receiver,
            } => new(CoinVault::mintCall {
                shares: shares.raw(),
                receiver: addr(receiver),
            }
            .abi_encode())
            .paying(coins),
            C::RequestRedeem {
                shares,
                controller,
                owner,
            } => new(CoinVault::requestRedeemCall {
                shares: shares.raw(),
                controller: addr(controller),
                owner: addr(owner),
            }
            .abi_encode()),
            C::CancelRequest {
                receiver,
                controller,
            } => new(CoinVault::cancelRequestCall {
                receiver: addr(receiver),
                controller: addr(controller),
            }
            .abi_encode()),
            C::Redeem {
                shares,
                receiver,
                controller,
            } => new(CoinVault::redeemCall {
                shares: shares.raw(),
                receiver: addr(receiver),
                controller: addr(controller),
            }
            .abi_encode()),
            C::Withdraw {
                coins,
                receiver,
                controller,
            } => new(CoinVault::withdrawCall {
                assets: coins.raw(),
                receiver: addr(receiver),
                controller: addr(controller),
            }
            .abi_encode()),
            C::ClaimRequest {
                id,
                receiver,
                controller,
            } => new(CoinVault::claimRequestCall {
                requestId: U256::from(id),
                receiver: addr(receiver),
                controller: addr(controller),
            }
            .abi_encode()),
            C::SetOperator { operator, approved } => new(CoinVault::setOperatorCall {
                operator: addr(operator),
                approved,
            }
            .abi_encode()),
        }
    }

    fn minter_call(&self, call: &MinterCall) -> Encoded {
        use MinterCall as C;
        let new = |data: Vec<u8>| Encoded::new(self.minter, data);
        match call {
            C::Submit { coins } => new(Minter::submitCall {}.abi_encode()).paying(*coins),
            C::SubmitAndGive { coins, recipient } => new(Minter::submitAndGiveCall {
                recipient: addr(*recipient),
            }
            .abi_encode())
            .paying(*coins),
            C::SubmitForValidator { coins, validator } => new(Minter::submitForValidatorCall {
                validatorId: validator.0,
            }
            .abi_encode())
            .paying(*coins),
            C::Deposit {
                coins,
                recipient,
                min_out,
                deadline,
            } => new(Minter::depositCall {
                recipient: addr(*recipient),
                minOut: min_out.raw(),
                deadline: time(*deadline),
            }
            .abi_encode())
            .paying(*coins),
            C::Receive { coins } => new(Vec::new()).paying(*coins),
            C::Redeem { amount, params } => new(Minter::redeemCall {
                amount: amount.raw(),
                p: Types::ExitParams {
                    instantMax: params.instant_max.raw(),
                    ammMax: params.amm_max.raw(),
                    queueMax: params.queue_max.raw(),
                    minOutNow: params.min_out_now.raw(),
                    feeLimitBps: params.fee_limit_bps,
                    deadline: time(params.deadline),
                    recipient: addr(params.recipient),
                },
            }
            .abi_encode()),
            C::Unstake { amount } => new(Minter::unstakeCall {
                amount: amount.raw(),
            }
            .abi_encode()),
            C::UnstakeFromValidator { amount, validator } => {
                new(Minter::unstakeFromValidatorCall {
                    amount: amount.raw(),
                    validatorId: validator.0,
                }
                .abi_encode())
            }
            C::SubmitAndDeposit {
                coins,
                recipient,
                min_shares,
            } => new(Minter::submitAndDepositCall {
                recipient: addr(*recipient),
                minShares: min_shares.raw(),
            }
            .abi_encode())
            .paying(*coins),
            C::ClaimFor { id } => new(Minter::claimForCall {
                id: U256::from(id.get()),
            }
            .abi_encode()),
            C::SetAutoPay { on } => new(Minter::setAutoPayCall { on: *on }.abi_encode()),
            C::MintReceipt { id } => new(Minter::mintReceiptCall {
                id: U256::from(id.get()),
            }
            .abi_encode()),
            C::UnwrapTicket { id, owner } => new(Minter::unwrapTicketCall {
                id: U256::from(id.get()),
                owner: addr(*owner),
            }
            .abi_encode()),
            C::ClaimToken {
                token,
                validator,
                from,
                to,
            } => new(Minter::claimTokenCall {
                token: addr(*token),
                validatorId: validator.0,
                from: U256::from(*from),
                to: U256::from(*to),
            }
            .abi_encode()),
            C::FundInsurance { coins } => {
                new(Minter::fundInsuranceCall {}.abi_encode()).paying(*coins)
            }
            C::SetVault { vault } => new(Minter::setVaultCall {
                vault: addr(*vault),
            }
            .abi_encode()),
            C::WithdrawInsurance { recipient, amount } => new(Minter::withdrawInsuranceCall {
                recipient: addr(*recipient),
                amount: amount.raw(),
            }
            .abi_encode()),
            C::SetDelegateClaimer { account, delegate } => new(Minter::setDelegateClaimerCall {
                account: addr(*account),
                delegate: addr(*delegate),
            }
            .abi_encode()),
            C::SetConverter { converter } => new(Minter::setConverterCall {
                converter: addr(*converter),
            }
            .abi_encode()),
            C::SetConversion {
                token,
                floor,
                per_sale,
                per_day,
            } => new(Minter::setConversionCall {
                token: addr(*token),
                floor: floor.raw(),
                perSale: per_sale.raw(),
                perDay: per_day.raw(),
            }
            .abi_encode()),
            C::SetAmmRoute { route, slippage } => new(Minter::setAmmRouteCall {
                route: addr(*route),
                slippageBps: slippage.raw(),
            }
            .abi_encode()),
            C::SetAmmPool { pool, style, fee } => new(Minter::setAmmPoolCall {
                pool: addr(*pool),
                style: style_number(*style),
                feeBps: fee.raw(),
            }
            .abi_encode()),
            C::SetHalt { code } => new(Minter::setHaltCall { code: addr(*code) }.abi_encode()),
            C::Emergency { what, to } => new(Minter::emergencyCall {
                what: emergency_number(*what),
                to: addr(*to),
            }
            .abi_encode()),
            C::Upgrade { code } => new(Upgrade::upgradeToAndCallCall {
                code: addr(*code),
                data: Bytes::new(),
            }
            .abi_encode()),
            C::Cancel { id } => new(Minter::cancelCall {
                id: U256::from(id.get()),
            }
            .abi_encode()),
            C::Claim { id, hint_a, hint_b } => new(Minter::claim_1Call {
                id: U256::from(id.get()),
                hintA: *hint_a,
                hintB: *hint_b,
            }
            .abi_encode()),
            C::ClaimTo {
                id,
                hint_a,
                hint_b,
                recipient,
            } => new(Minter::claimToCall {
                id: U256::from(id.get()),
                hintA: *hint_a,
                hintB: *hint_b,
                recipient: addr(*recipient),
            }
            .abi_encode()),
            C::Withdraw { recipient, id } => new(Minter::withdrawCall {
                recipient: addr(*recipient),
                id: U256::from(id.get()),
            }
            .abi_encode()),
            C::UnstakeRewards => new(Minter::unstakeRewardsCall {}.abi_encode()),
            C::CloseRung => new(Minter::closeRungCall {}.abi_encode()),
            C::Finalize => new(Minter::finalizeCall {}.abi_encode()),
            C::FulfillRequests { users, ids } => new(Minter::fulfillRequestsCall {
                users: users.iter().copied().map(addr).collect(),
                ids: ids.iter().map(|id| U256::from(id.get())).collect(),
            }
            .abi_encode()),
            C::FulfillProRata {
                users,
                ids,
                max_spend,
            } => new(Minter::fulfillProRataCall {
                users: users.iter().copied().map(addr).collect(),
                ids: ids.iter().map(|id| U256::from(id.get())).collect(),
                maxSpend: max_spend.raw(),
            }
            .abi_encode()),
            C::PublishEta { rung } => new(Minter::publishEtaCall {
                rung: U256::from(*rung),
            }
            .abi_encode()),
            C::Rebalance => new(Minter::rebalanceCall {}.abi_encode()),
            C::StakeWithheldForValidator { amount, validator } => {
                new(Minter::stakeWitheldForValidatorCall {
                    amount: amount.raw(),
                    validatorId: validator.0,
                }
                .abi_encode())
            }
            C::Restake { validator, amount } => new(Minter::restakeCall {
                validatorId: validator.0,
                amount: amount.raw(),
            }
            .abi_encode()),
            C::ProcessBatchUnstake => new(Minter::processBatchUnstakeCall {}.abi_encode()),
            C::ProcessBatchUnstakePage { most } => new(Minter::processBatchUnstakePageCall {
                maxDepartures: U256::from(*most),
            }
            .abi_encode()),
            C::SweepMaturedBuckets {
                validator,
                max_to_sweep,
            } => new(Minter::sweepMaturedBucketsCall {
                validatorId: validator.0,
                maxToSweep: U256::from(*max_to_sweep),
            }
            .abi_encode()),
            C::ClaimValidator { validator } => new(Minter::claim_0Call {
                validatorId: validator.0,
            }
            .abi_encode()),
            C::ClaimAll => new(Minter::claimAllCall {}.abi_encode()),
            C::ClaimBuckets {
                validator,
                from,
                to,
            } => new(Minter::claimBucketsCall {
                validatorId: validator.0,
                from: U256::from(*from),
                to: U256::from(*to),
            }
            .abi_encode()),
            C::LoadRewards { coins } => new(Minter::loadRewardsCall {}.abi_encode()).paying(*coins),
            C::Skim => new(Minter::skimCall {}.abi_encode()),
            C::SkimStake { bucket } => new(Minter::skimStakeCall {
                validatorId: bucket.validator.0,
                index: count(bucket.index),
            }
            .abi_encode()),
            C::BookSlash { validator } => new(Minter::bookSlashCall {
                validatorId: validator.0,
            }
            .abi_encode()),
            C::SyncValidators => new(Minter::syncValidatorsCall {}.abi_encode()),
            C::PayFees => new(Minter::payFeesCall {}.abi_encode()),
            C::ReceiveFromBucket { coins } => {
                new(Minter::receiveFromBucketCall {}.abi_encode()).paying(*coins)
            }
            C::AddBuckets { validator, count } => new(Minter::addBucketsCall {
                validatorId: validator.0,
                count: U256::from(*count),
            }
            .abi_encode()),
            C::ConfigureBuckets { validator, count } => new(Minter::configureBucketsCall {
                validatorId: validator.0,
                count: U256::from(*count),
            }
            .abi_encode()),
            C::SetFees {
                min_instant,
                standard,
            } => new(Minter::setFeesCall {
                minInstantFeeBps: min_instant.raw(),
                standardFeeBps: standard.raw(),
            }
            .abi_encode()),
            C::SetMaxInstantFee { bps } => {
                new(Minter::setMaxInstantFeeCall { bps: bps.raw() }.abi_encode())
            }
            C::SetInstantPolicy { pause, threshold } => new(Minter::setInstantPolicyCall {
                pause: *pause,
                utilizationThresholdBps: threshold.raw(),
            }
            .abi_encode()),
            C::PauseDeposits { pause } => {
                new(Minter::pauseDepositsCall { pause: *pause }.abi_encode())
            }
            C::SetBatchUnstakeParams {
                threshold,
                interval,
            } => new(Minter::setBatchUnstakeParamsCall {
                threshold: threshold.raw(),
                interval: U256::from(*interval),
            }
            .abi_encode()),
            C::SetMinStake { amount } => new(Minter::setMinStakeCall {
                minStake: amount.raw(),
            }
            .abi_encode()),
            C::SetWithholdRatio { bps } => {
                new(Minter::setWithholdRatioCall { bps: bps.raw() }.abi_encode())
            }
            C::SetMaxValidatorPercentage { validator, bps } => {
                new(Minter::setMaxValidatorPercentageCall {
                    validatorId: U256::from(validator.0),
                    bps: bps.raw(),
                }
                .abi_encode())
            }
            C::SetValidatorWeight { validator, weight } => new(Minter::setValidatorWeightCall {
                validatorId: validator.0,
                weight: U256::from(*weight),
            }
            .abi_encode()),
            C::SetStakingPercentageCap { bps } => {
                new(Minter::setStakingPercentageCapCall { bps: bps.raw() }.abi_encode())
            }
            C::SetRewardsSink { sink } => {
                new(Minter::setRewardsSinkCall { sink: addr(*sink) }.abi_encode())
            }
            C::SetFeeRecipient { recipient } => new(Minter::setFeeRecipientCall {
                recipient: addr(*recipient),
            }
            .abi_encode()),
            C::SetRewardFee { bps } => {
                new(Minter::setRewardFeeCall { bps: bps.raw() }.abi_encode())
            }
            C::Schedule { call } => new(Minter::scheduleCall {
                data: self.encode(call).data.into(),
            }
            .abi_encode()),
            C::CancelScheduled { call } => new(Minter::cancelScheduledCall {
                operation: self.operation(call),
            }
            .abi_encode()),
            C::SealSetup => new(Minter::sealSetupCall {}.abi_encode()),
            C::GrantRole { role, account } => new(LiquidMinter::grantRoleCall {
                role: role_hash(*role),
                account: addr(*account),
            }
            .abi_encode()),
            C::RevokeRole { role, account } => new(LiquidMinter::revokeRoleCall {
                role: role_hash(*role),
                account: addr(*account),
            }
            .abi_encode()),
        }
    }

    fn staking_call(&self, call: &model::StakingCall) -> Encoded {
        use model::StakingCall as C;
        let to = self.staking;
        let staker = |data: Vec<u8>| Encoded::new(to, data);
        let admin = |data: Vec<u8>| Encoded::new(to, data).from(self.operator);
        match *call {
            C::Stake { validator, coins } => {
                staker(LocalStaking::stakeCall { id: validator.0 }.abi_encode()).paying(coins)
            }
            C::StakeOnBehalf {
                validator,
                staker: whom,
                coins,
            } => staker(
                LocalStaking::stakeOnBehalfCall {
                    id: validator.0,
                    staker: self.account(whom),
                }
                .abi_encode(),
            )
            .paying(coins),
            C::Unstake { validator, amount } => staker(
                LocalStaking::unstake_1Call {
                    id: validator.0,
                    amount: amount.raw(),
                }
                .abi_encode(),
            ),
            C::Withdraw => staker(LocalStaking::withdrawCall {}.abi_encode()),
            C::AddValidator {
                validator,
                commission,
                capacity,
            } => admin(
                LocalStaking::addValidatorCall {
                    id: validator.0,
                    commission,
                    l2Admin: World::validator_admin(validator.0),
                    l2Withdraw: self.operator,
                    l1Validator: "l1".into(),
                    l1Account: "account".into(),
                    l1AccountEvm: Address::ZERO,
                    maxCapacity: capacity.raw(),
                }
                .abi_encode(),
            ),
            C::SetStatus { validator, active } => admin(
                LocalStaking::setValidatorStatusCall {
                    id: validator.0,
                    active,
                }
                .abi_encode(),
            ),
            C::SetCapacity {
                validator,
                capacity,
            } => admin(
                LocalStaking::setValidatorCapacityCall {
                    id: validator.0,
                    capacity: capacity.raw(),
                }
                .abi_encode(),
            ),
            C::SetPercentage { bps } => {
                admin(LocalStaking::setMaxValidatorPercentageCall { bps: bps.raw() }.abi_encode())
            }
            C::SetMinStake { amount } => admin(
                LocalStaking::setMinStakeAmountCall {
                    amount: amount.raw(),
                }
                .abi_encode(),
            ),
            C::SetCooldown { seconds } => admin(
                LocalStaking::setCooldownIntervalCall {
                    interval: U256::from(seconds),
                }
                .abi_encode(),
            ),
            C::SetRewardRate { validator, rate } => admin(
                LocalStaking::setValidatorRewardRateCall {
                    id: validator.0,
                    token: NATIVE,
                    rate,
                }
                .abi_encode(),
            ),
            C::SetGoodsRate { validator, rate } => admin(
                LocalStaking::setValidatorRewardRateCall {
                    id: validator.0,
                    token: self.gold,
                    rate,
                }
                .abi_encode(),
            ),
            C::Slash { validator } => {
                admin(LocalStaking::slashValidatorCall { id: validator.0 }.abi_encode())
            }
            C::Vote {
                target,
                voter,
                expiration,
            } => {
                let data = LocalStaking::voteToSlashValidatorCall {
                    target: target.0,
                    voteExpiration: time(expiration),
                };
                Encoded::new(to, data.abi_encode()).from(World::validator_admin(voter.0))
            }
            C::ClearRecord { account, validator } => admin(
                LocalStaking::adminClearValidatorRecordCall {
                    user: self.account(account),
                    id: validator.0,
                }
                .abi_encode(),
            ),
            C::SetWithdrawShortfall { bps } => {
                admin(LocalStaking::setWithdrawShortfallCall { bps: bps.raw() }.abi_encode())
            }
            // Done by the driver itself, without a transaction of its own.
            C::ForceCoins { .. }
            | C::DrainTreasury { .. }
            | C::Refuse { .. }
            | C::StockGoods { .. }
            | C::PutCode { .. } => staker(Vec::new()),
        }
    }
}

/// A transaction.
pub(super) struct Encoded {
    pub(super) from: Option<Address>,
    pub(super) to: Address,
    pub(super) value: u128,
    pub(super) data: Vec<u8>,
}

impl Encoded {
    fn new(to: Address, data: Vec<u8>) -> Self {
        Self {
            from: None,
            to,
            value: 0,
            data,
        }
    }

    fn paying(self, coins: model::Assets) -> Self {
        Self {
            value: coins.raw().saturating_to(),
            ..self
        }
    }

    fn from(self, from: Address) -> Self {
        Self {
            from: Some(from),
            ..self
        }
    }
}

fn token_call(call: &model::TokenCall) -> Vec<u8> {
    use model::TokenCall as C;
    match *call {
        C::Transfer { to, amount } => Token::transferCall {
            to: addr(to),
            value: amount.raw(),
        }
        .abi_encode(),
        C::Approve { spender, amount } => Token::approveCall {
            spender: addr(spender),
            value: amount.raw(),
        }
        .abi_encode(),
        C::TransferFrom { from, to, amount } => Token::transferFromCall {
            from: addr(from),
            to: addr(to),
            value: amount.raw(),
        }
        .abi_encode(),
        // Signed by the driver, which has the keys.
        C::Permit { .. } => Vec::new(),
        C::Mint { to, amount } => Token::mintCall {
            to: addr(to),
            amount: amount.raw(),
        }
        .abi_encode(),
        C::Burn { from, amount } => Token::burnCall {
            from: addr(from),
            amount: amount.raw(),
        }
        .abi_encode(),
        C::Stream { amount } => Token::streamCall {
            amount: amount.raw(),
        }
        .abi_encode(),
        C::Collect { account } => Token::collectCall {
            account: addr(account),
        }
        .abi_encode(),
    }
}

fn receipts_call(call: &model::ReceiptsCall) -> Vec<u8> {
    use model::ReceiptsCall as C;
    match call {
        C::Mint { to, request } => Receipts::mintCall {
            to: addr(*to),
            requestId: U256::from(request.get()),
        }
        .abi_encode(),
        C::Claim {
            id,
            hint_a,
            hint_b,
            recipient,
        } => Receipts::claimCall {
            tokenId: id.raw(),
            hintA: *hint_a,
            hintB: *hint_b,
            recipient: addr(*recipient),
        }
        .abi_encode(),
        C::Redeem { id, recipient } => Receipts::redeemCall {
            tokenId: id.raw(),
            recipient: addr(*recipient),
        }
        .abi_encode(),
        C::Unwrap { id } => Receipts::unwrapCall { tokenId: id.raw() }.abi_encode(),
        C::Refresh { ids } => Receipts::refreshCall {
            tokenIds: ids.iter().map(|id| id.raw()).collect(),
        }
        .abi_encode(),
        C::TransferFrom { from, to, id } => Receipts::transferFromCall {
            from: addr(*from),
            to: addr(*to),
            tokenId: id.raw(),
        }
        .abi_encode(),
        C::Approve { to, id } => Receipts::approveCall {
            to: addr(*to),
            tokenId: id.raw(),
        }
        .abi_encode(),
        C::SetApprovalForAll { operator, approved } => Receipts::setApprovalForAllCall {
            operator: addr(*operator),
            approved: *approved,
        }
        .abi_encode(),
    }
}

const fn style_number(style: model::Style) -> u8 {
    match style {
        model::Style::None => STYLE_NONE,
        model::Style::V2 => STYLE_V2,
    }
}

pub(super) const fn emergency_number(what: model::Emergency) -> u8 {
    match what {
        model::Emergency::Halt => 0,
        model::Emergency::Reader => 1,
    }
}

/// The bytes of a revert.
pub(super) fn revert(book: &Book, error: &Error, to: Address) -> Bytes {
    let wide = |x: model::Assets| x.raw();
    let id = |id: &model::RequestId| U256::from(id.get());
    match error {
        Error::Arithmetic => Panic::from(PanicKind::UnderOverflow).abi_encode(),
        Error::ZeroAmount => Minter::ZeroAmount {}.abi_encode(),
        Error::ZeroAddress => Minter::ZeroAddress {}.abi_encode(),
        Error::AmountTooLarge(amount, most) => Minter::AmountTooLarge {
            amount: wide(*amount),
            most: wide(*most),
        }
        .abi_encode(),
        Error::DeadlinePassed(deadline, at) => Minter::DeadlinePassed {
            deadline: time(*deadline),
            nowAt: time(*at),
        }
        .abi_encode(),
        Error::OutBelowMinimum(out, min) => Minter::OutBelowMinimum {
            out: *out,
            minOut: *min,
        }
        .abi_encode(),
        Error::Paused(until) => Minter::Paused {
            until: time(*until),
        }
        .abi_encode(),
        Error::DepositsClosed(rate, lowest) => Minter::DepositsClosed {
            rate: *rate,
            lowest: *lowest,
        }
        .abi_encode(),
        Error::SlashNotBooked(v) => Minter::SlashNotBooked { validatorId: v.0 }.abi_encode(),
        Error::NotSlashed(v) => Minter::NotSlashed { validatorId: v.0 }.abi_encode(),
        Error::AlreadyBooked(v) => Minter::AlreadyBooked { validatorId: v.0 }.abi_encode(),
        Error::AmmNotEnabled => Minter::AmmNotEnabled {}.abi_encode(),
        Error::ExitNotPlaced(left) => Minter::ExitNotPlaced {
            lstLeft: left.raw(),
        }
        .abi_encode(),
        Error::FeeAboveLimit(fee, limit) => Minter::FeeAboveLimit {
            feeBps: *fee,
            limitBps: *limit,
        }
        .abi_encode(),
        Error::RungFull(rung) => Minter::RungFull {
            rung: U256::from(*rung),
        }
        .abi_encode(),
        Error::NothingStaged => Minter::NothingStaged {}.abi_encode(),
        Error::RungTooYoung(at) => Minter::RungTooYoung {
            closesAt: time(*at),
        }
        .abi_encode(),
        Error::UnknownRequest(r) => Minter::UnknownRequest { id: id(r) }.abi_encode(),
        Error::NotRequestOwner(r, owner, caller) => Minter::NotRequestOwner {
            id: id(r),
            owner: addr(*owner),
            caller: addr(*caller),
        }
        .abi_encode(),
        Error::RungNotOpen(r) => Minter::RungNotOpen { id: id(r) }.abi_encode(),
        Error::NotClosed(rung) => LiquidViews::NotClosed {
            rung: U256::from(*rung),
        }
        .abi_encode(),
        Error::NothingToClaim(r) => Minter::NothingToClaim { id: id(r) }.abi_encode(),
        Error::BadHint(hint) => Minter::BadHint { hint: *hint }.abi_encode(),
        Error::LengthMismatch(a, b) => Minter::LengthMismatch {
            a: count(*a),
            b: count(*b),
        }
        .abi_encode(),
        Error::UnknownValidator(v) => Minter::UnknownValidator { validatorId: v.0 }.abi_encode(),
        Error::TooManyBuckets(v, n, most) => Minter::TooManyBuckets {
            validatorId: v.0,
            count: *n,
            most: U256::from(*most),
        }
        .abi_encode(),
        Error::StakeTooMuch(amount, free) => Minter::StakeTooMuch {
            amount: wide(*amount),
            free: wide(*free),
        }
        .abi_encode(),
        Error::NoCapacity(v, capacity) => Minter::NoCapacity {
            validatorId: v.0,
            capacity: wide(*capacity),
        }
        .abi_encode(),
        Error::RestakeTooMuch(amount, free) => Minter::RestakeTooMuch {
            amount: wide(*amount),
            free: wide(*free),
        }
        .abi_encode(),
        Error::NotLatest(v, latest, end) => Minter::NotLatest {
            validatorId: v.0,
            latestValidatorId: latest.0,
            latestEnd: time(*end),
        }
        .abi_encode(),
        Error::NotKeeper(role, at) => Minter::NotKeeper {
            role: role_hash(*role),
            openToAllAt: time(*at),
        }
        .abi_encode(),
        Error::FromBucket(caller) => Minter::FromBucket {
            caller: addr(*caller),
        }
        .abi_encode(),
        Error::NotBucket(caller) => Minter::NotBucket {
            caller: addr(*caller),
        }
        .abi_encode(),
        Error::FeeAboveCeiling(bps, ceiling) => Minter::FeeAboveCeiling {
            bps: *bps,
            ceiling: U256::from(*ceiling),
        }
        .abi_encode(),
        Error::BadParameter(what, value) => Minter::BadParameter {
            name: name(what),
            value: *value,
        }
        .abi_encode(),
        Error::NotScheduled(call) => Minter::NotScheduled {
            operation: book.operation(call),
        }
        .abi_encode(),
        Error::TooEarly(call, at) => Minter::TooEarly {
            operation: book.operation(call),
            executableAt: time(*at),
        }
        .abi_encode(),
        Error::PauseNotYet(at) => Minter::PauseNotYet {
            allowedFrom: time(*at),
        }
        .abi_encode(),
        Error::TransferFailed(to, amount) => Minter::TransferFailed {
            recipient: addr(*to),
            amount: wide(*amount),
        }
        .abi_encode(),
        Error::Unauthorized(account, role) => LiquidMinter::AccessControlUnauthorizedAccount {
            account: addr(*account),
            neededRole: role_hash(*role),
        }
        .abi_encode(),
        Error::NotMinter(caller) if to == book.token => Token::NotMinter {
            caller: addr(*caller),
        }
        .abi_encode(),
        Error::NotMinter(caller) => Rewards::NotMinter {
            caller: addr(*caller),
        }
        .abi_encode(),
        Error::NotRewards(caller) => Token::NotRewards {
            caller: addr(*caller),
        }
        .abi_encode(),
        Error::InsufficientBalance(sender, balance, needed) => {
            LiquidToken::ERC20InsufficientBalance {
                sender: addr(*sender),
                balance: *balance,
                needed: *needed,
            }
            .abi_encode()
        }
        Error::InsufficientAllowance(spender, allowance, needed) => {
            LiquidToken::ERC20InsufficientAllowance {
                spender: addr(*spender),
                allowance: *allowance,
                needed: *needed,
            }
            .abi_encode()
        }
        Error::InvalidReceiver(receiver) => LiquidToken::ERC20InvalidReceiver {
            receiver: addr(*receiver),
        }
        .abi_encode(),
        Error::InvalidSpender(spender) => LiquidToken::ERC20InvalidSpender {
            spender: addr(*spender),
        }
        .abi_encode(),
        Error::ExpiredSignature(deadline) => LiquidToken::ERC2612ExpiredSignature {
            deadline: time(*deadline),
        }
        .abi_encode(),
        Error::InvalidSigner(signer, owner) => LiquidToken::ERC2612InvalidSigner {
            signer: addr(*signer),
            owner: addr(*owner),
        }
        .abi_encode(),
        Error::Halted(call) => {
            let data = book.encode(call).data;
            let mut selector = [0; 4];
            selector
                .iter_mut()
                .zip(data)
                .for_each(|(to, from)| *to = from);
            Minter::Halted {
                selector: selector.into(),
            }
            .abi_encode()
        }
        Error::AutoPayOff(owner) => Minter::AutoPayOff {
            owner: addr(*owner),
        }
        .abi_encode(),
        Error::VoteOpen => Minter::VoteOpen {}.abi_encode(),
        Error::InsuranceTooMuch(amount, held) => Minter::InsuranceTooMuch {
            amount: wide(*amount),
            held: wide(*held),
        }
        .abi_encode(),
        Error::NoConverter => Minter::NoConverter {}.abi_encode(),
        Error::VaultNotSet => Minter::VaultNotSet {}.abi_encode(),
        Error::NotReceipts(caller) => Minter::NotReceipts {
            caller: addr(*caller),
        }
        .abi_encode(),
        Error::UnknownPool(pool) => IAmmRoute::UnknownPool { pool: addr(*pool) }.abi_encode(),
        Error::BadFee(bps) => IAmmRoute::BadFee { feeBps: *bps }.abi_encode(),
        Error::NotContract(account) => Rewards::NotContract {
            account: addr(*account),
        }
        .abi_encode(),
        Error::CanClaim(account) => Rewards::CanClaim {
            account: addr(*account),
        }
        .abi_encode(),
        Error::NotDelegate(account, caller) => Rewards::NotDelegate {
            account: addr(*account),
            caller: addr(*caller),
        }
        .abi_encode(),
        Error::NoSuchReceipt(id) => {
            LiquidReceipts::ERC721NonexistentToken { tokenId: id.raw() }.abi_encode()
        }
        Error::NotReceiptOwner(id, caller) => Receipts::NotReceiptOwner {
            tokenId: id.raw(),
            caller: addr(*caller),
        }
        .abi_encode(),
        Error::InvalidReceiptReceiver(receiver) => LiquidReceipts::ERC721InvalidReceiver {
            receiver: addr(*receiver),
        }
        .abi_encode(),
        Error::ReceiptNotApproved(operator, id) => LiquidReceipts::ERC721InsufficientApproval {
            operator: addr(*operator),
            tokenId: id.raw(),
        }
        .abi_encode(),
        Error::WrongReceiptOwner(sender, id, owner) => LiquidReceipts::ERC721IncorrectOwner {
            sender: addr(*sender),
            tokenId: id.raw(),
            owner: addr(*owner),
        }
        .abi_encode(),
        Error::InvalidApprover(approver) => LiquidReceipts::ERC721InvalidApprover {
            approver: addr(*approver),
        }
        .abi_encode(),
        Error::InvalidOperator(operator) => LiquidReceipts::ERC721InvalidOperator {
            operator: addr(*operator),
        }
        .abi_encode(),
        Error::SharesBelowMinimum(shares, min) => Vault::SharesBelowMinimum {
            shares: shares.raw(),
            minShares: min.raw(),
        }
        .abi_encode(),
        Error::ExceededMaxDeposit(receiver, assets, max) => {
            LiquidVault::ERC4626ExceededMaxDeposit {
                receiver: addr(*receiver),
                assets: assets.raw(),
                max: max.raw(),
            }
            .abi_encode()
        }
        Error::ExceededMaxMint(receiver, shares, max) => LiquidVault::ERC4626ExceededMaxMint {
            receiver: addr(*receiver),
            shares: shares.raw(),
            max: max.raw(),
        }
        .abi_encode(),
        Error::ExceededMaxWithdraw(owner, assets, max) => LiquidVault::ERC4626ExceededMaxWithdraw {
            owner: addr(*owner),
            assets: assets.raw(),
            max: max.raw(),
        }
        .abi_encode(),
        Error::ExceededMaxRedeem(owner, shares, max) => LiquidVault::ERC4626ExceededMaxRedeem {
            owner: addr(*owner),
            shares: shares.raw(),
            max: max.raw(),
        }
        .abi_encode(),
        Error::NotCoinVault(caller) => Vault::NotCoinVault {
            caller: addr(*caller),
        }
        .abi_encode(),
        Error::WrongValue(expected, got) => CoinVault::WrongValue {
            expected: wide(*expected),
            got: wide(*got),
        }
        .abi_encode(),
        Error::NotController(controller, caller) => CoinVault::NotController {
            controller: addr(*controller),
            caller: addr(*caller),
        }
        .abi_encode(),
        Error::RedeemAboveClaimable(controller, shares, claimable) => {
            CoinVault::RedeemAboveClaimable {
                controller: addr(*controller),
                shares: shares.raw(),
                claimable: claimable.raw(),
            }
            .abi_encode()
        }
        Error::WithdrawAboveClaimable(controller, assets, claimable) => {
            CoinVault::WithdrawAboveClaimable {
                controller: addr(*controller),
                assets: wide(*assets),
                claimable: wide(*claimable),
            }
            .abi_encode()
        }
        Error::NothingToClaimOf(id, controller) => CoinVault::NothingToClaim {
            requestId: U256::from(*id),
            controller: addr(*controller),
        }
        .abi_encode(),
        Error::NothingToCancel(id, controller) => CoinVault::NothingToCancel {
            requestId: U256::from(*id),
            controller: addr(*controller),
        }
        .abi_encode(),
        Error::NotForSale(token) => Converter::NotForSale {
            token: addr(*token),
        }
        .abi_encode(),
        Error::BadFloor(floor) => Converter::BadFloor { floor: floor.raw() }.abi_encode(),
        Error::AboveLimit(amount, most) => Converter::AboveLimit {
            amount: amount.raw(),
            most: most.raw(),
        }
        .abi_encode(),
        Error::PaymentTooSmall(sent, price) => Converter::PaymentTooSmall {
            sent: wide(*sent),
            price: wide(*price),
        }
        .abi_encode(),
        Error::PriceAboveMaximum(price, maximum) => Converter::PriceAboveMaximum {
            price: price.raw(),
            maximum: maximum.raw(),
        }
        .abi_encode(),
        Error::Staking(error) => return staking_revert(book, error),
    }
    .into()
}

fn staking_revert(book: &Book, error: &StakingError) -> Bytes {
    use IPlumeStaking as S;
    use StakingError as E;
    match error {
        E::InvalidAmount(amount) => S::InvalidAmount {
            amount: amount.raw(),
        }
        .abi_encode(),
        E::NoActiveStake => S::NoActiveStake {}.abi_encode(),
        E::StakeAmountTooSmall(amount, min) => S::StakeAmountTooSmall {
            amount: amount.raw(),
            min: min.raw(),
        }
        .abi_encode(),
        E::InsufficientFunds(available, requested) => S::InsufficientFunds {
            available: available.raw(),
            requested: requested.raw(),
        }
        .abi_encode(),
        E::InsufficientCooledAndParkedBalance(available, requested) => {
            S::InsufficientCooledAndParkedBalance {
                available: available.raw(),
                requested: requested.raw(),
            }
            .abi_encode()
        }
        E::ValidatorDoesNotExist(v) => S::ValidatorDoesNotExist { validatorId: v.0 }.abi_encode(),
        E::ValidatorInactive(v) => S::ValidatorInactive { validatorId: v.0 }.abi_encode(),
        E::ActionOnSlashedValidator(v) => {
            S::ActionOnSlashedValidatorError { validatorId: v.0 }.abi_encode()
        }
        E::ExceedsValidatorCapacity(v, current, max, requested) => S::ExceedsValidatorCapacity {
            validatorId: v.0,
            current: current.raw(),
            max: max.raw(),
            requested: requested.raw(),
        }
        .abi_encode(),
        E::ValidatorPercentageExceeded => S::ValidatorPercentageExceeded {}.abi_encode(),
        E::ValidatorAlreadySlashed(v) => {
            S::ValidatorAlreadySlashed { validatorId: v.0 }.abi_encode()
        }
        E::NativeTransferFailed(_) => S::NativeTransferFailed {}.abi_encode(),
        E::InsufficientPlumeBalance(requested, available) => {
            LocalTreasury::InsufficientPlumeBalance {
                requested: requested.raw(),
                available: available.raw(),
            }
            .abi_encode()
        }
        E::TreasuryLacksGoods(..) => Vec::new(),
        E::PlumeTransferFailed(to, amount) => LocalTreasury::PlumeTransferFailed {
            recipient: book.account(*to),
            amount: amount.raw(),
        }
        .abi_encode(),
    }
    .into()
}

/// Who emits an event, and the event.
pub(super) fn log(book: &Book, event: &Event) -> (Address, LogData) {
    use Event as E;
    let id = |id: &model::RequestId| U256::from(id.get());
    let data = match event {
        E::Deposited {
            account,
            payer,
            hint,
            coins,
            lst,
        } => Minter::Deposited {
            account: addr(*account),
            payer: addr(*payer),
            hint: *hint,
            coins: coins.raw(),
            lst: lst.raw(),
        }
        .encode_log_data(),
        E::InstantExit {
            account,
            recipient,
            lst,
            gross,
            fee,
        } => Minter::InstantExit {
            account: addr(*account),
            recipient: addr(*recipient),
            lst: lst.raw(),
            gross: gross.raw(),
            fee: fee.raw(),
        }
        .encode_log_data(),
        E::ExitRequested {
            id: r,
            owner,
            lst,
            hint,
        } => Minter::ExitRequested {
            id: id(r),
            owner: addr(*owner),
            lst: lst.raw(),
            hint: *hint,
        }
        .encode_log_data(),
        E::ExitCancelled { id: r, owner, lst } => Minter::ExitCancelled {
            id: id(r),
            owner: addr(*owner),
            lst: lst.raw(),
        }
        .encode_log_data(),
        E::RungClosed {
            rung,
            lst,
            count,
            units_end,
            c0,
            fee_bps,
        } => Minter::RungClosed {
            rung: U256::from(*rung),
            lst: lst.raw(),
            count: U256::from(*count),
            unitsEnd: units_end.raw(),
            c0: c0.raw(),
            feeBps: U256::from(*fee_bps),
        }
        .encode_log_data(),
        E::LineFunded {
            checkpoint,
            watermark,
            b,
            lst,
            coins,
        } => Minter::LineFunded {
            checkpoint: count(*checkpoint),
            watermark: watermark.raw(),
            b: b.raw(),
            lst: lst.raw(),
            coins: coins.raw(),
        }
        .encode_log_data(),
        E::LinePaidProRata { c, lst, coins } => Minter::LinePaidProRata {
            c: c.raw(),
            lst: lst.raw(),
            coins: coins.raw(),
        }
        .encode_log_data(),
        E::Claimed {
            id: r,
            owner,
            recipient,
            paid,
            fee,
            done,
        } => Minter::Claimed {
            id: id(r),
            owner: addr(*owner),
            recipient: addr(*recipient),
            paid: paid.raw(),
            fee: fee.raw(),
            done: *done,
        }
        .encode_log_data(),
        E::PushFailed { id: r, owner } => Minter::PushFailed {
            id: id(r),
            owner: addr(*owner),
        }
        .encode_log_data(),
        E::FeesPaid { recipient, amount } => Minter::FeesPaid {
            recipient: addr(*recipient),
            amount: amount.raw(),
        }
        .encode_log_data(),
        E::StakePlaced {
            validator,
            index,
            amount,
        } => Minter::StakePlaced {
            validatorId: validator.0,
            index: count(*index),
            amount: amount.raw(),
        }
        .encode_log_data(),
        E::StakeSkipped {
            validator,
            amount,
            reason,
        } => Minter::StakeSkipped {
            validatorId: validator.0,
            amount: amount.raw(),
            reason: staking_revert(book, reason),
        }
        .encode_log_data(),
        E::Departed {
            validator,
            index,
            amount,
            end,
            early,
        } => Minter::Departed {
            validatorId: validator.0,
            index: count(*index),
            amount: amount.raw(),
            end: time(*end),
            early: *early,
        }
        .encode_log_data(),
        E::DepartFailed {
            validator,
            index,
            amount,
            reason,
        } => Minter::DepartFailed {
            validatorId: validator.0,
            index: count(*index),
            amount: amount.raw(),
            reason: staking_revert(book, reason),
        }
        .encode_log_data(),
        E::Netted { amount } => Minter::Netted {
            amount: amount.raw(),
        }
        .encode_log_data(),
        E::Swept {
            validator,
            index,
            gained,
            received,
        } => Minter::Swept {
            validatorId: validator.0,
            index: count(*index),
            gained: gained.raw(),
            received: received.raw(),
        }
        .encode_log_data(),
        E::SweepFailed {
            validator,
            index,
            reason,
        } => Minter::SweepFailed {
            validatorId: validator.0,
            index: count(*index),
            reason: staking_revert(book, reason),
        }
        .encode_log_data(),
        E::Restaked {
            validator,
            index,
            amount,
        } => Minter::Restaked {
            validatorId: validator.0,
            index: count(*index),
            amount: amount.raw(),
        }
        .encode_log_data(),
        E::RewardsClaimed {
            validator,
            index,
            amount,
        } => Minter::RewardsClaimed {
            validatorId: validator.0,
            index: count(*index),
            amount: amount.raw(),
        }
        .encode_log_data(),
        E::RewardsClaimFailed {
            validator,
            index,
            reason,
        } => Minter::RewardsClaimFailed {
            validatorId: validator.0,
            index: count(*index),
            reason: staking_revert(book, reason),
        }
        .encode_log_data(),
        E::Skimmed { coins } => Minter::Skimmed { coins: coins.raw() }.encode_log_data(),
        E::StakeSkimmed {
            validator,
            index,
            amount,
        } => Minter::StakeSkimmed {
            validatorId: validator.0,
            index: count(*index),
            amount: amount.raw(),
        }
        .encode_log_data(),
        E::SlashBooked {
            validator,
            active_loss,
            cooling_loss,
            rate,
        } => Minter::SlashBooked {
            validatorId: validator.0,
            activeLoss: active_loss.raw(),
            coolingLoss: cooling_loss.raw(),
            rate: *rate,
        }
        .encode_log_data(),
        E::ShortfallBooked {
            validator,
            index,
            missing,
            rate,
        } => Minter::ShortfallBooked {
            validatorId: validator.0,
            index: count(*index),
            missing: missing.raw(),
            rate: *rate,
        }
        .encode_log_data(),
        E::EtaMarked { mark, units, eta } => Minter::EtaMarked {
            mark: count(*mark),
            units: units.raw(),
            eta: time(*eta),
        }
        .encode_log_data(),
        E::EtaPublished { rung, eta } => Minter::EtaPublished {
            rung: U256::from(*rung),
            eta: time(*eta),
        }
        .encode_log_data(),
        E::EtaRevised { reason, value } => {
            let reason = match reason {
                model::EtaReason::Loss => 0,
                model::EtaReason::CooldownRaised => 1,
                model::EtaReason::StepLate => 2,
            };
            Minter::EtaRevised {
                reason,
                value: *value,
            }
            .encode_log_data()
        }
        E::ValidatorRegistered { validator } => Minter::ValidatorRegistered {
            validatorId: validator.0,
        }
        .encode_log_data(),
        E::ValidatorSynced {
            validator,
            active,
            slashed,
            slash_votes,
        } => Minter::ValidatorSynced {
            validatorId: validator.0,
            active: *active,
            slashed: *slashed,
            slashVotes: U256::from(*slash_votes),
        }
        .encode_log_data(),
        E::BucketsConfigured {
            validator,
            buckets,
            target,
        } => Minter::BucketsConfigured {
            validatorId: validator.0,
            buckets: count(*buckets),
            target: count(*target),
        }
        .encode_log_data(),
        E::ValidatorWeightSet { validator, weight } => Minter::ValidatorWeightSet {
            validatorId: validator.0,
            weight: U256::from(*weight),
        }
        .encode_log_data(),
        E::MaxValidatorPercentageSet { validator, bps } => Minter::MaxValidatorPercentageSet {
            validatorId: validator.0,
            bps: U256::from(*bps),
        }
        .encode_log_data(),
        E::ParameterSet { name: what, value } => Minter::ParameterSet {
            name: name(what),
            value: *value,
        }
        .encode_log_data(),
        E::AddressSet { name: what, value } => Minter::AddressSet {
            name: name(what),
            value: addr(*value),
        }
        .encode_log_data(),
        E::BufferTargetSet { target } => Minter::BufferTargetSet {
            target: target.raw(),
        }
        .encode_log_data(),
        E::InstantPauseSet { until, by } => Minter::InstantPauseSet {
            until: time(*until),
            by: addr(*by),
        }
        .encode_log_data(),
        E::DepositsPauseSet { until, by } => Minter::DepositsPauseSet {
            until: time(*until),
            by: addr(*by),
        }
        .encode_log_data(),
        E::Scheduled { operation, at } => {
            let data = book.encode(operation).data;
            Minter::Scheduled {
                operation: keccak256(&data),
                scheduledAt: time(*at),
                data: data.into(),
            }
            .encode_log_data()
        }
        E::ScheduleCancelled { operation } => Minter::ScheduleCancelled {
            operation: book.operation(operation),
        }
        .encode_log_data(),
        E::SetupSealed => Minter::SetupSealed {}.encode_log_data(),
        E::RoleGranted {
            role,
            account,
            sender,
        } => LiquidMinter::RoleGranted {
            role: role_hash(*role),
            account: addr(*account),
            sender: addr(*sender),
        }
        .encode_log_data(),
        E::RoleRevoked {
            role,
            account,
            sender,
        } => LiquidMinter::RoleRevoked {
            role: role_hash(*role),
            account: addr(*account),
            sender: addr(*sender),
        }
        .encode_log_data(),
        E::Transfer { from, to, value } => Token::Transfer {
            from: addr(*from),
            to: addr(*to),
            value: value.raw(),
        }
        .encode_log_data(),
        E::Approval {
            owner,
            spender,
            value,
        } => Token::Approval {
            owner: addr(*owner),
            spender: addr(*spender),
            value: value.raw(),
        }
        .encode_log_data(),
        E::StreamAdded { amount, flow, end } => Token::StreamAdded {
            amount: amount.raw(),
            flow: flow.raw(),
            end: time(*end),
        }
        .encode_log_data(),
        E::RewardsCollected { account, amount } => Token::RewardsCollected {
            account: addr(*account),
            amount: amount.raw(),
        }
        .encode_log_data(),
        E::RewardsLoaded { from, amount, fee } => Rewards::RewardsLoaded {
            from: addr(*from),
            amount: amount.raw(),
            fee: fee.raw(),
        }
        .encode_log_data(),
        E::AmmExit {
            account,
            recipient,
            pool,
            lst,
            coins,
        } => Minter::AmmExit {
            account: addr(*account),
            recipient: addr(*recipient),
            pool: addr(*pool),
            lst: lst.raw(),
            coins: coins.raw(),
        }
        .encode_log_data(),
        E::AmmSkipped {
            account,
            route,
            lst,
        } => Minter::AmmSkipped {
            account: addr(*account),
            route: addr(*route),
            lst: lst.raw(),
        }
        .encode_log_data(),
        E::AutoPaySet { owner, on } => Minter::AutoPaySet {
            owner: addr(*owner),
            on: *on,
        }
        .encode_log_data(),
        E::InsuranceFunded { from, amount, held } => Minter::InsuranceFunded {
            from: addr(*from),
            amount: amount.raw(),
            held: held.raw(),
        }
        .encode_log_data(),
        E::InsuranceUsed { amount, held } => Minter::InsuranceUsed {
            amount: amount.raw(),
            held: held.raw(),
        }
        .encode_log_data(),
        E::InsuranceWithdrawn {
            recipient,
            amount,
            held,
        } => Minter::InsuranceWithdrawn {
            recipient: addr(*recipient),
            amount: amount.raw(),
            held: held.raw(),
        }
        .encode_log_data(),
        E::TokenRewardsClaimed {
            validator,
            token,
            amount,
        } => Minter::TokenRewardsClaimed {
            validatorId: validator.0,
            token: addr(*token),
            amount: amount.raw(),
        }
        .encode_log_data(),
        E::AmmPoolSet {
            route,
            pool,
            style,
            fee,
        } => Minter::AmmPoolSet {
            route: addr(*route),
            pool: addr(*pool),
            style: style_number(*style),
            feeBps: U256::from(*fee),
        }
        .encode_log_data(),
        E::EmergencySigned {
            what,
            to,
            by,
            until,
        } => Minter::EmergencySigned {
            what: emergency_number(*what),
            to: addr(*to),
            by: addr(*by),
            until: time(*until),
        }
        .encode_log_data(),
        E::EmergencyDone { what, to, by } => Minter::EmergencyDone {
            what: emergency_number(*what),
            to: addr(*to),
            by: addr(*by),
        }
        .encode_log_data(),
        E::Upgraded { code } => LiquidMinter::Upgraded {
            implementation: addr(*code),
        }
        .encode_log_data(),
        E::DelegateSet {
            account,
            delegate,
            kept,
        } => Rewards::DelegateSet {
            account: addr(*account),
            delegate: addr(*delegate),
            kept: kept.raw(),
        }
        .encode_log_data(),
        E::ReceiptTransfer { from, to, id } => LiquidReceipts::Transfer {
            from: addr(*from),
            to: addr(*to),
            tokenId: id.raw(),
        }
        .encode_log_data(),
        E::ReceiptApproval {
            owner,
            approved,
            id,
        } => LiquidReceipts::Approval {
            owner: addr(*owner),
            approved: addr(*approved),
            tokenId: id.raw(),
        }
        .encode_log_data(),
        E::ReceiptOperator {
            owner,
            operator,
            approved,
        } => LiquidReceipts::ApprovalForAll {
            owner: addr(*owner),
            operator: addr(*operator),
            approved: *approved,
        }
        .encode_log_data(),
        E::Unwrapped { id, owner } => Receipts::Unwrapped {
            tokenId: id.raw(),
            requestId: U256::from(id.request.get()),
            owner: addr(*owner),
        }
        .encode_log_data(),
        E::ReceiptClaimed {
            id,
            recipient,
            paid,
            next,
        } => Receipts::ReceiptClaimed {
            tokenId: id.raw(),
            recipient: addr(*recipient),
            paid: *paid,
            nextTokenId: *next,
        }
        .encode_log_data(),
        E::MetadataUpdate { id } => {
            Receipts::MetadataUpdate { _tokenId: id.raw() }.encode_log_data()
        }
        E::Harvested { caller, coins, lst } => Vault::Harvested {
            caller: addr(*caller),
            coins: coins.raw(),
            lst: lst.raw(),
        }
        .encode_log_data(),
        E::VaultDeposit {
            sender,
            owner,
            lst,
            shares,
        } => Vault::Deposit {
            sender: addr(*sender),
            owner: addr(*owner),
            assets: lst.raw(),
            shares: shares.raw(),
        }
        .encode_log_data(),
        E::VaultWithdraw {
            sender,
            receiver,
            owner,
            lst,
            shares,
        } => Vault::Withdraw {
            sender: addr(*sender),
            receiver: addr(*receiver),
            owner: addr(*owner),
            assets: lst.raw(),
            shares: shares.raw(),
        }
        .encode_log_data(),
        E::RedeemedInKind {
            caller,
            receiver,
            owner,
            shares,
            lst,
            coins,
        } => Vault::RedeemedInKind {
            caller: addr(*caller),
            receiver: addr(*receiver),
            owner: addr(*owner),
            shares: shares.raw(),
            lst: lst.raw(),
            coins: coins.raw(),
        }
        .encode_log_data(),
        E::VaultTransfer { from, to, value } => Token::Transfer {
            from: addr(*from),
            to: addr(*to),
            value: value.raw(),
        }
        .encode_log_data(),
        E::VaultApproval {
            owner,
            spender,
            value,
        } => Token::Approval {
            owner: addr(*owner),
            spender: addr(*spender),
            value: value.raw(),
        }
        .encode_log_data(),
        E::CoinDeposit {
            sender,
            owner,
            coins,
            shares,
        } => CoinVault::Deposit {
            sender: addr(*sender),
            owner: addr(*owner),
            assets: coins.raw(),
            shares: shares.raw(),
        }
        .encode_log_data(),
        E::RedeemRequest {
            controller,
            owner,
            id,
            sender,
            shares,
        } => CoinVault::RedeemRequest {
            controller: addr(*controller),
            owner: addr(*owner),
            requestId: U256::from(*id),
            sender: addr(*sender),
            shares: shares.raw(),
        }
        .encode_log_data(),
        E::RedeemRequestCancelled {
            controller,
            receiver,
            id,
            shares,
            lst,
        } => CoinVault::RedeemRequestCancelled {
            controller: addr(*controller),
            receiver: addr(*receiver),
            requestId: U256::from(*id),
            shares: shares.raw(),
            lst: lst.raw(),
        }
        .encode_log_data(),
        E::ExitWithdraw {
            sender,
            receiver,
            owner,
            coins,
            shares,
        } => CoinVault::Withdraw {
            sender: addr(*sender),
            receiver: addr(*receiver),
            owner: addr(*owner),
            assets: coins.raw(),
            shares: shares.raw(),
        }
        .encode_log_data(),
        E::OperatorSet {
            controller,
            operator,
            approved,
        } => CoinVault::OperatorSet {
            controller: addr(*controller),
            operator: addr(*operator),
            approved: *approved,
        }
        .encode_log_data(),
        E::Configured {
            token,
            floor,
            per_sale,
            per_day,
            ..
        } => Converter::Configured {
            token: addr(*token),
            floor: floor.raw(),
            perSale: per_sale.raw(),
            perDay: per_day.raw(),
        }
        .encode_log_data(),
        E::Restarted { token, price, .. } => Converter::Restarted {
            token: addr(*token),
            price: price.raw(),
        }
        .encode_log_data(),
        E::Sold {
            token,
            buyer,
            amount,
            coins,
            price,
            ..
        } => Converter::Sold {
            token: addr(*token),
            buyer: addr(*buyer),
            amount: amount.raw(),
            coins: coins.raw(),
            price: price.raw(),
        }
        .encode_log_data(),
        E::RewardsPaid {
            account,
            recipient,
            amount,
        } => Rewards::RewardsPaid {
            account: addr(*account),
            recipient: addr(*recipient),
            amount: amount.raw(),
        }
        .encode_log_data(),
        E::ProtocolFeesPaid { recipient, amount } => Rewards::ProtocolFeesPaid {
            recipient: addr(*recipient),
            amount: amount.raw(),
        }
        .encode_log_data(),
        E::RewardFeeSet { bps } => Rewards::RewardFeeSet {
            bps: U256::from(*bps),
        }
        .encode_log_data(),
        E::DelegationClosed { account } => Rewards::DelegationClosed {
            account: addr(*account),
        }
        .encode_log_data(),
    };
    let emitter = match event {
        E::Transfer { .. }
        | E::Approval { .. }
        | E::StreamAdded { .. }
        | E::RewardsCollected { .. } => book.token,
        E::RewardsLoaded { .. }
        | E::RewardsPaid { .. }
        | E::ProtocolFeesPaid { .. }
        | E::RewardFeeSet { .. }
        | E::DelegateSet { .. }
        | E::DelegationClosed { .. } => book.rewards,
        E::ReceiptTransfer { .. }
        | E::ReceiptApproval { .. }
        | E::ReceiptOperator { .. }
        | E::Unwrapped { .. }
        | E::ReceiptClaimed { .. }
        | E::MetadataUpdate { .. } => book.receipts,
        E::Harvested { .. }
        | E::VaultDeposit { .. }
        | E::VaultWithdraw { .. }
        | E::RedeemedInKind { .. }
        | E::VaultTransfer { .. }
        | E::VaultApproval { .. } => book.vault,
        E::CoinDeposit { .. }
        | E::RedeemRequest { .. }
        | E::RedeemRequestCancelled { .. }
        | E::ExitWithdraw { .. }
        | E::OperatorSet { .. } => book.coin_vault,
        E::Configured { converter, .. }
        | E::Restarted { converter, .. }
        | E::Sold { converter, .. } => addr(*converter),
        _ => book.minter,
    };
    (emitter, data)
}

/// A log in words, for a report.
pub(super) fn describe(data: &LogData) -> String {
    use alloy::sol_types::SolEventInterface;
    use chain::bindings::{
        converter::IRewardConverter::IRewardConverterEvents,
        liquid_coin_vault::LiquidCoinVault::LiquidCoinVaultEvents,
        liquid_receipts::LiquidReceipts::LiquidReceiptsEvents,
        liquid_vault::LiquidVault::LiquidVaultEvents, minter::ILiquidMinter::ILiquidMinterEvents,
        rewards::ILiquidRewards::ILiquidRewardsEvents, token::ILiquidToken::ILiquidTokenEvents,
    };
    let (topics, bytes) = (data.topics(), &data.data);
    if let Ok(event) = ILiquidMinterEvents::decode_raw_log(topics, bytes) {
        format!("{event:?}")
    } else if let Ok(event) = ILiquidTokenEvents::decode_raw_log(topics, bytes) {
        format!("{event:?}")
    } else if let Ok(event) = ILiquidRewardsEvents::decode_raw_log(topics, bytes) {
        format!("{event:?}")
    } else if let Ok(event) = LiquidVaultEvents::decode_raw_log(topics, bytes) {
        format!("{event:?}")
    } else if let Ok(event) = LiquidCoinVaultEvents::decode_raw_log(topics, bytes) {
        format!("{event:?}")
    } else if let Ok(event) = LiquidReceiptsEvents::decode_raw_log(topics, bytes) {
        format!("{event:?}")
    } else if let Ok(event) = IRewardConverterEvents::decode_raw_log(topics, bytes) {
        format!("{event:?}")
    } else {
        format!("{data:?}")
    }
}

/// A revert in words, for a report.
pub(super) fn describe_revert(data: &[u8]) -> String {
    use alloy::sol_types::SolInterface;
    use chain::bindings::{
        liquid_coin_vault::LiquidCoinVault::LiquidCoinVaultErrors,
        liquid_minter::LiquidMinter::LiquidMinterErrors,
        liquid_receipts::LiquidReceipts::LiquidReceiptsErrors,
        liquid_rewards::LiquidRewards::LiquidRewardsErrors,
        liquid_token::LiquidToken::LiquidTokenErrors, liquid_vault::LiquidVault::LiquidVaultErrors,
        local_staking::LocalStaking::LocalStakingErrors,
        local_treasury::LocalTreasury::LocalTreasuryErrors,
        minter::ILiquidMinter::ILiquidMinterErrors,
        reward_converter::RewardConverter::RewardConverterErrors,
    };
    if let Ok(error) = ILiquidMinterErrors::abi_decode(data) {
        format!("{error:?}")
    } else if let Ok(error) = LiquidMinterErrors::abi_decode(data) {
        format!("{error:?}")
    } else if let Ok(error) = LiquidTokenErrors::abi_decode(data) {
        format!("{error:?}")
    } else if let Ok(error) = LiquidVaultErrors::abi_decode(data) {
        format!("{error:?}")
    } else if let Ok(error) = LiquidCoinVaultErrors::abi_decode(data) {
        format!("{error:?}")
    } else if let Ok(error) = LiquidReceiptsErrors::abi_decode(data) {
        format!("{error:?}")
    } else if let Ok(error) = LiquidRewardsErrors::abi_decode(data) {
        format!("{error:?}")
    } else if let Ok(error) = RewardConverterErrors::abi_decode(data) {
        format!("{error:?}")
    } else if let Ok(error) = LocalStakingErrors::abi_decode(data) {
        format!("{error:?}")
    } else if let Ok(error) = LocalTreasuryErrors::abi_decode(data) {
        format!("{error:?}")
    } else {
        String::from_utf8_lossy(data).into_owned()
    }
}
