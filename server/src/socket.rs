//! What every WebSocket of the gateway does alike: takes frames in time or ends, pings, and leaves for a stated reason.
//!
//! Knows nothing of what is said on it: that is the business of the routes.

use crate::{error::Error, state::Shared};
use axum::{
    extract::{
        WebSocketUpgrade,
        ws::{CloseFrame, Message, Utf8Bytes, WebSocket, rejection::WebSocketUpgradeRejection},
    },
    response::Response,
};
use bytes::Bytes;
use futures::SinkExt as _;
use serde::Serialize;
use std::{future::Future, sync::atomic::Ordering::Relaxed, time::Duration};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_tungstenite::tungstenite;
use wire::{
    CloseCode,
    frame::{CLIENT_FRAME_MAX, Control},
};

/// How long one frame may wait to be taken before the client counts as too slow.
const SLOW_GRACE: Duration = Duration::from_secs(10);
/// How often the gateway pings.
const PING_EVERY: Duration = Duration::from_secs(20);
/// How long a client may say nothing, not even a pong.
const PEER_SILENCE: Duration = Duration::from_secs(45);
/// How long a close frame may take to be sent, and then to be answered.
const CLOSE_PATIENCE: Duration = Duration::from_secs(3);
/// How long to leave the connection open after a frame that was too large. What is left of it is never read, and closing
/// at once would make the system reset the connection before the client has read why.
const CLOSE_LINGER: Duration = Duration::from_millis(300);
/// Bytes of read buffer per socket. With the library's own, every idle socket costs 128 KiB.
const READ_BUFFER: usize = 4096;

pub(crate) type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

/// How a socket takes and gives frames.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frames {
    /// Largest frame a client may send, in bytes.
    pub(crate) max: usize,
    /// Bytes that are collected on the way out before they are written; a flush writes them all. Each socket may keep
    /// that much memory.
    pub(crate) collected: usize,
}

impl Frames {
    /// Nothing is collected for those who watch: there may be a hundred thousand, and what they are sent is shared by all.
    pub(crate) const WATCHING: Self = Self { max: CLIENT_FRAME_MAX, collected: 0 };
}

/// Takes an upgrade.
pub(crate) fn accept<F, Fut>(upgrade: Upgrade, frames: Frames, then: F) -> Result<Response, Error>
where
    F: FnOnce(Socket) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let upgrade = upgrade.map_err(|_| Error::WebSocketOnly)?;
    Ok(upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(frames.collected)
        .max_message_size(frames.max)
        .max_frame_size(frames.max)
        .protocols([wire::session::SUBPROTOCOL])
        .on_upgrade(move |inner| then(Socket::new(inner))))
}

/// Whether there is a place for one more socket. That this client may have it, the guard has found before.
pub(crate) fn admit(shared: &Shared) -> Result<crate::state::Seat, CloseCode> {
    if shared.draining.is_cancelled() {
        return Err(CloseCode::Draining);
    }
    shared.seat().ok_or_else(|| {
        shared.sockets.turned_away.fetch_add(1, Relaxed);
        CloseCode::TooMany
    })
}

/// Why a socket ended.
pub(crate) enum End {
    /// We close it.
    Close(CloseCode),
    /// The client is gone, or was silent for too long.
    Gone,
}

pub(crate) struct Socket {
    inner: WebSocket,
    ping: Interval,
    heard: Instant,
    /// Whether anything but pings was sent since the last ping.
    spoke: bool,
}

/// What a client said.
pub(crate) enum Heard {
    Text(Utf8Bytes),
    /// Something that carries nothing for us: a ping, a pong, binary data.
    Nothing,
}

impl Socket {
    fn new(inner: WebSocket) -> Self {
        let mut ping = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { inner, ping, heard: Instant::now(), spoke: false }
    }

    /// What the client says next. Pings it, and ends where it is gone or silent for too long. Cancel-safe.
    pub(crate) async fn hear(&mut self) -> Result<Heard, End> {
        loop {
            let message = tokio::select! {
                message = self.inner.recv() => message,
                _ = self.ping.tick() => {
                    self.ping().await?;
                    continue;
                }
                () = sleep_until(self.heard + PEER_SILENCE) => return Err(End::Gone),
            };
            self.heard = Instant::now();
            return match message {
                Some(Ok(Message::Text(said))) => Ok(Heard::Text(said)),
                Some(Ok(Message::Close(_))) => {
                    // The library has queued the answer; it goes out with the next flush.
                    let _ = timeout(CLOSE_PATIENCE, self.inner.flush()).await;
                    Err(End::Gone)
                }
                Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => Ok(Heard::Nothing),
                Some(Err(error)) if is_too_large(&error) => Err(End::Close(CloseCode::FrameTooLarge)),
                Some(Err(_)) | None => Err(End::Gone),
            };
        }
    }

    /// Says why and leaves.
    pub(crate) async fn close(mut self, code: CloseCode) {
        let frame = CloseFrame { code: code.code(), reason: Utf8Bytes::from_static(code.reason()) };
        let said = timeout(CLOSE_PATIENCE, self.inner.send(Message::Close(Some(frame)))).await;
        if !matches!(said, Ok(Ok(()))) {
            return;
        }
        if code == CloseCode::FrameTooLarge {
            tokio::time::sleep(CLOSE_LINGER).await;
        }
        // Until the client has answered, or the patience ends.
        let _ = timeout(CLOSE_PATIENCE, async { while let Some(Ok(_)) = self.inner.recv().await {} }).await;
    }

    /// Says something made of plain fields.
    pub(crate) async fn say(&mut self, words: &impl Serialize) -> Result<(), End> {
        self.feed_words(words).await?;
        self.flush().await
    }

    /// The same, to be flushed later.
    pub(crate) async fn feed_words(&mut self, words: &impl Serialize) -> Result<(), End> {
        // Plain fields can always be written.
        let json = serde_json::to_vec(words).map_err(|_| End::Close(CloseCode::Done))?;
        self.feed_json(Bytes::from(json)).await
    }

    /// Hands JSON over, to be flushed later.
    pub(crate) async fn feed_json(&mut self, json: Bytes) -> Result<(), End> {
        self.spoke = true;
        // JSON is UTF-8.
        let text = Utf8Bytes::try_from(json).map_err(|_| End::Close(CloseCode::Done))?;
        self.feed(Message::Text(text)).await
    }

    pub(crate) async fn flush(&mut self) -> Result<(), End> {
        in_time(timeout(SLOW_GRACE, self.inner.flush()).await)
    }

    /// A protocol ping for the connection and, on a quiet stream, one that a script can see.
    async fn ping(&mut self) -> Result<(), End> {
        self.feed(Message::Ping(Bytes::new())).await?;
        if std::mem::take(&mut self.spoke) {
            return self.flush().await;
        }
        let sent = self.say(&Control::Ping).await;
        self.spoke = false;
        sent
    }

    async fn feed(&mut self, message: Message) -> Result<(), End> {
        in_time(timeout(SLOW_GRACE, self.inner.feed(message)).await)
    }
}

fn in_time(sent: Result<Result<(), axum::Error>, tokio::time::error::Elapsed>) -> Result<(), End> {
    match sent {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(End::Gone),
        Err(_) => Err(End::Close(CloseCode::TooSlow)),
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|e| e.downcast_ref::<tungstenite::Error>());
    matches!(cause, Some(tungstenite::Error::Capacity(_)))
}
