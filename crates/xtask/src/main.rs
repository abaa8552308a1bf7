//! `cargo xtask`: the project's own commands, so that a new user and CI need nothing but Rust (and Node for the browser tests).
//! Owns how the site is built and how everything is checked; never anything that runs in the product.
#![expect(clippy::print_stdout, reason = "a command-line tool talks to its user through standard output")]

mod bench;
mod browser;
mod e2e;
mod fuzz;
mod http;
mod kill;
mod project;
mod site;
mod smoke;
mod steps;
mod test;
mod up;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::{project::Project, site::Flavour, up::UpArgs};

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "Builds, runs and checks Terrarium.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build everything and start the gateway on this machine.
    Up(UpArgs),
    /// Build the browser's half into <target>/site: wasm, script, style, public files, all precompressed.
    Site {
        /// Fast build, slow page: the dev profile with debug symbols and light compression.
        #[arg(long)]
        debug: bool,
    },
    /// Run every check CI runs; stops at the first failure.
    #[command(visible_alias = "ci")]
    Test(test::TestArgs),
    /// Formatting and clippy only, for the native and the browser target.
    Lint,
    /// Build the site and the release binary, then run the browser tests.
    E2e {
        /// Passed to Playwright: run only the specs whose path matches.
        filter: Option<String>,
    },
    /// Try inputs that nobody thought of: on the gateway's doors, or on the grammar of paths.
    Fuzz(fuzz::FuzzArgs),
    /// Kill the gateway again and again, at random moments, while questions are asked and answered: nothing may be lost.
    Kill {
        /// How often.
        #[arg(long, default_value_t = 300)]
        rounds: u32,
        /// Open questions with which a restart is timed.
        #[arg(long, default_value_t = 10_000)]
        pending: u32,
    },
    /// Measure, each figure beside a reference in the same run.
    Bench,
    /// Wait until a gateway answers, then say where it is. `up` starts this beside the gateway.
    #[command(hide = true)]
    Announce(up::AnnounceArgs),
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            println!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    if let Command::Announce(args) = &command {
        return Ok(up::announce(args));
    }
    let project = Project::find()?;
    match command {
        Command::Up(args) => up::run(&project, &args),
        Command::Site { debug } => {
            let flavour = if debug { Flavour::Debug } else { Flavour::Release };
            site::build(&project, flavour)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Test(args) => test::run(&project, &args),
        Command::Lint => test::lint(&project),
        Command::Kill { rounds, pending } => kill::run(&project, rounds, pending),
        Command::Bench => bench::run(&project),
        Command::Fuzz(args) => {
            fuzz::run(&project, &args)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::E2e { filter } => test::e2e(&project, filter.as_deref()),
        Command::Announce(_) => Ok(ExitCode::SUCCESS),
    }
}
