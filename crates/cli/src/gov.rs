//! `omnibus gov …`: GOV holders and the guardian, straight from the contracts.

use crate::{
    abi::{IBasket, IBasketTimelock, IGovernor, IGuardian, ITimelock, IVotes},
    amount::Amount,
    args::{GovCommand, Pausable, Vote},
    config::Settings,
    error::{Problem, Result},
    output::Output,
    session::{BasketSite, Session},
    user::{event, logs, seconds},
};
use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256},
    sol_types::{SolCall, SolEvent as _},
};
use chain::Receipt;
use serde::Serialize;

/// Seconds of a day.
const DAY: u64 = 86_400;

/// `omnibus gov …`
///
/// # Errors
/// See [`Session::basket`] and [`Session::send`].
pub async fn run(settings: &Settings, command: GovCommand, out: Output) -> Result<()> {
    match command {
        GovCommand::Proposals => {
            let site = BasketSite::open(settings).await?;
            let list = proposals(&site).await?;
            out.result(&list, |list| {
                if list.is_empty() {
                    return "no proposals".to_owned();
                }
                let lines: Vec<_> = list.iter().map(Proposal::line).collect();
                lines.join("\n")
            });
            return Ok(());
        }
        GovCommand::Account { account } => return holder(settings, account, out).await,
        _ => {}
    }
    let session = Session::basket(settings, out).await?;
    let at = session.site.at;
    let (receipt, id) = match command {
        GovCommand::Delegate { to } => {
            let delegatee = to.unwrap_or(session.account());
            (delegate(&session, delegatee).await?, None)
        }
        GovCommand::ProposeWeights {
            weights,
            description,
        } => {
            let text = description.unwrap_or_else(|| {
                let list: Vec<_> = weights.iter().map(u16::to_string).collect();
                format!("Target weights {} (basis points)", list.join(", "))
            });
            let call = IBasket::setWeightsCall { targetBps: weights };
            let action = Action {
                to: at.basket,
                data: call.abi_encode().into(),
            };
            let (receipt, id) = propose(&session, vec![action], text).await?;
            (receipt, Some(id))
        }
        GovCommand::Propose { calls, description } => {
            let (receipt, id) = propose(&session, calls, description).await?;
            (receipt, Some(id))
        }
        GovCommand::Vote { id, vote } => (cast(&session, id, vote).await?, Some(id)),
        GovCommand::Queue { id } => {
            let bill = find(&session.site, id).await?;
            (queue(&session, &bill).await?, Some(id))
        }
        GovCommand::Execute { id } => {
            let bill = find(&session.site, id).await?;
            (execute(&session, &bill).await?, Some(id))
        }
        GovCommand::Cancel { id } => {
            let bill = find(&session.site, id).await?;
            (cancel(&session, &bill).await?, Some(id))
        }
        GovCommand::Pause { what, days } => {
            let call = IGuardian::pauseCall {
                basket: at.basket,
                part: what.part(),
                time: U256::from(days.saturating_mul(DAY)),
            };
            let title = format!("pause {what:?} for {days} days");
            let receipt = session.send(&title, at.guardian, &call, U256::ZERO).await?;
            (receipt, None)
        }
        GovCommand::Unpause { what } => {
            let call = IGuardian::unpauseCall {
                basket: at.basket,
                part: what.part(),
            };
            let title = format!("end the pause of {what:?}");
            let receipt = session.send(&title, at.guardian, &call, U256::ZERO).await?;
            (receipt, None)
        }
        GovCommand::Proposals | GovCommand::Account { .. } => return Ok(()),
    };
    let done = Done {
        transaction: receipt.transaction_hash,
        block: receipt.block_number,
        proposal: id.map(|id| id.to_string()),
    };
    out.result(&done, |done| match &done.proposal {
        Some(id) => format!("proposal {id} (transaction {})", done.transaction),
        None => format!("done (transaction {})", done.transaction),
    });
    Ok(())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Done {
    transaction: B256,
    block: u64,
    proposal: Option<String>,
}

impl Pausable {
    fn part(self) -> u8 {
        match self {
            Self::Mint => 0,
            Self::Instant => 1,
            Self::Auction => 2,
        }
    }
}

/// One call of a proposal, without coins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// Whom the timelock calls.
    pub to: Address,
    /// With what.
    pub data: Bytes,
}

