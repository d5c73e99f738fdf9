//! What `omnibus simulate` reads from its flags.

use model::sim::{Outage, Report, Slash, Waits};
use std::{fmt, str::FromStr};

/// A time as people write it: `22d`, `1h 30m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds(pub u64);

impl FromStr for Seconds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "0" {
            return Ok(Self(0));
        }
        let time = humantime::parse_duration(text)
            .map_err(|reason| format!("{reason}; write a time as 22d, 6h or 5m"))?;
        if time.subsec_nanos() > 0 {
            return Err("parts of a second are not simulated".to_owned());
        }
        Ok(Self(time.as_secs()))
    }
}

impl fmt::Display for Seconds {
    /// The two largest of days, hours, minutes and seconds; no months, whose lengths differ.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.0 / 86_400, "d"),
            (self.0 % 86_400 / 3_600, "h"),
            (self.0 % 3_600 / 60, "m"),
            (self.0 % 60, "s"),
        ];
        // What is smaller than the second unit says nothing.
        let parts = parts.iter().skip_while(|(count, _)| *count == 0).take(2);
        let words: Vec<_> = parts
            .filter(|(count, _)| *count > 0)
            .map(|(count, unit)| format!("{count}{unit}"))
            .collect();
        f.write_str(&if words.is_empty() {
            "0s".to_owned()
        } else {
            words.join(" ")
        })
    }
}

/// Part of the first pot leaves within a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BankRun {
    /// Seconds after the beginning.
    pub from: u64,
    /// Seconds after the beginning.
    pub to: u64,
    /// Basis points of the first pot.
    pub share: u64,
}

/// `BEGIN+LENGTH`
fn window(text: &str) -> Result<(u64, u64), String> {
    let (begin, length) = text
        .split_once('+')
        .ok_or("write it as begin and length: 90d+3d")?;
    let (Seconds(begin), Seconds(length)) = (begin.parse()?, length.parse()?);
    if length == 0 {
        return Err("its length is 0".to_owned());
    }
    Ok((begin, begin.saturating_add(length)))
}

/// `BEGIN+LENGTH`
pub fn outage(text: &str) -> Result<Outage, String> {
    let (from, to) = window(text)?;
    Ok(Outage { from, to })
}

/// `TIME:VALIDATOR`
pub fn slash(text: &str) -> Result<Slash, String> {
    let (at, validator) = text
        .split_once(':')
        .ok_or("write it as time and validator: 100d:3")?;
    let Seconds(at) = at.parse()?;
    let validator = validator
        .parse()
        .map_err(|_| format!("`{validator}` is not a validator: they are counted from 0"))?;
    Ok(Slash { at, validator })
}

/// `BEGIN+LENGTH:BPS`
pub fn bank_run(text: &str) -> Result<BankRun, String> {
    let (when, share) = text
        .split_once(':')
        .ok_or("write it as begin, length and basis points: 180d+2d:3000")?;
    let (from, to) = window(when)?;
    match share.parse() {
        Ok(share @ 1..=10_000) => Ok(BankRun { from, to, share }),
        _ => Err(format!("`{share}` is not 1 to 10000 basis points")),
    }
}

/// What a ladder has to reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Goal {
    /// So many of a thousand queued exits; 1,000 is the longest of all.
    pub per_mille: u64,
    /// At most so long, seconds.
    pub within: u64,
}

/// Names of goals, and how many of a thousand exits they speak of.
const GOALS: [(&str, u64); 4] = [
    ("exit-p50", 500),
    ("exit-p95", 950),
    ("exit-p99", 990),
    ("exit-max", 1_000),
];

impl FromStr for Goal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = || {
            let names: Vec<_> = GOALS.iter().map(|(name, _)| *name).collect();
            format!(
                "a goal is one of {} and a time, as in exit-p95=22d",
                names.join(", ")
            )
        };
        let (name, time) = text.split_once('=').ok_or_else(known)?;
        let (_, per_mille) = GOALS
            .iter()
            .find(|(goal, _)| *goal == name)
            .ok_or_else(known)?;
        let Seconds(within) = time.parse()?;
        Ok(Self {
            per_mille: *per_mille,
            within,
        })
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = GOALS
            .iter()
            .find(|(_, per_mille)| *per_mille == self.per_mille);
        write!(
            f,
            "{}={}",
            name.map_or("", |(name, _)| name),
            Seconds(self.within)
        )
    }
}

impl Goal {
    /// What the goal is about, of these waits; seconds.
    pub fn reached(&self, waits: &Waits) -> u64 {
        if self.per_mille == 1_000 {
            waits.max()
        } else {
            waits.quantile(self.per_mille)
        }
    }

    /// Whether a run reached it. A request that was never paid reaches nothing.
    pub fn holds(&self, report: &Report) -> bool {
        report.unpaid == 0 && self.reached(&report.waits) <= self.within
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400;

    #[test]
    fn simulate_times_are_read_and_written() {
        let read = |text: &str| text.parse::<Seconds>().map(|seconds| seconds.0);
        assert_eq!(read("22d"), Ok(22 * DAY));
        assert_eq!(read("1h 30m"), Ok(5_400));
        assert_eq!(read("1.5d"), Ok(36 * 3_600));
        assert_eq!(read("0"), Ok(0));
        for text in ["", "-1d", "21", "1ms", "d", "99999999999999999999d"] {
            assert!(read(text).is_err(), "{text}");
        }
        assert_eq!(Seconds(22 * DAY + 3_600 + 60).to_string(), "22d 1h");
        assert_eq!(Seconds(3_661).to_string(), "1h 1m");
        assert_eq!(Seconds(0).to_string(), "0s");
    }

    #[test]
    fn simulate_mishaps_are_read() {
        let hit = Outage {
            from: 90 * DAY,
            to: 93 * DAY,
        };
        assert_eq!(outage("90d+3d"), Ok(hit));
        let lost = Slash {
            at: 100 * DAY,
            validator: 3,
        };
        assert_eq!(slash("100d:3"), Ok(lost));
        let run = BankRun {
            from: DAY,
            to: 3 * DAY,
            share: 3_000,
        };
        assert_eq!(bank_run("1d+2d:3000"), Ok(run));
        for text in ["90d", "90d+", "+3d", "90d+0d", "90d-3d"] {
            assert!(outage(text).is_err(), "{text}");
        }
        for text in ["100d", "100d:", "100d:-1", "100d:65536"] {
            assert!(slash(text).is_err(), "{text}");
        }
        for text in ["1d+2d", "1d+2d:0", "1d+2d:10001", "1d:3000"] {
            assert!(bank_run(text).is_err(), "{text}");
        }
    }

    #[test]
    fn simulate_goals_are_read() {
        let goal: Goal = "exit-p95=22d".parse().unwrap();
        assert_eq!((goal.per_mille, goal.within), (950, 22 * DAY));
        assert_eq!(goal.to_string(), "exit-p95=22d");
        for text in ["exit-p95", "exit-p96=1d", "=1d", "exit-p95=soon"] {
            assert!(text.parse::<Goal>().is_err(), "{text}");
        }
    }
}
