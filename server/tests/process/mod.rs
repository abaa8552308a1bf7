//! The gateway as a process of its own, for tests that kill it.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

/// The token it knows from its environment.
pub(crate) const ADMIN: &str = "a-token-for-tests-that-kill";

/// A running gateway.
pub(crate) struct Process {
    child: Child,
    pub(crate) url: String,
    /// Held, because it says more on it.
    _said: BufReader<ChildStdout>,
}

impl Process {
    /// Starts it without the agents that no such test needs, and waits until it says where it is.
    pub(crate) fn start(folder: &Path, more: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_terrarium"))
            .args(["serve", "--port", "0", "--no-host-agent", "--no-grammar-agent", "--no-scribe-agent"])
            .args(more)
            .arg("--data")
            .arg(folder)
            .env("TERRARIUM_ADMIN_TOKEN", ADMIN)
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut said).unwrap();
        let url = said.trim().strip_prefix("Terrarium is at ").unwrap().to_owned();
        Self { child, url, _said: stdout }
    }

    /// SIGKILL: it has no say in it.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
