//! File names with a content hash, compressed twins, and the manifest the server embeds.
//!
//! A hashed name may be cached for ever; every other file has to be asked for again.

use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use flate2::{Compression, write::GzEncoder};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    Flavour,
    input::{files_below, hex},
};

/// Bytes of SHA-256 in a file name; eight make a clash within one site's lifetime unthinkable.
const HASH_BYTES: usize = 8;

#[derive(Serialize)]
struct Manifest {
    js: String,
    wasm: String,
    css: String,
    files: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    path: String,
    content_type: &'static str,
    hashed: bool,
    br: bool,
    gz: bool,
}

/// Brotli's highest quality.
pub(crate) const BEST: i32 = 11;

/// Writes one site into an empty folder.
pub(crate) struct Packer {
    folder: PathBuf,
    brotli_quality: i32,
    manifest: Manifest,
    sizes: String,
}

impl Packer {
    pub(crate) fn new(folder: &Path, flavour: Flavour) -> Result<Self> {
        fs::create_dir_all(folder.join("pkg")).with_context(|| format!("{} could not be made", folder.display()))?;
        Ok(Self {
            folder: folder.to_owned(),
            brotli_quality: match flavour {
                Flavour::Release => BEST,
                Flavour::Debug => 5,
            },
            manifest: Manifest { js: String::new(), wasm: String::new(), css: String::new(), files: Vec::new() },
            sizes: format!("  {:<44} {:>11} {:>11} {:>11}", "file", "raw", "gzip", "brotli"),
        })
    }

    /// The page itself: wasm, script, style, and the script's snippets.
    pub(crate) fn add_page(&mut self, bound: &Path, css: &str) -> Result<()> {
        let wasm = read(&bound.join("terrarium_bg.wasm"))?;
        let wasm_path = hashed_path("terrarium_bg", &wasm, "wasm");
        let script = String::from_utf8(read(&bound.join("terrarium.js"))?).context("the script is not UTF-8")?;
        // The script's own default for the wasm's name; rewritten so that `init()` finds it with and without an argument.
        let script = script.replace("terrarium_bg.wasm", wasm_path.trim_start_matches("/pkg/"));
        let script_path = hashed_path("terrarium", script.as_bytes(), "js");
        let css_path = hashed_path("terrarium", css.as_bytes(), "css");

        self.add(&script_path, script.as_bytes(), true)?;
        self.add(&wasm_path, &wasm, true)?;
        self.add(&css_path, css.as_bytes(), true)?;
        self.manifest.js = script_path;
        self.manifest.wasm = wasm_path;
        self.manifest.css = css_path;

        // The script imports these as `./snippets/…`, so they keep their names and places.
        for file in files_below(&bound.join("snippets"))? {
            let path = format!("/pkg/{}", relative(&file, bound));
            self.add(&path, &read(&file)?, false)?;
        }
        Ok(())
    }

    /// Static files keep their names and stand at the root.
    pub(crate) fn add_public(&mut self, public: &Path) -> Result<()> {
        for file in files_below(public)? {
            let path = format!("/{}", relative(&file, public));
            self.add(&path, &read(&file)?, false)?;
        }
        Ok(())
    }

    /// Writes `manifest.json` and returns the table of sizes.
    pub(crate) fn finish(self) -> Result<String> {
        let text = serde_json::to_string_pretty(&self.manifest)?;
        write(&self.folder.join("manifest.json"), text.as_bytes())?;
        Ok(self.sizes)
    }

    fn add(&mut self, path: &str, bytes: &[u8], hashed: bool) -> Result<()> {
        let (content_type, compressible) = kind(path);
        let file = self.folder.join(path.trim_start_matches('/'));
        write(&file, bytes)?;
        let twin = |extension: &str, packed: Option<Vec<u8>>| -> Result<Option<usize>> {
            // A twin that saves nothing would only cost the browser time.
            let Some(packed) = packed.filter(|packed| packed.len() < bytes.len()) else { return Ok(None) };
            write(&PathBuf::from(format!("{}.{extension}", file.display())), &packed)?;
            Ok(Some(packed.len()))
        };
        let gz = twin("gz", compressible.then(|| gzip(bytes)).transpose()?)?;
        let br = twin("br", compressible.then(|| brotli(bytes, self.brotli_quality)).transpose()?)?;
        let _ = write!(self.sizes, "\n  {path:<44} {:>11} {:>11} {:>11}", size(Some(bytes.len())), size(gz), size(br));
        let entry = Entry { path: path.to_owned(), content_type, hashed, br: br.is_some(), gz: gz.is_some() };
        self.manifest.files.push(entry);
        Ok(())
    }
}

