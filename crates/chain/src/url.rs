use alloy::transports::http::reqwest::Url;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, str::FromStr, sync::Arc};

/// Shortest part of a URL that is treated as a secret when it shows up in a provider's answer.
const MIN_SECRET: usize = 6;
/// Shortest part that makes a whole result suspect. Longer, so that no field name of the protocol is taken for a key.
const MIN_KEY: usize = 16;

/// An endpoint address whose path, query and credentials never leave this type by accident.
///
/// Providers put keys into any of these parts, so `Debug`, `Display` and `Serialize` show scheme, host and port only.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SensitiveUrl(Arc<Url>);

impl SensitiveUrl {
    /// The full address, keys included. For opening connections only.
    #[must_use]
    pub fn expose(&self) -> &Url {
        &self.0
    }

    /// Replaces every secret part of this address that occurs in `text`: some providers echo the key in their errors.
    #[must_use]
    pub fn scrub(&self, text: &str) -> String {
        self.secrets(MIN_SECRET)
            .iter()
            .fold(text.to_owned(), |text, secret| {
                text.replace(secret, "[redacted]")
            })
    }

    /// Whether `text` holds something of this address that is long enough to be a key.
    pub(crate) fn is_echoed_in(&self, text: &str) -> bool {
        self.secrets(MIN_KEY)
            .iter()
            .any(|secret| text.contains(secret))
    }

    /// Longest first, so that no remainder of a longer secret survives a replacement.
    fn secrets(&self, shortest: usize) -> Vec<String> {
        let url = &self.0;
        let mut secrets: Vec<String> = vec![url.as_str().to_owned()];
        secrets.extend(url.path_segments().into_iter().flatten().map(str::to_owned));
        secrets.extend(url.query().map(str::to_owned));
        secrets.extend(url.query_pairs().map(|(_, value)| value.into_owned()));
        secrets.extend(url.password().map(str::to_owned));
        secrets.push(url.username().to_owned());
        secrets.retain(|secret| secret.len() >= shortest);
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets
    }
}

impl FromStr for SensitiveUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        let url = Url::parse(text.trim()).map_err(|_| InvalidUrl)?;
        match (url.scheme(), url.host_str()) {
            ("http" | "https", Some(_)) => Ok(Self(Arc::new(url))),
            _ => Err(InvalidUrl),
        }
    }
}

/// The text is not an `http` or `https` address. It says no more, because the text may hold a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an http:// or https:// address")]
pub struct InvalidUrl;

impl fmt::Display for SensitiveUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = &self.0;
        write!(f, "{}://{}", url.scheme(), url.host_str().unwrap_or("?"))?;
        if let Some(port) = url.port() {
            write!(f, ":{port}")?;
        }
        if url.path().len() > 1 || url.query().is_some() || !url.username().is_empty() {
            write!(f, "/[redacted]")?;
        }
        Ok(())
    }
}

impl fmt::Debug for SensitiveUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SensitiveUrl({self})")
    }
}

impl Serialize for SensitiveUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SensitiveUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}
