//! The task of one target: reads on in the log, sends, and moves its place when the target has taken a line.

use super::{
    State, address, message,
    settings::{WebhookFormat, WebhookUrl},
    sign::SigningKey,
};
use runtime::{Purgatory, Store, clock, purgatory::Line};
use std::{
    error::Error as _,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio_util::sync::CancellationToken;
use wire::semaphore::{Severity, TokenRecord};

/// Lines read at one time.
const BATCH: usize = 32;
/// Longest of the first pause after a failure; each further one may be twice as long.
const PAUSE: Duration = Duration::from_secs(1);
/// Longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(300);
/// How old a line may be when it is tried again, in milliseconds: a day.
const PATIENCE_MS: i64 = 24 * 3_600_000;
/// How often a target may say that it cannot make sense of a message before that message is given up.
const REFUSALS_MAX: u32 = 3;
/// How much of an answer is read, in bytes; none of it is used, but a connection can only be kept when it was read.
const ANSWER_MAX: usize = 64 * 1024;

pub(super) struct Courier {
    pub(super) client: reqwest::Client,
    pub(super) private: bool,
    pub(super) format: WebhookFormat,
    pub(super) url: WebhookUrl,
    /// Its name on disk.
    pub(super) id: String,
    pub(super) key: Option<SigningKey>,
    pub(super) severity: Severity,
    pub(super) store: Store,
    pub(super) purgatory: Purgatory,
    pub(super) state: Arc<State>,
}

/// Why an attempt failed.
struct Failure {
    why: String,
    /// The target will not take this message another time either.
    refused: bool,
}

impl Courier {
    pub(super) async fn run(self, place: i64, stopping: CancellationToken) {
        // Whatever is on its way when we stop is sent again: a target knows it by its id.
        let _ = stopping.run_until_cancelled(self.follow(place)).await;
    }

    /// Ends never.
    async fn follow(&self, mut place: i64) {
        let mut written = self.purgatory.written();
        loop {
            match self.purgatory.lines_after(place, BATCH).await {
                Ok(lines) if lines.is_empty() => {
                    written.more().await;
                    continue;
                }
                Ok(lines) => {
                    for line in lines {
                        place = line.seq;
                        if self.deliver(line).await {
                            self.keep(place).await;
                        }
                    }
                    // Lines that nobody is told of are passed together.
                    self.keep(place).await;
                }
                Err(error) => {
                    tracing::warn!(target = %self.url, %error, "the log cannot be read for a webhook");
                    tokio::time::sleep(PAUSE_MAX).await;
                }
            }
        }
    }

    /// Sends a line, as often as it takes. Says whether there was anything to send.
    async fn deliver(&self, line: Line) -> bool {
        let Some(token) = &line.token else { return false };
        if !message::is_told(line.entry.step) || token.card.severity < self.severity {
            return false;
        }
        let (id, body) = (message::id(&line), self.body(&line, token));
        let (mut attempts, mut refusals) = (0u32, 0u32);
        while let Err(failure) = self.send(&id, &body).await {
            self.state.failed.fetch_add(1, Relaxed);
            self.state.stuck_at.store(line.entry.at.as_millis(), Relaxed);
            refusals += u32::from(failure.refused);
            let age = clock::wall().as_millis().saturating_sub(line.entry.at.as_millis());
            if refusals >= REFUSALS_MAX || age > PATIENCE_MS {
                self.state.abandoned.fetch_add(1, Relaxed);
                tracing::error!(target = %self.url, message = id, why = failure.why, "a webhook message was given up");
                break;
            }
            if attempts == 0 {
                tracing::warn!(target = %self.url, message = id, why = failure.why, "a webhook does not take a message; it is tried again for a day");
            }
            tokio::time::sleep(pause(attempts)).await;
            attempts += 1;
        }
        self.state.stuck_at.store(0, Relaxed);
        true
    }

    fn body(&self, line: &Line, token: &TokenRecord) -> Vec<u8> {
        let body = match self.format {
            WebhookFormat::Slack => message::slack(&line.entry, token),
            WebhookFormat::Auto | WebhookFormat::Json => message::json(&line.entry, token),
        };
        body.to_string().into_bytes()
    }

    async fn send(&self, id: &str, body: &[u8]) -> Result<(), Failure> {
        let url = self.url.url();
        let beyond = |why: String| Failure { why, refused: false };
        address::check(url.host_str().unwrap_or(""), self.private).map_err(|e| beyond(e.to_string()))?;
        let mut request = self.client.post(url.clone()).header("content-type", "application/json").body(body.to_vec());
        if self.format != WebhookFormat::Slack {
            let timestamp = clock::wall().as_millis().div_euclid(1000);
            request = request.header("webhook-id", id).header("webhook-timestamp", timestamp);
            if let Some(key) = &self.key {
                request = request.header("webhook-signature", key.sign(id, timestamp, body));
            }
        }
        let mut response = request.send().await.map_err(|e| beyond(words(e)))?;
        let status = response.status();
        let mut read = 0;
        while let Ok(Some(chunk)) = response.chunk().await {
            read += chunk.len();
            if read > ANSWER_MAX {
                break;
            }
        }
        if status.is_success() {
            self.state.delivered.fetch_add(1, Relaxed);
            return Ok(());
        }
        let refused = matches!(status.as_u16(), 400 | 413 | 422);
        Err(Failure { why: format!("it answered {status}"), refused })
    }

    /// Where the target is now, on disk. Where that fails, it is told something again after a restart.
    async fn keep(&self, line: i64) {
        let (store, id) = (self.store.clone(), self.id.clone());
        if let Ok(Err(error)) = tokio::task::spawn_blocking(move || store.outbox_taken(&id, line)).await {
            tracing::warn!(target = %self.url, %error, "the place of a webhook was not written down");
        }
    }
}

/// Half to all of a pause that doubles, so that many gateways do not come back at the same instant.
fn pause(attempts: u32) -> Duration {
    let most = PAUSE.saturating_mul(1 << attempts.min(16)).min(PAUSE_MAX);
    most.mul_f64(0.5 + rand::random::<f64>() / 2.0)
}

/// What went wrong, without the address, which may be a secret.
fn words(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end_at_five_minutes() {
        for (attempts, most) in [(0, 1), (1, 2), (5, 32), (9, 300), (u32::MAX, 300)] {
            let pause = pause(attempts);
            assert!(
                pause <= Duration::from_secs(most) && pause >= Duration::from_secs(most) / 2,
                "{attempts}: {pause:?}"
            );
        }
    }
}