/// `ADDRESS:0xDATA`
impl std::str::FromStr for Action {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let (to, data) = text
            .split_once(':')
            .ok_or_else(|| format!("`{text}` is not ADDRESS:0xDATA"))?;
        Ok(Self {
            to: to.parse().map_err(|_| format!("`{to}` is no address"))?,
            data: data.parse().map_err(|_| format!("`{data}` is no hex"))?,
        })
    }
}

/// What was proposed: the governor knows a proposal by its calls and its text.
#[derive(Clone, Debug)]
pub struct Bill {
    /// Of the event.
    pub id: U256,
    targets: Vec<Address>,
    values: Vec<U256>,
    calls: Vec<Bytes>,
    text: String,
}

impl Bill {
    fn hash(&self) -> B256 {
        keccak256(self.text.as_bytes())
    }

    /// The salt under which the governor has the timelock keep it: its address at the front, mixed with the text's hash.
    fn salt(&self, governor: Address) -> B256 {
        let mut salt = self.hash();
        for (byte, its) in salt.iter_mut().zip(governor.iter()) {
            *byte ^= its;
        }
        salt
    }
}

/// A proposal as people see it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proposal {
    id: String,
    proposer: Address,
    description: String,
    /// As OpenZeppelin's governor names it.
    state: &'static str,
    /// Unix seconds.
    vote_start: u64,
    vote_end: u64,
    votes_for: Amount,
    votes_against: Amount,
    votes_abstain: Amount,
    /// Once the vote has begun.
    quorum: Option<Amount>,
    /// Unix seconds; once it is queued.
    ready_at: Option<u64>,
}

impl Proposal {
    /// Of the event.
    ///
    /// # Errors
    /// None: it was written from a number.
    pub fn id(&self) -> Result<U256> {
        self.id.parse().map_err(Problem::unexpected)
    }

    /// As OpenZeppelin's governor names it.
    #[must_use]
    pub fn state(&self) -> &'static str {
        self.state
    }

    /// For the voters.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// Has nobody voted yet?
    #[must_use]
    pub fn untouched(&self) -> bool {
        [self.votes_for, self.votes_against, self.votes_abstain]
            .iter()
            .all(|votes| votes.0.is_zero())
    }

    fn line(&self) -> String {
        format!(
            "{}\n  {}, for {}, against {}, abstain {}{}\n  {}",
            self.id,
            self.state,
            self.votes_for,
            self.votes_against,
            self.votes_abstain,
            match (self.ready_at, self.state) {
                (Some(at), "queued") => format!(", ready at unix {at}"),
                (_, "pending") => format!(", vote begins after unix {}", self.vote_start),
                (_, "active") => format!(", vote ends at unix {}", self.vote_end),
                _ => String::new(),
            },
            self.description
        )
    }
}

fn state(state: u8) -> &'static str {
    match state {
        0 => "pending",
        1 => "active",
        2 => "canceled",
        3 => "defeated",
        4 => "succeeded",
        5 => "queued",
        6 => "expired",
        _ => "executed",
    }
}

async fn created(site: &BasketSite) -> Result<Vec<IGovernor::ProposalCreated>> {
    let topics = serde_json::json!([IGovernor::ProposalCreated::SIGNATURE_HASH]);
    Ok(logs(site, site.at.governor, topics)
        .await?
        .iter()
        .filter_map(|log| IGovernor::ProposalCreated::decode_log(&log.inner).ok())
        .map(|log| log.data)
        .collect())
}

