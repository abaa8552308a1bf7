//! `cargo xtask bench`: every measurement, one after the other, so that they do not measure each other.

use crate::project::{self, Project};
use anyhow::Result;
use std::process::ExitCode;

/// Package and name of each.
const BENCHES: [(&str, &str); 2] = [("terrarium", "beam"), ("terrarium-runtime", "ledger")];

pub(crate) fn run(project: &Project) -> Result<ExitCode> {
    for (package, bench) in BENCHES {
        project::run(&mut project.cargo(["bench", "-p", package, "--bench", bench]))?;
    }
    Ok(ExitCode::SUCCESS)
}
