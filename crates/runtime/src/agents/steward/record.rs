//! What was run, on disk: so that an approval is used once, whatever dies in between.
//!
//! One small file per question, written and synced before its snippet starts. It owns those files and what a run that was
//! cut short by a crash left behind in its folder.

use super::run::{Ended, PREFIX};
use crate::{agent::AgentError, clock};
use prism::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};
use wire::{Timestamp, TokenId};

/// Runs that are remembered, the newest. Questions that may come a second time are few and among these: they are those
/// whose run a crash cut short.
const KEPT: usize = 1000;

/// The folder of records.
#[derive(Debug)]
pub(super) struct Record(PathBuf);

/// A run as it is remembered.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    began_at: Timestamp,
    /// Where it ran, to be removed if the run could not.
    folder: PathBuf,
    outcome: Option<Outcome>,
}

/// How a run of before ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
pub struct Outcome {
    exit_code: Option<i32>,
    signal: Option<i32>,
    timed_out: bool,
    duration_ms: u64,
}

/// A run that was before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
pub struct Before {
    /// `before`.
    ran: BeforeWord,
    /// When it began, in milliseconds since 1970; nothing if its record cannot be read.
    began_at_ms: Option<i64>,
    /// How it ended; nothing if it was cut short, by a cancel or the end of the gateway.
    outcome: Option<Outcome>,
}

/// The word for a run that was before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
#[serde(rename_all = "snake_case")]
pub enum BeforeWord {
    /// It ran before.
    Before,
}

impl Record {
    /// Opens the records, and cleans up after runs that were cut short.
    pub(super) fn open(folder: PathBuf) -> Result<Self, AgentError> {
        fs::create_dir_all(&folder).map_err(|e| unwritable(&folder, &e))?;
        let mut files = Vec::new();
        for entry in fs::read_dir(&folder).map_err(|e| unwritable(&folder, &e))?.flatten() {
            let path = entry.path();
            if let Some(Line { began_at, folder, outcome }) = read(&path) {
                let ours = folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
                if outcome.is_none() && ours && folder.exists() {
                    tracing::info!(folder = %folder.display(), "a run was cut short; its folder is removed");
                    let _ = fs::remove_dir_all(&folder);
                }
                files.push((began_at, path));
            }
        }
        files.sort();
        for (_, path) in files.iter().take(files.len().saturating_sub(KEPT)) {
            let _ = fs::remove_file(path);
        }
        Ok(Self(folder))
    }

    /// Writes down that the snippet of this question now runs there; or says that it did before, and writes nothing.
    pub(super) fn begin(&self, id: &TokenId, folder: &Path) -> Result<Option<Before>, AgentError> {
        let path = self.path(id);
        let line = Line { began_at: clock::wall(), folder: folder.to_owned(), outcome: None };
        match self.write_new(&path, &line) {
            Ok(()) => Ok(None),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                let line = read(&path);
                let began_at_ms = line.as_ref().map(|line| line.began_at.as_millis());
                Ok(Some(Before { ran: BeforeWord::Before, began_at_ms, outcome: line.and_then(|l| l.outcome) }))
            }
            Err(e) => Err(unwritable(&self.0, &e)),
        }
    }

    /// Adds how it ended. That it ran is kept in any case.
    pub(super) fn ended(&self, id: &TokenId, ended: &Ended) {
        let path = self.path(id);
        let Some(mut line) = read(&path) else { return };
        let Ended { exit_code, signal, timed_out, duration_ms, .. } = *ended;
        line.outcome = Some(Outcome { exit_code, signal, timed_out, duration_ms });
        let fresh = path.with_extension("new");
        let written = serde_json::to_vec(&line).map_err(io::Error::other).and_then(|text| fs::write(&fresh, text));
        if let Err(error) = written.and_then(|()| fs::rename(&fresh, &path)) {
            tracing::warn!(%id, %error, "how a run ended could not be written down");
        }
    }

    fn write_new(&self, path: &Path, line: &Line) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
        file.write_all(&serde_json::to_vec(line)?)?;
        file.sync_all()?;
        File::open(&self.0)?.sync_all()
    }

    fn path(&self, id: &TokenId) -> PathBuf {
        self.0.join(id.as_str()).with_extension("json")
    }
}

fn read(path: &Path) -> Option<Line> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

fn unwritable(folder: &Path, error: &io::Error) -> AgentError {
    let message = format!("what is run cannot be written down in {}: {error}", folder.display());
    AgentError::new("no_record", message).hint("nothing runs without that; look at the folder's disk and rights")
}
