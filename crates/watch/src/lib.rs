#![doc = include_str!("../README.md")]

mod alerts;
mod decode;
mod deliver;
mod error;
mod indexer;
mod monitor;
mod rules;
mod sanitize;
#[cfg(test)]
mod tests;

pub use alerts::AlertManager;
pub use decode::{Contracts, Decoder, Liquid, Parts};
pub use deliver::{
    Channels, DELIVERY_HEADER, Deliverer, SIGNATURE_HEADER, Secret, TIMESTAMP_HEADER, Webhook, sign,
};
pub use error::{Result, WatchError};
pub use indexer::{IndexStatus, Indexer, IndexerConfig, Phase};
pub use monitor::{Monitor, MonitorConfig, Snapshot};
pub use rules::{
    Absence, Bound, EventRule, Finding, MetricBound, Metrics, Past, Rate, Rule, Rules, Threshold,
    U256Text, ValueBound,
};
pub use sanitize::printable;
