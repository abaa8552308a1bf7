//! The fingerprint of everything the site is made from: equal fingerprints mean an equal site.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::{Flavour, wasm::Optimiser};
use crate::project::Project;

/// Raise this when the pipeline itself changes what it writes.
const PIPELINE: &str = "site 1";

/// A text that changes with the compiled page, the style, the public files, the flavour and the optimiser.
pub(crate) fn fingerprint(
    project: &Project,
    compiled: &Path,
    flavour: Flavour,
    optimiser: Option<&Optimiser>,
) -> Result<String> {
    let mut hasher = Sha256::new();
    hasher.update(format!("{PIPELINE} {flavour:?} {}", optimiser.map_or("none", Optimiser::version)));
    let mut inputs = vec![compiled.to_owned()];
    inputs.extend(files_below(&project.root.join("style"))?);
    inputs.extend(files_below(&project.root.join("public"))?);
    for path in inputs {
        let bytes = fs::read(&path).with_context(|| format!("{} could not be read", path.display()))?;
        hasher.update(path.to_string_lossy().as_bytes());
        hasher.update(bytes.len().to_le_bytes());
        hasher.update(&bytes);
    }
    Ok(hex(&hasher.finalize()))
}

/// Every file below a folder, sorted; none when the folder is missing. Hidden files are editors' and git's, except `.well-known`.
pub(crate) fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !folder.is_dir() {
        return Ok(found);
    }
    let entries = fs::read_dir(folder).with_context(|| format!("{} could not be read", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') && name != ".well-known" {
            continue;
        }
        if entry.path().is_dir() {
            found.extend(files_below(&entry.path())?);
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
