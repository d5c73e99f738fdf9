//! Extractors whose refusals are our errors and name the value.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{header, request::Parts},
};
use serde::{Deserialize, de::DeserializeOwned};
use utoipa::IntoParams;

use crate::{
    error::{ApiError, excerpt},
    scalar,
};

/// The single path parameter of a route, undecided.
pub(crate) struct Segment(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(_) => Err(ApiError::InvalidId(excerpt(parts.uri.path()))),
        }
    }
}

impl Segment {
    pub(crate) fn address(&self) -> Result<alloy::primitives::Address, ApiError> {
        scalar::parse_address(&self.0).ok_or_else(|| ApiError::InvalidAddress(excerpt(&self.0)))
    }

    pub(crate) fn number<T: std::str::FromStr>(&self) -> Result<T, ApiError> {
        number(&self.0).ok_or_else(|| ApiError::InvalidId(excerpt(&self.0)))
    }
}

/// Digits only: `parse` alone would take a plus sign.
pub(crate) fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| text.parse().ok())
        .flatten()
}

/// Query parameters; an unknown or repeated one is refused.
pub(crate) struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(ApiError::InvalidParameter(excerpt(&rejection.body_text()))),
        }
    }
}

/// A JSON body within the server's limit.
pub(crate) struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|value| value.trim().eq_ignore_ascii_case("application/json"));
        if !json {
            return Err(ApiError::UnsupportedMediaType);
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| {
                if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
                    ApiError::BodyTooLarge(BODY_LIMIT)
                } else {
                    ApiError::InvalidBody("the body broke off".to_owned())
                }
            })?;
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| ApiError::InvalidBody(excerpt(&error.to_string())))
    }
}

/// Largest body in bytes: the largest honest one, an intent, is under 200.
pub(crate) const BODY_LIMIT: usize = 16 * 1024;

/// Where a page starts and how long it is.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageParams {
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
    /// Rows a page, 1 to 200; 50 when left out.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    pub limit: Option<String>,
}

impl PageParams {
    pub(crate) fn limit(&self) -> Result<u32, ApiError> {
        limit(self.limit.as_deref())
    }
}

/// Rows a page.
pub(crate) fn limit(text: Option<&str>) -> Result<u32, ApiError> {
    let Some(text) = text else { return Ok(50) };
    number(text)
        .filter(|n| (1..=200).contains(n))
        .ok_or_else(|| {
            ApiError::InvalidParameter(format!("limit: `{}` is not 1 to 200", excerpt(text)))
        })
}

/// `?amount=` of the quotes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmountParams {
    /// Wei, decimal, above 0.
    #[param(value_type = String, required, pattern = "^[0-9]+$")]
    pub amount: Option<String>,
}

impl AmountParams {
    /// The amount. A value no token can reach is refused here, not by an overflow on chain.
    pub(crate) fn amount(&self) -> Result<alloy::primitives::U256, ApiError> {
        amount("amount", self.amount.as_deref(), 96)
    }
}

/// An amount above 0 of at most `bits` bits.
fn amount(
    name: &str,
    text: Option<&str>,
    bits: usize,
) -> Result<alloy::primitives::U256, ApiError> {
    let text = text.ok_or_else(|| ApiError::InvalidParameter(format!("{name}: missing")))?;
    scalar::parse_decimal(text)
        .filter(|amount| !amount.is_zero() && amount.bit_len() <= bits)
        .ok_or_else(|| ApiError::InvalidAmount(excerpt(text)))
}

/// What the basket can count: shares, units and parts of 112 bits.
const BASKET_BITS: usize = 112;

/// `?shares=` of the basket's quotes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct SharesParams {
    /// Shares, wei, decimal, above 0 and below 2^112.
    #[param(value_type = String, required, pattern = "^[0-9]+$")]
    pub shares: Option<String>,
}

impl SharesParams {
    pub(crate) fn shares(&self) -> Result<alloy::primitives::U256, ApiError> {
        amount("shares", self.shares.as_deref(), BASKET_BITS)
    }
}

/// `?sleeve=&units=` of a deposit.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnitsParams {
    /// The sleeve that is paid into, from 0.
    #[param(value_type = u64, required)]
    pub sleeve: Option<String>,
    /// Smallest units of its token, decimal, above 0 and below 2^112.
    #[param(value_type = String, required, pattern = "^[0-9]+$")]
    pub units: Option<String>,
}

impl UnitsParams {
    pub(crate) fn sleeve(&self) -> Result<u64, ApiError> {
        let text = self.sleeve.as_deref();
        let text = text.ok_or_else(|| ApiError::InvalidParameter("sleeve: missing".to_owned()))?;
        number(text).ok_or_else(|| ApiError::InvalidId(excerpt(text)))
    }

    pub(crate) fn units(&self) -> Result<alloy::primitives::U256, ApiError> {
        amount("units", self.units.as_deref(), BASKET_BITS)
    }
}

/// A span of time.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpanParams {
    /// Unix seconds, inclusive; the oldest sample when left out.
    #[param(value_type = Option<u64>)]
    pub from: Option<String>,
    /// Unix seconds, inclusive; the newest sample when left out.
    #[param(value_type = Option<u64>)]
    pub to: Option<String>,
    /// Seconds between samples; made larger where more than 1,000 would come.
    #[param(value_type = Option<u64>, minimum = 1)]
    pub step: Option<String>,
}

impl SpanParams {
    pub(crate) fn span(&self) -> Result<(u64, u64), ApiError> {
        span(self.from.as_deref(), self.to.as_deref())
    }

    pub(crate) fn step(&self) -> Result<Option<u64>, ApiError> {
        let Some(text) = self.step.as_deref() else {
            return Ok(None);
        };
        number(text)
            .filter(|step: &u64| *step > 0 && i64::try_from(*step).is_ok())
            .map(Some)
            .ok_or_else(|| {
                ApiError::InvalidParameter(format!("step: `{}` is not seconds", excerpt(text)))
            })
    }
}

/// An open start is 0, an open end the end of time.
pub(crate) fn span(from: Option<&str>, to: Option<&str>) -> Result<(u64, u64), ApiError> {
    let from = time("from", from)?.unwrap_or(0);
    let to = time("to", to)?.unwrap_or(i64::MAX.unsigned_abs());
    if from > to {
        return Err(ApiError::InvalidParameter(format!(
            "from: `{from}` is after to `{to}`"
        )));
    }
    Ok((from, to))
}

fn time(name: &str, text: Option<&str>) -> Result<Option<u64>, ApiError> {
    let Some(text) = text else { return Ok(None) };
    number(text)
        .filter(|n| i64::try_from(*n).is_ok())
        .map(Some)
        .ok_or_else(|| {
            ApiError::InvalidParameter(format!("{name}: `{}` is not unix seconds", excerpt(text)))
        })
}
