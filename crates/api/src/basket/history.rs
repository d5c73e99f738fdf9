//! NAV, composition and yield over time, from the index alone: it answers while the chain is down.

use std::collections::BTreeMap;

use alloy::primitives::U256;

use super::price_state;
use crate::{
    dto::{BasketHistory, NavSample, SleeveSample, SleeveYield},
    error::ApiError,
    figures::secs,
    index::{index, page_request},
    scalar::{Units, Wei, parse_decimal},
    server::AppState,
};

/// Most samples of one answer.
const MOST_SAMPLES: u64 = 1_000;
/// Most rounds that a yield is summed over: ten years.
const MOST_ROUNDS: usize = 3_660;
const DAY: u64 = 86_400;
const YEAR: u64 = 365 * DAY;

impl AppState {
    pub(crate) async fn basket_history(
        &self,
        from: u64,
        to: u64,
        step: Option<u64>,
    ) -> Result<BasketHistory, ApiError> {
        self.basket()?;
        let store = self.store();
        // An open end is the newest sample, an open start the oldest: else the step would be that of centuries.
        let newest = store
            .latest_sample("basket/nav_low")
            .await
            .map_err(index)?
            .map_or(0, |sample| sample.at);
        let oldest = store
            .first_sample("basket/nav_low")
            .await
            .map_err(index)?
            .map_or(0, |sample| sample.at);
        let (from, to) = (from.max(oldest), to.min(newest));
        let span = to.saturating_sub(from);
        let least = span / (MOST_SAMPLES - 1) + 1;
        let step = step.unwrap_or(0).max(least);
        let ids: Vec<u64> = store
            .basket_sleeves()
            .await
            .map_err(index)?
            .into_iter()
            .map(|row| row.id)
            .collect();
        if from > to || newest == 0 {
            return Ok(BasketHistory {
                from,
                to,
                step,
                samples: Vec::new(),
                yields: Vec::new(),
                nav_growth_bps: None,
            });
        }
        let samples = self.nav_samples(from, to, step, &ids).await?;
        let low = |sample: Option<&NavSample>| sample.map(|sample| sample.nav_low.0);
        let nav_growth_bps = growth(low(samples.first()), low(samples.last()), span);
        let mut yields = Vec::with_capacity(ids.len());
        for sleeve in ids {
            yields.push(self.sleeve_yield(sleeve, from, to, step, &samples).await?);
        }
        Ok(BasketHistory {
            from,
            to,
            step,
            samples,
            yields,
            nav_growth_bps,
        })
    }

    async fn nav_samples(
        &self,
        from: u64,
        to: u64,
        step: u64,
        sleeves: &[u64],
    ) -> Result<Vec<NavSample>, ApiError> {
        let series = async |metric: String| self.series(&metric, from, to, step).await;
        let lows = series("basket/nav_low".to_owned()).await?;
        let highs = series("basket/nav_high".to_owned()).await?;
        let states = series("basket/state".to_owned()).await?;
        let shares = series("basket/shares".to_owned()).await?;
        let mut parts = Vec::with_capacity(sleeves.len());
        for sleeve in sleeves {
            let weights = series(format!("basket/sleeve/{sleeve}/weight_bps")).await?;
            let units = series(format!("basket/sleeve/{sleeve}/units")).await?;
            parts.push((*sleeve, weights, units));
        }
        Ok(lows
            .into_iter()
            .map(|(at, low)| NavSample {
                at,
                nav_low: Wei(low),
                nav_high: highs.get(&at).copied().map(Wei),
                state: states.get(&at).copied().map(price_state),
                shares: shares.get(&at).copied().map(Wei),
                sleeves: parts
                    .iter()
                    .map(|(sleeve, weights, units)| SleeveSample {
                        sleeve: *sleeve,
                        weight_bps: weights.get(&at).and_then(|bps| u32::try_from(*bps).ok()),
                        units: units.get(&at).copied().map(Units),
                    })
                    .collect(),
            })
            .collect())
    }

    /// The samples of one metric by time.
    async fn series(
        &self,
        metric: &str,
        from: u64,
        to: u64,
        step: u64,
    ) -> Result<BTreeMap<u64, U256>, ApiError> {
        let samples = self
            .store()
            .samples(metric, from, to, step)
            .await
            .map_err(index)?;
        samples
            .into_iter()
            .map(|sample| match parse_decimal(&sample.value) {
                Some(value) => Ok((sample.at, value)),
                None => {
                    tracing::error!(metric, at = sample.at, "sample is not a decimal");
                    Err(ApiError::Internal)
                }
            })
            .collect()
    }

