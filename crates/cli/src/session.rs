//! What most commands begin with: the chain that the profile names, the deployment on it, a key.

use crate::{
    artifact::code_hash,
    config::Settings,
    deployment::Deployment,
    error::{Problem, Result, Side},
    journal::{self, Hand, Journal},
    keys,
    output::Output,
};
use alloy::{
    eips::BlockId,
    primitives::{Address, B256, Keccak256, U256},
    signers::local::PrivateKeySigner,
    sol_types::SolCall,
};
use chain::{BasketContracts, ChainError, Pool, PoolConfig, Receipt};
use keeper::{Call, Order};
use std::ops::Deref;
use store::{AttemptState, Work, WorkKey};

/// Opens the chain of the profile and makes sure that it is that chain.
///
/// # Errors
/// [`Problem::ChainDown`], [`Problem::WrongChain`].
pub async fn connect(settings: &Settings) -> Result<Pool> {
    let mut config = PoolConfig::new(settings.endpoints.clone());
    config.rounds = 2;
    config.chain_id = Some(settings.profile.chain_id);
    Pool::connect(config).await.map_err(|error| match error {
        ChainError::WrongChain {
            found, expected, ..
        } => Problem::WrongChain {
            expected,
            found,
            profile: settings.profile.name.clone(),
        },
        error if error.is_transient() => Problem::ChainDown {
            reason: error.to_string(),
        },
        error => error.into(),
    })
}

/// A deployment on a chain, to read from: whatever sides it has.
#[derive(Clone, Debug)]
pub struct Place {
    /// The chain.
    pub pool: Pool,
    /// What is where.
    pub deployment: Deployment,
}

impl Place {
    /// Opens the chain and the deployment, and compares them.
    ///
    /// # Errors
    /// Those of [`connect`] and [`Deployment::load`]; [`Problem::ForeignDeployment`].
    pub async fn open(settings: &Settings) -> Result<Self> {
        let deployment = Deployment::load(
            &settings.deployments,
            settings.profile.chain_id,
            &settings.deployment,
        )?;
        let pool = connect(settings).await?;
        let path = Deployment::path(&settings.deployments, deployment.chain_id, &deployment.name);
        let foreign = |name: &str, address, reason: &str| Problem::ForeignDeployment {
            name: name.to_owned(),
            address,
            path: path.clone(),
            reason: reason.to_owned(),
        };
        if deployment.genesis != pool.genesis()
            && let Some((name, contract)) = ["LiquidMinter", "Basket"]
                .iter()
                .find_map(|name| deployment.contracts.get_key_value(*name))
        {
            return Err(foreign(
                name,
                contract.address,
                "the chain began with another block",
            ));
        }
        for (name, contract) in &deployment.contracts {
            let code = pool.code(contract.address, BlockId::latest()).await?;
            if code.is_empty() {
                return Err(foreign(name, contract.address, "there is no contract"));
            }
            if code_hash(&code) != contract.code_hash {
                return Err(foreign(name, contract.address, "its code is another"));
            }
        }
        Ok(Self { pool, deployment })
    }

    /// Reads any contract at the head.
    ///
    /// # Errors
    /// [`Problem::Refused`] when the contract says no.
    pub async fn read_at<C: SolCall>(&self, to: Address, call: &C) -> Result<C::Return> {
        self.pool
            .read(to, call, BlockId::latest())
            .await
            .map_err(|error| match error.rpc() {
                Some(failure) if failure.is_revert() => Problem::Refused {
                    what: C::SIGNATURE.to_owned(),
                    reason: crate::refusal::explain(failure),
                },
                _ => error.into(),
            })
    }

    /// The liquid side.
    ///
    /// # Errors
    /// [`Problem::NoSide`] when it was deployed without.
    pub fn liquid(&self) -> Result<Site> {
        if self.deployment.part("LiquidMinter").is_none() {
            return Err(self.lacks(Side::Liquid));
        }
        Ok(Site {
            minter: self.deployment.address("LiquidMinter")?,
            token: self.deployment.address("LiquidToken")?,
            place: self.clone(),
        })
    }

