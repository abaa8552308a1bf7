//! The `tail` agent on real files.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test's helpers fail the test")]

use futures::StreamExt;
use serde_json::{Value, json};
use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::Path,
    time::Duration,
};
use terrarium_runtime::{
    agent::{Agent, Source, Step, StepCx},
    agents::tail::{self, From, LINE_MAX, Line, Tail},
};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(10);

struct Following {
    tail: Tail,
    lines: Source<Line>,
}

impl Following {
    fn start(path: &Path) -> Self {
        Self::start_from(path, From::End)
    }

    fn start_from(path: &Path, from: From) -> Self {
        let (tail, lines) = tail::factory(path, from)().unwrap();
        Self { tail, lines }
    }

    async fn next(&mut self) -> Value {
        let line = timeout(PATIENCE, self.lines.next()).await.expect("a line in time").unwrap().unwrap();
        match self.tail.step(line, &mut StepCx::default()).await.unwrap() {
            Step::Result(data) => data,
            other => panic!("a line is always told: {other:?}"),
        }
    }
}

fn append(path: &Path) -> File {
    OpenOptions::new().append(true).create(true).open(path).unwrap()
}

#[tokio::test]
async fn five_thousand_lines_arrive_once_and_in_order_across_a_rotation_and_a_truncation() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    fs::write(&path, "from before\n").unwrap();
    let mut following = Following::start(&path);

    let (read_to_here, truncate_now) = std::sync::mpsc::channel();
    let writer = std::thread::spawn({
        let path = path.clone();
        move || {
            let mut file = append(&path);
            for n in 0..1500 {
                writeln!(file, "{n}").unwrap();
            }
            fs::rename(&path, path.with_extension("1")).unwrap();
            // A writer that has not noticed yet writes to the old file even after the new one exists.
            let mut new = append(&path);
            for n in 1500..2000 {
                writeln!(file, "{n}").unwrap();
            }
            for n in 2000..4500 {
                writeln!(new, "{n}").unwrap();
            }
            // Truncating what was not read would destroy it, so this waits as `copytruncate` cannot. What follows is
            // shorter than what was read, so that it is seen as a truncation however late it is looked at.
            truncate_now.recv().unwrap();
            new.set_len(0).unwrap();
            for n in 4500..5000 {
                writeln!(new, "{n}").unwrap();
            }
        }
    });
    for n in 0..5000 {
        assert_eq!(following.next().await, json!(n.to_string()));
        if n == 4499 {
            read_to_here.send(()).unwrap();
        }
    }
    writer.join().unwrap();
    writeln!(append(&path), "the end").unwrap();
    assert_eq!(following.next().await, "the end");
}

#[tokio::test]
async fn a_line_waits_for_its_newline() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    fs::write(&path, "old\nbegun before").unwrap();
    let mut following = Following::start(&path);
    assert!(futures::poll!(following.lines.next()).is_pending());

    write!(append(&path), ", ended after\r\nhal").unwrap();
    assert_eq!(following.next().await, "begun before, ended after");
    assert!(timeout(Duration::from_millis(300), following.lines.next()).await.is_err(), "half a line is no line");

    writeln!(append(&path), "f\n").unwrap();
    assert_eq!(following.next().await, "half");
    assert_eq!(following.next().await, "");
}

#[tokio::test]
async fn an_unfinished_line_of_a_rotated_file_is_said_before_the_new_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    fs::write(&path, "").unwrap();
    let mut following = Following::start(&path);
    write!(append(&path), "first\nunfinished").unwrap();
    assert_eq!(following.next().await, "first");
    fs::rename(&path, folder.path().join("app.log.1")).unwrap();
    fs::write(&path, "new\n").unwrap();
    assert_eq!(following.next().await, "unfinished");
    assert_eq!(following.next().await, "new");
}

#[tokio::test]
async fn json_objects_stay_objects_and_all_else_is_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    fs::write(&path, "").unwrap();
    let mut following = Following::start(&path);
    append(&path)
        .write_all(b"{\"level\":\"warn\",\"n\":1}\n[1,2]\n42\n{\"broken\":\nplain\n\xff\xfe caf\xc3\xa9\n")
        .unwrap();
    assert_eq!(following.next().await, json!({ "level": "warn", "n": 1 }));
    for text in ["[1,2]", "42", "{\"broken\":", "plain", "\u{fffd}\u{fffd} café"] {
        assert_eq!(following.next().await, text);
    }
}

#[tokio::test]
async fn a_line_beyond_the_limit_says_how_much_was_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    fs::write(&path, "").unwrap();
    let mut following = Following::start(&path);
    writeln!(append(&path), "{}\nshort", "x".repeat(LINE_MAX * 3 + 7)).unwrap();
    let long = following.next().await;
    let long = long.as_str().unwrap();
    assert!(long.ends_with(&format!("… [{} more bytes]", LINE_MAX * 2 + 7)));
    assert_eq!(long.bytes().filter(|byte| *byte == b'x').count(), LINE_MAX);
    assert_eq!(following.next().await, "short");
}

#[tokio::test]
async fn a_file_that_comes_later_is_read_from_its_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("later").join("app.log");
    let mut following = Following::start(&path);
    assert!(futures::poll!(following.lines.next()).is_pending());
    fs::create_dir(path.parent().unwrap()).unwrap();
    fs::write(&path, "first\nsecond\n").unwrap();
    assert_eq!(following.next().await, "first");
    assert_eq!(following.next().await, "second");
}

#[tokio::test]
async fn from_the_beginning_what_was_there_already_is_read_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    fs::write(&path, "before\n").unwrap();
    let mut following = Following::start_from(&path, From::Beginning);
    assert_eq!(following.next().await, "before");
    writeln!(append(&path), "after").unwrap();
    assert_eq!(following.next().await, "after");
}

#[test]
fn a_folder_is_not_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let error = tail::factory(folder.path(), From::End)().map(|_| ()).unwrap_err();
    assert_eq!(error.kind, "not_a_file");
}

#[test]
fn an_id_is_the_name_of_the_file_and_a_number_if_it_is_taken() {
    let id = |path: &str, taken: &[&str]| tail::agent_id(Path::new(path), |id| taken.contains(&id.as_str()));
    assert_eq!(id("/var/log/App.log", &[]).as_str(), "app-log");
    assert_eq!(id("/var/log/App.log", &["app-log", "app-log-2"]).as_str(), "app-log-3");
    assert_eq!(id("/var/log/日誌", &[]).as_str(), "tail");
    assert_eq!(id("/var/log/events", &[]).as_str(), "events-agent");
    let long = "x".repeat(100);
    assert_eq!(id(&long, &[&"x".repeat(64)]).as_str().len(), 64);
}
