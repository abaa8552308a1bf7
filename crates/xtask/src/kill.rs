//! `cargo xtask kill`: the gateway under SIGKILL, for as long as one likes, in release. `test` has a short run of the same.

use crate::project::{self, Project};
use anyhow::Result;
use std::process::ExitCode;

/// What the test reads; see its header.
const ROUNDS: &str = "KILL_ROUNDS";
const PENDING: &str = "KILL_PENDING";

pub(crate) fn run(project: &Project, rounds: u32, pending: u32) -> Result<ExitCode> {
    let mut test = project.cargo(["test", "--release", "--package", "terrarium", "--test", "kill"]);
    test.args(["--", "--nocapture", "--test-threads", "1"]);
    project::run(test.env(ROUNDS, rounds.to_string()).env(PENDING, pending.to_string()))?;
    Ok(ExitCode::SUCCESS)
}