/// All proposals, oldest first.
///
/// # Errors
/// Those of the chain.
pub async fn proposals(site: &BasketSite) -> Result<Vec<Proposal>> {
    let governor = site.at.governor;
    let now = site.pool.latest().await?.timestamp;
    let mut list = Vec::new();
    for event in created(site).await? {
        let id = event.proposalId;
        let call = IGovernor::stateCall { proposalId: id };
        let number = site.read_at(governor, &call).await?;
        let call = IGovernor::proposalDeadlineCall { proposalId: id };
        let deadline = site.read_at(governor, &call).await?;
        let call = IGovernor::proposalVotesCall { proposalId: id };
        let votes = site.read_at(governor, &call).await?;
        let start = seconds(event.voteStart);
        let quorum = if start < now {
            let call = IGovernor::quorumCall {
                timepoint: event.voteStart,
            };
            Some(Amount(site.read_at(governor, &call).await?))
        } else {
            None
        };
        let bill = Bill::from(event.clone());
        list.push(Proposal {
            id: id.to_string(),
            proposer: event.proposer,
            description: event.description,
            state: state(number),
            vote_start: start,
            vote_end: seconds(deadline),
            votes_for: Amount(votes.forVotes),
            votes_against: Amount(votes.againstVotes),
            votes_abstain: Amount(votes.abstainVotes),
            quorum,
            ready_at: ready_at(site, &bill).await?,
        });
    }
    Ok(list)
}

/// When the timelock lets it be executed, as things stand; none while it is not queued.
///
/// # Errors
/// Those of the chain.
pub async fn ready_at(site: &BasketSite, bill: &Bill) -> Result<Option<u64>> {
    let call = ITimelock::hashOperationBatchCall {
        targets: bill.targets.clone(),
        values: bill.values.clone(),
        payloads: bill.calls.clone(),
        predecessor: B256::ZERO,
        salt: bill.salt(site.at.governor),
    };
    let id = site.read_at(site.at.timelock, &call).await?;
    let call = IBasketTimelock::readyAtCall { id };
    let at = seconds(site.read_at(site.at.timelock, &call).await?);
    // 0 is unknown to it, 1 is done.
    Ok((at > 1).then_some(at))
}

impl From<IGovernor::ProposalCreated> for Bill {
    fn from(event: IGovernor::ProposalCreated) -> Self {
        Self {
            id: event.proposalId,
            targets: event.targets,
            values: event.values,
            calls: event.calldatas,
            text: event.description,
        }
    }
}

