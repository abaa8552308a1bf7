//! Answers kept under an `Idempotency-Key`: a caller who did not hear the answer asks again, and nothing is done twice.
//!
//! In the manner of the IETF draft "The Idempotency-Key HTTP Header Field". Owns the answers of calls; questions keep
//! theirs in the ledger, on disk. Here they are in memory, bounded, and gone with the gateway, as is what the agent had in
//! its queue. A call with a key goes on when its caller vanishes; without one it is cancelled.

use crate::{auth::ClientKey, error::Error};
use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use runtime::tasks::{OnPanic, Tasks};
use sha2::{Digest, Sha256};
use std::{
    collections::{HashMap, VecDeque},
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::watch, time::Instant};
use wire::{
    purgatory::{KEY_HEADER, REPLAYED_HEADER},
    semaphore::WORD_MAX,
};

/// Keys remembered at one time; the oldest that has its answer goes first.
const KEYS_MAX: usize = 1024;
/// Bytes of answers remembered at one time.
const BYTES_MAX: usize = 16 << 20;
/// How long an answer is remembered.
const KEPT: Duration = Duration::from_secs(24 * 3600);
/// How long to wait before asking again where every key kept is still at work.
const RETRY: Duration = Duration::from_secs(1);

/// Whose key it is, and for what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) client: ClientKey,
    pub(crate) path: String,
    pub(crate) key: String,
}

/// The answers kept.
#[derive(Debug, Default)]
pub(crate) struct Replays(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    slots: HashMap<Place, Arc<Slot>>,
    /// Oldest first.
    order: VecDeque<Place>,
}

#[derive(Debug)]
struct Slot {
    digest: [u8; 32],
    since: Instant,
    answer: watch::Sender<Option<Answer>>,
}

#[derive(Debug, Clone)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// The key of a request, if it has one.
pub(crate) fn key_of(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let Some(key) = headers.get(KEY_HEADER) else { return Ok(None) };
    let text = key.to_str().map_err(|_| Error::BadKey { wants: "takes plain ASCII only" })?.trim();
    if (1..=WORD_MAX).contains(&text.len()) {
        Ok(Some(text.to_owned()))
    } else {
        Err(Error::BadKey { wants: "takes 1 to 256 characters" })
    }
}

/// Says that an answer is an earlier one.
pub(crate) fn mark(response: &mut Response) {
    response.headers_mut().insert(HeaderName::from_static(REPLAYED_HEADER), HeaderValue::from_static("true"));
}

impl Replays {
    /// Does the work and keeps its answer, or gives the answer of the time before, waiting for it where that is still
    /// going on. A refusal before anything was done is not kept: asking again is then right.
    pub(crate) async fn once(
        self: &Arc<Self>,
        tasks: &Tasks,
        place: Place,
        request: &[u8],
        work: impl Future<Output = Result<Response, Error>> + Send + 'static,
    ) -> Result<Response, Error> {
        let (slot, first) = self.slot(&place, Sha256::digest(request).into())?;
        let mut answers = slot.answer.subscribe();
        if first {
            let replays = Arc::clone(self);
            tasks.spawn("keyed call", OnPanic::Log, async move {
                let done = work.await;
                let nothing_done = matches!(
                    done,
                    Err(Error::Busy { .. } | Error::AgentHeld { .. } | Error::AgentEnded { .. } | Error::Draining)
                );
                let answer = Answer::of(done.unwrap_or_else(IntoResponse::into_response)).await;
                if nothing_done || answer.is_none() {
                    replays.forget(&place);
                }
                slot.answer.send_replace(answer);
            });
        } else {
            drop(slot);
        }
        // Closed without an answer: the call panicked, or its answer could not be read.
        let answer = answers.wait_for(Option::is_some).await.map_err(|_| Error::Internal)?.clone();
        let mut response = answer.ok_or(Error::Internal)?.into_response();
        if !first {
            mark(&mut response);
        }
        Ok(response)
    }

    /// The slot of a key, and whether it is new.
    fn slot(&self, place: &Place, digest: [u8; 32]) -> Result<(Arc<Slot>, bool), Error> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.expire();
        if let Some(slot) = kept.slots.get(place) {
            return if slot.digest == digest { Ok((Arc::clone(slot), false)) } else { Err(Error::KeyReused) };
        }
        kept.make_room()?;
        let slot = Arc::new(Slot { digest, since: Instant::now(), answer: watch::Sender::new(None) });
        kept.slots.insert(place.clone(), Arc::clone(&slot));
        kept.order.push_back(place.clone());
        Ok((slot, true))
    }

    fn forget(&self, place: &Place) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.slots.remove(place);
        kept.order.retain(|other| other != place);
    }
}

impl Kept {
    fn expire(&mut self) {
        while let Some(oldest) = self.order.front() {
            if self.slots.get(oldest).is_some_and(|slot| slot.since.elapsed() < KEPT) {
                return;
            }
            self.slots.remove(oldest);
            self.order.pop_front();
        }
    }

    fn make_room(&mut self) -> Result<(), Error> {
        let weight = |slot: &Slot| slot.answer.borrow().as_ref().map_or(0, |answer| answer.body.len());
        let mut bytes: usize = self.slots.values().map(|slot| weight(slot)).sum();
        while self.slots.len() >= KEYS_MAX || bytes > BYTES_MAX {
            let has_answer = |place: &Place| self.slots.get(place).is_none_or(|slot| slot.answer.borrow().is_some());
            let Some(at) = self.order.iter().position(has_answer) else {
                return Err(Error::Busy { retry_after: RETRY });
            };
            if let Some(gone) = self.order.remove(at).and_then(|place| self.slots.remove(&place)) {
                bytes -= weight(&gone);
            }
        }
        Ok(())
    }
}

impl Answer {
    /// `None` where a body cannot be read, which is none of ours.
    async fn of(response: Response) -> Option<Self> {
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, BYTES_MAX).await.ok()?;
        let mut headers = parts.headers;
        // The server writes it anew, for whoever asks.
        headers.remove(header::CONTENT_LENGTH);
        Some(Self { status: parts.status, headers, body })
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        (self.status, self.headers, Body::from(self.body)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(n: usize) -> Place {
        Place { client: ClientKey::of("::1".parse().unwrap()), path: "/".to_owned(), key: n.to_string() }
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded_and_work_in_progress_is_not_forgotten() {
        let (replays, tasks) = (Arc::new(Replays::default()), Tasks::default());
        let asked = |n| replays.once(&tasks, place(n), b"", async move { Ok(n.to_string().into_response()) });
        let (running, _) = replays.slot(&place(0), [0; 32]).unwrap();
        for n in 1..KEYS_MAX + 10 {
            assert!(asked(n).await.unwrap().headers().get(REPLAYED_HEADER).is_none());
        }
        assert!(asked(KEYS_MAX).await.unwrap().headers().contains_key(REPLAYED_HEADER), "the newest are kept");
        assert!(asked(1).await.unwrap().headers().get(REPLAYED_HEADER).is_none(), "the oldest are not");
        assert_eq!(replays.0.lock().unwrap().slots.len(), KEYS_MAX);
        assert!(Arc::strong_count(&running) == 2, "what is at work stays");
        tokio::time::advance(KEPT).await;
        asked(1).await.unwrap();
        assert_eq!(replays.0.lock().unwrap().slots.len(), 1, "a day later all are forgotten");
    }
}
