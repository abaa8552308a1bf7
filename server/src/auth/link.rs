//! The sign-in link that the gateway prints when it starts: one code, good once and for a quarter of an hour.
//!
//! Lives in memory; there is never more than one. Looking at the link does not use it up, because chat programs and
//! scanners look at every link they see.

use super::secret;
use runtime::store::keys::Hash;
use std::{
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    time::Duration,
};
use tokio::time::Instant;

/// How long the link is good for.
pub(crate) const LIFE: Duration = Duration::from_secs(15 * 60);

/// What a code is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It signs in.
    Good,
    /// It has signed somebody in.
    Used,
    /// It is too old.
    Expired,
    /// It is not the code of this life of the gateway.
    Unknown,
}

#[derive(Debug)]
pub(super) struct Link {
    hash: Hash,
    until: Instant,
    used: AtomicBool,
}

impl Link {
    /// A link and its code. The code is not kept.
    pub(super) fn new() -> (Self, String) {
        let code = secret::random();
        (Self { hash: secret::hash(&code), until: Instant::now() + LIFE, used: AtomicBool::new(false) }, code)
    }

    /// What a code is worth now.
    pub(super) fn look(&self, code: &str) -> Verdict {
        if !secret::same(&secret::hash(code), &self.hash) {
            Verdict::Unknown
        } else if self.used.load(SeqCst) {
            Verdict::Used
        } else if Instant::now() >= self.until {
            Verdict::Expired
        } else {
            Verdict::Good
        }
    }

    /// Uses the code up. `Good` once, whoever else tries at the same moment.
    pub(super) fn take(&self, code: &str) -> Verdict {
        match self.look(code) {
            Verdict::Good if self.used.swap(true, SeqCst) => Verdict::Used,
            verdict => verdict,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_link_works_once_and_for_a_quarter_of_an_hour() {
        let (link, code) = Link::new();
        assert_eq!((link.look(&code), link.look(&code)), (Verdict::Good, Verdict::Good), "looking uses nothing up");
        assert_eq!(link.look("something else"), Verdict::Unknown);
        assert_eq!((link.take(&code), link.take(&code)), (Verdict::Good, Verdict::Used));
        let (link, code) = Link::new();
        tokio::time::advance(LIFE).await;
        assert_eq!(link.take(&code), Verdict::Expired);
    }
}
