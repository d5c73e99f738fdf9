//! A local chain of ours: anvil as a child process that keeps its state in a file.

use crate::error::{Problem, Result};
use alloy::primitives::U64;
use chain::{Pool, PoolConfig, SensitiveUrl};
use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::process::{Child, Command};

/// Coins of each of anvil's accounts.
const COINS: &str = "1000000";

/// A running anvil. Dropping it kills it; [`Anvil::stop`] lets it save its state first.
#[derive(Debug)]
pub struct Anvil {
    child: Child,
    url: String,
}

impl Anvil {
    /// The program: the one given, else from PATH, else npm's package for this platform.
    ///
    /// # Errors
    /// [`Problem::MissingTool`].
    pub fn find(given: Option<&Path>) -> Result<PathBuf> {
        if let Some(path) = given {
            return Ok(path.to_owned());
        }
        let in_path = std::env::var_os("PATH")
            .into_iter()
            .flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
        let packages = Path::new("contracts/node_modules/@foundry-rs")
            .read_dir()
            .into_iter()
            .flatten()
            .flatten();
        in_path
            .map(|folder| folder.join("anvil"))
            .chain(packages.map(|package| package.path().join("bin/anvil")))
            .find(|path| path.is_file())
            .ok_or(Problem::MissingTool {
                tool: "anvil",
                hint: "run scripts/setup --demo (npm's package of it), or give --anvil FILE",
            })
    }

    /// Starts one that forgets, as chain 1, for anybody's transactions at no price; its clock begins at `at`.
    ///
    /// # Errors
    /// As [`Anvil::start`].
    pub async fn bare(program: &Path, at: u64) -> Result<(Self, Pool)> {
        let port = free_port(0)?;
        let mut command = Command::new(program);
        command.args([
            "--silent",
            "--port",
            &port.to_string(),
            "--timestamp",
            &at.to_string(),
            "--chain-id",
            "1",
            "--auto-impersonate",
            "--base-fee",
            "0",
            "--gas-price",
            "0",
            "--gas-limit",
            "100000000",
            "--hardfork",
            "cancun",
        ]);
        Self::spawn(command, program, port).await
    }

    /// Starts it on `port` (0: any free one) with its state in `state`, and waits until it answers.
    ///
    /// # Errors
    /// [`Problem::PortInUse`], [`Problem::MissingTool`], [`Problem::Stopped`] when it does not come up.
    pub async fn start(program: &Path, port: u16, state: &Path) -> Result<(Self, Pool)> {
        let port = free_port(port)?;
        let mut command = Command::new(program);
        command
            .args([
                "--silent",
                "--port",
                &port.to_string(),
                "--balance",
                COINS,
                "--state-interval",
                "30",
            ])
            // Blocks, transactions and logs are all kept; past states only as far back as anybody reads.
            .args(["--prune-history", "256"])
            .arg("--state")
            .arg(state);
        Self::spawn(command, program, port).await
    }

    async fn spawn(mut command: Command, program: &Path, port: u16) -> Result<(Self, Pool)> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A group of its own: Ctrl-C reaches us first, and we stop it last.
            .process_group(0)
            .kill_on_drop(true);
        let child = command.spawn().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Problem::MissingTool {
                tool: "anvil",
                hint: "run scripts/setup --demo, or give --anvil FILE",
            },
            _ => Problem::io(program.display().to_string())(error),
        })?;
        let url = format!("http://127.0.0.1:{port}");
        let mut anvil = Self { child, url };
        let pool = anvil.wait().await?;
        Ok((anvil, pool))
    }

    async fn wait(&mut self) -> Result<Pool> {
        let stopped = |reason: String| Problem::Stopped {
            part: "anvil",
            reason,
        };
        let url: SensitiveUrl = self
            .url
            .parse()
            .map_err(|_| stopped(format!("`{}` is no address", self.url)))?;
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().map_err(Problem::io("anvil"))? {
                return Err(stopped(format!(
                    "it ended at once ({status}); is its state file from another version? Try --fresh"
                )));
            }
            match Pool::connect(PoolConfig::new(vec![url.clone()])).await {
                Ok(pool) => return Ok(pool),
                Err(error) if started.elapsed() > Duration::from_secs(60) => {
                    return Err(stopped(error.to_string()));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// Where it answers.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Lets it save its state and end.
    ///
    /// # Errors
    /// [`Problem::Stopped`] when it had to be killed.
    pub async fn stop(mut self) -> Result<()> {
        let pid = self
            .child
            .id()
            .and_then(|pid| i32::try_from(pid).ok())
            .and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid {
            // An error means that it is gone already.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
        }
        match tokio::time::timeout(Duration::from_secs(30), self.child.wait()).await {
            Ok(_) => Ok(()),
            Err(_) => {
                let _ = self.child.kill().await;
                Err(Problem::Stopped {
                    part: "anvil",
                    reason: "it did not end in 30 s and was killed; the last seconds are lost"
                        .to_owned(),
                })
            }
        }
    }
}

/// Is `port` free? 0 finds one that is.
///
/// # Errors
/// [`Problem::PortInUse`].
pub fn free_port(port: u16) -> Result<u16> {
    let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listener = TcpListener::bind(addr).map_err(|_| Problem::PortInUse { addr })?;
    Ok(listener.local_addr().map_or(port, |addr| addr.port()))
}

/// Seconds of a day, and of the last hour of it, the dusk: the only time in which a basket's coins are delegated.
const DAY: u64 = 86_400;
/// See [`DAY`].
const DUSK: u64 = 3_600;
/// At dusk the clock takes no longer steps than this: it lasts four real seconds at least, so that whoever acts in it can.
const DUSK_STEP: u64 = 900;

/// Seconds that the chain's clock goes forward at once when it shows `now`: `speed`, less at dusk, and never past the
/// beginning of it.
#[must_use]
pub fn clock_step(now: u64, speed: u64) -> u64 {
    let left = DAY - now % DAY;
    if left <= DUSK {
        speed.clamp(1, DUSK_STEP)
    } else {
        speed.min(left - DUSK).max(1)
    }
}

/// Moves the chain's clock `speed` seconds forward each second, more slowly at dusk, a block each time, until it is dropped
/// or fails.
///
/// # Errors
/// [`Problem::Chain`] when the chain stops answering.
pub async fn run_clock(pool: Pool, speed: u64) -> Result<()> {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        tick.tick().await;
        let step = clock_step(pool.latest().await?.timestamp, speed);
        // anvil's clock runs by itself as well: one of the seconds is its own.
        let _: serde_json::Value = pool
            .request("evm_increaseTime", (U64::from(step.saturating_sub(1)),))
            .await?;
        let _: serde_json::Value = pool.request("evm_mine", ()).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However fast it is, a day's dusk is stepped into at its first second and lasts four steps at least.
    #[test]
    fn no_speed_jumps_over_dusk() {
        for speed in [1, 60, 900, 3_000, 20_000] {
            let (mut now, mut steps) = (1_700_006_400_u64, 0);
            let dusk = now + DAY - DUSK;
            while now < dusk {
                now += clock_step(now, speed);
            }
            assert_eq!(now, dusk, "speed {speed}");
            while now < dusk + DUSK {
                now += clock_step(now, speed);
                steps += 1;
            }
            assert!(steps >= 4, "speed {speed}: {steps} steps");
        }
    }

    #[test]
    fn outside_of_dusk_the_clock_is_as_fast_as_it_was_asked() {
        assert_eq!(clock_step(1_700_006_400, 3_000), 3_000);
    }
}
