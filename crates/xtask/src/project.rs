//! Where things are: the project's root, cargo's target folder, and how child processes are started from here.

use std::{
    env,
    ffi::OsStr,
    fmt::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

/// The checkout this command works on.
pub(crate) struct Project {
    pub(crate) root: PathBuf,
    pub(crate) target: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

impl Project {
    /// Asks cargo, so `CARGO_TARGET_DIR` and cargo's own configuration are respected.
    pub(crate) fn find() -> Result<Self> {
        let output = cargo_command()
            .args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"])
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
            .stderr(Stdio::inherit())
            .output()
            .context("cargo could not be started; is Rust installed? See https://rustup.rs")?;
        if !output.status.success() {
            bail!("`cargo metadata` failed, so the project's folders are unknown; its message is above");
        }
        let metadata: Metadata =
            serde_json::from_slice(&output.stdout).context("`cargo metadata` answered in an unknown form")?;
        Ok(Self { root: metadata.workspace_root, target: metadata.target_directory })
    }

    /// The built site; the server embeds it.
    pub(crate) fn site(&self) -> PathBuf {
        self.target.join("site")
    }

    pub(crate) fn binary(&self, profile: &str) -> PathBuf {
        self.target.join(profile).join(format!("terrarium{}", env::consts::EXE_SUFFIX))
    }

    pub(crate) fn end2end(&self) -> PathBuf {
        self.root.join("end2end")
    }

    /// A cargo call in the project's root.
    pub(crate) fn cargo<I, S>(&self, args: I) -> Command
    where
        I: IntoIterator<Item = S>,
        S: AsRef<OsStr>,
    {
        let mut command = cargo_command();
        command.args(args).current_dir(&self.root);
        command
    }
}

/// Runs a command with our own standard output and error; fails unless it exits with 0.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("`{shown}` could not be started"))?;
    if !status.success() {
        bail!("`{shown}` failed ({status}); its own message is above");
    }
    Ok(())
}

/// Whether a program of this name can be found on `PATH`.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&path).map(|folder| folder.join(&file)).find(|candidate| candidate.is_file())
}

/// The command line as a person would type it.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let mut line = program.to_string_lossy().into_owned();
    for argument in command.get_args() {
        let _ = write!(line, " {}", argument.to_string_lossy());
    }
    line
}

/// `cargo run` tells its child about the package it runs. Inner cargo calls must not see that:
/// build scripts that watch these variables would run again, and the caches of `cargo xtask …` and `cargo …` would differ.
fn cargo_command() -> Command {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    for (name, _) in env::vars_os() {
        let name_text = name.to_string_lossy();
        let about_us = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];
        if about_us.iter().any(|prefix| name_text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command
}
