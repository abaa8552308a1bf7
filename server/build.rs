//! Puts the browser's half of the page and the commit into the binary, so that one file is the whole gateway.
//!
//! `TERRARIUM_SITE_DIR` names a folder that `cargo xtask site` made. Without it the site is empty and the page works
//! without script. Writes `$OUT_DIR/site.rs`.

use serde::Deserialize;
use std::{env, fmt::Write as _, fs, path::Path, process::Command};

#[derive(Deserialize)]
struct Manifest {
    js: String,
    wasm: String,
    css: String,
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    path: String,
    content_type: String,
    hashed: bool,
    br: bool,
    gz: bool,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=TERRARIUM_SITE_DIR");
    println!("cargo::rerun-if-env-changed=TERRARIUM_COMMIT");
    println!("cargo::rustc-env=TERRARIUM_BUILD_COMMIT={}", commit());
    let code = match env::var("TERRARIUM_SITE_DIR") {
        Ok(dir) if !dir.is_empty() => site(Path::new(&dir))?,
        _ => "static SITE: Site = Site { js: None, wasm: None, css: None, files: &[] };\n".to_owned(),
    };
    fs::write(Path::new(&env::var("OUT_DIR")?).join("site.rs"), code)?;
    Ok(())
}

/// The commit, from the variable a packager sets or from git; `unknown` outside a repository.
fn commit() -> String {
    if let Ok(commit) = env::var("TERRARIUM_COMMIT")
        && !commit.is_empty()
    {
        return commit;
    }
    let git = |args: &[&str]| {
        let out = Command::new("git").args(args).output().ok().filter(|o| o.status.success())?;
        Some(String::from_utf8(out.stdout).ok()?.trim().to_owned())
    };
    if let Some(dir) = git(&["rev-parse", "--absolute-git-dir"]) {
        for file in ["HEAD", "logs/HEAD"] {
            let path = Path::new(&dir).join(file);
            // A watched file that does not exist would make every build run this again.
            if path.exists() {
                println!("cargo::rerun-if-changed={}", path.display());
            }
        }
    }
    git(&["rev-parse", "--short=12", "HEAD"]).unwrap_or_else(|| "unknown".to_owned())
}

fn site(dir: &Path) -> Result<String, Box<dyn std::error::Error>> {
    let dir = dir.canonicalize().map_err(|e| format!("TERRARIUM_SITE_DIR={}: {e}", dir.display()))?;
    let manifest_file = dir.join("manifest.json");
    println!("cargo::rerun-if-changed={}", manifest_file.display());
    let text = fs::read_to_string(&manifest_file).map_err(|e| format!("{}: {e}", manifest_file.display()))?;
    let manifest: Manifest = serde_json::from_str(&text).map_err(|e| format!("{}: {e}", manifest_file.display()))?;
    let mut code = String::new();
    writeln!(code, "static SITE: Site = Site {{")?;
    writeln!(
        code,
        "    js: Some({:?}),\n    wasm: Some({:?}),\n    css: Some({:?}),",
        manifest.js, manifest.wasm, manifest.css
    )?;
    writeln!(code, "    files: &[")?;
    for file in &manifest.files {
        let on_disk = dir.join(file.path.trim_start_matches('/')).display().to_string();
        let twin = |there: bool, extension: &str| match there {
            true => format!("Some(include_bytes!({:?}))", format!("{on_disk}.{extension}")),
            false => "None".to_owned(),
        };
        writeln!(
            code,
            "        Asset {{ path: {:?}, content_type: {:?}, hashed: {}, etag: \"\\\"{:016x}\\\"\", raw: include_bytes!({on_disk:?}), br: {}, gz: {} }},",
            file.path,
            file.content_type,
            file.hashed,
            fnv(&fs::read(&on_disk)?),
            twin(file.br, "br"),
            twin(file.gz, "gz"),
        )?;
    }
    writeln!(code, "    ],\n}};")?;
    Ok(code)
}

/// FNV-1a, 64 bits: an entity tag has to differ between builds, not to resist anyone.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, b| (hash ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3))
}
