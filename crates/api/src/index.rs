//! Reads from the index, in the shapes of the API. They answer while the chain is down.

use alloy::primitives::{Address, U256};
use store::{Error as StoreError, PageRequest};

use crate::{
    dto::{
        Alert, AlertState, Event, HistoryItem, HistoryKind, Indexed, Intent, IntentRequest, Job,
        JournalEntry, KeeperStatus, MetricName, Mode, Page, Rung, RungState, Sample, Severity,
        Status,
    },
    error::{ApiError, excerpt},
    scalar::{Addr, Hash, Wei, parse_decimal},
    server::AppState,
};

/// Most samples of one answer.
const MOST_SAMPLES: u64 = 1_000;

/// A failure of the store. What it says stays in the log: it names files.
pub(crate) fn index(error: StoreError) -> ApiError {
    match error {
        StoreError::Corrupt { .. } | StoreError::Json(_) => {
            tracing::error!(%error, "store");
            ApiError::Internal
        }
        error => {
            tracing::warn!(%error, "store");
            ApiError::IndexUnavailable
        }
    }
}

/// The same, where the caller brought a cursor.
pub(crate) fn paged(cursor: Option<&str>) -> impl FnOnce(StoreError) -> ApiError {
    let cursor = excerpt(cursor.unwrap_or_default());
    move |error| match error {
        StoreError::BadCursor => ApiError::InvalidCursor(cursor),
        error => index(error),
    }
}

pub(crate) fn page_request(cursor: Option<&str>, limit: u32) -> PageRequest {
    PageRequest {
        cursor: cursor.map(str::to_owned),
        limit,
    }
}

/// Several contract reads a row: such a page is kept shorter than other lists'.
pub(crate) fn short_page_request(cursor: Option<&str>, limit: u32) -> PageRequest {
    page_request(cursor, limit.min(50))
}

pub(crate) fn page<T, U: utoipa::ToSchema>(
    page: store::Page<T>,
    shape: impl FnMut(T) -> U,
) -> Page<U> {
    let page = page.map(shape);
    Page {
        items: page.items,
        next_cursor: page.next,
    }
}

impl AppState {
    pub(crate) async fn status(&self) -> Result<Status, ApiError> {
        let store = self.store();
        let cursor = store.cursor().await.map_err(index)?;
        let holes = store.completeness().await.map_err(index)?;
        let decisions = store.last_decisions().await.map_err(index)?;
        let leader = store.leader().await.map_err(index)?;
        let seq = store.seq().await.map_err(index)?;
        let head = self.now().await.ok().map(|now| crate::dto::ChainHead {
            number: now.block.number,
            hash: Hash(now.block.hash),
            timestamp: now.block.timestamp,
        });
        Ok(Status {
            lag_blocks: head
                .as_ref()
                .zip(cursor.as_ref())
                .map(|(head, at)| head.number.saturating_sub(at.number)),
            chain_head: head,
            indexed: cursor.map(|at| Indexed {
                number: at.number,
                timestamp: at.timestamp,
            }),
            holes_found: holes.found,
            holes_left: holes.left,
            keeper: KeeperStatus {
                mode: decisions
                    .iter()
                    .map(|d| mode(&d.mode))
                    .max()
                    .unwrap_or(Mode::Off),
                last_run_at: decisions.iter().map(|d| d.at).max(),
                leader: leader.map(|leader| leader.holder),
            },
            seq,
        })
    }