/// A proposal by its id.
///
/// # Errors
/// [`Problem::Argument`] when there is none.
pub async fn find(site: &BasketSite, id: U256) -> Result<Bill> {
    created(site)
        .await?
        .into_iter()
        .find(|event| event.proposalId == id)
        .map(Bill::from)
        .ok_or_else(|| Problem::Argument {
            what: "proposal".to_owned(),
            reason: format!("the governor has none of the id {id}"),
        })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Holder {
    account: Address,
    balance: Amount,
    votes: Amount,
    delegate: Address,
    threshold: Amount,
}

async fn holder(settings: &Settings, account: Option<Address>, out: Output) -> Result<()> {
    let account = match account {
        Some(account) => account,
        None => crate::keys::signer(settings)?.address(),
    };
    let site = BasketSite::open(settings).await?;
    let gov = site.at.gov;
    let holder = Holder {
        account,
        balance: Amount(
            site.read_at(gov, &IVotes::balanceOfCall { account })
                .await?,
        ),
        votes: Amount(site.read_at(gov, &IVotes::getVotesCall { account }).await?),
        delegate: site
            .read_at(gov, &IVotes::delegatesCall { account })
            .await?,
        threshold: Amount(
            site.read_at(site.at.governor, &IGovernor::proposalThresholdCall {})
                .await?,
        ),
    };
    let symbol = settings.profile.basket()?.gov.symbol.clone();
    out.result(&holder, |holder| {
        let whom = if holder.delegate.is_zero() {
            "nobody: it does not count until it is delegated, to oneself for instance".to_owned()
        } else {
            holder.delegate.to_string()
        };
        format!(
            "{} {symbol}, delegated to {whom}\nvotes {}, a proposal takes {}",
            holder.balance, holder.votes, holder.threshold
        )
    });
    Ok(())
}

/// Lets `delegatee` vote with the key's GOV.
///
/// # Errors
/// Those of [`Session::send`].
pub async fn delegate(session: &Session<BasketSite>, delegatee: Address) -> Result<Receipt> {
    let call = IVotes::delegateCall { delegatee };
    let title = format!("delegate GOV to {delegatee}");
    session
        .send(&title, session.site.at.gov, &call, U256::ZERO)
        .await
}

/// Proposes; says under which id.
///
/// # Errors
/// Those of [`Session::send`].
pub async fn propose(
    session: &Session<BasketSite>,
    actions: Vec<Action>,
    description: String,
) -> Result<(Receipt, U256)> {
    let governor = session.site.at.governor;
    let title = format!("propose: {description}");
    let (targets, calldatas) = actions
        .into_iter()
        .map(|action| (action.to, action.data))
        .unzip::<_, _, Vec<_>, Vec<_>>();
    let call = IGovernor::proposeCall {
        values: vec![U256::ZERO; targets.len()],
        targets,
        calldatas,
        description,
    };
    let receipt = session.send(&title, governor, &call, U256::ZERO).await?;
    let id = event::<IGovernor::ProposalCreated>(&receipt, governor)
        .map(|event| event.proposalId)
        .ok_or_else(|| Problem::Unexpected("the governor says no id".to_owned()))?;
    Ok((receipt, id))
}

/// Votes.
///
/// # Errors
/// Those of [`Session::send`].
pub async fn cast(session: &Session<BasketSite>, id: U256, vote: Vote) -> Result<Receipt> {
    let call = IGovernor::castVoteCall {
        proposalId: id,
        support: match vote {
            Vote::Against => 0,
            Vote::For => 1,
            Vote::Abstain => 2,
        },
    };
    let title = format!("vote {vote:?} on proposal {id}");
    session
        .send(&title, session.site.at.governor, &call, U256::ZERO)
        .await
}

async fn carry<C: SolCall>(
    session: &Session<BasketSite>,
    title: String,
    call: &C,
) -> Result<Receipt> {
    session
        .send(&title, session.site.at.governor, call, U256::ZERO)
        .await
}

/// Hands what was voted for to the timelock.
///
/// # Errors
/// Those of [`Session::send`].
pub async fn queue(session: &Session<BasketSite>, bill: &Bill) -> Result<Receipt> {
    let call = IGovernor::queueCall {
        targets: bill.targets.clone(),
        values: bill.values.clone(),
        calldatas: bill.calls.clone(),
        descriptionHash: bill.hash(),
    };
    carry(session, format!("queue proposal {}", bill.id), &call).await
}

/// Carries it out. Anyone.
///
/// # Errors
/// Those of [`Session::send`].
pub async fn execute(session: &Session<BasketSite>, bill: &Bill) -> Result<Receipt> {
    let call = IGovernor::executeCall {
        targets: bill.targets.clone(),
        values: bill.values.clone(),
        calldatas: bill.calls.clone(),
        descriptionHash: bill.hash(),
    };
    carry(session, format!("execute proposal {}", bill.id), &call).await
}

/// The proposer before the vote, the guardian until the execution.
///
/// # Errors
/// Those of [`Session::send`].
pub async fn cancel(session: &Session<BasketSite>, bill: &Bill) -> Result<Receipt> {
    let call = IGovernor::cancelCall {
        targets: bill.targets.clone(),
        values: bill.values.clone(),
        calldatas: bill.calls.clone(),
        descriptionHash: bill.hash(),
    };
    carry(session, format!("cancel proposal {}", bill.id), &call).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_an_address_and_a_call() {
        let action: Action = "0x00000000000000000000000000000000000000aa:0x1234"
            .parse()
            .unwrap();
        assert_eq!(action.to, Address::with_last_byte(0xaa));
        assert_eq!(action.data, Bytes::from_static(&[0x12, 0x34]));
        for bad in [
            "0xaa:0x12",
            "0x12",
            "0x00000000000000000000000000000000000000aa:0x1",
        ] {
            bad.parse::<Action>().unwrap_err();
        }
    }

    /// `bytes20(governor) ^ keccak256(text)`: the address lies at the front of the word.
    #[test]
    fn the_salt_has_the_governor_at_its_front() {
        let bill = Bill {
            id: U256::ZERO,
            targets: Vec::new(),
            values: Vec::new(),
            calls: Vec::new(),
            text: "weights".to_owned(),
        };
        let hash = keccak256("weights");
        let salt = bill.salt(Address::repeat_byte(0xff));
        for index in 0..32 {
            let expected = if index < 20 {
                !hash[index]
            } else {
                hash[index]
            };
            assert_eq!(salt[index], expected, "byte {index}");
        }
    }
}
