//! `style/main.css` and everything it imports, as one small sheet.

use std::path::Path;

use anyhow::{Result, anyhow, bail};
use lightningcss::{
    bundler::{Bundler, FileProvider},
    stylesheet::{MinifyOptions, ParserOptions, PrinterOptions},
    targets::{Browsers, Targets},
};

use super::Flavour;

/// The oldest browsers the page is meant for: those with CSS nesting's and `color-mix`'s neighbours, spring 2023.
const BROWSERS: Browsers = Browsers {
    android: Some(version(111)),
    chrome: Some(version(111)),
    edge: Some(version(111)),
    firefox: Some(version(113)),
    ie: None,
    ios_saf: Some(version(16) | 4 << 8),
    opera: Some(version(97)),
    safari: Some(version(16) | 4 << 8),
    samsung: Some(version(22)),
};

/// Resolves every `@import`; minifies for release.
pub(crate) fn bundle(entry: &Path, flavour: Flavour) -> Result<String> {
    if !entry.is_file() {
        bail!("{} is missing; the site's style starts there (it may be empty)", entry.display());
    }
    let provider = FileProvider::new();
    let targets = Targets::from(BROWSERS);
    let mut sheet = Bundler::new(&provider, None, ParserOptions::default())
        .bundle(entry)
        .map_err(|error| anyhow!("the style cannot be bundled: {error}"))?;
    sheet
        .minify(MinifyOptions { targets, ..MinifyOptions::default() })
        .map_err(|error| anyhow!("the style cannot be minified: {error}"))?;
    let printer = PrinterOptions { minify: flavour == Flavour::Release, targets, ..PrinterOptions::default() };
    let printed = sheet.to_css(printer).map_err(|error| anyhow!("the style cannot be printed: {error}"))?;
    Ok(printed.code)
}

/// Lightning CSS writes a browser's version as `major << 16 | minor << 8`.
const fn version(major: u32) -> u32 {
    major << 16
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn imports_are_bundled_and_minified() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("part.css"), "b { color : #ff0000 }").unwrap();
        fs::write(folder.path().join("main.css"), "@import './part.css';\na { margin : 0px }").unwrap();
        let css = bundle(&folder.path().join("main.css"), Flavour::Release).unwrap();
        assert_eq!(css, "b{color:red}a{margin:0}");
    }

    #[test]
    fn a_missing_import_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("main.css"), "@import './nowhere.css';").unwrap();
        let error = bundle(&folder.path().join("main.css"), Flavour::Release).unwrap_err();
        assert!(error.to_string().contains("main.css") || error.to_string().contains("nowhere.css"), "{error}");
    }
}
