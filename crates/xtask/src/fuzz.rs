//! `cargo xtask fuzz`: inputs nobody thought of, against what reads them. Not part of `test`: they are new each time.

mod doors;
mod paths;

use crate::{project::Project, test};
use anyhow::Result;
use clap::{Args, ValueEnum};

#[derive(Args)]
pub(crate) struct FuzzArgs {
    /// What reads them.
    #[arg(value_enum, default_value_t = Target::Doors)]
    target: Target,
    /// About how long.
    #[arg(long, default_value_t = 120)]
    seconds: u32,
}

#[derive(Clone, Copy, ValueEnum)]
enum Target {
    /// The gateway's doors, by its OpenAPI document, against the built release binary. Needs python3 and the network.
    Doors,
    /// The grammar of paths, guided by what the inputs reach. Needs a C++ compiler; the first run fetches libFuzzer.
    Paths,
}

pub(crate) fn run(project: &Project, args: &FuzzArgs) -> Result<()> {
    match args.target {
        Target::Doors => doors::run(&test::built(project)?, &project.target.join("fuzz"), args.seconds),
        Target::Paths => paths::run(project, args.seconds),
    }
}
