//! Reads through the pool, decoded into shapes that tolerate what different chains add to them.

use crate::{ChainError, Pool};
use alloy::{
    eips::BlockId,
    primitives::{Address, B256, Bloom, Bytes, U64, U128, U256, keccak256},
    rpc::types::{Log, TransactionRequest},
    sol_types::SolCall,
};
use serde::{Deserialize, Deserializer, Serialize};

/// What we keep of a block header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Block {
    /// Height.
    #[serde(with = "alloy::serde::quantity")]
    pub number: u64,
    /// Hash.
    pub hash: B256,
    /// Hash of the block below.
    pub parent_hash: B256,
    /// Unix seconds.
    #[serde(with = "alloy::serde::quantity")]
    pub timestamp: u64,
    /// Bloom filter over the addresses and topics of all logs.
    pub logs_bloom: Bloom,
    /// Base fee per gas in wei; 0 on chains without one.
    #[serde(default, deserialize_with = "optional_quantity")]
    pub base_fee_per_gas: u128,
    /// Gas limit of the block.
    #[serde(default, with = "alloy::serde::quantity")]
    pub gas_limit: u64,
}

fn optional_quantity<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
    Ok(Option::<U128>::deserialize(deserializer)?.map_or(0, |value| value.to()))
}

impl Block {
    /// The id that pins a read to exactly this block, on this branch.
    #[must_use]
    pub fn id(&self) -> BlockId {
        BlockId::hash(self.hash)
    }
}

/// What we keep of a transaction receipt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The transaction.
    pub transaction_hash: B256,
    /// The block it is in.
    pub block_hash: B256,
    /// That block's height.
    #[serde(with = "alloy::serde::quantity")]
    pub block_number: u64,
    /// 1 when it succeeded, 0 when it reverted.
    #[serde(with = "alloy::serde::quantity")]
    pub status: u64,
    /// Sender.
    pub from: Address,
    /// Recipient; `None` for a creation.
    pub to: Option<Address>,
    /// The contract created, if any.
    pub contract_address: Option<Address>,
    /// Gas used.
    #[serde(with = "alloy::serde::quantity")]
    pub gas_used: u64,
    /// Price paid per gas, wei.
    #[serde(default, with = "alloy::serde::quantity")]
    pub effective_gas_price: u128,
    /// Its logs.
    pub logs: Vec<Log>,
}

impl Receipt {
    /// Whether the transaction succeeded.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.status == 1
    }
}

/// What the chain asks for gas now, wei per gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fees {
    /// Base fee of the latest block.
    pub base: u128,
    /// Suggested tip.
    pub tip: u128,
}

/// What became of bytes handed to the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broadcast {
    /// A node took them, or had them already.
    Accepted,
    /// The nonce is used: by this transaction, mined, or by another. Ask for the receipt.
    NonceUsed(String),
    /// Another transaction with this nonce is waiting and ours does not pay enough more.
    Underpriced(String),
    /// The sender cannot pay.
    InsufficientFunds(String),
    /// Any other refusal.
    Refused(String),
}

impl Pool {
    /// A block by number, hash or tag; `None` when the chain (or this endpoint, yet) has no such block.
    ///
    /// # Errors
    /// See [`Pool::request`].
    pub async fn block(&self, id: impl Into<BlockId>) -> Result<Option<Block>, ChainError> {
        match id.into() {
            BlockId::Hash(hash) => {
                self.request("eth_getBlockByHash", (hash.block_hash, false))
                    .await
            }
            BlockId::Number(number) => self.request("eth_getBlockByNumber", (number, false)).await,
        }
    }

    /// The head of the chain as the primary sees it.
    ///
    /// # Errors
    /// See [`Pool::request`].
    pub async fn latest(&self) -> Result<Block, ChainError> {
        let block = self.block(BlockId::latest()).await?;
        block.ok_or_else(|| ChainError::Decode {
            method: "eth_getBlockByNumber".into(),
            reason: "no latest block".into(),
        })
    }

    /// Runs `data` against `to` at a block, without a transaction.
    ///
    /// # Errors
    /// [`ChainError::Rpc`] when the call reverts (see [`crate::RpcFailure::revert_data`]).
    pub async fn call(&self, to: Address, data: Bytes, at: BlockId) -> Result<Bytes, ChainError> {
        self.call_request(&TransactionRequest::default().to(to).input(data.into()), at)
            .await
    }

    /// As [`Pool::call`], with sender, value and fees.
    ///
    /// # Errors
    /// [`ChainError::Rpc`] when the call reverts.
    pub async fn call_request(
        &self,
        request: &TransactionRequest,
        at: BlockId,
    ) -> Result<Bytes, ChainError> {
        self.request("eth_call", (request, at)).await
    }