    /// The basket's side.
    ///
    /// # Errors
    /// [`Problem::NoSide`] when it was deployed without.
    pub fn basket(&self) -> Result<BasketSite> {
        let deployment = &self.deployment;
        if deployment.part("Basket").is_none() {
            return Err(self.lacks(Side::Basket));
        }
        Ok(BasketSite {
            at: BasketContracts {
                basket: deployment.address("Basket")?,
                token: deployment.address("BasketToken")?,
                queue: deployment.address("UnbondingQueue")?,
                receipts: deployment.address("BasketReceipts")?,
                feed: deployment.part("PriceFeed"),
                timelock: deployment.address("BasketTimelock")?,
                governor: deployment.address("BasketGovernor")?,
                gov: deployment.address("GovToken")?,
                guardian: deployment.address("Guardian")?,
            },
            place: self.clone(),
        })
    }

    fn lacks(&self, side: Side) -> Problem {
        Problem::NoSide {
            side,
            place: format!("the deployment `{}`", self.deployment.name),
        }
    }
}

/// The liquid side of a deployment, to read from.
#[derive(Clone, Debug)]
pub struct Site {
    place: Place,
    /// `LiquidMinter`.
    pub minter: Address,
    /// `LiquidToken`.
    pub token: Address,
}

impl Deref for Site {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.place
    }
}

impl Site {
    /// As [`Place::open`].
    ///
    /// # Errors
    /// Those of [`Place::open`]; [`Problem::NoSide`].
    pub async fn open(settings: &Settings) -> Result<Self> {
        Place::open(settings).await?.liquid()
    }

    /// Reads the minter at the head.
    ///
    /// # Errors
    /// [`Problem::Refused`] when the contract says no.
    pub async fn read<C: SolCall>(&self, call: &C) -> Result<C::Return> {
        self.read_at(self.minter, call).await
    }
}

/// The basket's side of a deployment, to read from.
#[derive(Clone, Debug)]
pub struct BasketSite {
    place: Place,
    /// Where everything is.
    pub at: BasketContracts,
}

impl Deref for BasketSite {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.place
    }
}

impl BasketSite {
    /// As [`Place::open`].
    ///
    /// # Errors
    /// Those of [`Place::open`]; [`Problem::NoSide`].
    pub async fn open(settings: &Settings) -> Result<Self> {
        Place::open(settings).await?.basket()
    }

    /// Reads the basket at the head.
    ///
    /// # Errors
    /// [`Problem::Refused`] when the contract says no.
    pub async fn read<C: SolCall>(&self, call: &C) -> Result<C::Return> {
        self.read_at(self.at.basket, call).await
    }
}

/// A side of a deployment and a key: can send.
#[derive(Debug)]
pub struct Session<S = Site> {
    /// Where.
    pub site: S,
    hand: Hand,
    out: Output,
}

impl Session {
    /// Opens the liquid side, takes the key and its journal.
    ///
    /// # Errors
    /// Those of [`Site::open`] and [`Session::on`].
    pub async fn open(settings: &Settings, out: Output) -> Result<Self> {
        Self::on(Site::open(settings).await?, settings, out).await
    }
}

impl Session<BasketSite> {
    /// Opens the basket's side, takes the key and its journal.
    ///
    /// # Errors
    /// Those of [`BasketSite::open`] and [`Session::on`].
    pub async fn basket(settings: &Settings, out: Output) -> Result<Self> {
        Self::on(BasketSite::open(settings).await?, settings, out).await
    }
}

