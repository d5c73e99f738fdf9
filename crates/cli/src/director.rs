//! The demo's outside world: Earn's operator, who is late at times; prices that move; a validator that is jailed for a while; a
//! BTC token that stops paying the basket for a while; holders of GOV, and a guardian who says no.
//!
//! What is wrong on a day follows from the day alone, so a demo that goes on after a stop finds its way.

use crate::{
    abi::{
        IBasket, ICoreBtc, ICoreCandidateHub, ICoreEarn, ICoreSleeve, ILocalAggregator,
        ILocalPrices, ILocalReference, IVotes, LocalCoreBtc, LocalCoreCandidateHub,
    },
    args::Vote,
    config::Settings,
    deploy::OPERATOR,
    error::{Problem, Result},
    gov::{self, Action},
    journal::Journal,
    keys,
    output::{Mode, Output},
    session::{BasketSite, Session},
};
use alloy::{
    eips::BlockId,
    primitives::{Address, I256, U256, uint},
    sol_types::SolCall as _,
};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha20Rng;
use std::time::Duration;

/// Seconds of a day, and of a round.
const DAY: u64 = 86_400;
/// Days after which all that goes wrong begins again.
const CYCLE: u64 = 12;
/// Days of the cycle on which a validator is jailed.
const JAILED: std::ops::Range<u64> = 3..5;
/// Days on which Earn's operator does not come: the third round without it makes the price of stCORE doubtful.
const LATE: std::ops::Range<u64> = 6..9;
/// Days on which the BTC token refuses the basket's sleeve.
const STALLED: std::ops::Range<u64> = 9..11;
/// How often it looks.
const LOOK: Duration = Duration::from_secs(1);
/// Every so many looks prices move and governance is looked at.
const SELDOM: u64 = 5;
/// Coins of an account of the director.
const PURSE: U256 = uint!(10_000_000_000_000_000_000_000_U256);
/// The two states that governance moves the basket between, basis points: CORE, stCORE, BTC.
const WEIGHTS: [[u16; 3]; 2] = [[5_000, 3_000, 2_000], [4_800, 3_200, 2_000]];
/// What the guardian says no to.
const VETOED: [u16; 3] = [9_000, 500, 500];
/// The text by which a proposal to be vetoed is known.
const VETO_TEXT: &str = "Everything into CORE";

/// Who acts.
struct Cast {
    /// Administers the stand-ins.
    admin: Session<BasketSite>,
    operator: Session<BasketSite>,
    holder: Session<BasketSite>,
    guardian: Session<BasketSite>,
    at: Outside,
    out: Output,
}

/// Where the stand-ins are.
#[derive(Clone, Copy)]
struct Outside {
    hub: Address,
    earn: Address,
    btc: Address,
    btc_sleeve: Address,
    core_sleeve: Address,
    aggregator: Address,
    reference: Address,
}

/// Plays until it is dropped.
///
/// # Errors
/// A deployment without the demo's basket; a chain that stops answering.
pub async fn play(
    site: BasketSite,
    journal: Journal,
    settings: Settings,
    seed: u64,
    out: Output,
) -> Result<()> {
    let of = |name: &str| site.deployment.address(name);
    let at = Outside {
        hub: of("CoreCandidateHub")?,
        earn: of("CoreEarn")?,
        btc: of("CoreBtc")?,
        btc_sleeve: of("BtcSleeve")?,
        core_sleeve: of("CoreSleeve")?,
        aggregator: of("BtcAggregator")?,
        reference: of("BtcReference")?,
    };
    let quiet = Output::new(Mode::Quiet);
    let session = |key| Session::<BasketSite>::for_key(site.clone(), key, &journal, quiet);
    let cast = Cast {
        admin: session(keys::signer(&settings)?)?,
        operator: session(keys::published(OPERATOR)?)?,
        holder: session(keys::published("director")?)?,
        guardian: session(keys::published("guardian")?)?,
        at,
        out,
    };
    for session in [&cast.operator, &cast.holder, &cast.guardian] {
        let account = session.account();
        let coins = site.pool.balance(account, BlockId::latest()).await?;
        if coins < PURSE / U256::from(2) {
            let _: serde_json::Value = site
                .pool
                .request("anvil_setBalance", (account, PURSE))
                .await?;
        }
    }
    let holder = cast.holder.account();
    let votes = IVotes::getVotesCall { account: holder };
    if site.read_at(site.at.gov, &votes).await?.is_zero() {
        gov::delegate(&cast.holder, holder).await?;
    }
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    rng.set_stream(u64::from(u16::MAX).saturating_add(1));
    let coin = settings.profile.basket()?.coin.clone();
    let mut looks = 0_u64;
    loop {
        tokio::time::sleep(LOOK).await;
        let seldom = looks.is_multiple_of(SELDOM);
        looks = looks.saturating_add(1);
        match cast.look(seldom, &coin, &mut rng).await {
            // The world turned between a look and a call.
            Ok(()) | Err(Problem::Refused { .. } | Problem::Failed { .. }) => {}
            // A busy chain is asked again at the next look.
            Err(Problem::Chain(error)) if error.is_transient() => {}
            Err(problem) => return Err(problem),
        }
    }
}

