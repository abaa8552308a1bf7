//! The one thread on which all texts are read.
//!
//! It owns harper's models, which are large: the dictionary takes about 130 MB and its time to load, the remarks 40 MB
//! more, and one model is kept per thread. So there is one thread, which begins with the first text and ends with the agent.

use super::{
    check,
    read::read,
    reading::{Checked, Reading},
};
use crate::agent::AgentError;
use jiff::civil::DateTime;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{SyncSender, sync_channel},
};
use tokio::sync::oneshot;

/// Texts that wait. The agent hands over one at a time; more wait only where callers gave up on theirs.
const WAITING_MAX: usize = 4;

/// The way to the thread. Dropping it ends the thread after the text it is at.
#[derive(Debug, Default)]
pub(super) struct Desk(Option<SyncSender<Job>>);

/// What is to be done with a text, and where the answer goes.
#[derive(Debug)]
enum Job {
    Read(String, DateTime, oneshot::Sender<Reading>),
    Check(String, oneshot::Sender<Checked>),
}

impl Desk {
    /// Reads a text.
    pub(super) async fn read(&mut self, text: String, now: DateTime) -> Result<Reading, AgentError> {
        let (answer, wait) = oneshot::channel();
        self.hand_over(Job::Read(text, now, answer))?;
        wait.await.map_err(|_| broken())
    }

    /// Remarks on a text.
    pub(super) async fn check(&mut self, text: String) -> Result<Checked, AgentError> {
        let (answer, wait) = oneshot::channel();
        self.hand_over(Job::Check(text, answer))?;
        wait.await.map_err(|_| broken())
    }

    fn hand_over(&mut self, job: Job) -> Result<(), AgentError> {
        let desk = match self.0.take() {
            Some(desk) => desk,
            None => open()?,
        };
        let handed = desk.try_send(job);
        self.0 = Some(desk);
        handed.map_err(|_| {
            AgentError::new("busy", "texts that nobody waits for any more are still being read")
                .hint("try again in a second")
        })
    }
}

fn open() -> Result<SyncSender<Job>, AgentError> {
    let (desk, jobs) = sync_channel::<Job>(WAITING_MAX);
    let thread = std::thread::Builder::new().name("grammar".to_owned()).spawn(move || {
        let mut linter = check::Linter::default();
        while let Ok(job) = jobs.recv() {
            // A panic costs its text: the sender of the answer is dropped, and the next text is read.
            let worked = catch_unwind(AssertUnwindSafe(|| match job {
                // Who has given up is not worked for.
                Job::Read(text, now, answer) if !answer.is_closed() => drop(answer.send(read(&text, now))),
                Job::Check(text, answer) if !answer.is_closed() => drop(answer.send(linter.check(&text))),
                Job::Read(..) | Job::Check(..) => {}
            }));
            if worked.is_err() {
                linter = check::Linter::default();
            }
        }
    });
    let failed = |e| AgentError::new("no_thread", format!("no thread could be had to read on: {e}"));
    thread.map(|_| desk).map_err(failed)
}

fn broken() -> AgentError {
    AgentError::new("unreadable", "reading this text failed")
        .hint("try it in smaller parts, and report the text as a bug")
}
