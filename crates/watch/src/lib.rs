#![doc = include_str!("../README.md")]

mod alerts;
mod channels;
mod decode;
mod deliver;
mod error;
mod heartbeat;
mod indexer;
mod monitor;
mod rules;
mod sanitize;
#[cfg(test)]
mod tests;

pub use alerts::AlertManager;
pub use channels::{
    Channel, Channels, DELIVERY_HEADER, Email, MailServer, MailTls, PagerDuty, SIGNATURE_HEADER,
    Secret, TIMESTAMP_HEADER, Telegram, Webhook, is_loopback, sign,
};
pub use decode::{Contracts, Decoder, Liquid, Parts};
pub use deliver::Deliverer;
pub use error::{Result, WatchError};
pub use heartbeat::Heartbeat;
pub use indexer::{IndexStatus, Indexer, IndexerConfig, Phase};
pub use lettre::message::Mailbox;
pub use monitor::{Look, Monitor, MonitorConfig, Snapshot};
pub use rules::{
    Absence, Bound, EventRule, Finding, MetricBound, Metrics, Past, Rate, Rule, Rules, Threshold,
    U256Text, ValueBound,
};
pub use sanitize::printable;