    pub(crate) async fn rungs(
        &self,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<Rung>, ApiError> {
        self.liquid()?;
        let store = self.store();
        // The watermark first: a rung funded in between is shown a moment too early as waiting, never as funded.
        let watermark = store
            .last_checkpoint()
            .await
            .map_err(index)?
            .map_or(U256::ZERO, |c| c.w);
        let rungs = store
            .rungs(&page_request(cursor, limit))
            .await
            .map_err(paged(cursor))?;
        Ok(page(rungs, |row| rung(row, watermark)))
    }

    pub(crate) async fn events(
        &self,
        name: Option<&str>,
        account: Option<Address>,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<Event>, ApiError> {
        let filter = store::EventFilter {
            name: name.map(str::to_owned),
            account,
        };
        let events = self
            .store()
            .events(&filter, &page_request(cursor, limit))
            .await
            .map_err(paged(cursor))?;
        Ok(page(events, |row| Event {
            block: row.block,
            log_index: row.log_index,
            tx_hash: Hash(row.tx_hash),
            at: row.at,
            name: row.name,
            contract: Addr(row.address),
            args: match row.args {
                serde_json::Value::Object(args) => args.into_iter().collect(),
                _ => std::collections::BTreeMap::new(),
            },
        }))
    }

    pub(crate) async fn history(
        &self,
        account: Address,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<HistoryItem>, ApiError> {
        self.liquid()?;
        let lines = self
            .store()
            .history(account, &page_request(cursor, limit))
            .await
            .map_err(paged(cursor))?;
        Ok(page(lines, |row| HistoryItem {
            kind: match row.kind {
                store::HistoryKind::Deposit => HistoryKind::Deposit,
                store::HistoryKind::InstantExit => HistoryKind::InstantExit,
                store::HistoryKind::Request => HistoryKind::Request,
                store::HistoryKind::Cancel => HistoryKind::Cancel,
                store::HistoryKind::Claim => HistoryKind::Claim,
                store::HistoryKind::Rewards => HistoryKind::Rewards,
                store::HistoryKind::TransferIn => HistoryKind::TransferIn,
                store::HistoryKind::TransferOut => HistoryKind::TransferOut,
                store::HistoryKind::PoolExit => HistoryKind::PoolExit,
                store::HistoryKind::VaultDeposit => HistoryKind::VaultDeposit,
                store::HistoryKind::VaultWithdraw => HistoryKind::VaultWithdraw,
                store::HistoryKind::VaultRequest => HistoryKind::VaultRequest,
                store::HistoryKind::VaultClaim => HistoryKind::VaultClaim,
                store::HistoryKind::ReceiptIn => HistoryKind::ReceiptIn,
                store::HistoryKind::ReceiptOut => HistoryKind::ReceiptOut,
            },
            amount: Wei(row.amount),
            lst: Wei(row.lst),
            at: row.at,
            block: row.block,
            tx_hash: Hash(row.tx_hash),
            counterparty: row.counterparty.map(Addr),
        }))
    }

    pub(crate) async fn metric_history(
        &self,
        metric: MetricName,
        from: u64,
        to: u64,
    ) -> Result<Vec<Sample>, ApiError> {
        self.liquid()?;
        let name = match metric {
            MetricName::Rate => "rate",
            MetricName::Tvl => "tvl",
            MetricName::Headroom => "headroom",
            MetricName::TotalQueued => "totalQueued",
        };
        let store = self.store();
        // An open end is now, an open start the first sample: else the step would be that of centuries.
        let newest = store
            .latest_sample(name)
            .await
            .map_err(index)?
            .map_or(0, |sample| sample.at);
        let oldest = store
            .first_sample(name)
            .await
            .map_err(index)?
            .map_or(0, |sample| sample.at);
        let (from, to) = (from.max(oldest), to.min(newest));
        if from > to {
            return Ok(Vec::new());
        }
        let step = (to - from) / (MOST_SAMPLES - 1) + 1;
        let samples = store.samples(name, from, to, step).await.map_err(index)?;
        samples
            .into_iter()
            .map(|sample| match parse_decimal(&sample.value) {
                Some(value) => Ok(Sample {
                    at: sample.at,
                    value: Wei(value),
                }),
                None => {
                    tracing::error!(metric = name, at = sample.at, "sample is not a decimal");
                    Err(ApiError::Internal)
                }
            })
            .collect()
    }

    pub(crate) async fn jobs(&self) -> Result<Vec<Job>, ApiError> {
        let store = self.store();
        let mut jobs = Vec::new();
        for decision in store.last_decisions().await.map_err(index)? {
            let last_tx = store.last_tx_of(&decision.job).await.map_err(index)?;
            jobs.push(Job {
                mode: mode(&decision.mode),
                job: decision.job,
                last_run_at: Some(decision.at),
                last_decision: Some(decision.decision),
                last_reason: Some(decision.reason),
                last_tx_hash: last_tx.map(|tx| Hash(tx.hash)),
                next_due_at: decision.next_due,
            });
        }
        Ok(jobs)
    }

    pub(crate) async fn journal(
        &self,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<JournalEntry>, ApiError> {
        let entries = self
            .store()
            .journal(&page_request(cursor, limit))
            .await
            .map_err(paged(cursor))?;
        Ok(page(entries, |entry| {
            // The one that was mined, else the latest try. The signed bytes stay in the store.
            let tx = entry
                .txs
                .iter()
                .find(|tx| tx.mined_block.is_some())
                .or_else(|| entry.txs.last());
            JournalEntry {
                work_id: Hash(entry.work.id),
                job: entry.work.job,
                target: entry.work.target,
                state: entry.attempt.state.to_string(),
                tx_hash: tx.map(|tx| Hash(tx.hash)),
                nonce: tx.map(|tx| tx.nonce),
                gas_used: tx.and_then(|tx| tx.gas_used),
                created_at: entry.attempt.created_at,
                updated_at: entry.attempt.updated_at,
            }
        }))
    }

    pub(crate) async fn insert_intent(&self, wish: IntentRequest) -> Result<Intent, ApiError> {
        let IntentRequest { job, target } = wish;
        let created_at = store::unix_now();
        let id = self
            .store()
            .insert_intent(job.clone(), target.clone(), "operator".to_owned())
            .await
            .map_err(index)?;
        Ok(Intent {
            id: u64::try_from(id).unwrap_or_default(),
            job,
            target,
            created_at,
        })
    }

    pub(crate) async fn alerts(
        &self,
        state: Option<AlertState>,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<Page<Alert>, ApiError> {
        let state = state.map(|state| match state {
            AlertState::Open => store::AlertState::Open,
            AlertState::Acknowledged => store::AlertState::Acknowledged,
            AlertState::Resolved => store::AlertState::Resolved,
        });
        let alerts = self
            .store()
            .alerts(state, &page_request(cursor, limit))
            .await
            .map_err(paged(cursor))?;
        Ok(page(alerts, alert))
    }

    pub(crate) async fn acknowledge(&self, id: u64) -> Result<Alert, ApiError> {
        let unknown = || ApiError::NotFound {
            what: "alert that is not resolved",
            id: id.to_string(),
        };
        let key = i64::try_from(id).map_err(|_| unknown())?;
        match self
            .store()
            .acknowledge_alert(key, "operator".to_owned(), store::unix_now())
            .await
        {
            Ok(row) => Ok(alert(row)),
            Err(StoreError::NoSuch { .. }) => Err(unknown()),
            Err(error) => Err(index(error)),
        }
    }
}

fn rung(row: store::Rung, watermark: U256) -> Rung {
    let closed = row.closed_at.is_some();
    let units = row.units_end.saturating_sub(row.units_start);
    let done = watermark.min(row.units_end).saturating_sub(row.units_start);
    let funded = done
        .saturating_mul(U256::from(10_000))
        .checked_div(units)
        .unwrap_or_default();
    let state = if !closed {
        RungState::Open
    } else if row.units_end <= watermark {
        RungState::Funded
    } else if done.is_zero() {
        RungState::Closed
    } else {
        RungState::Partial
    };
    Rung {
        id: row.id,
        lst: Wei(row.lst),
        count: row.count,
        closed_at: row.closed_at,
        fee_bps: row
            .fee_bps
            .map(|fee| u32::try_from(fee).unwrap_or(u32::MAX)),
        units_start: closed.then_some(Wei(row.units_start)),
        units_end: closed.then_some(Wei(row.units_end)),
        funded_bps: match state {
            RungState::Open | RungState::Closed => 0,
            RungState::Funded => 10_000,
            RungState::Partial => u32::try_from(funded).unwrap_or(10_000),
        },
        state,
        promised_at: row.promised_at,
        revised: row.revised,
    }
}

fn alert(row: store::Alert) -> Alert {
    Alert {
        id: u64::try_from(row.id).unwrap_or_default(),
        rule: row.rule,
        severity: match row.severity {
            store::Severity::Info => Severity::Info,
            store::Severity::Warning => Severity::Warning,
            store::Severity::Critical => Severity::Critical,
        },
        state: match row.state {
            store::AlertState::Open => AlertState::Open,
            store::AlertState::Acknowledged => AlertState::Acknowledged,
            store::AlertState::Resolved => AlertState::Resolved,
        },
        title: row.title,
        detail: row.detail,
        opened_at: row.opened_at,
        resolved_at: row.resolved_at,
    }
}

fn mode(word: &str) -> Mode {
    match word {
        "on" => Mode::On,
        "dryRun" => Mode::DryRun,
        _ => Mode::Off,
    }
}
