//! One `tail` agent per file of a folder: it appears with the file and leaves with it.
//!
//! Not an agent but a keeper of agents. Two looks a second are enough for a person, work on every file system, and cost
//! one directory listing.

use super::tail;
use crate::{registry::Registry, tasks::OnPanic};
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::{MissedTickBehavior, interval};
use wire::AgentId;

/// Time between two looks.
const LOOK: Duration = Duration::from_millis(500);
/// Looks for which a file has to be missing before its agent leaves: a log that is rotated is only away for a moment.
const LOOKS_MISSING: u32 = 4;
/// Files followed in one folder. Further ones wait for a place, and the log says so.
pub const FILES_MAX: usize = 128;

/// Follows the files of a folder: those there now from their end, those that come later from their beginning. Hidden files
/// and subfolders are left alone. A folder that goes away is waited for.
///
/// # Errors
/// Where the folder cannot be read now.
pub fn keep(registry: &Registry, folder: PathBuf) -> io::Result<()> {
    let mut keeper = Keeper { registry: registry.clone(), folder, kept: BTreeMap::new(), full: false, unread: false };
    keeper.look(&list(&keeper.folder)?, tail::From::End);
    let stopping = registry.tasks().stopping();
    registry.tasks().spawn("folder", OnPanic::Log, async move {
        let _ = stopping.run_until_cancelled(keeper.run()).await;
    });
    Ok(())
}

struct Keeper {
    registry: Registry,
    folder: PathBuf,
    kept: BTreeMap<PathBuf, Kept>,
    /// Whether it was said that there are too many files.
    full: bool,
    /// Whether it was said that the folder cannot be read.
    unread: bool,
}

/// An agent that this keeper planted.
struct Kept {
    id: AgentId,
    missing: u32,
}

impl Keeper {
    async fn run(mut self) {
        let mut tick = interval(LOOK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let folder = self.folder.clone();
            let files = match tokio::task::spawn_blocking(move || list(&folder)).await {
                Ok(Ok(files)) => files,
                Ok(Err(error)) => {
                    if !std::mem::replace(&mut self.unread, true) {
                        tracing::warn!(folder = %self.folder.display(), %error, "a folder to follow cannot be read");
                    }
                    BTreeSet::new()
                }
                Err(_) => return,
            };
            self.unread &= files.is_empty();
            for gone in self.look(&files, tail::From::Beginning) {
                self.registry.remove(&gone).await;
            }
        }
    }

    /// Plants agents for new files; returns those whose files have been gone for long enough.
    fn look(&mut self, files: &BTreeSet<PathBuf>, from: tail::From) -> Vec<AgentId> {
        for file in files {
            if let Some(kept) = self.kept.get_mut(file) {
                kept.missing = 0;
            } else if self.kept.len() < FILES_MAX {
                self.plant(file, from);
            } else if !std::mem::replace(&mut self.full, true) {
                tracing::warn!(folder = %self.folder.display(), FILES_MAX, "more files than are followed");
            }
        }
        let mut gone = Vec::new();
        self.kept.retain(|file, kept| {
            kept.missing += u32::from(!files.contains(file));
            if kept.missing >= LOOKS_MISSING {
                gone.push(kept.id.clone());
            }
            kept.missing < LOOKS_MISSING
        });
        gone
    }

    fn plant(&mut self, file: &Path, from: tail::From) {
        let id = tail::agent_id(file, |id| self.registry.get(id).is_some());
        match self.registry.plant(id.clone(), tail::profile(file), tail::factory(file, from)) {
            Ok(_) => {
                self.kept.insert(file.to_owned(), Kept { id, missing: 0 });
            }
            Err(error) => tracing::warn!(file = %file.display(), %error, "a file cannot be followed"),
        }
    }
}

/// The regular files of a folder that are not hidden.
fn list(folder: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let mut files = BTreeSet::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        // Asked of the path and not of the entry, so that a link to a file counts as one.
        if !hidden && std::fs::metadata(entry.path()).is_ok_and(|m| m.is_file()) {
            files.insert(entry.path());
        }
    }
    Ok(files)
}
