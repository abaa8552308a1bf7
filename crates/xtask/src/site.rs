//! The browser's half, built without any tool to install: cargo, the wasm-bindgen library, lightningcss.
//! Owns `<target>/site` and its `manifest.json`, which the server embeds; never serves anything.

mod input;
mod pack;
mod style;
mod wasm;

pub(crate) use wasm::ensure_target;

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};

use crate::{project::Project, steps::timed};

/// What the site is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Flavour {
    /// Small: optimised for size, compressed as far as it goes.
    Release,
    /// Quick to build: symbols kept, compressed lightly.
    Debug,
}

/// Builds `<target>/site` and returns its path. Does nothing after cargo's own check when no input changed.
pub(crate) fn build(project: &Project, flavour: Flavour) -> Result<PathBuf> {
    ensure_target()?;
    let compiled = timed("site: compile the page to wasm", || wasm::compile(project, flavour))?;

    let optimiser = wasm::Optimiser::find(flavour);
    let site = project.site();
    let stamp_file = project.target.join("site.stamp");
    let stamp = input::fingerprint(project, &compiled, flavour, optimiser.as_ref())?;
    let unchanged = fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp);
    if unchanged && site.join("manifest.json").is_file() {
        println!("▸ site: unchanged since the last build");
        return Ok(site);
    }

    // Put together beside the old site and swapped in whole, so a server build never sees half a site.
    let work = tempfile::Builder::new()
        .prefix("site-work-")
        .tempdir_in(&project.target)
        .with_context(|| format!("no scratch folder could be made in {}", project.target.display()))?;
    let bound = timed("site: bind wasm and script", || wasm::bind(&compiled, &work.path().join("bindgen"), flavour))?;
    if let Some(optimiser) = &optimiser {
        timed("site: shrink with wasm-opt", || {
            optimiser.shrink(&bound);
            Ok(())
        })?;
    } else if flavour == Flavour::Release {
        println!(
            "  note: wasm-opt is not on PATH; the page works all the same, and is sent compressed to about the same size"
        );
    }
    let css = timed("site: bundle the style", || style::bundle(&project.root.join("style/main.css"), flavour))?;
    let next = work.path().join("site");
    let manifest = timed("site: hash and compress", || {
        let mut packer = pack::Packer::new(&next, flavour)?;
        packer.add_page(&bound, &css)?;
        packer.add_public(&project.root.join("public"))?;
        packer.finish()
    })?;

    let _ = fs::remove_file(&stamp_file);
    if site.exists() {
        fs::remove_dir_all(&site)
            .with_context(|| format!("the old site at {} could not be removed", site.display()))?;
    }
    fs::rename(&next, &site).with_context(|| format!("the new site could not be moved to {}", site.display()))?;
    fs::write(&stamp_file, stamp).with_context(|| format!("{} could not be written", stamp_file.display()))?;
    println!("{manifest}");
    Ok(site)
}
