//! The target `fuzz/src/paths.rs`: built with what tells libFuzzer where an input has been, and run for a while. What was
//! found worth keeping stays in the target folder, so that the next run goes on from there.

use crate::{
    project::{self, Project},
    steps::timed,
};
use anyhow::{Context, Result, anyhow};
use std::{fs, path::Path, process::Command};

/// Marks in the code for libFuzzer, as `cargo fuzz --sanitizer none` sets them. A stable compiler has them, too; without
/// sanitizers only our own assertions and panics are found, which is what there is to find without `unsafe`.
const FLAGS: [&str; 8] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1",
    "-Cdebug-assertions",
    "--cfg=fuzzing",
];
/// Longest input, in bytes: twice what a path may have.
const INPUT_MAX: usize = 4096;
/// Seconds after which one input counts as a hang.
const HANG_S: u32 = 5;
/// Memory after which one input counts as a leak, in MiB.
const MEMORY_MIB: u32 = 1024;

/// Fuzzes for about this many seconds. Fails with the input where one was found.
pub(crate) fn run(project: &Project, seconds: u32) -> Result<()> {
    let folder = project.target.join("fuzz-paths");
    let host = host()?;
    // With a target named, the flags are not for build scripts and macros, which nobody fuzzes.
    timed("the target, with marks for libFuzzer", || {
        project::run(
            project
                .cargo(["build", "--release", "--locked", "--manifest-path", "fuzz/Cargo.toml", "--target", &host])
                .env("RUSTFLAGS", FLAGS.join(" "))
                .env("CARGO_TARGET_DIR", &folder),
        )
    })?;
    let (corpus, found) = (folder.join("corpus"), folder.join("found"));
    for folder in [&corpus, &found] {
        fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    let words = folder.join("words");
    let binary = folder.join(&host).join("release").join("paths");
    let result = timed("inputs", || {
        project::run(
            Command::new(&binary)
                .args([format!("-max_total_time={seconds}"), format!("-max_len={INPUT_MAX}")])
                .args([format!("-timeout={HANG_S}"), format!("-rss_limit_mb={MEMORY_MIB}")])
                .args([format!("-dict={}", words.display()), format!("-artifact_prefix={}/", found.display())])
                .args(["-print_final_stats=1", "-verbosity=1"])
                .arg(&corpus)
                .env("SEEDS", &corpus)
                .env("WORDS", &words),
        )
    });
    result.with_context(|| explained(&binary, &found))
}

/// The platform, as the compiler calls it.
fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("rustc could not be started")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| anyhow!("rustc does not say on which platform it runs"))
}

/// How to see again what was found.
fn explained(binary: &Path, found: &Path) -> String {
    let newest = fs::read_dir(found).ok().and_then(|files| {
        let files = files.filter_map(|file| Some((file.as_ref().ok()?.metadata().ok()?.modified().ok()?, file.ok()?)));
        files.max_by_key(|(when, _)| *when).map(|(_, file)| file.path())
    });
    match newest {
        Some(input) => format!("an input was found; to see it again:\n  {} {}", binary.display(), input.display()),
        None => "it ended without an input to show".to_owned(),
    }
}