impl Cast {
    async fn look(&self, seldom: bool, coin: &str, rng: &mut ChaCha20Rng) -> Result<()> {
        let site = &self.admin.site;
        let day = site.pool.latest().await?.timestamp / DAY;
        let part = day % CYCLE;
        self.operator_comes(!LATE.contains(&part)).await?;
        self.jail(JAILED.contains(&part)).await?;
        self.stall(STALLED.contains(&part)).await?;
        if seldom {
            self.move_price(coin, rng).await?;
            self.govern().await?;
        }
        Ok(())
    }

    fn tell(&self, text: impl std::fmt::Display) {
        self.out.note(format!("basket: {text}"));
    }

    async fn operator_comes(&self, comes: bool) -> Result<()> {
        let site = &self.operator.site;
        let settled = site
            .read_at(self.at.earn, &ICoreEarn::roundTagCall {})
            .await?;
        let round = site
            .read_at(self.at.hub, &ICoreCandidateHub::getRoundTagCall {})
            .await?;
        if !comes || settled >= round {
            return Ok(());
        }
        let late = round.saturating_sub(settled) > U256::from(1);
        let call = ICoreEarn::afterTurnRoundCall {
            newElectedValidators: Vec::new(),
        };
        self.operator
            .send("settle Earn's round", self.at.earn, &call, U256::ZERO)
            .await?;
        if late {
            self.tell(format!(
                "Earn's operator is back after {} rounds",
                round.saturating_sub(settled)
            ));
        }
        Ok(())
    }

    async fn jail(&self, jailed: bool) -> Result<()> {
        let site = &self.admin.site;
        let list = site
            .read_at(self.at.core_sleeve, &ICoreSleeve::validatorsCall {})
            .await?;
        // The second one, so that moving its stake shows against the first.
        let Some(candidate) = list.get(1).map(|validator| validator.account) else {
            return Ok(());
        };
        let call = ICoreCandidateHub::isJailedCall { candidate };
        if site.read_at(self.at.hub, &call).await? == jailed {
            return Ok(());
        }
        let call = LocalCoreCandidateHub::setJailedCall { candidate, jailed };
        self.admin
            .send("jail or free a validator", self.at.hub, &call, U256::ZERO)
            .await?;
        let what = if jailed {
            "is jailed: its stake moves to the others"
        } else {
            "is free again"
        };
        self.tell(format!("validator {candidate} {what}"));
        Ok(())
    }

    async fn stall(&self, stalled: bool) -> Result<()> {
        let site = &self.admin.site;
        let account = self.at.btc_sleeve;
        let call = ICoreBtc::isBlacklistedCall { account };
        if site.read_at(self.at.btc, &call).await? == stalled {
            return Ok(());
        }
        let call = LocalCoreBtc::setBlacklistedCall {
            account,
            listed: stalled,
        };
        self.admin
            .send(
                "blacklist or clear the sleeve",
                self.at.btc,
                &call,
                U256::ZERO,
            )
            .await?;
        self.tell(if stalled {
            "the BTC token refuses the sleeve: its legs wait, all others are paid"
        } else {
            "the BTC token pays again: waiting legs can be delivered"
        });
        Ok(())
    }

