//! The shipped binary, alone in an empty folder, as a user gets it: does it carry its page, and does it stop when asked?

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    http::{self, Answer},
    project,
};

const HOST: &str = "127.0.0.1";
const START: Duration = Duration::from_secs(30);
const STOP: Duration = Duration::from_secs(10);
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Copies the binary away from its build, starts it, fetches the page and all it names, and ends it with SIGTERM.
pub(crate) fn run(binary: &Path) -> Result<()> {
    let folder = tempfile::tempdir().context("no temporary folder could be made")?;
    let copy = folder.path().join("terrarium");
    fs::copy(binary, &copy).with_context(|| format!("{} could not be copied", binary.display()))?;
    let port = http::free_port(HOST)?;
    let mut gateway = Gateway::start(&copy, folder.path(), port, &[])?;
    let result = look(port).and_then(|()| gateway.stop());
    if result.is_err() {
        gateway.show_log();
    }
    result
}

fn look(port: u16) -> Result<()> {
    let page = fetch(port, "/", None, "text/html")?;
    let html = page.text();
    for (extension, content_type) in [("css", "text/css"), ("js", "javascript"), ("wasm", "application/wasm")] {
        let names = assets(&html, extension);
        ensure!(!names.is_empty(), "the page at / names no .{extension} under /pkg/, so a browser would not load it");
        for name in names {
            let plain = fetch(port, name, None, content_type)?;
            ensure!(!plain.body.is_empty(), "{name} is empty");
            if extension == "wasm" {
                ensure!(plain.body.starts_with(b"\0asm"), "{name} is not WebAssembly");
            }
            let packed = fetch(port, name, Some("br"), content_type)?;
            let coding = packed.header("content-encoding");
            // A file too small to gain from compression has no compressed twin.
            ensure!(coding == Some("br") || plain.body.len() < 1000, "{name} came without brotli ({coding:?})");
            if coding == Some("br") {
                let mut unpacked = Vec::new();
                brotli::BrotliDecompress(&mut &*packed.body, &mut unpacked)
                    .with_context(|| format!("the brotli form of {name} cannot be unpacked"))?;
                ensure!(unpacked == plain.body, "{name} differs between its plain and its brotli form");
            }
            println!("  {name}: {} bytes, {} with brotli", plain.body.len(), packed.body.len());
        }
    }
    let version = fetch(port, "/version", None, "")?;
    println!("  /version: {}", version.text().trim());
    Ok(())
}

fn fetch(port: u16, path: &str, encoding: Option<&str>, content_type: &str) -> Result<Answer> {
    let answer = http::get(HOST, port, path, encoding).with_context(|| format!("GET {path} failed"))?;
    ensure!(answer.status == 200, "GET {path} was answered with {} instead of 200", answer.status);
    let actual = answer.header("content-type").unwrap_or_default();
    ensure!(actual.contains(content_type), "GET {path} came as `{actual}`; a browser wants `{content_type}`");
    Ok(answer)
}

/// Every `/pkg/….extension` the page names, once each.
fn assets<'h>(html: &'h str, extension: &str) -> Vec<&'h str> {
    let mut names = Vec::new();
    for (start, _) in html.match_indices("/pkg/") {
        let rest = &html[start..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"./_-".contains(c)).unwrap_or(rest.len());
        let name = &rest[..end];
        if name.rsplit_once('.').is_some_and(|(_, found)| found == extension) && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// A started gateway; killed if we leave early.
pub(crate) struct Gateway {
    child: Child,
    log: PathBuf,
}

impl Gateway {
    /// Starts a binary on a folder of its own, and waits until it is ready.
    pub(crate) fn start(binary: &Path, folder: &Path, port: u16, env: &[(&str, &str)]) -> Result<Self> {
        let log = folder.join("gateway.log");
        let file = fs::File::create(&log)?;
        let child = Command::new(binary)
            .args(["serve", "--host", HOST, "--port", &port.to_string(), "--data"])
            .arg(folder.join("data"))
            .current_dir(folder)
            .env_remove("TERRARIUM_SITE_DIR")
            .envs(env.iter().copied())
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("{} could not be started", binary.display()))?;
        let mut gateway = Self { child, log };
        let ready = gateway.ready(port);
        if ready.is_err() {
            gateway.show_log();
        }
        ready.map(|()| gateway)
    }

    fn ready(&mut self, port: u16) -> Result<()> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("the gateway ended by itself before it was ready ({status})");
            }
            if http::get(HOST, port, "/readyz", None).is_ok_and(|answer| answer.status == 200) {
                return Ok(());
            }
            ensure!(start.elapsed() < START, "/readyz was not answered with 200 within {} s", START.as_secs());
            thread::sleep(BETWEEN_LOOKS);
        }
    }

    fn show_log(&self) {
        println!("--- what the gateway said ---\n{}---", fs::read_to_string(&self.log).unwrap_or_default());
    }

    pub(crate) fn stop(&mut self) -> Result<()> {
        let asked = Instant::now();
        project::run(Command::new("kill").args(["-TERM", &self.child.id().to_string()]))?;
        while asked.elapsed() < STOP {
            if let Some(status) = self.child.try_wait()? {
                ensure!(status.success(), "after SIGTERM the gateway ended with {status} instead of exit code 0");
                println!("  stopped {} ms after SIGTERM", asked.elapsed().as_millis());
                return Ok(());
            }
            thread::sleep(BETWEEN_LOOKS);
        }
        bail!("the gateway still ran {} s after SIGTERM", STOP.as_secs())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assets_are_found_in_links_and_in_scripts() {
        let html = r#"<link href="/pkg/a.12.css"><link href="/pkg/a.12.css"><script>i("/pkg/a_bg.34.wasm")</script>"#;
        assert_eq!(assets(html, "css"), ["/pkg/a.12.css"]);
        assert_eq!(assets(html, "wasm"), ["/pkg/a_bg.34.wasm"]);
        assert!(assets(html, "js").is_empty());
    }
}