fn hashed_path(stem: &str, bytes: &[u8], extension: &str) -> String {
    let digest = Sha256::digest(bytes);
    format!("/pkg/{stem}.{}.{extension}", hex(&digest[..HASH_BYTES]))
}

/// The media type, and whether compressing it can pay.
fn kind(path: &str) -> (&'static str, bool) {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "js" | "mjs" => ("text/javascript; charset=utf-8", true),
        "wasm" => ("application/wasm", true),
        "css" => ("text/css; charset=utf-8", true),
        "html" => ("text/html; charset=utf-8", true),
        "txt" => ("text/plain; charset=utf-8", true),
        "json" | "map" => ("application/json", true),
        "webmanifest" => ("application/manifest+json", true),
        "svg" => ("image/svg+xml", true),
        "ico" => ("image/x-icon", true),
        "png" => ("image/png", false),
        "jpg" | "jpeg" => ("image/jpeg", false),
        "webp" => ("image/webp", false),
        "woff2" => ("font/woff2", false),
        _ => ("application/octet-stream", false),
    }
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

/// As brotli does it at `quality`, 0 to [`BEST`].
pub(crate) fn brotli(bytes: &[u8], quality: i32) -> Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams { quality, ..Default::default() };
    let mut packed = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut packed, &parameters)?;
    Ok(packed)
}

/// The path below `folder`, with slashes on every system.
fn relative(file: &Path, folder: &Path) -> String {
    let below = file.strip_prefix(folder).unwrap_or(file);
    below.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{} could not be read", path.display()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("{} could not be made", folder.display()))?;
    }
    fs::write(path, bytes).with_context(|| format!("{} could not be written; is the disk full?", path.display()))
}

fn size(bytes: Option<usize>) -> String {
    match bytes {
        None => String::from("-"),
        Some(bytes) if bytes < 10_000 => format!("{bytes} B"),
        Some(bytes) => format!("{:.1} kB", bytes as f64 / 1000.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_unpack_to_the_file_and_the_script_names_the_hashed_wasm() {
        let folder = tempfile::tempdir().unwrap();
        let bound = folder.path().join("bindgen");
        write(&bound.join("terrarium_bg.wasm"), &[7; 4000]).unwrap();
        write(&bound.join("terrarium.js"), b"import './snippets/a/inline0.js'; new URL('terrarium_bg.wasm')").unwrap();
        write(&bound.join("snippets/a/inline0.js"), b"export const a = 1;").unwrap();
        write(&folder.path().join("public/robots.txt"), &b"User-agent: *\n".repeat(9)).unwrap();

        let site = folder.path().join("site");
        let mut packer = Packer::new(&site, Flavour::Release).unwrap();
        packer.add_page(&bound, "a{margin:0}").unwrap();
        packer.add_public(&folder.path().join("public")).unwrap();
        packer.finish().unwrap();

        let manifest: serde_json::Value = serde_json::from_slice(&read(&site.join("manifest.json")).unwrap()).unwrap();
        let wasm = manifest["wasm"].as_str().unwrap();
        let script = read(&site.join(&manifest["js"].as_str().unwrap()[1..])).unwrap();
        assert!(String::from_utf8(script).unwrap().contains(wasm.trim_start_matches("/pkg/")));
        let packed = read(&site.join(format!("{}.br", &wasm[1..]))).unwrap();
        let mut unpacked = Vec::new();
        brotli::BrotliDecompress(&mut &*packed, &mut unpacked).unwrap();
        assert_eq!(unpacked, [7; 4000]);
        let paths: Vec<&str> =
            manifest["files"].as_array().unwrap().iter().map(|entry| entry["path"].as_str().unwrap()).collect();
        assert!(paths.contains(&"/pkg/snippets/a/inline0.js") && paths.contains(&"/robots.txt"), "{paths:?}");
        assert!(site.join("robots.txt.gz").is_file());
    }
}
