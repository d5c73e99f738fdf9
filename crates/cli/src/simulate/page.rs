//! The report: one HTML file that needs nothing else, with plots as inline SVG.

use super::{
    flags::Seconds,
    summary::{Summary, Times, grouped, percent, thousandths, whole},
};
use alloy::primitives::U256;
use model::{
    Assets,
    sim::{Report, Sample},
};
use std::fmt::Write as _;

const STYLE: &str = include_str!("page.css");

/// Plots are drawn in this box and scale with the page.
const WIDTH: u64 = 440;
const HEIGHT: u64 = 250;
const LEFT: u64 = 56;
const RIGHT: u64 = 14;
const TOP: u64 = 12;
const BOTTOM: u64 = 42;

/// One line of a plot: points by rising x.
struct Line {
    class: &'static str,
    name: &'static str,
    points: Vec<(u64, u64)>,
}

/// A plot. `x` in seconds, `y` in whole units of its own.
struct Plot {
    title: &'static str,
    about: String,
    x: &'static str,
    y: &'static str,
    /// Least second shown.
    from: u64,
    /// Greatest values.
    max: (u64, u64),
    lines: Vec<Line>,
}

/// 1, 2 or 5 times a power of ten, at most five of which reach `max`.
fn step(max: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for times in [1, 2, 5] {
            let step = power.saturating_mul(times);
            if step.saturating_mul(5) >= max {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

/// 1200 as 1.2k.
fn short(n: u64) -> String {
    for (unit, name) in [(1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")] {
        if n >= unit {
            let tenths = n % unit * 10 / unit;
            let rest = if tenths > 0 {
                format!(".{tenths}")
            } else {
                String::new()
            };
            return format!("{}{rest}{name}", n / unit);
        }
    }
    n.to_string()
}

fn scale(value: u64, max: u64, length: u64) -> u64 {
    let place = u128::from(value.min(max)).saturating_mul(length.into()) / u128::from(max.max(1));
    u64::try_from(place).unwrap_or(length)
}

impl Plot {
    fn place(&self, (x, y): (u64, u64)) -> (u64, u64) {
        let (width, height) = (WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
        (
            LEFT + scale(
                x.saturating_sub(self.from),
                self.max.0.saturating_sub(self.from),
                width,
            ),
            HEIGHT - BOTTOM - scale(y, self.max.1, height),
        )
    }

    fn svg(&self) -> String {
        let mut svg = format!(
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">\n",
            self.about
        );
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        let y_step = step(self.max.1);
        for n in 0..=5 {
            let value = y_step.saturating_mul(n);
            if value > self.max.1 {
                break;
            }
            let (_, y) = self.place((0, value));
            let label = short(value);
            let _ = writeln!(
                svg,
                "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{y}\" x2=\"{right}\" y2=\"{y}\"/><text class=\"end\" x=\"{}\" y=\"{}\">{label}</text>",
                LEFT - 6,
                y + 4
            );
        }
        // Hours for short times, else days.
        let shown = self.max.0.saturating_sub(self.from);
        let (unit, name) = if shown < 3 * 86_400 {
            (3_600, "hours")
        } else {
            (86_400, "days")
        };
        let x_step = step(shown / unit).saturating_mul(unit);
        for n in 0..=5 {
            let value = (self.from.div_ceil(x_step) + n).saturating_mul(x_step);
            if value > self.max.0 {
                break;
            }
            let (x, _) = self.place((value, 0));
            let label = short(value / unit);
            let _ = writeln!(
                svg,
                "<text class=\"mid\" x=\"{x}\" y=\"{}\">{label}</text>",
                bottom + 17
            );
        }
        let _ = writeln!(
            svg,
            "<text class=\"mid\" x=\"{}\" y=\"{}\">{}, {name}</text>",
            (LEFT + right) / 2,
            HEIGHT - 6,
            self.x
        );
        for line in &self.lines {
            let points: Vec<_> = line
                .points
                .iter()
                .map(|point| {
                    let (x, y) = self.place(*point);
                    format!("{x},{y}")
                })
                .collect();
            let _ = writeln!(
                svg,
                "<polyline class=\"{}\" points=\"{}\"/>",
                line.class,
                points.join(" ")
            );
        }
        let _ = writeln!(
            svg,
            "<line class=\"axis\" x1=\"{LEFT}\" y1=\"{bottom}\" x2=\"{right}\" y2=\"{bottom}\"/>\n</svg>"
        );
        svg
    }

    fn figure(&self) -> String {
        let mut keys = String::new();
        for line in &self.lines {
            let _ = write!(keys, "<li class=\"{}\">{}</li>", line.class, line.name);
        }
        format!(
            "<figure>\n<h2>{}</h2>\n<p class=\"unit\">{}</p>\n{}<ul class=\"key\">{keys}</ul>\n</figure>\n",
            self.title,
            self.y,
            self.svg()
        )
    }
}

/// How many of a hundred queued exits took at most so long, as steps.
fn waits(summary: &Summary, report: &Report) -> Plot {
    let all = report.waits.count().max(1);
    let (mut seen, mut points) = (0_u64, vec![(0, 0)]);
    for (time, count) in report.waits.steps() {
        let before = seen.saturating_mul(100) / all;
        seen = seen.saturating_add(count);
        points.push((time, before));
        points.push((time, seen.saturating_mul(100) / all));
    }
    let queue = &summary.queue;
    // The hundredth that is quickest would squeeze the rest.
    let first = report.waits.quantile(10) / 3_600 * 3_600;
    let mark = |class, name, at| Line {
        class,
        name,
        points: vec![(at, 0), (at, 100)],
    };
    Plot {
        title: "How long queued exits took",
        about: format!(
            "Half of the queued exits took at most {}, 95 of 100 at most {}, the longest {}",
            Seconds(queue.p50),
            Seconds(queue.p95),
            Seconds(queue.max)
        ),
        x: "from the request to the last coin",
        y: "of 100 exits",
        from: if first > queue.max / 2 { first } else { 0 },
        max: (queue.max.max(3_600), 100),
        lines: vec![
            Line {
                class: "a",
                name: "paid by then",
                points,
            },
            mark("b", "p50", queue.p50),
            mark("c", "p95", queue.p95),
        ],
    }
}

fn coins(amount: Assets) -> u64 {
    (amount.raw() / U256::from(10_u64.pow(18))).saturating_to()
}

/// What a line shows of a sample.
type Value = fn(&Sample) -> Assets;

/// Lines over the span.
fn over_time(
    title: &'static str,
    report: &Report,
    lines: &[(&'static str, &'static str, Value)],
) -> Plot {
    let lines: Vec<_> = lines
        .iter()
        .map(|(class, name, value)| Line {
            class,
            name,
            points: report
                .samples
                .iter()
                .map(|sample| (sample.at, coins(value(sample))))
                .collect(),
        })
        .collect();
    let greatest = |line: &Line| line.points.iter().map(|(_, y)| *y).max().unwrap_or(0);
    let most = lines.iter().map(greatest).max().unwrap_or(0).max(1);
    let said: Vec<_> = lines
        .iter()
        .map(|line| format!("{} at most {} coins", line.name, grouped(greatest(line))))
        .collect();
    Plot {
        title,
        about: said.join(", "),
        x: "since the beginning",
        y: "coins",
        from: 0,
        max: (report.span, most),
        lines,
    }
}

fn row(name: &str, times: &Times, at_once: bool) -> String {
    let time = |seconds| {
        if at_once {
            "at once".to_owned()
        } else {
            Seconds(seconds).to_string()
        }
    };
    let cells = [times.p50, times.p95, times.p99, times.max].map(|seconds| {
        let text = if times.exits == 0 {
            "–".to_owned()
        } else {
            time(seconds)
        };
        format!("<td>{text}</td>")
    });
    format!(
        "<tr><th scope=\"row\">{name}</th><td>{}</td><td>{}</td>{}</tr>\n",
        grouped(times.exits),
        whole(times.coins),
        cells.concat()
    )
}

/// The whole page.
pub fn html(summary: &Summary, report: &Report) -> String {
    let tile = |name: &str, value: String, about: String| {
        format!("<li><b>{value}</b><span>{name}</span><small>{about}</small></li>\n")
    };
    let queue = &summary.queue;
    let tiles = [
        tile(
            "95 of 100 queued exits",
            Seconds(queue.p95).to_string(),
            format!("the longest {}", Seconds(queue.max)),
        ),
        tile(
            "promised times kept",
            summary.kept(),
            format!("of {} requests", grouped(queue.exits)),
        ),
        tile(
            "paid at once, in full",
            percent(summary.at_once),
            format!("of {} exits", grouped(summary.exits)),
        ),
        tile(
            "keepers' gas a day",
            short(summary.gas_per_day),
            format!("{} transactions", thousandths(summary.transactions_per_day)),
        ),
    ];
    let plots = [
        waits(summary, report),
        over_time(
            "Buffer",
            report,
            &[
                ("a", "headroom", |s| s.headroom),
                ("b", "target", |s| s.target),
            ],
        ),
        over_time(
            "Queue",
            report,
            &[
                ("a", "queued exits", |s| s.queued),
                ("b", "stake in cooldown", |s| s.cooling),
            ],
        ),
        over_time(
            "Stake that earns",
            report,
            &[("a", "active stake", |s| s.active)],
        ),
    ];
    let paths = [
        row("buffer", &summary.instant, true),
        row("pool", &summary.amm, true),
        row("queue", queue, false),
    ];
    let facts = [
        ("Ladder", summary.ladder()),
        ("Departures", summary.departures()),
        (
            "Demand",
            format!(
                "{} exits of {} coins and {} deposits of {} in {}, seed {}",
                grouped(summary.exits),
                whole(summary.exited),
                grouped(summary.deposits),
                whole(summary.deposited),
                Seconds(summary.span),
                summary.seed
            ),
        ),
        (
            "Promised times kept",
            format!("{}{}", summary.kept(), summary.lateness()),
        ),
        (
            "Idle in the buffer",
            format!(
                "{} of the coins. At the rate of stake they would earn {} coins a year; stake earns {}, instant fees bring {}.",
                percent(summary.idle_share),
                whole(summary.idle_cost_per_year),
                whole(summary.earned_per_year),
                whole(summary.fees_per_year)
            ),
        ),
        (
            "In cooldown",
            format!("{} of the coins", percent(summary.cooling_share)),
        ),
        (
            "Lost to slashes",
            format!("{} coins", whole(summary.losses)),
        ),
        ("Requests never paid in full", grouped(summary.unpaid)),
        (
            "Keepers",
            format!(
                "{} gas a day, {} coins a year. Making the buckets takes {} gas, once. Figures from bench/results/gas.json.",
                grouped(summary.gas_per_day),
                whole(summary.gas_cost_per_year),
                grouped(summary.gas_to_build)
            ),
        ),
    ];
    let facts = facts.map(|(name, value)| format!("<dt>{name}</dt><dd>{value}</dd>\n"));
    let tried = summary.tried.iter().fold(String::new(), |mut rows, tried| {
        let _ = writeln!(
            rows,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            tried.buckets,
            Seconds(tried.reached),
            if tried.holds { "reached" } else { "missed" },
            grouped(tried.gas_per_day),
            grouped(tried.gas_to_build)
        );
        rows
    });
    let search = summary.goal.as_ref().map_or_else(String::new, |goal| {
        format!(
            "<section><h2>Ladders tried for {goal}</h2>\n<div class=\"wide\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">buckets</th><th scope=\"col\">came to</th><th scope=\"col\">goal</th><th scope=\"col\">gas a day</th><th scope=\"col\">gas to build</th></tr></thead><tbody>\n{tried}</tbody></table></div></section>\n"
        )
    });
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Exits, simulated</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>Exits, simulated</h1>\n<p>{}.</p>\n<ul class=\"tiles\">\n{}</ul>\n<section><h2>Exits by path</h2>\n<div class=\"wide\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">path</th><th scope=\"col\">exits</th><th scope=\"col\">coins</th><th scope=\"col\">p50</th><th scope=\"col\">p95</th><th scope=\"col\">p99</th><th scope=\"col\">longest</th></tr></thead><tbody>\n{}</tbody></table></div>\n<p class=\"unit\">An exit may take several paths; a queued part counts as paid when its last coin can be claimed.</p></section>\n<div class=\"plots\">\n{}</div>\n{search}<section><h2>In figures</h2>\n<dl>\n{}</dl></section>\n</main>\n</body>\n</html>\n",
        summary.ladder(),
        tiles.concat(),
        paths.concat(),
        plots.map(|plot| plot.figure()).concat(),
        facts.concat(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simulate_labels_are_round_and_few() {
        for (max, wanted) in [
            (1, 1),
            (5, 1),
            (6, 2),
            (11, 5),
            (100, 20),
            (365, 100),
            (970_000, 200_000),
        ] {
            assert_eq!(step(max), wanted, "{max}");
        }
        assert_eq!(short(999), "999");
        assert_eq!(short(1_200), "1.2k");
        assert_eq!(short(50_000), "50k");
        assert_eq!(short(2_500_000), "2.5M");
    }
}
