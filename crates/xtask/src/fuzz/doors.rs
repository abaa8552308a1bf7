//! The gateway's doors: an OpenAPI validator and a schema-driven fuzzer against the release binary. Fetches both from PyPI.

use crate::{http, project, smoke::Gateway};
use anyhow::{Context, Result, ensure};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

const HOST: &str = "127.0.0.1";
/// The validator and the fuzzer, at the versions this was written with.
const PACKAGES: [&str; 2] = ["schemathesis==4.32.5", "openapi-spec-validator==0.9.0"];
/// Not a secret: it is for a gateway that lives as long as the run.
const TOKEN: &str = "a-token-for-the-fuzzer";
/// A gateway that lets the fuzzer in, and never finds it too fast.
const SETTINGS: [(&str, &str); 2] = [("TERRARIUM_ADMIN_TOKEN", TOKEN), ("TERRARIUM_PERTURB_RATE", "0")];
/// What is looked for: no fault of ours, and no answer that the document does not describe.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
/// Streams of events end with their sockets only, and signing out ends the run's own rights.
const LEFT_OUT: &str = "^/(observe|perturb|login|logout|wait)|/wait$";

/// Fuzzes the gateway for about this many seconds.
pub(crate) fn run(binary: &Path, tools: &Path, seconds: u32) -> Result<()> {
    let python = tools_in(tools)?;
    let folder = tempfile::tempdir().context("no temporary folder could be made")?;
    let port = http::free_port(HOST)?;
    let mut gateway = Gateway::start(binary, folder.path(), port, &SETTINGS)?;
    let document = folder.path().join("openapi.json");
    let answer = http::get(HOST, port, "/openapi.json", None)?;
    ensure!(answer.status == 200, "/openapi.json was answered with {}", answer.status);
    std::fs::write(&document, &answer.body)?;
    project::run(Command::new(&python).args(["-m", "openapi_spec_validator"]).arg(&document))?;
    let url = format!("http://{HOST}:{port}");
    let fuzzed = project::run(
        Command::new(python.with_file_name("schemathesis"))
            .args(["run", &format!("{url}/openapi.json"), "--url", &url, "--checks", CHECKS])
            .args(["--header", &format!("Authorization:Bearer {TOKEN}"), "--max-time", &seconds.to_string()])
            .args(["--exclude-path-regex", LEFT_OUT, "--continue-on-failure", "--suppress-health-check", "all"])
            .current_dir(folder.path()),
    );
    gateway.stop()?;
    fuzzed
}

/// A virtual environment with the two tools, made where it is missing.
fn tools_in(folder: &Path) -> Result<PathBuf> {
    let python = folder.join("bin").join("python");
    if !python.is_file() {
        let make = Command::new("python3").args(["-m", "venv"]).arg(folder).status();
        ensure!(
            make.is_ok_and(|s| s.success()),
            "python3 with its venv module is needed; on Debian: apt install python3-venv"
        );
    }
    project::run(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(PACKAGES))?;
    Ok(python)
}
