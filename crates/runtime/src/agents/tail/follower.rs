//! Following a file by its path through growth, truncation and rotation, one line at a time.
//!
//! It wakes by the system's notices about the parent folder and, as a safety, on a slow poll. Two limits are stated rather
//! than hidden: a file truncated and grown beyond the old position between two looks is read on from that position, and a
//! file rotated away before its predecessor was read to the end is missed.

use super::{From, Line};
use crate::agent::AgentError;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use std::{
    ffi::OsStr,
    fs::Metadata,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{
    fs::File,
    io::{AsyncBufReadExt, BufReader},
    sync::Notify,
    time::{sleep, timeout},
};

/// Longest line, in bytes. What exceeds it is left out and counted.
pub const LINE_MAX: usize = 64 * 1024;
/// Time between two looks at a file nobody reported a change of. The system's notices are faster, but a network file
/// system sends none.
const SAFETY_POLL: Duration = Duration::from_secs(2);
/// A file that was rotated away is left only after it was silent for this long, because its writer may hold it open for
/// a while after the new file has appeared.
const ROTATION_GRACE: Duration = Duration::from_millis(500);
/// Bytes read at once.
const CHUNK: usize = 64 * 1024;

/// A place in a file that is found again by its path.
pub(super) struct Follower {
    path: PathBuf,
    /// `None` while there is no such file.
    open: Option<Open>,
    /// The line being read; waits here for its newline.
    pending: Pending,
    /// Holds a permit if something happened to the file since the last wait, so no notice is lost and none queues up.
    changed: Arc<Notify>,
    watcher: Option<RecommendedWatcher>,
    /// The failure last said, so that one that persists is said once.
    said: Option<io::ErrorKind>,
}

impl Follower {
    /// Opens the file, or waits for one that does not exist yet. Blocks for one small read.
    ///
    /// # Errors
    /// `not_a_file` for a folder or a device, `unreadable_file` where the system says no.
    pub(super) fn new(path: PathBuf, from: From) -> Result<Self, AgentError> {
        let mut follower = Self {
            path,
            open: None,
            pending: Pending::default(),
            changed: Arc::new(Notify::new()),
            watcher: None,
            said: None,
        };
        // Watching before looking: what happens in between is then noticed rather than missed.
        follower.watch();
        follower.open = match Open::at_end(&follower.path) {
            // A file that is not open yet is one that is still to come: its beginning is where it will be opened.
            Ok(open) => (from == From::End).then_some(open),
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(follower.explain(&e)),
        };
        Ok(follower)
    }

    /// The next line, however long it takes to be written.
    ///
    /// # Errors
    /// `unreadable_file` once for each kind of failure; following goes on.
    pub(super) async fn next(&mut self) -> Result<Line, AgentError> {
        loop {
            match self.try_next().await {
                Ok(Some(line)) => {
                    self.said = None;
                    return Ok(line);
                }
                Ok(None) => {}
                Err(e) if self.said == Some(e.kind()) => self.wait().await,
                Err(e) => {
                    self.said = Some(e.kind());
                    return Err(self.explain(&e));
                }
            }
        }
    }

    /// Reads on to the next newline, or else finds out why there is none and waits or moves accordingly.
    async fn try_next(&mut self) -> io::Result<Option<Line>> {
        if let Some(line) = self.read_line().await? {
            return Ok(Some(line));
        }
        let there = match tokio::fs::metadata(&self.path).await {
            Ok(metadata) => metadata,
            // The file is not there yet, or was moved away and may still be written to under its new name.
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                self.wait().await;
                return Ok(None);
            }
            Err(e) => return Err(e),
        };
        match &mut self.open {
            Some(open) if open.identity == Identity::of(&there) => {
                if there.len() >= open.position {
                    self.wait().await;
                    return Ok(None);
                }
                tracing::debug!(path = %self.path.display(), "truncated; reading from the start");
            }
            Some(old) if old.silent_at != Some(old.position) => {
                old.silent_at = Some(old.position);
                sleep(ROTATION_GRACE).await;
                return Ok(None);
            }
            Some(_) | None => {}
        }
        self.open = Some(Open::at_start(&self.path).await?);
        // The newline of a line left unfinished will never come, so what there is of it is the line.
        Ok((!self.pending.is_empty()).then(|| self.pending.take()))
    }

    async fn read_line(&mut self) -> io::Result<Option<Line>> {
        let Some(open) = &mut self.open else { return Ok(None) };
        loop {
            let chunk = open.reader.fill_buf().await?;
            if chunk.is_empty() {
                return Ok(None);
            }
            let newline = chunk.iter().position(|byte| *byte == b'\n');
            let text = &chunk[..newline.unwrap_or(chunk.len())];
            self.pending.push(text);
            let used = text.len() + usize::from(newline.is_some());
            open.reader.consume(used);
            open.position += used as u64;
            if newline.is_some() {
                return Ok(Some(self.pending.take()));
            }
        }
    }

    /// Returns when the file may have changed.
    async fn wait(&mut self) {
        if self.watcher.is_none() {
            self.watch();
        }
        // Both outcomes mean the same: look again.
        let _ = timeout(SAFETY_POLL, self.changed.notified()).await;
    }

    /// Asks the system for notices about the file. Where it gives none, the safety poll serves alone.
    fn watch(&mut self) {
        let Some(file) = self.path.file_name().map(OsStr::to_owned) else { return };
        let folder = match self.path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let changed = Arc::clone(&self.changed);
        let on_notice = move |notice: notify::Result<notify::Event>| {
            let concerns_us = notice.as_ref().map_or(true, |event| {
                // Reading is an access too: waking for it would be waking for ourselves.
                !event.kind.is_access() && event.paths.iter().any(|path| path.file_name() == Some(&file))
                    || event.need_rescan()
            });
            if concerns_us {
                changed.notify_one();
            }
        };
        let watching = notify::recommended_watcher(on_notice).and_then(|mut watcher| {
            watcher.watch(folder, RecursiveMode::NonRecursive)?;
            Ok(watcher)
        });
        match watching {
            Ok(watcher) => self.watcher = Some(watcher),
            Err(e) => tracing::debug!(path = %self.path.display(), error = %e, "no notices; polling"),
        }
    }

    fn explain(&self, e: &io::Error) -> AgentError {
        let path = self.path.display();
        if e.kind() == io::ErrorKind::InvalidInput {
            return AgentError::new("not_a_file", format!("{path} is not a file that can be followed"))
                .hint("Name a regular file; a folder is for the `files` agent.");
        }
        AgentError::new("unreadable_file", format!("cannot read {path}: {e}"))
            .hint("Check that the user Terrarium runs as may read the file.")
    }
}

