//! One run of a snippet: its folder, its processes, what they write, and their end.
//!
//! It owns that nothing outlives the run: when the snippet ends, is out of time, or nobody waits any more, everything it
//! started is killed and its folder removed. A thread of its own starts the processes and waits for them, because the
//! kernel ties "dies with its parent" to the thread that started them.

use super::{
    CODE_MAX, TIMEOUT_MAX_S,
    containment::{NOBODY, Plan, User},
    output::Output,
};
use crate::agent::AgentError;
use prism::JsonSchema;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    fs::{self, Permissions},
    io,
    os::{
        fd::OwnedFd,
        unix::fs::{PermissionsExt as _, chown},
    },
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::AsyncReadExt as _,
    net::unix::pipe::Receiver,
    sync::oneshot,
    time::{Instant, sleep_until},
};

/// Output that is kept and streamed, both streams together, in bytes. The rest is read and thrown away.
pub const OUTPUT_MAX: usize = 256 * 1024;
/// How the names of folders of runs begin.
pub(super) const PREFIX: &str = "terrarium-run-";
/// Read at once from a stream, in bytes.
const PIECE: usize = 8 * 1024;
/// How long output is waited for after the end: something that got away may hold a stream open.
const LINGER: Duration = Duration::from_millis(500);
/// How long what was killed may take to die. Only a broken disk or kernel makes it longer.
const DYING: Duration = Duration::from_secs(10);
/// Attempts to remove the folder, which something that is just dying may still write to, and the time between them.
const REMOVALS: (u32, Duration) = (5, Duration::from_millis(100));

/// What a snippet is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// POSIX shell, for `sh`.
    Shell,
    /// Python 3.
    Python,
}

impl Language {
    /// For people.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Shell => "shell",
            Self::Python => "Python",
        }
    }

    /// The file a snippet stands in; errors of Python name it.
    fn file(self) -> &'static str {
        match self {
            Self::Shell => "snippet.sh",
            Self::Python => "snippet.py",
        }
    }
}

/// What is to run. Also read from what a person was shown.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Snippet {
    pub(super) language: Language,
    pub(super) code: String,
    pub(super) timeout_s: u32,
}

impl Snippet {
    pub(super) fn check(&self) -> Result<(), AgentError> {
        let wrong = |kind, message: String, hint: &str| Err(AgentError::new(kind, message).hint(hint));
        if self.code.trim().is_empty() {
            return wrong("no_snippet", "the snippet is empty".to_owned(), "say what to run");
        }
        if self.code.len() > CODE_MAX {
            let message = format!("the snippet has {} bytes; {CODE_MAX} at most are run", self.code.len());
            return wrong("snippet_too_long", message, "a person has to read it: put less into one question");
        }
        if self.timeout_s == 0 || self.timeout_s > TIMEOUT_MAX_S {
            let message = format!("a snippet may run for 1 to {TIMEOUT_MAX_S} seconds, not for {}", self.timeout_s);
            return wrong("bad_timeout", message, "leave timeout_s out for a minute");
        }
        Ok(())
    }
}

/// How a run ended, and what it wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
pub struct Ended {
    /// What it exited with; nothing where a signal ended it.
    pub(super) exit_code: Option<i32>,
    /// The signal that ended it. In a process namespace it is told from the exit code, as shells do: 128 and the signal.
    pub(super) signal: Option<i32>,
    /// Whether its time was over.
    pub(super) timed_out: bool,
    /// What it wrote on its standard output.
    pub(super) stdout: String,
    /// What it wrote on its standard error.
    pub(super) stderr: String,
    /// Whether it wrote more than is kept.
    pub(super) truncated: bool,
    /// How long it took.
    pub(super) duration_ms: u64,
}

/// The folder of a run: the snippet, and beside it an empty folder to work in. Removed when dropped.
#[derive(Debug)]
pub(super) struct Workplace {
    folder: TempDir,
    script: PathBuf,
    home: PathBuf,
}