    async fn sleeve_yield(
        &self,
        sleeve: u64,
        from: u64,
        to: u64,
        step: u64,
        samples: &[NavSample],
    ) -> Result<SleeveYield, ApiError> {
        let (mut gained, mut lost, mut harvests) = (U256::ZERO, U256::ZERO, 0_u64);
        let mut asked = page_request(None, 200);
        let mut seen = 0_usize;
        'pages: loop {
            let rows = self.store().harvests(sleeve, &asked).await.map_err(index)?;
            seen = seen.saturating_add(rows.items.len());
            for row in rows.items {
                if row.at > to {
                    continue;
                }
                // A harvest on the day of `from` is for the days before.
                if row.at <= from {
                    break 'pages;
                }
                gained = gained.saturating_add(row.gained);
                lost = lost.saturating_add(row.lost);
                harvests = harvests.saturating_add(row.count);
            }
            match rows.next {
                Some(next) if seen < MOST_ROUNDS => asked.cursor = Some(next),
                _ => break,
            }
        }
        let span = to.saturating_sub(from);
        let units: Vec<U256> = samples
            .iter()
            .flat_map(|sample| &sample.sleeves)
            .filter(|one| one.sleeve == sleeve)
            .filter_map(|one| one.units.map(|units| units.0))
            .collect();
        let rates = self
            .series(&format!("basket/sleeve/{sleeve}/rate"), from, to, step)
            .await?;
        let rate_bps = growth(
            rates.values().next().copied(),
            rates.values().next_back().copied(),
            span,
        );
        Ok(SleeveYield {
            sleeve,
            gained: Units(gained),
            lost: Units(lost),
            harvests,
            harvest_bps: earned(gained, lost, mean(&units), span),
            rate_bps,
        })
    }
}

/// The mean of the samples: units that earned.
fn mean(units: &[U256]) -> U256 {
    let sum = units
        .iter()
        .fold(U256::ZERO, |sum, one| sum.saturating_add(*one));
    sum.checked_div(U256::from(units.len())).unwrap_or_default()
}

/// `gained - lost` of `units` in `span` seconds, a year, bps, cut down towards zero.
fn earned(gained: U256, lost: U256, units: U256, span: u64) -> Option<i64> {
    if span < DAY || units.is_zero() {
        return None;
    }
    let (more, sign) = if gained >= lost {
        (gained.saturating_sub(lost), 1)
    } else {
        (lost.saturating_sub(gained), -1)
    };
    let year = more
        .saturating_mul(U256::from(10_000_u64 * YEAR))
        .checked_div(units.saturating_mul(U256::from(span)))?;
    i64::try_from(secs(year)).ok()?.checked_mul(sign)
}

/// From `first` to `last` in `span` seconds, a year, bps, without interest on interest.
fn growth(first: Option<U256>, last: Option<U256>, span: u64) -> Option<i64> {
    let (first, last) = (first?, last?);
    earned(last, first, first, span)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn u(n: u64) -> U256 {
        U256::from(n)
    }

    #[test]
    fn a_years_yield_by_hand() {
        // 1 % in 73 days is 5 % a year.
        assert_eq!(earned(u(100), u(0), u(10_000), 73 * DAY), Some(500));
        assert_eq!(earned(u(0), u(100), u(10_000), 73 * DAY), Some(-500));
        assert_eq!(earned(u(100), u(40), u(10_000), 73 * DAY), Some(300));
        assert_eq!(earned(u(1), u(0), u(10_000), DAY - 1), None);
        assert_eq!(earned(u(1), u(0), u(0), DAY), None);
        // 2.0 to 2.002 in 36.5 days: 0.1 % ten times.
        assert_eq!(
            growth(Some(u(2_000)), Some(u(2_002)), 73 * DAY / 2),
            Some(100)
        );
        assert_eq!(growth(Some(u(2_002)), None, DAY), None);
        assert_eq!(mean(&[u(1), u(2), u(6)]), u(3));
        assert_eq!(mean(&[]), u(0));
    }
}
