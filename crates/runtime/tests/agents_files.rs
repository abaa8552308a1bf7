//! The `files` agent on real folders.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test's helpers fail the test")]

use futures::StreamExt;
use serde_json::{Value, json};
use std::{collections::HashSet, fs, io::Write, path::Path, time::Duration};
use tempfile::TempDir;
use terrarium_runtime::{
    agent::{Agent, AgentError, Source, Step, StepCx},
    agents::files::{self, Change, Files, Happening},
};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(10);

struct Watching {
    files: Files,
    changes: Source<Change>,
}

impl Watching {
    fn start(folder: &Path) -> Self {
        let (files, changes) = files::factory(folder)().unwrap();
        Self { files, changes }
    }

    async fn item(&mut self) -> Option<Result<Change, AgentError>> {
        timeout(PATIENCE, self.changes.next()).await.expect("a change in time")
    }

    async fn next(&mut self) -> Value {
        let change = self.item().await.unwrap().unwrap();
        match self.files.step(change, &mut StepCx::default()).await.unwrap() {
            Step::Result(data) => data,
            other => panic!("a change is always told: {other:?}"),
        }
    }

    /// The next change that is not the `modified` a slow write may add to the change before.
    async fn next_but_modified(&mut self) -> Value {
        loop {
            let change = self.next().await;
            if change["change"] != "modified" {
                return change;
            }
        }
    }

    /// Everything until this path is created.
    async fn until_created(&mut self, path: &str) -> Vec<Value> {
        let mut changes = Vec::new();
        loop {
            let change = self.next().await;
            if change["path"] == path && change["change"] == "created" {
                return changes;
            }
            changes.push(change);
        }
    }
}

