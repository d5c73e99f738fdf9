//! What most commands begin with: the chain that the profile names, the deployment on it, a key.

use crate::{
    artifact::code_hash,
    config::Settings,
    deployment::Deployment,
    error::{Problem, Result},
    keys,
    lock::Lock,
    output::Output,
    plan::{Journal, Plan, carry_out},
};
use alloy::{
    eips::BlockId,
    primitives::{Address, U256},
    signers::local::PrivateKeySigner,
    sol_types::SolCall,
};
use chain::{ChainError, Pool, PoolConfig, Receipt};
use std::path::Path;

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

/// A deployment on a chain, to read from.
#[derive(Clone, Debug)]
pub struct Site {
    /// The chain.
    pub pool: Pool,
    /// What is where.
    pub deployment: Deployment,
    /// `LiquidMinter`.
    pub minter: Address,
    /// `LiquidToken`.
    pub token: Address,
}

impl Site {
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
        let minter = deployment.address("LiquidMinter")?;
        if deployment.genesis != pool.genesis() {
            return Err(foreign(
                "LiquidMinter",
                minter,
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
        let token = deployment.address("LiquidToken")?;
        Ok(Self {
            pool,
            deployment,
            minter,
            token,
        })
    }

    /// Reads the minter at the head.
    ///
    /// # Errors
    /// [`Problem::Refused`] when the contract says no.
    pub async fn read<C: SolCall>(&self, call: &C) -> Result<C::Return> {
        self.read_at(self.minter, call).await
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
}

/// A [`Site`] and a key: can send.
#[derive(Debug)]
pub struct Session {
    /// Where.
    pub site: Site,
    signer: PrivateKeySigner,
    journal: Journal,
    out: Output,
    _lock: Lock,
}

impl Session {
    /// Opens the site, takes the key, and settles what an earlier command left behind.
    ///
    /// # Errors
    /// Those of [`Site::open`] and [`keys::signer`]; [`Problem::Locked`] when the same key is sending already.
    pub async fn open(settings: &Settings, out: Output) -> Result<Self> {
        let site = Site::open(settings).await?;
        let signer = keys::signer(settings)?;
        let folder = settings
            .data_dir
            .join("sent")
            .join(site.pool.chain_id().to_string())
            .join(signer.address().to_string());
        Self::for_key(site, signer, &folder, out).await
    }

    /// As [`Session::open`], for a key at hand; its journal is in `folder`.
    ///
    /// # Errors
    /// [`Problem::Locked`] when the same key is sending already, and those of [`carry_out`] for what was left behind.
    pub async fn for_key(
        site: Site,
        signer: PrivateKeySigner,
        folder: &Path,
        out: Output,
    ) -> Result<Self> {
        let lock = Lock::take(folder)?;
        let journal = Journal::new(folder, "last");
        let session = Self {
            site,
            signer,
            journal,
            out,
            _lock: lock,
        };
        if let Some(plan) = session.journal.unfinished()? {
            session.settle(&plan).await?;
        }
        Ok(session)
    }

    /// Whose key it is.
    #[must_use]
    pub fn account(&self) -> Address {
        self.signer.address()
    }

    /// Sends one call and waits until it is mined.
    ///
    /// # Errors
    /// Those of [`carry_out`].
    pub async fn send<C: SolCall>(
        &self,
        title: &str,
        to: Address,
        call: &C,
        value: U256,
    ) -> Result<Receipt> {
        let nonce = self
            .site
            .pool
            .nonce(self.account(), BlockId::latest())
            .await?;
        let mut plan = Plan::new(&self.site.pool, self.account(), nonce);
        plan.call(title, to, call.abi_encode(), value);
        self.journal.begin(&plan)?;
        let mut receipts = self.run(&plan).await?;
        receipts
            .pop()
            .ok_or_else(|| Problem::Unexpected("a step without a receipt".to_owned()))
    }

    async fn run(&self, plan: &Plan) -> Result<Vec<Receipt>> {
        let result = carry_out(plan, &self.journal, &self.site.pool, &self.signer, self.out).await;
        match &result {
            // Something may still be mined: the next command waits for it before it sends anything of its own.
            Err(Problem::NotMined { .. } | Problem::Chain(_)) => {}
            _ => self.journal.end()?,
        }
        result
    }

    async fn settle(&self, plan: &Plan) -> Result<()> {
        if !self.journal.has_sent()? || plan.genesis != self.site.pool.genesis() {
            return self.journal.end();
        }
        for step in &plan.steps {
            self.out.note(format!(
                "an earlier command was cut short; settling: {}",
                step.title
            ));
        }
        match self.run(plan).await {
            Ok(_) => Ok(()),
            Err(Problem::Failed { what, hash }) => {
                self.out
                    .note(format!("{what}: {hash} was mined and failed"));
                Ok(())
            }
            Err(problem) => Err(problem),
        }
    }
}