impl Workplace {
    pub(super) fn make(plan: &Plan, snippet: &Snippet) -> Result<Self, AgentError> {
        let made = || -> io::Result<Self> {
            let folder = tempfile::Builder::new().prefix(PREFIX).tempdir()?;
            let (script, home) = (folder.path().join(snippet.language.file()), folder.path().join("home"));
            fs::write(&script, &snippet.code)?;
            fs::create_dir(&home)?;
            fs::set_permissions(&home, Permissions::from_mode(0o700))?;
            if plan.user == User::Nobody {
                // It may go through the folder and read its snippet, and owns its home only.
                fs::set_permissions(folder.path(), Permissions::from_mode(0o711))?;
                fs::set_permissions(&script, Permissions::from_mode(0o444))?;
                chown(&home, Some(NOBODY), Some(NOBODY))?;
            }
            Ok(Self { folder, script, home })
        };
        made().map_err(|e| {
            AgentError::new("no_folder", format!("no folder to run in could be made: {e}"))
                .hint("look at the disk and the rights of the system's folder for temporary files")
        })
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn remove(self) {
        let path = self.folder.keep();
        for _ in 0..REMOVALS.0 {
            if fs::remove_dir_all(&path).is_ok() || !path.exists() {
                return;
            }
            std::thread::sleep(REMOVALS.1);
        }
        tracing::warn!(folder = %path.display(), "the folder of a run could not be removed");
    }
}

/// Runs a snippet. Its output goes to `heard` as it comes. Dropping the future kills everything.
pub(super) async fn run(
    plan: &Plan,
    snippet: &Snippet,
    workplace: Workplace,
    mut heard: impl FnMut(Value) + Send,
) -> Result<Ended, AgentError> {
    let began = Instant::now();
    let command = plan.command(snippet.language, snippet.timeout_s, &workplace.script, &workplace.home)?;
    let (leash, [stdout, stderr], mut ended) = start(command, workplace).await?;
    let (mut stdout, mut stderr) = (Stream::new(stdout)?, Stream::new(stderr)?);
    let deadline = began + Duration::from_secs(snippet.timeout_s.into());
    let (mut room, mut timed_out) = (OUTPUT_MAX, false);
    let mut status = None;
    let mut until = deadline;
    while status.is_none() || stdout.is_open() || stderr.is_open() {
        tokio::select! {
            length = stdout.next() => say("stdout", stdout.take(length, &mut room), &mut heard),
            length = stderr.next() => say("stderr", stderr.take(length, &mut room), &mut heard),
            exit = &mut ended, if status.is_none() => {
                status = Some(exit.map_err(|_| lost())?);
                until = Instant::now() + LINGER;
            }
            () = sleep_until(until) => {
                if status.is_some() {
                    break;
                }
                if timed_out {
                    return Err(lost());
                }
                timed_out = true;
                leash.kill();
                until = Instant::now() + DYING;
            }
        }
    }
    let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (exit_code, signal) = status.map_or((None, None), |status| plan.ending(status));
    let ((stdout, cut), (stderr, also)) = (stdout.output.end(), stderr.output.end());
    Ok(Ended { exit_code, signal, timed_out, stdout, stderr, truncated: cut || also, duration_ms })
}

fn say(stream: &str, piece: String, heard: &mut impl FnMut(Value)) {
    if !piece.is_empty() {
        heard(json!({ stream: piece }));
    }
}

fn lost() -> AgentError {
    AgentError::new("lost_run", "how the snippet ended is not known")
        .hint("look at what it has done before it runs again")
}

/// One of the two streams.
struct Stream {
    pipe: Option<Receiver>,
    output: Output,
    piece: Box<[u8]>,
}

impl Stream {
    fn new(end: OwnedFd) -> Result<Self, AgentError> {
        let failed = |e| AgentError::new("no_output", format!("the snippet's output could not be read: {e}"));
        let pipe = Receiver::from_owned_fd(end).map_err(failed)?;
        Ok(Self { pipe: Some(pipe), output: Output::default(), piece: vec![0; PIECE].into() })
    }

    fn is_open(&self) -> bool {
        self.pipe.is_some()
    }

    /// Reads the next piece, and says how long it is. Never returns after the end. Cancel-safe.
    async fn next(&mut self) -> usize {
        let Some(pipe) = &mut self.pipe else { return std::future::pending().await };
        let length = pipe.read(&mut self.piece).await.unwrap_or(0);
        if length == 0 {
            self.pipe = None;
        }
        length
    }

    /// The piece that was read, as text.
    fn take(&mut self, length: usize, room: &mut usize) -> String {
        self.output.take(&self.piece[..length], room)
    }
}

/// Holds a tree of processes. Dropping it kills them.
#[derive(Debug)]
struct Leash {
    pid: Pid,
    /// Whether the number may belong to somebody else by now.
    reaped: Arc<Mutex<bool>>,
}

impl Leash {
    fn kill(&self) {
        let reaped = self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
        if !*reaped {
            kill(self.pid);
        }
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The group, and its first process, which may not have founded the group yet.
fn kill(pid: Pid) {
    let _ = kill_process_group(pid, Signal::KILL);
    let _ = kill_process(pid, Signal::KILL);
}

type Started = (Leash, [OwnedFd; 2], oneshot::Receiver<ExitStatus>);

/// Starts the processes on a thread that then waits for their end, and cleans up after them.
async fn start(mut command: Command, workplace: Workplace) -> Result<Started, AgentError> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let failed = |e: io::Error| {
        AgentError::new("not_started", format!("the snippet could not be started: {e}"))
            .hint("it may be that this machine has as many processes as it can have")
    };
    let (tell, started) = oneshot::channel::<io::Result<Started>>();
    let thread = std::thread::Builder::new().name("run".to_owned()).spawn(move || {
        watch(command, tell);
        workplace.remove();
    });
    thread.map_err(failed)?;
    started.await.map_err(|_| lost())?.map_err(failed)
}

fn watch(mut command: Command, tell: oneshot::Sender<io::Result<Started>>) {
    let child = command.spawn().and_then(|mut child| {
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| io::Error::other("the system gave it no number"))?;
        let pipes = child.stdout.take().zip(child.stderr.take());
        let (out, err) = pipes.ok_or_else(|| io::Error::other("it has no output"))?;
        Ok((child, pid, [OwnedFd::from(out), OwnedFd::from(err)]))
    });
    let (mut child, pid, pipes) = match child {
        Ok(child) => child,
        Err(error) => return drop(tell.send(Err(error))),
    };
    let reaped = Arc::new(Mutex::new(false));
    let (done, ended) = oneshot::channel();
    // Where nobody takes it, the leash is dropped, and kills.
    drop(tell.send(Ok((Leash { pid, reaped: reaped.clone() }, pipes, ended))));
    // Until it is reaped its number is its own, and so is the group's: what it left running can be killed safely.
    let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
    let mut reaped = reaped.lock().unwrap_or_else(PoisonError::into_inner);
    kill(pid);
    if let Ok(status) = child.wait() {
        let _ = done.send(status);
    }
    *reaped = true;
}
