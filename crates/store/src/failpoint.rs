//! Crash points for the kill tests.

#[cfg(any(test, feature = "failpoints"))]
mod on {
    use std::{
        collections::BTreeMap,
        sync::{LazyLock, Mutex, PoisonError},
    };

    static TARGET: LazyLock<Option<(String, u64)>> = LazyLock::new(|| {
        let value = std::env::var("OMNIBUS_CRASH_AT").ok()?;
        let (name, count) = value.rsplit_once(':')?;
        Some((name.to_owned(), count.parse().ok()?))
    });
    static PASSED: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

    /// Aborts the process when `OMNIBUS_CRASH_AT` is `op.point:count` and this is the `count`-th pass through that point.
    pub fn failpoint(op: &str, point: &str) {
        let here = format!("{op}.{point}");
        let mut passed = PASSED.lock().unwrap_or_else(PoisonError::into_inner);
        let times = passed.entry(here.clone()).or_default();
        *times += 1;
        if TARGET
            .as_ref()
            .is_some_and(|(name, count)| *name == here && count == times)
        {
            // No unwinding, no destructors, no flush: as close to `kill -9` as a process can do to itself.
            std::process::abort();
        }
    }

    /// How often each point was passed.
    #[cfg(test)]
    pub fn passed() -> BTreeMap<String, u64> {
        PASSED
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[cfg(any(test, feature = "failpoints"))]
pub(crate) use on::failpoint;
#[cfg(test)]
pub(crate) use on::passed;

/// Compiled out: a point is nothing without the feature `failpoints`.
#[cfg(not(any(test, feature = "failpoints")))]
#[inline(always)]
pub(crate) fn failpoint(_op: &str, _point: &str) {}
