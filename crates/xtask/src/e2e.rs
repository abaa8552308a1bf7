//! The browser tests: Playwright drives a real Chromium against the release binary.

use std::{path::Path, process::Command};

use anyhow::{Result, bail};

use crate::{
    browser,
    project::{self, Project},
    steps::timed,
};

/// Installs the locked test tools, finds a browser, runs the specs (those matching `filter`, or all).
pub(crate) fn run(project: &Project, binary: &Path, filter: Option<&str>) -> Result<()> {
    let Some(npm) = project::on_path("npm") else {
        bail!(
            "the browser tests need Node.js 20 or newer and `npm` is not on PATH.\n  \
             On Debian or Ubuntu:  sudo apt-get install -y nodejs npm\n  \
             Everything but the browser tests:  cargo xtask test --fast"
        );
    };
    let chromium = browser::find_or_install()?;
    let folder = project.end2end();
    timed("e2e: npm ci", || {
        let mut install = Command::new(&npm);
        // Playwright's own browser download is not wanted: the machine's Chromium is used.
        install
            .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
            .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
        project::run(install.current_dir(&folder))
    })?;
    timed("e2e: playwright", || {
        let mut specs = Command::new(&npm);
        specs.args(["exec", "--offline", "--loglevel=error", "--", "playwright", "test"]).args(filter);
        specs.env("TERRARIUM_BIN", binary).env("CHROMIUM_PATH", &chromium);
        project::run(specs.current_dir(&folder))
    })
}
