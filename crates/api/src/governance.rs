//! Answers about who decides. States, tallies and delays are the chain's word at one block; lists come from the index.

use alloy::primitives::{Address, Bytes, U256, hex};
use chain::bindings::{
    IBasket as Basket, IBasketGovernor as OurGovernor, IBasketTimelock as OurTimelock,
    ICoreSleeve as CoreSleeve, IGuardian as Guardian, IPriceFeed as Feed,
    TimelockController as Controller,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::try_join;

use crate::{
    abi::{IErc20, IGovernor as Governor, IVotes as Votes},
    basket::PAUSABLE,
    dto::{
        BasketAddresses, Governance, GovernanceAccount, GovernanceCall, Mandate, MandatePause,
        Operation, OperationState, Page, Proposal, ProposalDetail, ProposalState, Support, Tally,
        Timelock, Vote,
    },
    error::ApiError,
    figures::{SIDE_BY_SIDE, secs},
    index::{index, page, page_request, paged, short_page_request},
    live::Snapshot,
    parts::named,
    scalar::{Addr, Hash, RequestId, Wei, parse_address, parse_decimal},
    server::AppState,
};

/// The adapters of the sleeves by number: what a call may be to, beside the contracts of the deployment.
type Sleeves = Vec<(u64, Address)>;

impl AppState {
    pub(crate) async fn governance(&self) -> Result<Governance, ApiError> {
        let at = self.basket()?;
        let (governor, gov, timelock) = (at.governor.0, at.gov.0, at.timelock.0);
        let now = self.now().await?;
        let time = now.block.timestamp;
        // Votes are counted at the end of a second that is over.
        let before = U256::from(time.saturating_sub(1));
        let (delay, period, late, threshold, quorum, floor) = try_join!(
            now.read(governor, Governor::votingDelayCall {}),
            now.read(governor, Governor::votingPeriodCall {}),
            now.read(governor, Governor::lateQuorumVoteExtensionCall {}),
            now.read(governor, Governor::proposalThresholdCall {}),
            now.read(governor, Governor::quorumCall { timepoint: before }),
            now.read(governor, OurGovernor::QUORUM_FLOORCall {}),
        )?;
        let (supply, undistributed, min_delay, longest, (symbol, _), guardian) = try_join!(
            now.read(gov, IErc20::totalSupplyCall {}),
            now.read(gov, IErc20::balanceOfCall { account: timelock }),
            now.read(timelock, Controller::getMinDelayCall {}),
            now.read(timelock, OurTimelock::longestExitCall {}),
            self.token(&now, gov),
            mandate(&now, &at),
        )?;
        Ok(Governance {
            governor: at.governor,
            timelock: at.timelock,
            gov: at.gov,
            symbol,
            supply: Wei(supply),
            undistributed: Wei(undistributed),
            proposal_threshold: Wei(threshold),
            quorum: Wei(quorum),
            quorum_floor: Wei(floor),
            voting_delay: secs(delay),
            voting_period: secs(period),
            late_quorum_extension: secs(U256::from(late)),
            timelock_delay: secs(min_delay),
            longest_exit: secs(longest),
            guardian,
            at: time,
            block: now.block.number,
        })
    }

    pub(crate) async fn proposals(
        &self,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<Proposal>, ApiError> {
        let at = self.basket()?;
        let rows = self
            .store()
            .proposals(&short_page_request(cursor, limit))
            .await
            .map_err(paged(cursor))?;
        let sleeves = self.sleeve_adapters().await?;
        let now = self.now().await?;
        let items = stream::iter(rows.items)
            .map(|row| proposal(&now, &at, &sleeves, row))
            .buffered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        Ok(Page {
            items,
            next_cursor: rows.next,
        })
    }

    pub(crate) async fn proposal(
        &self,
        id: U256,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<ProposalDetail, ApiError> {
        let at = self.basket()?;
        let row = self.store().proposal(id).await.map_err(index)?;
        let row = row.ok_or_else(|| ApiError::NotFound {
            what: "proposal",
            id: id.to_string(),
        })?;
        let votes = self
            .store()
            .votes_on(id, &page_request(cursor, limit))
            .await
            .map_err(paged(cursor))?;
        let sleeves = self.sleeve_adapters().await?;
        let now = self.now().await?;
        Ok(ProposalDetail {
            proposal: proposal(&now, &at, &sleeves, row).await?,
            votes: page(votes, vote),
            at: now.block.timestamp,
            block: now.block.number,
        })
    }

    pub(crate) async fn governance_account(
        &self,
        account: Address,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<GovernanceAccount, ApiError> {
        let at = self.basket()?;
        let cast = self
            .store()
            .votes_of(account, &page_request(cursor, limit))
            .await
            .map_err(paged(cursor))?;
        let now = self.now().await?;
        let gov = at.gov.0;
        let (balance, votes, delegate, threshold) = try_join!(
            now.read(gov, IErc20::balanceOfCall { account }),
            now.read(gov, Votes::getVotesCall { account }),
            now.read(gov, Votes::delegatesCall { account }),
            now.read(at.governor.0, Governor::proposalThresholdCall {}),
        )?;
        Ok(GovernanceAccount {
            address: Addr(account),
            balance: Wei(balance),
            votes: Wei(votes),
            delegate: named(delegate),
            can_propose: votes >= threshold,
            cast: page(cast, vote),
            at: now.block.timestamp,
            block: now.block.number,
        })
    }

    pub(crate) async fn timelock(
        &self,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Timelock, ApiError> {
        let at = self.basket()?;
        let rows = self
            .store()
            .operations(&short_page_request(cursor, limit))
            .await
            .map_err(paged(cursor))?;
        let sleeves = self.sleeve_adapters().await?;
        let now = self.now().await?;
        let timelock = at.timelock.0;
        let (delay, longest, baskets) = try_join!(
            now.read(timelock, Controller::getMinDelayCall {}),
            now.read(timelock, OurTimelock::longestExitCall {}),
            now.read(timelock, OurTimelock::basketsCall {}),
        )?;
        let items = stream::iter(rows.items)
            .map(|row| self.operation(&now, &at, &sleeves, row))
            .buffered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        Ok(Timelock {
            address: at.timelock,
            delay: secs(delay),
            longest_exit: secs(longest),
            baskets: baskets.into_iter().map(Addr).collect(),
            operations: Page {
                items,
                next_cursor: rows.next,
            },
            at: now.block.timestamp,
            block: now.block.number,
        })
    }

    async fn operation(
        &self,
        now: &Snapshot,
        at: &BasketAddresses,
        sleeves: &Sleeves,
        row: store::Operation,
    ) -> Result<Operation, ApiError> {
        let calls = self
            .store()
            .operation_calls(row.id)
            .await
            .map_err(index)?
            .into_iter()
            .map(|one| call(at, sleeves, one.target, one.amount, &one.data))
            .collect();
        let (state, ready_at) = match row.state {
            store::OperationState::Executed => (OperationState::Done, None),
            store::OperationState::Cancelled => (OperationState::Canceled, None),
            store::OperationState::Scheduled => {
                let ask = OurTimelock::readyAtCall { id: row.id };
                let ready = secs(now.read(at.timelock.0, ask).await?);
                if ready == 0 && now.block.number < row.block {
                    return Err(ApiError::IndexUnavailable);
                }
                waits(ready, now.block.timestamp)
            }
        };
        Ok(Operation {
            id: Hash(row.id),
            state,
            calls,
            proposal: row.proposal.map(RequestId),
            predecessor: (!row.predecessor.is_zero()).then_some(Hash(row.predecessor)),
            scheduled_at: row.scheduled_at,
            ready_at,
            block: row.block,
            tx_hash: Hash(row.tx_hash),
        })
    }

    async fn sleeve_adapters(&self) -> Result<Sleeves, ApiError> {
        let rows = self.store().basket_sleeves().await.map_err(index)?;
        Ok(rows.into_iter().map(|row| (row.id, row.adapter)).collect())
    }
}

/// The timelock's time of an operation that the index saw scheduled: 0 that it does not know it (any more), 1 that it is done.
fn waits(ready: u64, at: u64) -> (OperationState, Option<u64>) {
    match ready {
        0 => (OperationState::Canceled, None),
        1 => (OperationState::Done, None),
        ready if ready <= at => (OperationState::Ready, Some(ready)),
        ready => (OperationState::Waiting, Some(ready)),
    }
}

async fn mandate(now: &Snapshot, at: &BasketAddresses) -> Result<Mandate, ApiError> {
    let (guardian, basket) = (at.guardian.0, at.basket.0);
    let (holder, until) = try_join!(
        now.read(guardian, Guardian::holderCall {}),
        now.read(guardian, Guardian::untilCall {}),
    )?;
    let acting = now
        .read(guardian, Guardian::isActingCall { account: holder })
        .await?;
    let mut pauses = Vec::with_capacity(PAUSABLE.len());
    for (number, part) in PAUSABLE {
        let ask = Guardian::pauseFromCall {
            basket,
            part: number,
        };
        pauses.push(MandatePause {
            part,
            from: secs(now.read(guardian, ask).await?),
        });
    }
    let holder = named(holder);
    Ok(Mandate {
        address: at.guardian,
        holder,
        until: holder.map(|_| secs(until)),
        acting,
        pauses,
    })
}

async fn proposal(
    now: &Snapshot,
    at: &BasketAddresses,
    sleeves: &Sleeves,
    row: store::Proposal,
) -> Result<Proposal, ApiError> {
    let governor = at.governor.0;
    let id = row.id;
    let known = try_join!(
        now.try_read(governor, Governor::stateCall { proposalId: id }),
        now.try_read(governor, Governor::proposalVotesCall { proposalId: id }),
        now.try_read(governor, Governor::proposalSnapshotCall { proposalId: id }),
        now.try_read(governor, Governor::proposalDeadlineCall { proposalId: id }),
        now.try_read(governor, Governor::proposalEtaCall { proposalId: id }),
    );
    let (state, votes, start, end, eta) = match known {
        Ok(known) => known,
        // The index has it and this block has not: one of them is about to follow the other.
        Err(ApiError::Reverted(_)) => return Err(ApiError::IndexUnavailable),
        Err(error) => return Err(error),
    };
    let state = proposal_state(state);
    let begun = secs(start) < now.block.timestamp;
    let quorum = if begun {
        let ask = Governor::quorumCall { timepoint: start };
        Some(now.read(governor, ask).await?)
    } else {
        None
    };
    let counted = votes.forVotes.saturating_add(votes.abstainVotes);
    let calls = calls(at, sleeves, &row.calls);
    Ok(Proposal {
        id: RequestId(id),
        proposer: Addr(row.proposer),
        state,
        only_removes_guardian: only_removes_guardian(at, &calls),
        description: row.description,
        calls,
        vote_start: secs(start),
        vote_end: secs(end),
        extended: row.extended,
        votes: Tally {
            for_votes: Wei(votes.forVotes),
            against_votes: Wei(votes.againstVotes),
            abstain_votes: Wei(votes.abstainVotes),
        },
        quorum: quorum.map(Wei),
        quorum_reached: quorum.map(|quorum| counted >= quorum),
        eta: (!eta.is_zero()).then(|| secs(eta)),
        operation: row.operation.map(Hash),
        voters: row.voters,
        created_at: row.created_at,
        block: row.block,
        tx_hash: Hash(row.tx_hash),
    })
}

/// OpenZeppelin's numbers; one that it does not have reads as over.
fn proposal_state(number: u8) -> ProposalState {
    match number {
        0 => ProposalState::Pending,
        1 => ProposalState::Active,
        2 => ProposalState::Canceled,
        3 => ProposalState::Defeated,
        4 => ProposalState::Succeeded,
        5 => ProposalState::Queued,
        7 => ProposalState::Executed,
        _ => ProposalState::Expired,
    }
}

fn vote(row: store::Vote) -> Vote {
    Vote {
        proposal: RequestId(row.proposal),
        voter: Addr(row.voter),
        support: match row.support {
            0 => Support::Against,
            1 => Support::For,
            _ => Support::Abstain,
        },
        weight: Wei(row.weight),
        reason: row.reason,
        at: row.at,
        block: row.block,
        tx_hash: Hash(row.tx_hash),
    }
}

/// The calls as the index keeps them: objects of `target`, `value` and `calldata`.
fn calls(at: &BasketAddresses, sleeves: &Sleeves, list: &serde_json::Value) -> Vec<GovernanceCall> {
    let text = |one: &serde_json::Value, name: &str| {
        one.get(name)
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    list.as_array()
        .into_iter()
        .flatten()
        .map(|one| {
            let data: Bytes = text(one, "calldata").parse().unwrap_or_default();
            let target = parse_address(&text(one, "target")).unwrap_or_default();
            let value = parse_decimal(&text(one, "value")).unwrap_or_default();
            call(at, sleeves, target, value, &data)
        })
        .collect()
}

fn call(
    at: &BasketAddresses,
    sleeves: &Sleeves,
    target: Address,
    value: U256,
    data: &Bytes,
) -> GovernanceCall {
    let (contract, function) = match who(at, sleeves, target) {
        Some((name, of)) => (Some(name), function(of, data)),
        None => (None, None),
    };
    GovernanceCall {
        target: Addr(target),
        contract,
        value: Wei(value),
        data: hex::encode_prefixed(data),
        function,
    }
}

/// What a call may be to.
#[derive(Clone, Copy)]
enum Of {
    Basket,
    Feed,
    Timelock,
    Governor,
    Guardian,
    Token,
    Sleeve,
    Other,
}

fn who(at: &BasketAddresses, sleeves: &Sleeves, target: Address) -> Option<(String, Of)> {
    let target = Addr(target);
    let ours = [
        (Some(at.basket), "basket", Of::Basket),
        (at.feed, "priceFeed", Of::Feed),
        (Some(at.timelock), "timelock", Of::Timelock),
        (Some(at.governor), "governor", Of::Governor),
        (Some(at.guardian), "guardian", Of::Guardian),
        (Some(at.gov), "gov", Of::Token),
        (Some(at.token), "basketToken", Of::Token),
        (Some(at.queue), "queue", Of::Other),
        (Some(at.receipts), "receipts", Of::Other),
    ];
    let found = ours.into_iter().find(|(at, ..)| *at == Some(target));
    if let Some((_, name, of)) = found {
        return Some((name.to_owned(), of));
    }
    sleeves
        .iter()
        .find(|(_, adapter)| *adapter == target.0)
        .map(|(id, _)| (format!("sleeve {id}"), Of::Sleeve))
}

fn function(of: Of, data: &[u8]) -> Option<String> {
    let selector: [u8; 4] = data.get(..4)?.try_into().ok()?;
    let name = match of {
        Of::Basket => Basket::IBasketCalls::signature_by_selector(selector),
        Of::Feed => Feed::IPriceFeedCalls::signature_by_selector(selector),
        Of::Timelock => Controller::TimelockControllerCalls::signature_by_selector(selector)
            .or_else(|| OurTimelock::IBasketTimelockCalls::signature_by_selector(selector)),
        Of::Governor => Governor::IGovernorCalls::signature_by_selector(selector),
        Of::Guardian => Guardian::IGuardianCalls::signature_by_selector(selector),
        Of::Token => IErc20::IErc20Calls::signature_by_selector(selector),
        Of::Sleeve => CoreSleeve::ICoreSleeveCalls::signature_by_selector(selector),
        Of::Other => None,
    };
    name.map(str::to_owned)
}

/// Exactly one call, `remove()` of the guardian, without coins: the one proposal that it cannot cancel.
fn only_removes_guardian(at: &BasketAddresses, calls: &[GovernanceCall]) -> bool {
    use alloy::sol_types::SolCall as _;
    let remove = hex::encode_prefixed(Guardian::removeCall {}.abi_encode());
    matches!(calls, [one] if one.target == at.guardian && one.value.0.is_zero() && one.data == remove)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_waits_until_its_time() {
        assert_eq!(waits(0, 100), (OperationState::Canceled, None));
        assert_eq!(waits(1, 100), (OperationState::Done, None));
        assert_eq!(waits(100, 100), (OperationState::Ready, Some(100)));
        assert_eq!(waits(101, 100), (OperationState::Waiting, Some(101)));
    }
}