impl<S: Deref<Target = Place>> Session<S> {
    /// Takes the key and its journal.
    ///
    /// # Errors
    /// Those of [`keys::signer`]; [`Problem::KeyBusy`] when the same key is sending already.
    pub async fn on(site: S, settings: &Settings, out: Output) -> Result<Self> {
        let signer = keys::signer(settings)?;
        let folder = journal::folder(&settings.data_dir, &site.pool, signer.address());
        let lock = journal::hold_key(&folder, signer.address())?;
        let journal = Journal::open(&folder, lock, &site.pool, settings.profile.kind).await?;
        Self::for_key(site, signer, &journal, out)
    }

    /// As [`Session::on`], for a key and a journal at hand.
    ///
    /// # Errors
    /// Those of [`Journal::hand`].
    pub fn for_key(
        site: S,
        signer: PrivateKeySigner,
        journal: &Journal,
        out: Output,
    ) -> Result<Self> {
        let hand = journal.hand(&site.pool, signer)?;
        Ok(Self { site, hand, out })
    }

    /// Whose key it is.
    #[must_use]
    pub fn account(&self) -> Address {
        self.hand.account()
    }

    /// Sends one call and waits until it is mined.
    ///
    /// When an earlier command was cut short after it had signed the very same call, that transaction is waited for and
    /// nothing is sent. Whatever else it left is waited for first.
    ///
    /// # Errors
    /// Those of [`Hand::send`] and [`Hand::finish`].
    pub async fn send<C: SolCall>(
        &self,
        title: &str,
        to: Address,
        call: &C,
        value: U256,
    ) -> Result<Receipt> {
        self.send_raw(title, to, call.abi_encode(), value).await
    }

    /// As [`Session::send`], for what is no call of a contract that we know.
    ///
    /// # Errors
    /// Those of [`Session::send`].
    pub async fn send_raw(
        &self,
        title: &str,
        to: Address,
        data: Vec<u8>,
        value: U256,
    ) -> Result<Receipt> {
        let same = what_it_does(self.account(), to, &data, value).to_string();
        let mut key = None;
        for entry in self.hand.unfinished().await? {
            if entry.work.job == COMMAND && entry.work.target == same {
                self.out.note(format!(
                    "an earlier command sent this and was cut short; waiting for the same transaction: {title}"
                ));
                key = Some(key_of(&entry.work));
                continue;
            }
            let what = &entry.attempt.reason;
            self.out.note(format!(
                "an earlier command was cut short; waiting for: {what}"
            ));
            match self.hand.finish(&entry).await? {
                AttemptState::Failed => self.out.note(format!("{what}: was mined and failed")),
                AttemptState::Abandoned => self.out.note(format!(
                    "{what}: its nonce was used by another program; it had no effect"
                )),
                _ => {}
            }
        }
        let key = match key {
            Some(key) => key,
            // Another occasion: the same call may be meant again.
            None => WorkKey {
                chain_id: self.site.pool.chain_id(),
                contract: to,
                job: COMMAND.to_owned(),
                target: same,
                precondition: U256::from(self.hand.newest().await?.unsigned_abs()).into(),
            },
        };
        self.hand
            .send(&Order {
                key,
                call: Call {
                    to: Some(to),
                    data: data.into(),
                    value,
                    gas_least: 0,
                },
                reason: title.to_owned(),
                nonce: None,
            })
            .await
    }
}

/// The job of what commands send, in their journal.
const COMMAND: &str = "command";

/// Two calls are the same when the same account would do the same.
fn what_it_does(account: Address, to: Address, data: &[u8], value: U256) -> B256 {
    let mut hasher = Keccak256::new();
    hasher.update(account);
    hasher.update(to);
    hasher.update(value.to_be_bytes::<32>());
    hasher.update(data);
    hasher.finalize()
}

fn key_of(work: &Work) -> WorkKey {
    WorkKey {
        chain_id: work.chain_id,
        contract: work.contract,
        job: work.job.clone(),
        target: work.target.clone(),
        precondition: work.precondition,
    }
}
