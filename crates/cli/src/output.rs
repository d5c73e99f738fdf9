//! The only place that prints. So `--json` and `--quiet` hold for every command.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is the module that may"
)]

use crate::error::Problem;
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};
use std::{fmt::Display, io::Write as _, time::Duration};
use tracing_subscriber::EnvFilter;

/// How a command speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Text for people: results to standard output, progress to standard error.
    Human,
    /// Nothing but errors.
    Quiet,
    /// One JSON value on standard output; errors as one JSON object on standard error.
    Json,
}

/// How much of what the running parts say is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// What needs somebody.
    Error,
    /// What passes by itself, too: an endpoint that fails, a tick that is lost.
    Warn,
    /// What was done, too.
    #[default]
    Info,
    /// Each decision, too.
    Debug,
}

impl LogLevel {
    fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// Speaks in one [`Mode`].
#[derive(Clone, Copy, Debug)]
pub struct Output {
    mode: Mode,
}

impl Output {
    /// Speaks in `mode`.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        Self { mode }
    }

    /// A line of the result, for people only.
    pub fn line(&self, text: impl Display) {
        if self.mode == Mode::Human {
            say(&text.to_string());
        }
    }

    /// What is going on, for people only; never part of the result.
    pub fn note(&self, text: impl Display) {
        if self.mode == Mode::Human {
            eprintln!("{text}");
        }
    }

    /// The result: `value` as JSON, or the text that `human` makes of it.
    pub fn result<T: Serialize>(&self, value: &T, human: impl FnOnce(&T) -> String) {
        match self.mode {
            Mode::Human => say(&human(value)),
            Mode::Quiet => {}
            Mode::Json => say(&serde_json::to_string_pretty(value)
                .unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}"))),
        }
    }

    /// What went wrong, and what to do.
    pub fn problem(&self, problem: &Problem) {
        let hint = problem.hint();
        if self.mode == Mode::Json {
            let body = serde_json::json!({ "error": { "message": problem.to_string(), "hint": hint, "exitCode": problem.exit_code() } });
            eprintln!("{body}");
        } else {
            match hint {
                Some(hint) => eprintln!("error: {problem}; {hint}"),
                None => eprintln!("error: {problem}"),
            }
        }
    }

    /// From here on what the running parts have to say goes to standard error: text, or a JSON object a line with `--json`;
    /// errors only with `--quiet`. `level` is for our own crates; from others only errors are shown, because their words may
    /// have an endpoint's key in them.
    pub fn log(&self, level: LogLevel) {
        let level = if self.mode == Mode::Quiet {
            LogLevel::Error
        } else {
            level
        };
        let filter = EnvFilter::new(format!("error,omnibus={}", level.name()));
        let lines = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
            .with_writer(std::io::stderr);
        // An error means that somebody listens already.
        let _ = if self.mode == Mode::Json {
            lines.json().try_init()
        } else {
            lines.try_init()
        };
    }

    /// A bar of `total` steps. Shown to people at a terminal; a pipe gets one line per step instead.
    #[must_use]
    pub fn bar(&self, total: u64) -> Bar {
        let bar = ProgressBar::hidden();
        if self.mode == Mode::Human {
            bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
        }
        bar.set_length(total);
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos}/{len} {wide_msg} {elapsed}")
        {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Bar {
            plain: self.mode == Mode::Human && bar.is_hidden(),
            bar,
        }
    }

    /// Asks for a yes at the terminal. No terminal, `--json` and `--quiet` all mean no.
    #[must_use]
    pub fn confirm(&self, question: &str) -> bool {
        if self.mode != Mode::Human || !std::io::IsTerminal::is_terminal(&std::io::stdin()) {
            return false;
        }
        eprint!("{question} [y/N] ");
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).is_ok()
            && matches!(answer.trim(), "y" | "Y" | "yes")
    }
}

/// A bar that stays silent where nobody looks.
#[derive(Debug)]
pub struct Bar {
    bar: ProgressBar,
    plain: bool,
}

impl Bar {
    /// Begins a step.
    pub fn step(&self, text: impl Display) {
        if self.plain {
            eprintln!(
                "[{}/{}] {text}",
                self.bar.position().saturating_add(1),
                self.bar.length().unwrap_or(0)
            );
        }
        self.bar.set_message(text.to_string());
    }

    /// Ends a step.
    pub fn done(&self) {
        self.bar.inc(1);
    }

    /// Ends the bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// A reader that went away (`omnibus … | head`) is not an error.
fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}
