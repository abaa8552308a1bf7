//! The shape of the code: which crate may know which, and a few rules that a compiler does not check.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail by panicking, as tests do")]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};
use terrarium_testkit::root;

type Edges = BTreeMap<String, BTreeSet<String>>;

/// The table in ARCHITECTURE.md: a fenced block `edges`, one line per crate.
fn table() -> Edges {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let block = text.split("```edges\n").nth(1).and_then(|rest| rest.split("```").next());
    let lines = block.expect("ARCHITECTURE.md has a block ```edges").lines();
    let parse = |line: &str| {
        let (from, to) = line.split_once("->").unwrap_or_else(|| panic!("no arrow in {line:?}"));
        let to = to.split(',').map(|t| t.trim().to_owned()).filter(|t| !t.is_empty()).collect();
        (from.trim().to_owned(), to)
    };
    lines.map(parse).collect()
}

/// Every package of the workspace with its normal dependencies, ours and others.
fn packages() -> Vec<(String, BTreeSet<String>)> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let normal = |package: &serde_json::Value| {
        let all = package["dependencies"].as_array().unwrap().iter();
        let normal = all.filter(|d| d["kind"].is_null());
        normal.map(|d| d["name"].as_str().unwrap().to_owned()).collect()
    };
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages.map(|p| (p["name"].as_str().unwrap().to_owned(), normal(p))).collect()
}

#[test]
fn crates_know_each_other_only_as_the_table_says() {
    let ours: BTreeSet<_> = packages().into_iter().map(|(name, _)| name).collect();
    let real: Edges = packages()
        .into_iter()
        .map(|(name, deps)| (name, deps.into_iter().filter(|d| ours.contains(d)).collect()))
        .collect();
    assert_eq!(real, table(), "left: Cargo.toml files; right: the table in ARCHITECTURE.md");
}

#[test]
fn words_and_rules_know_no_tasks_no_web_and_no_chance() {
    let banned = [
        ("terrarium-wire", &["tokio", "axum", "leptos", "uuid", "rand", "chrono"][..]),
        ("terrarium-core", &["tokio", "axum", "leptos", "uuid", "rand", "chrono"]),
        ("terrarium-runtime", &["axum", "leptos", "clap", "kube"]),
        ("terrarium-mirror", &["axum", "leptos", "clap"]),
        ("terrarium-kgents", &["axum", "leptos"]),
    ];
    let packages: BTreeMap<_, _> = packages().into_iter().collect();
    for (name, banned) in banned {
        let found: Vec<_> = banned.iter().filter(|b| packages[name].contains(**b)).collect();
        assert!(found.is_empty(), "{name} must not depend on {found:?}");
    }
}

#[test]
fn nothing_brings_a_machine_learning_framework_along() {
    // A patch that does not fit any more is only warned about, and the published crate comes back.
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    assert!(!lock.contains("name = \"burn"), "crates/pos-utils stands in for the crate that needs burn");
}

/// Rust sources of the product: what stands under a `src` folder.
fn sources() -> Vec<PathBuf> {
    fn walk(folder: &Path, out: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && name != "target" && name != "node_modules" {
                walk(&path, out);
            } else if path.extension().is_some_and(|e| e == "rs") && path.components().any(|c| c.as_os_str() == "src") {
                out.push(path);
            }
        }
    }
    let mut out = Vec::new();
    walk(&root(), &mut out);
    assert!(out.len() > 40, "the walk finds the sources");
    out
}

/// Asserts that no source line outside `but` matches; says where it does.
fn nowhere(why: &str, but: &[&str], wrong: impl Fn(&str) -> bool) {
    let mut found = Vec::new();
    for path in sources() {
        let shown = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
        if but.iter().any(|b| shown.starts_with(b)) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let product = text.split("#[cfg(test)]").next().unwrap();
        found.extend(
            product.lines().enumerate().filter(|(_, l)| wrong(l)).map(|(n, l)| format!("{shown}:{}: {l}", n + 1)),
        );
    }
    assert!(found.is_empty(), "{why}\n{}", found.join("\n"));
}

#[test]
fn every_file_says_at_its_top_what_it_is() {
    for path in sources() {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//!"), "{} opens with //! what it is", path.display());
    }
}

#[test]
fn urls_stand_in_one_place() {
    nowhere("URLs belong in wire/src/route.rs", &["crates/wire/src/route.rs", "crates/xtask"], |line| {
        line.contains("\"/api/") && !line.trim_start().starts_with("//")
    });
}

#[test]
fn features_are_asked_for_in_one_place() {
    nowhere(
        "cfg(feature) in the page belongs in app/src/api.rs",
        &["app/src/api.rs", "server", "crates", "frontend"],
        |line| line.contains("feature = \""),
    );
}

#[test]
fn no_file_is_called_mod_rs() {
    assert!(sources().iter().all(|p| p.file_name().is_some_and(|n| n != "mod.rs")));
}