fn folder_with(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn failure(path: &Path) -> AgentError {
    files::factory(path)().map(|_| ()).unwrap_err()
}

#[tokio::test]
async fn a_file_is_created_modified_renamed_and_removed() {
    let folder = folder_with(&[("old.txt", "1234")]);
    let at = |name: &str| folder.path().join(name);
    let mut watching = Watching::start(folder.path());

    fs::write(at("old.txt"), "12345").unwrap();
    assert_eq!(watching.next().await, json!({ "path": "old.txt", "change": "modified", "kind": "file", "bytes": 5 }));
    fs::write(at("new.txt"), "abc").unwrap();
    assert_eq!(
        watching.next_but_modified().await,
        json!({ "path": "new.txt", "change": "created", "kind": "file", "bytes": 3 })
    );
    fs::rename(at("new.txt"), at("newer.txt")).unwrap();
    assert_eq!(
        watching.next_but_modified().await,
        json!({ "path": "newer.txt", "change": "renamed", "kind": "file", "from": "new.txt", "bytes": 3 })
    );
    fs::remove_file(at("newer.txt")).unwrap();
    assert_eq!(watching.next_but_modified().await, json!({ "path": "newer.txt", "change": "removed", "kind": "file" }));
}

#[tokio::test]
async fn a_file_saved_by_way_of_a_temporary_one_is_modified() {
    let folder = folder_with(&[("notes.md", "one")]);
    let mut watching = Watching::start(folder.path());
    fs::write(folder.path().join("notes.md.tmp"), "two!").unwrap();
    fs::rename(folder.path().join("notes.md.tmp"), folder.path().join("notes.md")).unwrap();
    assert_eq!(watching.next().await, json!({ "path": "notes.md", "change": "modified", "kind": "file", "bytes": 4 }));
}

#[tokio::test]
async fn what_is_ignored_is_not_seen_and_new_rules_count_at_once() {
    let folder =
        folder_with(&[(".gitignore", "*.log\ntarget/\n"), ("target/out", ""), (".git/HEAD", ""), ("src/a", "")]);
    let at = |name: &str| folder.path().join(name);
    let mut watching = Watching::start(folder.path());
    for path in ["debug.log", "target/out", ".git/HEAD", "src/x.log"] {
        fs::write(at(path), "noise").unwrap();
    }
    fs::write(at("src/first"), "").unwrap();
    assert_eq!(watching.until_created("src/first").await, Vec::<Value>::new());

    fs::write(at(".gitignore"), "*.tmp\n").unwrap();
    assert_eq!(watching.next().await["path"], ".gitignore");
    fs::write(at("now.tmp"), "").unwrap();
    fs::write(at("now.log"), "").unwrap();
    assert_eq!(watching.next_but_modified().await["path"], "now.log");
    fs::write(at("target/deep"), "").unwrap();
    assert_eq!(watching.next_but_modified().await["path"], "target/deep");
}

#[tokio::test]
async fn files_of_new_and_renamed_folders_are_seen() {
    let folder = folder_with(&[("kept", "")]);
    let at = |name: &str| folder.path().join(name);
    let mut watching = Watching::start(folder.path());
    fs::create_dir_all(at("a/b")).unwrap();
    fs::write(at("a/b/first"), "").unwrap();
    let changes = watching.until_created("a/b/first").await;
    assert_eq!(
        changes,
        [
            json!({ "path": "a", "change": "created", "kind": "folder" }),
            json!({ "path": "a/b", "change": "created", "kind": "folder" })
        ]
    );
    fs::write(at("a/b/second"), "").unwrap();
    watching.until_created("a/b/second").await;

    fs::rename(at("a"), at("z")).unwrap();
    assert_eq!(
        watching.next_but_modified().await,
        json!({ "path": "z", "change": "renamed", "kind": "folder", "from": "a" })
    );
    fs::write(at("z/b/third"), "").unwrap();
    assert_eq!(watching.next_but_modified().await["path"], "z/b/third");

    fs::remove_dir_all(at("z")).unwrap();
    let mut removed = Vec::new();
    for _ in 0..5 {
        let change = watching.next_but_modified().await;
        assert_eq!(change["change"], "removed");
        removed.push(change["path"].as_str().unwrap().to_owned());
    }
    assert_eq!(removed.last().unwrap(), "z");
}

#[tokio::test]
async fn a_folder_replaced_by_one_of_the_same_name_stays_watched() {
    let folder = folder_with(&[("sub/old", "")]);
    let at = |name: &str| folder.path().join(name);
    let mut watching = Watching::start(folder.path());
    fs::remove_dir_all(at("sub")).unwrap();
    fs::create_dir(at("sub")).unwrap();
    assert_eq!(watching.next().await["path"], "sub/old");
    fs::write(at("sub/new"), "").unwrap();
    watching.until_created("sub/new").await;
}

#[tokio::test]
async fn a_removed_folder_is_said_and_ends_the_source() {
    let folder = folder_with(&[("a", "")]);
    let mut watching = Watching::start(folder.path());
    fs::remove_dir_all(folder.path()).unwrap();
    assert_eq!(watching.item().await.unwrap().unwrap_err().kind, "folder_removed");
    assert!(watching.item().await.is_none());
}

#[test]
fn what_cannot_be_watched_is_an_error_of_its_own_kind() {
    let folder = folder_with(&[("a", "")]);
    assert_eq!(failure(&folder.path().join("nowhere")).kind, "folder_not_found");
    assert_eq!(failure(&folder.path().join("a")).kind, "not_a_folder");
}

#[tokio::test]
async fn files_created_in_a_storm_are_found_again_and_what_was_missed_is_said() {
    let folder = folder_with(&[("a", ""), ("b", "")]);
    let mut watching = Watching::start(folder.path());
    // Nobody reads meanwhile, so the queues overflow: ours holds 16,384 notices and so does the system's. Writing in turns
    // keeps the system from merging equal notices.
    let mut files = ["a", "b"].map(|name| fs::File::create(folder.path().join(name)).unwrap());
    for _ in 0..30_000 {
        files.iter_mut().for_each(|file| file.write_all(b"x").unwrap());
    }
    for n in 0..200 {
        fs::write(folder.path().join(n.to_string()), "").unwrap();
    }
    let (mut created, mut missed) = (HashSet::new(), 0);
    // What was missed is said after the changes of its window, which may have been the last ones.
    while created.len() < 200 || missed == 0 {
        match watching.item().await.unwrap() {
            Ok(change) if change.change == Happening::Created => assert!(created.insert(change.path), "said twice"),
            Ok(_) => {}
            Err(e) => {
                assert_eq!(e.kind, "changes_missed");
                missed += 1;
            }
        }
    }
}
