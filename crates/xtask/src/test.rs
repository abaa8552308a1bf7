//! Every check CI runs, in the order that finds the cheap mistakes first.
//!
//! One cargo call per package set and target, never `--workspace`: that would unify `ssr` and `hydrate`.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use clap::Args;

use crate::{
    e2e,
    project::{self, Project},
    site::{self, Flavour},
    smoke,
    steps::{Outcome, Record, seconds, summary},
    up,
};

const WASM: &str = "wasm32-unknown-unknown";
const DENY: [&str; 3] = ["--", "-D", "warnings"];

#[derive(Args)]
pub(crate) struct TestArgs {
    /// Leave out the release builds and what needs them: site, build, e2e, smoke.
    #[arg(long)]
    fast: bool,
    /// Run one step only.
    #[arg(long, value_name = "STEP")]
    only: Option<String>,
}

/// One named check.
#[derive(Clone, Copy)]
struct Step {
    name: &'static str,
    about: &'static str,
    pace: Pace,
    run: fn(&Project) -> Result<()>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    Lint,
    Fast,
    Full,
}

const STEPS: [Step; 13] = [
    Step { name: "fmt", about: "formatting", pace: Pace::Lint, run: fmt },
    Step { name: "clippy", about: "lints, gateway and libraries", pace: Pace::Lint, run: clippy },
    Step { name: "clippy-app", about: "lints, the page on the server", pace: Pace::Lint, run: clippy_app },
    Step { name: "clippy-wasm", about: "lints, the page in the browser", pace: Pace::Lint, run: clippy_wasm },
    Step { name: "wasm-clean", about: "wire and core compile for the browser", pace: Pace::Fast, run: wasm_clean },
    Step { name: "test", about: "tests, gateway and libraries", pace: Pace::Fast, run: tests },
    Step { name: "test-app", about: "tests, the page on the server", pace: Pace::Fast, run: tests_app },
    Step { name: "test-xtask", about: "tests, this tool", pace: Pace::Fast, run: tests_xtask },
    Step { name: "doc", about: "documentation without warnings", pace: Pace::Fast, run: doc },
    Step { name: "site", about: "the browser's half, release", pace: Pace::Full, run: build_site },
    Step { name: "build", about: "the gateway and kgents, release", pace: Pace::Full, run: build_binary },
    Step { name: "smoke", about: "the shipped binary in an empty folder", pace: Pace::Full, run: run_smoke },
    Step { name: "e2e", about: "the stories in a real browser", pace: Pace::Full, run: run_e2e },
];

/// `cargo xtask test`.
pub(crate) fn run(project: &Project, args: &TestArgs) -> Result<ExitCode> {
    if let Some(only) = &args.only {
        let Some(step) = STEPS.iter().find(|step| step.name == only) else {
            let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
            bail!("there is no step called `{only}`; the steps are {}", names.join(", "));
        };
        return Ok(run_all(project, &[*step]));
    }
    let chosen: Vec<Step> = STEPS.into_iter().filter(|step| !args.fast || step.pace != Pace::Full).collect();
    Ok(run_all(project, &chosen))
}

/// `cargo xtask lint`.
pub(crate) fn lint(project: &Project) -> Result<ExitCode> {
    let chosen: Vec<Step> = STEPS.into_iter().filter(|step| step.pace == Pace::Lint).collect();
    Ok(run_all(project, &chosen))
}

/// `cargo xtask e2e`.
pub(crate) fn e2e(project: &Project, filter: Option<&str>) -> Result<ExitCode> {
    site::build(project, Flavour::Release)?;
    let binary = up::build_gateway(project, Flavour::Release)?;
    e2e::run(project, &binary, filter)?;
    Ok(ExitCode::SUCCESS)
}

/// Runs in order, stops at the first failure, and always ends with the summary.
fn run_all(project: &Project, steps: &[Step]) -> ExitCode {
    let start = Instant::now();
    let mut records: Vec<Record> = Vec::new();
    let mut failure = None;
    for (index, step) in steps.iter().enumerate() {
        if failure.is_some() {
            records.push(Record { name: step.name, outcome: Outcome::NotRun, took: Duration::ZERO });
            continue;
        }
        println!("\n━━ {}/{} {}: {}", index + 1, steps.len(), step.name, step.about);
        let begun = Instant::now();
        let outcome = match (step.run)(project) {
            Ok(()) => Outcome::Passed,
            Err(error) => {
                println!(
                    "\nerror: step `{0}` failed: {error:#}\n  Again, alone:  cargo xtask test --only {0}",
                    step.name
                );
                failure = Some(step.name);
                Outcome::Failed
            }
        };
        println!("━━ {} {}", step.name, seconds(begun.elapsed()));
        records.push(Record { name: step.name, outcome, took: begun.elapsed() });
    }
    println!("\nall in all {}", seconds(start.elapsed()));
    println!("{}", summary(&records));
    if failure.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn cargo(project: &Project, arguments: &[&str]) -> Result<()> {
    project::run(&mut project.cargo(arguments))
}

fn fmt(project: &Project) -> Result<()> {
    cargo(project, &["fmt", "--all", "--check"])
}

fn clippy(project: &Project) -> Result<()> {
    cargo(project, &[&["clippy", "--all-targets"], &DENY[..]].concat())?;
    cargo(project, &[&["clippy", "-p", "xtask", "--all-targets"], &DENY[..]].concat())
}

fn clippy_app(project: &Project) -> Result<()> {
    cargo(project, &[&["clippy", "-p", "terrarium-app", "--features", "ssr", "--all-targets"], &DENY[..]].concat())
}

fn clippy_wasm(project: &Project) -> Result<()> {
    site::ensure_target()?;
    cargo(project, &[&["clippy", "-p", "terrarium-frontend", "--target", WASM], &DENY[..]].concat())?;
    cargo(project, &[&["clippy", "-p", "terrarium-app", "--features", "hydrate", "--target", WASM], &DENY[..]].concat())
}

fn wasm_clean(project: &Project) -> Result<()> {
    site::ensure_target()?;
    cargo(project, &["check", "-p", "terrarium-wire", "-p", "terrarium-core", "--target", WASM])
}

fn tests(project: &Project) -> Result<()> {
    cargo(project, &["test"])
}

fn tests_app(project: &Project) -> Result<()> {
    cargo(project, &["test", "-p", "terrarium-app", "--features", "ssr"])
}

fn tests_xtask(project: &Project) -> Result<()> {
    cargo(project, &["test", "-p", "xtask"])
}

fn doc(project: &Project) -> Result<()> {
    project::run(project.cargo(["doc", "--no-deps"]).env("RUSTDOCFLAGS", "-Dwarnings"))
}

fn build_site(project: &Project) -> Result<()> {
    site::build(project, Flavour::Release).map(drop)
}

fn build_binary(project: &Project) -> Result<()> {
    up::build_gateway(project, Flavour::Release)?;
    cargo(project, &["build", "--release", "-p", "terrarium-kgents"])
}

fn run_smoke(project: &Project) -> Result<()> {
    smoke::run(&built(project)?)
}

fn run_e2e(project: &Project) -> Result<()> {
    e2e::run(project, &built(project)?, None)
}

/// The release binary, for steps that only make sense with one.
pub(crate) fn built(project: &Project) -> Result<std::path::PathBuf> {
    let binary = project.binary("release");
    if !binary.is_file() {
        bail!(
            "there is no release binary yet; build it first:  cargo xtask test --only site && cargo xtask test --only build"
        );
    }
    Ok(binary)
}