    /// Up or down by 1 % at most, inside of what the feed was told; the second source is a little off the first.
    async fn move_price(&self, coin: &str, rng: &mut ChaCha20Rng) -> Result<()> {
        let site = &self.admin.site;
        let last = site
            .read_at(self.at.aggregator, &ILocalPrices::latestRoundDataCall {})
            .await?
            .answer
            .into_raw();
        let bps = |rng: &mut ChaCha20Rng, most: u64| {
            10_000_u64
                .saturating_sub(most)
                .saturating_add(rng.random_range(0..=most.saturating_mul(2)))
        };
        let next = last.saturating_mul(U256::from(bps(rng, 100))) / U256::from(10_000);
        // With 8 decimals.
        let next = next.clamp(
            U256::from(160_000_u64).saturating_mul(U256::from(100_000_000_u64)),
            U256::from(290_000_u64).saturating_mul(U256::from(100_000_000_u64)),
        );
        let call = ILocalAggregator::setCall {
            answer: I256::from_raw(next),
        };
        self.admin
            .send("move the price", self.at.aggregator, &call, U256::ZERO)
            .await?;
        let beside = next.saturating_mul(U256::from(bps(rng, 20))) / U256::from(10_000);
        let call = ILocalReference::setCall {
            base: "BTC".to_owned(),
            quote: coin.to_owned(),
            rate: beside.saturating_mul(U256::from(10_000_000_000_u64)),
        };
        self.admin
            .send("move the other price", self.at.reference, &call, U256::ZERO)
            .await?;
        Ok(())
    }

    /// One step of governance: what was proposed last goes on, or the next is proposed.
    async fn govern(&self) -> Result<()> {
        let site = &self.holder.site;
        let list = gov::proposals(site).await?;
        let Some(last) = list.last() else {
            return self.propose(0).await;
        };
        let id = last.id()?;
        let bill = gov::find(site, id).await?;
        match last.state() {
            "active" if last.description().starts_with(VETO_TEXT) => {
                gov::cancel(&self.guardian, &bill).await?;
                self.tell("the guardian cancels the proposal");
            }
            "active" if last.untouched() => {
                gov::cast(&self.holder, id, Vote::For).await?;
                self.tell("holders of GOV vote for the proposal");
            }
            "succeeded" => {
                gov::queue(&self.holder, &bill).await?;
                self.tell("the proposal passed; the timelock gives everybody time to leave");
            }
            "queued" => {
                let now = site.pool.latest().await?.timestamp;
                if gov::ready_at(site, &bill)
                    .await?
                    .is_some_and(|at| at <= now)
                {
                    gov::execute(&self.holder, &bill).await?;
                    self.tell(format!("executed: {}", last.description()));
                }
            }
            "executed" | "canceled" | "defeated" | "expired" => {
                self.propose(list.len()).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Every second one is for the guardian.
    async fn propose(&self, number: usize) -> Result<()> {
        let site = &self.holder.site;
        let count = site.read(&IBasket::sleeveCountCall {}).await?;
        if count != U256::from(VETOED.len()) {
            return Ok(());
        }
        let (weights, text) = if number.is_multiple_of(2) {
            let first = site
                .read(&IBasket::sleeveInfoCall { sleeve: U256::ZERO })
                .await?;
            let [usual, other] = WEIGHTS;
            let next = if usual.first() == Some(&first.targetBps) {
                other
            } else {
                usual
            };
            (next, format!("Target weights {next:?} bps"))
        } else {
            (VETOED, VETO_TEXT.to_owned())
        };
        let call = IBasket::setWeightsCall {
            targetBps: weights.to_vec(),
        };
        let action = Action {
            to: site.at.basket,
            data: call.abi_encode().into(),
        };
        // Two proposals of the same calls differ by their texts.
        let text = format!("{text} ({})", number.saturating_add(1));
        gov::propose(&self.holder, vec![action], text.clone()).await?;
        self.tell(format!("proposed: {text}"));
        Ok(())
    }
}
