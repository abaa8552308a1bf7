//! From the `terrarium-frontend` crate to `terrarium_bg.wasm` and its script.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use super::{Flavour, pack};
use crate::{
    project::{self, Project},
    steps::timed,
};

const TARGET: &str = "wasm32-unknown-unknown";

/// What rustc may already use in its output. Never `-all`: browsers refuse some of what that lets in.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// Installs the browser target's standard library when it is missing, and says so.
pub(crate) fn ensure_target() -> Result<()> {
    let library = Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]).output();
    let present = library
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .is_some_and(|folder| Path::new(folder.trim()).is_dir());
    if present {
        return Ok(());
    }
    if project::on_path("rustup").is_none() {
        bail!(
            "Rust's library for {TARGET} is not installed, and rustup, which would fetch it, is not on PATH.\n  \
             With rustup (https://rustup.rs):  rustup target add {TARGET}"
        );
    }
    timed(&format!("the {TARGET} target is missing; adding it with rustup (once, about 15 s)"), || {
        project::run(Command::new("rustup").args(["target", "add", TARGET])).with_context(|| {
            format!("the browser target could not be fetched; with a network, try: rustup target add {TARGET}")
        })
    })
}

/// Compiles the page and returns the path of the raw wasm.
pub(crate) fn compile(project: &Project, flavour: Flavour) -> Result<PathBuf> {
    let (profile, folder) = match flavour {
        Flavour::Release => ("wasm-release", "wasm-release"),
        Flavour::Debug => ("dev", "debug"),
    };
    // By package and target, never --workspace: `ssr` and `hydrate` must not meet in one build.
    let arguments = ["build", "-p", "terrarium-frontend", "--lib", "--target", TARGET, "--profile", profile];
    project::run(&mut project.cargo(arguments))?;
    let compiled = project.target.join(TARGET).join(folder).join("terrarium_frontend.wasm");
    if !compiled.is_file() {
        bail!(
            "cargo was content but wrote no {}; the frontend's [lib] must be a cdylib called terrarium_frontend",
            compiled.display()
        );
    }
    Ok(compiled)
}

/// Runs wasm-bindgen into `folder` and returns it: `terrarium.js`, `terrarium_bg.wasm`, perhaps `snippets/`.
pub(crate) fn bind(compiled: &Path, folder: &Path, flavour: Flavour) -> Result<PathBuf> {
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(compiled)
        .web(true)?
        .typescript(false)
        .out_name("terrarium")
        .debug(flavour == Flavour::Debug)
        .keep_debug(flavour == Flavour::Debug)
        .remove_name_section(flavour == Flavour::Release);
    bindgen.generate(folder).context(
        "wasm-bindgen refused the page. If it names a schema version, `wasm-bindgen` in Cargo.toml and \
         `wasm-bindgen-cli-support` in crates/xtask/Cargo.toml differ: give both the same version",
    )?;
    Ok(folder.to_owned())
}

/// `wasm-opt` from the binaryen package, when the machine has it.
pub(crate) struct Optimiser {
    program: PathBuf,
    version: String,
}

impl Optimiser {
    /// None for debug builds and for machines without it.
    pub(crate) fn find(flavour: Flavour) -> Option<Self> {
        if flavour == Flavour::Debug {
            return None;
        }
        let program = project::on_path("wasm-opt")?;
        let output = Command::new(&program).arg("--version").stderr(Stdio::null()).output().ok()?;
        let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Some(Self { program, version })
    }

    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Shrinks in place, where that makes fewer bytes to send: a smaller file is often one that compresses worse. A failure
    /// costs size, not the page, so it is a note and no error.
    pub(crate) fn shrink(&self, folder: &Path) {
        let (before, after) = (folder.join("terrarium_bg.wasm"), folder.join("smaller.wasm"));
        let mut command = Command::new(&self.program);
        command.arg("-Oz").args(FEATURES).arg(&before).arg("-o").arg(&after);
        let result = project::run(&mut command).and_then(|()| {
            let (plain, shrunk) = (sent(&before)?, sent(&after)?);
            if shrunk < plain {
                fs::rename(&after, &before).context("its result could not be moved into place")
            } else {
                println!(
                    "  note: what wasm-opt made compresses to {shrunk} bytes, not fewer than the {plain} without; left out"
                );
                Ok(())
            }
        });
        // Gone already where it was moved.
        let _ = fs::remove_file(&after);
        if let Err(error) = result {
            println!("  note: going on without wasm-opt ({}), the page works all the same: {error:#}", self.version);
        }
    }
}

/// Bytes on their way to a browser.
fn sent(wasm: &Path) -> Result<usize> {
    let bytes = fs::read(wasm).with_context(|| format!("{} could not be read", wasm.display()))?;
    Ok(pack::brotli(&bytes, pack::BEST)?.len())
}
