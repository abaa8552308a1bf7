//! Stands between the client library and the network: what is not a stream of events is a [`Failure`] in words, and no
//! stream is longer, slower or more silent than it may be.
//!
//! It owns time-outs, sizes and the one second attempt to connect. The library would repeat requests by itself, wait for a
//! body of any size, and lose what the endpoint says about waiting.

use super::{
    Secret,
    failure::{Failure, fit},
};
use async_openai::{error::OpenAIError, middleware::HttpRequestFactory};
use futures::{Stream, StreamExt, future::BoxFuture, stream};
use reqwest_model::{
    Body, Client, Response, StatusCode,
    header::{CONTENT_TYPE, LOCATION, RETRY_AFTER},
};
use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::timeout;

/// To connect.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Until the endpoint begins to answer. A model that has to be loaded first takes its time.
const ANSWER_BEGINS_TIMEOUT: Duration = Duration::from_secs(120);
/// Between two pieces of an answer.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest answer, in bytes with all that is around its words.
const ANSWER_MAX_BYTES: usize = 4 * 1024 * 1024;
/// As much of a refusal is read, in bytes.
const REFUSAL_MAX_BYTES: usize = 16 * 1024;
/// Attempts to connect. Only what never reached the endpoint is tried again.
const CONNECT_ATTEMPTS: u32 = 2;

/// How the last stream ended, which the library does not hand on.
#[derive(Debug, Clone, Default)]
pub(super) struct Ending(Arc<Mutex<Ended>>);

#[derive(Debug, Default)]
struct Ended {
    failure: Option<Failure>,
    /// The endpoint said that this was all.
    done: bool,
}

impl Ending {
    pub(super) fn failure(&self) -> Option<Failure> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).failure.clone()
    }

    pub(super) fn is_done(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).done
    }

    fn fail(&self, failure: Failure) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).failure = Some(failure);
    }

    fn done(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).done = true;
    }
}

/// Sends one request.
#[derive(Clone)]
pub(super) struct Guard {
    pub(super) http: Client,
    pub(super) key: Option<Secret>,
    pub(super) ending: Ending,
}

impl tower::Service<HttpRequestFactory> for Guard {
    type Response = Response;
    type Error = OpenAIError;
    type Future = BoxFuture<'static, Result<Response, OpenAIError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), OpenAIError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequestFactory) -> Self::Future {
        let guard = self.clone();
        Box::pin(async move { guard.send(request).await.map_err(|failure| OpenAIError::Boxed(Box::new(failure))) })
    }
}

impl Guard {
    async fn send(self, request: HttpRequestFactory) -> Result<Response, Failure> {
        let mut attempt = 1;
        let response = loop {
            let request =
                request.build().await.map_err(|e| Failure::Gibberish(fit(&e.to_string(), self.key.as_ref())))?;
            match timeout(ANSWER_BEGINS_TIMEOUT, self.http.execute(request)).await {
                Ok(Ok(response)) => break response,
                Ok(Err(error)) if error.is_connect() && attempt < CONNECT_ATTEMPTS => attempt += 1,
                Ok(Err(error)) => return Err(Failure::Unreachable(self.words(&error))),
                Err(_) => {
                    return Err(Failure::Slow { what: "begin to answer", seconds: ANSWER_BEGINS_TIMEOUT.as_secs() });
                }
            }
        };
        if !response.status().is_success() {
            return Err(self.refusal(response).await);
        }
        let kind =
            response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("nothing in particular");
        if !kind.starts_with("text/event-stream") {
            let kind = fit(kind, self.key.as_ref());
            return Err(Failure::Gibberish(format!("it answers with {kind} instead of a stream of events")));
        }
        let body = Body::wrap_stream(watched(response, self.ending));
        let mut guarded = http::Response::new(body);
        *guarded.status_mut() = StatusCode::OK;
        Ok(Response::from(guarded))
    }