    /// Calls one function of a binding at a block.
    ///
    /// # Errors
    /// [`ChainError::Rpc`] when it reverts, [`ChainError::Decode`] when the answer is not what the ABI says (no
    /// contract at that address, for example).
    pub async fn read<C: SolCall>(
        &self,
        to: Address,
        call: &C,
        at: BlockId,
    ) -> Result<C::Return, ChainError> {
        let answer = self.call(to, call.abi_encode().into(), at).await?;
        C::abi_decode_returns(&answer).map_err(|error| ChainError::Decode {
            method: C::SIGNATURE.to_owned(),
            reason: if answer.is_empty() {
                format!("no data; is there a contract at {to}?")
            } else {
                error.to_string()
            },
        })
    }

    /// Gas that a transaction would need, on top of `at`.
    ///
    /// # Errors
    /// [`ChainError::Rpc`] when it would revert.
    pub async fn estimate_gas(
        &self,
        request: &TransactionRequest,
        at: BlockId,
    ) -> Result<u64, ChainError> {
        self.request::<_, U64>("eth_estimateGas", (request, at))
            .await
            .map(|gas| gas.to())
    }

    /// The receipt of a mined transaction, `None` while it is not mined.
    ///
    /// # Errors
    /// See [`Pool::request`].
    pub async fn receipt(&self, transaction: B256) -> Result<Option<Receipt>, ChainError> {
        self.request("eth_getTransactionReceipt", (transaction,))
            .await
    }

    /// Whether any endpoint asked knows the transaction, mined or waiting.
    ///
    /// # Errors
    /// See [`Pool::request`].
    pub async fn knows_transaction(&self, transaction: B256) -> Result<bool, ChainError> {
        self.request::<_, Option<serde_json::Value>>("eth_getTransactionByHash", (transaction,))
            .await
            .map(|found| found.is_some())
    }

    /// Number of transactions mined from `account` as of `at`; with the pending tag, the waiting ones too.
    ///
    /// # Errors
    /// See [`Pool::request`].
    pub async fn nonce(&self, account: Address, at: BlockId) -> Result<u64, ChainError> {
        self.request::<_, U64>("eth_getTransactionCount", (account, at))
            .await
            .map(|nonce| nonce.to())
    }

    /// Coins of `account`, wei.
    ///
    /// # Errors
    /// See [`Pool::request`].
    pub async fn balance(&self, account: Address, at: BlockId) -> Result<U256, ChainError> {
        self.request("eth_getBalance", (account, at)).await
    }

    /// Code at an address; empty when there is none.
    ///
    /// # Errors
    /// See [`Pool::request`].
    pub async fn code(&self, address: Address, at: BlockId) -> Result<Bytes, ChainError> {
        self.request("eth_getCode", (address, at)).await
    }

    /// A storage word.
    ///
    /// # Errors
    /// See [`Pool::request`].
    pub async fn storage(
        &self,
        address: Address,
        slot: U256,
        at: BlockId,
    ) -> Result<B256, ChainError> {
        self.request("eth_getStorageAt", (address, slot, at)).await
    }

    /// Base fee and suggested tip. Chains without tips answer 0.
    ///
    /// # Errors
    /// See [`Pool::request`].
    pub async fn fees(&self) -> Result<Fees, ChainError> {
        let base = self.latest().await?.base_fee_per_gas;
        let tip = match self
            .request::<_, U128>("eth_maxPriorityFeePerGas", ())
            .await
        {
            Ok(tip) => tip.to(),
            // Older nodes only know one price.
            Err(ChainError::Unavailable { .. } | ChainError::Rpc { .. }) => self
                .request::<_, U128>("eth_gasPrice", ())
                .await?
                .to::<u128>()
                .saturating_sub(base),
            Err(error) => return Err(error),
        };
        Ok(Fees { base, tip })
    }

    /// Hands signed bytes to the network. Sending the same bytes again is harmless.
    ///
    /// # Errors
    /// Only when no endpoint could be reached; a refusal is a [`Broadcast`]. After an error the bytes may still have
    /// arrived.
    pub async fn broadcast(&self, signed: &Bytes) -> Result<Broadcast, ChainError> {
        match self
            .request::<_, B256>("eth_sendRawTransaction", (signed,))
            .await
        {
            Ok(hash) if hash == keccak256(signed) => Ok(Broadcast::Accepted),
            Ok(hash) => Ok(Broadcast::Refused(format!(
                "the node calls it {hash}, it is {}",
                keccak256(signed)
            ))),
            Err(ChainError::Rpc { error, .. }) => {
                let text = error.message.to_ascii_lowercase();
                let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
                Ok(
                    if says(&[
                        "already known",
                        "known transaction",
                        "already imported",
                        "alreadyknown",
                    ]) {
                        Broadcast::Accepted
                    } else if says(&["nonce too low", "nonce is too low", "old nonce"]) {
                        Broadcast::NonceUsed(error.message)
                    } else if says(&["insufficient funds", "insufficient balance"]) {
                        Broadcast::InsufficientFunds(error.message)
                    } else if says(&[
                        "underpriced",
                        "less than block base fee",
                        "fee too low",
                        "max fee per gas",
                    ]) {
                        Broadcast::Underpriced(error.message)
                    } else {
                        Broadcast::Refused(error.message)
                    },
                )
            }
            Err(error) => Err(error),
        }
    }
}