/// An open file and how far it was read.
struct Open {
    reader: BufReader<File>,
    identity: Identity,
    /// Bytes consumed, from the start of the file.
    position: u64,
    /// The position at which it was given [`ROTATION_GRACE`] to say more.
    silent_at: Option<u64>,
}

impl Open {
    /// The file from its first byte.
    async fn at_start(path: &Path) -> io::Result<Self> {
        let file = File::open(path).await?;
        let metadata = regular(file.metadata().await?)?;
        Ok(Self::new(file, &metadata, 0))
    }

    /// The file from the end of its last whole line, so that a line half-written now arrives whole. Blocks.
    fn at_end(path: &Path) -> io::Result<Self> {
        // Asked before opening, because opening a pipe waits for its writer.
        regular(std::fs::metadata(path)?)?;
        let mut file = std::fs::File::open(path)?;
        let metadata = file.metadata()?;
        let len = metadata.len();
        let look_back = len.saturating_sub(LINE_MAX as u64);
        let mut last = Vec::new();
        file.seek(SeekFrom::Start(look_back))?;
        (&mut file).take(len - look_back).read_to_end(&mut last)?;
        let position = match last.iter().rposition(|byte| *byte == b'\n') {
            Some(newline) => look_back + newline as u64 + 1,
            None if look_back == 0 => 0,
            None => len,
        };
        file.seek(SeekFrom::Start(position))?;
        Ok(Self::new(File::from_std(file), &metadata, position))
    }

    fn new(file: File, metadata: &Metadata, position: u64) -> Self {
        let reader = BufReader::with_capacity(CHUNK, file);
        Self { reader, identity: Identity::of(metadata), position, silent_at: None }
    }
}

/// Which file it is, whatever its name. A file held open keeps its identity to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity(u64, u64);

impl Identity {
    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self(metadata.dev(), metadata.ino())
    }

    #[cfg(not(unix))]
    fn of(metadata: &Metadata) -> Self {
        let born = metadata.created().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        born.map_or(Self(0, 0), |at| Self(at.as_secs(), u64::from(at.subsec_nanos())))
    }
}

/// A line on its way, never more than [`LINE_MAX`] bytes of it.
#[derive(Default)]
struct Pending {
    bytes: Vec<u8>,
    cut: u64,
}

impl Pending {
    fn push(&mut self, text: &[u8]) {
        let kept = text.len().min(LINE_MAX - self.bytes.len());
        self.bytes.extend_from_slice(&text[..kept]);
        self.cut += (text.len() - kept) as u64;
    }

    fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The line without the carriage return some systems put before the newline.
    fn take(&mut self) -> Line {
        let bytes = self.bytes.strip_suffix(b"\r").unwrap_or(&self.bytes);
        let line = Line { text: String::from_utf8_lossy(bytes).into_owned(), cut_bytes: self.cut };
        *self = Self::default();
        line
    }
}

fn regular(metadata: Metadata) -> io::Result<Metadata> {
    if metadata.is_file() { Ok(metadata) } else { Err(io::ErrorKind::InvalidInput.into()) }
}
