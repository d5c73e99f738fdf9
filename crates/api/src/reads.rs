//! Reads behind the routes; none has its source yet, and says so.
use alloy::primitives::{Address, U256};

use crate::{dto::*, error::ApiError, server::AppState};

macro_rules! unwired {
    ($($name:ident($($arg:ty),*) -> $out:ty;)*) => {
        impl AppState {$(
            #[allow(clippy::unused_async)]
            pub(crate) async fn $name(&self, $(_: $arg),*) -> Result<$out, ApiError> {
                Err(ApiError::IndexUnavailable)
            }
        )*}
    };
}
unwired! {
    scrape() -> String;
    status() -> Status;
    overview() -> Overview;
    rungs(Option<&str>, u32) -> Page<Rung>;
    events(Option<&str>, Option<Address>, Option<&str>, u32) -> Page<Event>;
    validators() -> Vec<Validator>;
    account(Address) -> Account;
    requests(Address, Option<&str>, u32) -> Page<ExitRequest>;
    history(Address, Option<&str>, u32) -> Page<HistoryItem>;
    quote_exit(U256) -> ExitQuote;
    quote_deposit(U256) -> DepositQuote;
    metric_history(MetricName, u64, u64) -> Vec<Sample>;
    jobs() -> Vec<Job>;
    journal(Option<&str>, u32) -> Page<JournalEntry>;
    insert_intent(IntentRequest) -> Intent;
    alerts(Option<AlertState>, Option<&str>, u32) -> Page<Alert>;
    acknowledge(u64) -> Alert;
}
impl AppState {
    pub(crate) async fn readiness(&self) -> Readiness {
        Readiness {
            ready: false,
            checks: vec![Check {
                name: "store".into(),
                ok: false,
                detail: "not connected".into(),
            }],
        }
    }
}
