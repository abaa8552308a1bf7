//! Finding a Chromium for the browser tests, and fetching Debian's where that is ours to do.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Result, bail};

use crate::{project, steps::timed};

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const MAC: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";

/// The browser to drive: `TERRARIUM_CHROMIUM`, else one on this machine, else (as root on Debian) a fresh one.
pub(crate) fn find_or_install() -> Result<PathBuf> {
    if let Some(given) = env::var_os("TERRARIUM_CHROMIUM") {
        let given = PathBuf::from(given);
        if given.is_file() {
            return Ok(given);
        }
        bail!("TERRARIUM_CHROMIUM names {}, which is no file; correct it or unset it", given.display());
    }
    if let Some(found) = find() {
        return Ok(found);
    }
    if Path::new("/etc/debian_version").exists() && is_root() {
        timed("no browser found; installing Debian's chromium (once, about half a minute)", || {
            let apt = |arguments: &[&str]| {
                project::run(Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
            };
            apt(&["update", "-qq"])?;
            apt(&["install", "-y", "-qq", "--no-install-recommends", "chromium"])
        })?;
        if let Some(found) = find() {
            return Ok(found);
        }
    }
    bail!(
        "the browser tests need Chromium or Chrome and none was found.\n  \
         On Debian or Ubuntu:  sudo apt-get install -y chromium\n  \
         Elsewhere, or if it is in an unusual place:  TERRARIUM_CHROMIUM=/path/to/chrome cargo xtask e2e"
    )
}

fn find() -> Option<PathBuf> {
    let usual = NAMES.iter().map(|name| Path::new("/usr/bin").join(name));
    let mac = std::iter::once(PathBuf::from(MAC));
    usual.chain(mac).find(|path| path.is_file()).or_else(|| NAMES.iter().find_map(|name| project::on_path(name)))
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