    /// What a status that is no success means.
    async fn refusal(&self, response: Response) -> Failure {
        let status = response.status();
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        if status.is_redirection() {
            // Where it goes may be anywhere, and a key must not follow.
            let to = header(LOCATION).map(|to| fit(to.split('?').next().unwrap_or(to), self.key.as_ref()));
            return Failure::Moved { status: status.as_u16(), to };
        }
        let seconds = header(RETRY_AFTER).and_then(|seconds| seconds.trim().parse().ok());
        let said = self.said(response).await;
        let status = status.as_u16();
        match status {
            401 | 403 => Failure::Unauthorised { status, said },
            404 => Failure::NotFound { status, said },
            429 => Failure::Busy { seconds, said },
            503 if seconds.is_some() => Failure::Busy { seconds, said },
            500.. => Failure::Failing { status, said },
            _ => Failure::Refused { status, said },
        }
    }

    /// The message of an error in OpenAI's form, else the body as it is, if it is text.
    async fn said(&self, response: Response) -> String {
        let mut body = Vec::new();
        let mut pieces = response.bytes_stream();
        while let Ok(Some(Ok(piece))) = timeout(SILENCE_TIMEOUT, pieces.next()).await {
            body.extend_from_slice(&piece[..piece.len().min(REFUSAL_MAX_BYTES - body.len())]);
            if body.len() >= REFUSAL_MAX_BYTES {
                break;
            }
        }
        let json: Option<serde_json::Value> = serde_json::from_slice(&body).ok();
        let message = json.as_ref().and_then(|json| {
            let error = json.get("error").unwrap_or(json);
            error.get("message").unwrap_or(error).as_str()
        });
        let text = String::from_utf8_lossy(&body);
        // A page for browsers says nothing in its first words.
        let words = message.unwrap_or_else(|| if text.trim_start().starts_with('<') { "" } else { &text });
        fit(words, self.key.as_ref())
    }

    fn words(&self, error: &reqwest_model::Error) -> String {
        let mut words = if error.is_timeout() {
            format!("no connection within {} seconds", CONNECT_TIMEOUT.as_secs())
        } else if error.is_connect() {
            "no connection".to_owned()
        } else {
            "no answer that could be understood".to_owned()
        };
        // The innermost cause is the one that helps: "connection refused".
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause.and_then(std::error::Error::source) {
            cause = Some(inner);
        }
        if let Some(cause) = cause {
            words = format!("{words} ({cause})");
        }
        fit(&words, self.key.as_ref())
    }
}

/// The body, ended early where it is too long or too silent. How it ended is told to `ending`.
fn watched(response: Response, ending: Ending) -> impl Stream<Item = io::Result<Vec<u8>>> + Send {
    let start = (response.bytes_stream().boxed(), 0_usize, Vec::new());
    stream::unfold(Some(start), move |state| {
        let ending = ending.clone();
        async move {
            let (mut pieces, mut length, mut tail) = state?;
            let failed = |failure: Failure| {
                let error = io::Error::other(failure.to_string());
                ending.fail(failure);
                Some((Err(error), None))
            };
            match timeout(SILENCE_TIMEOUT, pieces.next()).await {
                Err(_) => failed(Failure::Slow { what: "go on with its answer", seconds: SILENCE_TIMEOUT.as_secs() }),
                Ok(None) => None,
                // The library turns this into words of its own.
                Ok(Some(Err(error))) => Some((Err(io::Error::other(error.without_url().to_string())), None)),
                Ok(Some(Ok(piece))) => {
                    length += piece.len();
                    if length > ANSWER_MAX_BYTES {
                        return failed(Failure::TooLong { bytes: ANSWER_MAX_BYTES });
                    }
                    if ends_here(&mut tail, &piece) {
                        ending.done();
                    }
                    Some((Ok(piece.to_vec()), Some((pieces, length, tail))))
                }
            }
        }
    })
}

/// Whether the mark of the end is in this piece, or began in the one before. `tail` is the end of that one.
fn ends_here(tail: &mut Vec<u8>, piece: &[u8]) -> bool {
    const MARK: &[u8] = b"[DONE]";
    tail.extend_from_slice(piece);
    let found = tail.windows(MARK.len()).any(|bytes| bytes == MARK);
    tail.drain(..tail.len().saturating_sub(MARK.len() - 1));
    found
}
