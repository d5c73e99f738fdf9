//! One JSON-RPC endpoint over HTTP: sends, bounds, scrubs. Keeps no opinion.

use crate::{ChainError, Fault, RpcFailure, SensitiveUrl};
use alloy::transports::http::reqwest;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Largest answer that is read into memory.
const MAX_BODY: usize = 64 << 20;

/// An HTTP(S) client as this workspace uses it: rustls with the ring provider and Mozilla's roots, no redirects (they
/// could carry a key elsewhere), `timeout` for a whole request.
///
/// Use it for every HTTP client: one that is built without TLS settings (`reqwest::Client::new`, alloy's `connect_http`)
/// panics in a process where this was never called. Calling it once makes them work, because it also makes ring the
/// process's default.
///
/// # Errors
/// [`ChainError::Client`] when TLS cannot be set up.
pub fn http_client(timeout: Duration) -> Result<reqwest::Client, ChainError> {
    // An error means that there is one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| ChainError::Client(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(timeout)
        .timeout(timeout)
        .build()
        .map_err(|error| ChainError::Client(error.without_url().to_string()))
}

#[derive(Serialize)]
struct Request<'a> {
    jsonrpc: &'static str,
    id: u64,
    method: &'a str,
    params: &'a RawValue,
}

#[derive(Deserialize)]
struct Response {
    id: Option<u64>,
    #[serde(default, deserialize_with = "present")]
    result: Option<Box<RawValue>>,
    error: Option<ErrorObject>,
}

/// Keeps `"result": null` apart from no result at all.
fn present<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(deserializer).map(Some)
}

#[derive(Deserialize)]
struct ErrorObject {
    code: i64,
    #[serde(default)]
    message: String,
    data: Option<Box<RawValue>>,
}

/// What came back: a result, or an error object. Both prove that the endpoint is there.
pub(crate) enum Answer {
    Result(Box<RawValue>),
    Error(RpcFailure),
}

#[derive(Debug)]
pub(crate) struct Endpoint {
    url: SensitiveUrl,
    client: reqwest::Client,
    timeout: Duration,
    next_id: AtomicU64,
}

impl Endpoint {
    pub(crate) fn new(url: SensitiveUrl, client: reqwest::Client, timeout: Duration) -> Self {
        Self {
            url,
            client,
            timeout,
            next_id: AtomicU64::new(1),
        }
    }

    pub(crate) fn url(&self) -> &SensitiveUrl {
        &self.url
    }

    pub(crate) async fn send(&self, method: &str, params: &RawValue) -> Result<Answer, Fault> {
        // The client has a timeout of its own; this one also covers a body that drips.
        tokio::time::timeout(self.timeout, self.send_inner(method, params))
            .await
            .unwrap_or(Err(Fault::Timeout(self.timeout)))
    }

    async fn send_inner(&self, method: &str, params: &RawValue) -> Result<Answer, Fault> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let request = Request {
            jsonrpc: "2.0",
            id,
            method,
            params,
        };
        let mut response = self
            .client
            .post(self.url.expose().clone())
            .json(&request)
            .send()
            .await
            .map_err(|error| self.fault(error))?;
        let status = response.status();
        let retry_after = response
            .headers()
            .get(reqwest::header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.trim().parse().ok())
            .map(Duration::from_secs);
        if status.as_u16() == 429 {
            return Err(Fault::Throttled(retry_after));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.fault(error))? {
            if body.len().saturating_add(chunk.len()) > MAX_BODY {
                return Err(Fault::Malformed(format!("larger than {MAX_BODY} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        let parsed = serde_json::from_slice::<Response>(&body);
        if !status.is_success() {
            // Some providers put proper error objects under 4xx.
            return match parsed {
                Ok(Response {
                    error: Some(error), ..
                }) if status.is_client_error() => Ok(Answer::Error(self.scrub(error))),
                _ => Err(Fault::Http(status.as_u16())),
            };
        }
        // serde_json quotes what it did not expect.
        let parsed =
            parsed.map_err(|error| Fault::Malformed(self.url.scrub(&error.to_string())))?;
        match parsed {
            // A node that cannot read the id answers with null; that is still an error object.
            Response {
                error: Some(error),
                id: answered,
                ..
            } if answered.is_none_or(|answered| answered == id) => {
                Ok(Answer::Error(self.scrub(error)))
            }
            Response {
                result: Some(result),
                error: None,
                id: Some(answered),
            } if answered == id => Ok(Answer::Result(result)),
            Response { id: answered, .. } if answered != Some(id) => {
                Err(Fault::Malformed("answer to another request".into()))
            }
            _ => Err(Fault::Malformed("neither result nor error".into())),
        }
    }

    fn scrub(&self, error: ErrorObject) -> RpcFailure {
        RpcFailure {
            code: error.code,
            message: self.url.scrub(&error.message),
            data: error.data.map(|data| self.url.scrub(data.get())),
        }
    }

    fn fault(&self, error: reqwest::Error) -> Fault {
        if error.is_timeout() {
            return Fault::Timeout(self.timeout);
        }
        let error = error.without_url();
        // The outermost text is generic ("error sending request"); the reason is at the end of the chain.
        let mut reason = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(inner) = source {
            reason = inner.to_string();
            source = inner.source();
        }
        Fault::Connect(self.url.scrub(&reason))
    }
}
