//! Asking again while the gateway is away: with a back-off, saying so once, and saying when it is back.

use crate::{error::Error, out::Out};
use std::{future::Future, time::Duration};
use tokio::time::Instant;
use wire::semaphore::{Ask, OnTimeout};

/// The first pause is at most this long; each further one at most twice as long as the one before.
const FIRST: Duration = Duration::from_millis(500);
/// No pause is longer, unless the gateway asks for it.
const LONGEST: Duration = Duration::from_secs(15);
/// No pause is shorter.
const SHORTEST: Duration = Duration::from_millis(50);
/// How long after the question's own time a gateway that is away is waited for.
const GRACE: Duration = Duration::from_secs(60);

/// How long this command goes on, and how it takes it when the gateway is away.
pub(super) struct Patience<'a> {
    out: &'a Out,
    /// How long the question may wait, and when to give up a gateway that is away; `None` where it may take forever.
    end: Option<(Duration, Instant)>,
    /// The longest that the next pause may be.
    next: Duration,
    /// What was said last of why there is no answer.
    said: Option<String>,
}

impl<'a> Patience<'a> {
    pub(super) fn new(ask: &Ask, time: Option<Duration>, out: &'a Out) -> Self {
        let time = time.filter(|_| ask.on_timeout != OnTimeout::Escalate);
        let end = time.and_then(|time| Some((time, Instant::now().checked_add(time + GRACE)?)));
        Self { out, end, next: FIRST, said: None }
    }

    /// Does something until the gateway answers, be it with a no.
    pub(super) async fn insist<T, F>(&mut self, mut attempt: impl FnMut() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, client::Error>>,
    {
        loop {
            match attempt().await {
                Err(error) if passes(&error) => self.pause(error).await?,
                answered => {
                    self.next = FIRST;
                    if self.said.take().is_some() {
                        self.out.progress("the gateway is back");
                    }
                    return Ok(answered?);
                }
            }
        }
    }

    async fn pause(&mut self, error: client::Error) -> Result<(), Error> {
        let asked_for = error.problem().and_then(|problem| problem.retry_after_ms).map(Duration::from_millis);
        let why = Error::from(error).told().message;
        if self.said.as_ref() != Some(&why) {
            self.out.progress(&format!("{why}; trying again until it works"));
            self.said = Some(why);
        }
        let pause = self.next.mul_f64(rand::random::<f64>()).max(SHORTEST).max(asked_for.unwrap_or_default());
        self.next = (self.next * 2).min(LONGEST);
        match self.end {
            Some((time, end)) if Instant::now() + pause > end => Err(Error::TimedOut(time)),
            _ => {
                tokio::time::sleep(pause).await;
                Ok(())
            }
        }
    }
}

/// Whether the same may work later: the gateway is away, stops, has too much to do, or cannot store anything just now.
fn passes(error: &client::Error) -> bool {
    match error {
        client::Error::Unreachable { .. } | client::Error::TimedOut { .. } | client::Error::Broken(_) => true,
        client::Error::Problem(problem) => may_pass(problem.status),
        client::Error::Strange { status, .. } => may_pass(*status),
        _ => false,
    }
}

fn may_pass(status: u16) -> bool {
    matches!(status, 408 | 429 | 502..=504 | 507)
}
