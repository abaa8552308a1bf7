//! `cargo xtask bench`: every measurement, one after the other, so that they do not measure each other.

use crate::project::{self, Project};
use anyhow::Result;
use std::process::ExitCode;

/// Package and name of each.
const BENCHES: [(&str, &str); 3] =
    [("terrarium", "beam"), ("terrarium-runtime", "ledger"), ("terrarium-core", "logos")];

pub(crate) fn run(project: &Project) -> Result<ExitCode> {
    // In one command, which runs them in turn: apart, each would have all libraries built for itself.
    let named = BENCHES.iter().flat_map(|(package, bench)| ["--package", package, "--bench", bench]);
    project::run(&mut project.cargo(["bench"].into_iter().chain(named)))?;
    Ok(ExitCode::SUCCESS)
}
