//! One observe socket: writes what its cursor yields, reads the little a client says, ends for a stated reason.
//!
//! Reading and writing share one task and no queue: while the client is slow to take a frame, the rest waits in the
//! mirror's ring, where it costs nothing.

use super::{garden_hello, query};
use crate::state::Shared;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use bytes::Bytes;
use futures::SinkExt as _;
use mirror::{Delivery, GardenObserver, Observer};
use std::{sync::atomic::Ordering::Relaxed, time::Duration};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};
use tokio_tungstenite::tungstenite;
use wire::{ClientMessage, CloseCode, frame::Control};

/// Frames fed to a socket before it is flushed.
const BATCH: usize = 64;
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

/// What a socket reads from.
pub(super) enum Cursor {
    One(Observer),
    Garden(Box<GardenObserver>),
}

impl Cursor {
    async fn next(&mut self) -> Delivery {
        match self {
            Self::One(observer) => observer.next(BATCH).await,
            Self::Garden(observer) => observer.next(BATCH).await,
        }
    }
}

/// Why a socket ended.
enum End {
    /// We close it.
    Close(CloseCode),
    /// The client is gone, or was silent for too long.
    Gone,
}

pub(super) struct Socket {
    inner: WebSocket,
    /// Whether anything but pings was sent since the last ping.
    spoke: bool,
}

impl Socket {
    pub(super) fn new(inner: WebSocket) -> Self {
        Self { inner, spoke: false }
    }

    /// Says hello, then whatever the cursor yields, until one side ends it.
    pub(super) async fn carry(mut self, shared: &Shared, hello: Control, mut cursor: Cursor) {
        let end = match self.control(&hello).await {
            Ok(()) => self.run(shared, &mut cursor).await,
            Err(end) => end,
        };
        // The place in the ring is given back before the farewell, which may take a while.
        drop(cursor);
        if let End::Close(code) = end {
            if code == CloseCode::TooSlow {
                shared.sockets.slow_closed.fetch_add(1, Relaxed);
            }
            self.close(code).await;
        }
    }

    /// Says why and leaves.
    pub(super) async fn close(mut self, code: CloseCode) {
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

    async fn run(&mut self, shared: &Shared, cursor: &mut Cursor) -> End {
        let mut ping = interval_at(Instant::now() + PING_EVERY, PING_EVERY);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        loop {
            let step = tokio::select! {
                delivery = cursor.next() => self.deliver(delivery).await,
                message = self.inner.recv() => {
                    heard = Instant::now();
                    self.hear(message, shared, cursor).await
                }
                _ = ping.tick() => self.ping().await,
                () = sleep_until(heard + PEER_SILENCE) => Err(End::Gone),
                () = shared.drained.cancelled() => Err(End::Close(CloseCode::Draining)),
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    async fn deliver(&mut self, delivery: Delivery) -> Result<(), End> {
        match delivery {
            Delivery::Frames(frames) => {
                for frame in frames {
                    self.feed(text(frame)?).await?;
                }
                self.spoke = true;
                self.flush().await
            }
            Delivery::Gap(gap) => self.control(&Control::Gap(gap)).await,
            Delivery::Closed(code) => Err(End::Close(code)),
        }
    }

    async fn hear(
        &mut self,
        message: Option<Result<Message, axum::Error>>,
        shared: &Shared,
        cursor: &mut Cursor,
    ) -> Result<(), End> {
        match message {
            Some(Ok(Message::Text(said))) => {
                if let Cursor::Garden(observer) = cursor
                    && let Ok(ClientMessage::Observe(narrow)) = serde_json::from_str(&said)
                {
                    let wish = query::from_message(narrow, 0);
                    let cut = observer.narrow(wish.narrowing.clone());
                    return self.control(&garden_hello(shared, &cut, &wish)).await;
                }
                Ok(())
            }
            Some(Ok(Message::Close(_))) => {
                // The library has queued the answer; it goes out with the next flush.
                let _ = timeout(CLOSE_PATIENCE, self.inner.flush()).await;
                Err(End::Gone)
            }
            Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => Ok(()),
            Some(Err(error)) if is_too_large(&error) => Err(End::Close(CloseCode::FrameTooLarge)),
            Some(Err(_)) | None => Err(End::Gone),
        }
    }

    /// A protocol ping for the connection and, on a quiet stream, one that a script can see.
    async fn ping(&mut self) -> Result<(), End> {
        self.feed(Message::Ping(Bytes::new())).await?;
        if std::mem::take(&mut self.spoke) {
            return self.flush().await;
        }
        let sent = self.control(&Control::Ping).await;
        self.spoke = false;
        sent
    }

    async fn control(&mut self, control: &Control) -> Result<(), End> {
        // A control frame is made of plain fields: it can always be written.
        let json = serde_json::to_vec(control).map_err(|_| End::Close(CloseCode::Done))?;
        self.spoke = true;
        self.feed(text(Bytes::from(json))?).await?;
        self.flush().await
    }

    async fn feed(&mut self, message: Message) -> Result<(), End> {
        in_time(timeout(SLOW_GRACE, self.inner.feed(message)).await)
    }

    async fn flush(&mut self) -> Result<(), End> {
        in_time(timeout(SLOW_GRACE, self.inner.flush()).await)
    }
}

fn in_time(sent: Result<Result<(), axum::Error>, tokio::time::error::Elapsed>) -> Result<(), End> {
    match sent {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(End::Gone),
        Err(_) => Err(End::Close(CloseCode::TooSlow)),
    }
}

/// The mirror's bytes are JSON, so they are UTF-8.
fn text(json: Bytes) -> Result<Message, End> {
    Utf8Bytes::try_from(json).map(Message::Text).map_err(|_| End::Close(CloseCode::Done))
}

fn is_too_large(error: &axum::Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|e| e.downcast_ref::<tungstenite::Error>());
    matches!(cause, Some(tungstenite::Error::Capacity(_)))
}
