//! The agent that says what changes in a folder, except what `.gitignore` leaves out.
//!
//! It owns the collecting of the system's notices over a short window; `tree` owns what is known of the folder and
//! `window` finds out what a window of notices comes to. It never opens a file other than `.gitignore`, and it watches a
//! folder whole or not at all: one that is too large is an error, not a part of it.

mod tree;
mod window;

use crate::agent::{Agent, AgentError, Factory, Profile, Source, Step, StepCx};
use futures::stream;
use serde::Serialize;
use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};
use tree::Tree;
use window::Window;

/// Changes of one path within this time are one change.
const WINDOW: Duration = Duration::from_millis(200);
/// Most paths in one window; a storm of changes closes it early.
const WINDOW_PATHS: usize = 10_000;
/// Notices of the system that may wait for the agent. When it is full the rest are counted and said to be missed.
const NOTICES: usize = 16_384;
/// Most folders watched, not counting the ignored ones.
const FOLDERS_MAX: usize = 20_000;

/// Who it is.
#[must_use]
pub fn profile(folder: &Path) -> Profile {
    let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy();
    Profile { genus: "files", description: format!("Changes in the folder {name}.") }
}

/// Makes the agent and a source that ends only if the folder is removed or grows too large.
///
/// Calling it reads the whole tree once, which blocks: milliseconds for a project, a second or so at the limit.
#[must_use]
pub fn factory(folder: impl Into<PathBuf>) -> Factory<Files> {
    let folder = folder.into();
    Box::new(move || {
        let watching = Watching::start(&folder)?;
        let changes = stream::unfold(watching, |mut watching| async {
            let change = watching.next().await?;
            Some((change, watching))
        });
        Ok((Files, Box::pin(changes) as Source<Change>))
    })
}

/// Says each change.
#[derive(Debug)]
pub struct Files;

/// One file or folder that is no longer as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Where it is, relative to the watched folder and with `/` between the parts.
    pub path: String,
    /// What happened to it.
    pub change: Happening,
    /// What it is.
    pub kind: Kind,
    /// Where it was before, if it was renamed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Size of a file that still exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// What can happen to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Happening {
    /// It was not there before.
    Created,
    /// Its content or its attributes changed, or another file took its place.
    Modified,
    /// It is not there any more. Of a folder moved elsewhere only the folder is said, not what was in it.
    Removed,
    /// It is the same under a new name.
    Renamed,
}

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A file, or anything else that is no folder; a symbolic link is not followed.
    File,
    /// A folder.
    Folder,
}

impl Agent for Files {
    type Item = Change;

    async fn step(&mut self, change: Change, _cx: &mut StepCx) -> Result<Step, AgentError> {
        let said = serde_json::to_value(change);
        said.map(Step::Result).map_err(|e| AgentError::new("unsayable_change", e.to_string()))
    }
}

/// The source: waits for a notice, collects for a [`WINDOW`], and hands out what it came to, one change at a time.
struct Watching {
    /// `None` once it is over.
    tree: Option<Tree>,
    notices: mpsc::Receiver<notify::Event>,
    missed: Arc<AtomicU64>,
    ready: VecDeque<Result<Change, AgentError>>,
}

impl Watching {
    fn start(folder: &Path) -> Result<Self, AgentError> {
        let (sender, notices) = mpsc::channel(NOTICES);
        let missed = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&missed);
        // Runs on notify's own thread, which must never wait for the agent: the system would drop notices silently.
        let on_notice = move |notice: notify::Result<notify::Event>| match notice {
            Ok(event) if event.kind.is_access() => {}
            Ok(event) => {
                // The system's own queue overflowed: at least one is gone, and what is left makes the agent look.
                counter.fetch_add(u64::from(event.need_rescan()), Ordering::Relaxed);
                if sender.try_send(event).is_err() {
                    counter.fetch_add(1, Ordering::Relaxed);
                }
            }
            Err(e) => tracing::warn!(error = %e, "the system could not deliver a file notice"),
        };
        let watcher = notify::recommended_watcher(on_notice).map_err(|e| {
            AgentError::new("watch_failed", format!("the system gave no file watcher: {e}"))
                .hint("On Linux, raise fs.inotify.max_user_instances.")
        })?;
        let mut tree = Tree::new(folder, watcher, FOLDERS_MAX)?;
        let ready = tree.take_unreadable().map(Err).into_iter().collect();
        Ok(Self { tree: Some(tree), notices, missed, ready })
    }

    async fn next(&mut self) -> Option<Result<Change, AgentError>> {
        loop {
            if let Some(ready) = self.ready.pop_front() {
                return Some(ready);
            }
            let tree = self.tree.take()?;
            let window = self.collect().await?;
            let missed = self.missed.swap(0, Ordering::Relaxed);
            // Looking at files blocks, so it is done where it holds nobody up.
            match tokio::task::spawn_blocking(move || settle(tree, &window, missed)).await {
                Ok((tree, ready)) => (self.tree, self.ready) = (tree, ready),
                Err(e) => self.ready.push_back(Err(AgentError::new("watch_failed", e.to_string()))),
            }
        }
    }

    async fn collect(&mut self) -> Option<Window> {
        let mut window = Window::default();
        window.add(self.notices.recv().await?);
        let closes = Instant::now() + WINDOW;
        while window.len() < WINDOW_PATHS
            && let Ok(Some(notice)) = timeout_at(closes, self.notices.recv()).await
        {
            window.add(notice);
        }
        Some(window)
    }
}

/// What a window comes to, and the tree as it is now, or `None` if it can be watched no longer.
fn settle(mut tree: Tree, window: &Window, missed: u64) -> (Option<Tree>, VecDeque<Result<Change, AgentError>>) {
    let mut changes = Vec::new();
    let mut outcome = window.settle(&mut tree, &mut changes);
    let mut ready: VecDeque<_> = changes.into_iter().map(Ok).collect();
    if missed > 0 && outcome.is_ok() {
        ready.push_back(Err(changes_missed(missed)));
        outcome = tree.scan_all().map(|found| ready.extend(found.into_iter().map(Ok)));
    }
    ready.extend(tree.take_unreadable().map(Err));
    match outcome {
        Ok(()) => (Some(tree), ready),
        Err(e) => {
            ready.push_back(Err(e));
            (None, ready)
        }
    }
}

fn changes_missed(count: u64) -> AgentError {
    let message = format!(
        "at least {count} notices of changes were missed because too many came at once; \
         the folder was read again, so only modifications and renames may be unsaid"
    );
    AgentError::new("changes_missed", message).hint("Let .gitignore name what changes in bulk, such as build output.")
}
