//! One observe socket: writes what its cursor yields, reads the little a client says.
//!
//! Reading and writing share one task and no queue: while the client is slow to take a frame, the rest waits in the
//! mirror's ring, where it costs nothing.

use super::{garden_hello, query};
use crate::{
    auth::Caller,
    socket::{End, Heard, Socket},
    state::Shared,
};
use mirror::{Delivery, GardenObserver, Observer};
use std::{pin::pin, sync::atomic::Ordering::Relaxed};
use wire::{ClientMessage, CloseCode, frame::Control};

/// Frames fed to a socket before it is flushed.
const BATCH: usize = 64;

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

/// Says hello, then whatever the cursor yields, until one side ends it.
pub(super) async fn carry(mut socket: Socket, shared: &Shared, caller: &Caller, hello: Control, mut cursor: Cursor) {
    let end = match socket.say(&hello).await {
        Ok(()) => run(&mut socket, shared, caller, &mut cursor).await,
        Err(end) => end,
    };
    // The place in the ring is given back before the farewell, which may take a while.
    drop(cursor);
    if let End::Close(code) = end {
        if code == CloseCode::TooSlow {
            shared.sockets.slow_closed.fetch_add(1, Relaxed);
        }
        socket.close(code).await;
    }
}

async fn run(socket: &mut Socket, shared: &Shared, caller: &Caller, cursor: &mut Cursor) -> End {
    let mut barred = pin!(caller.may_no_longer_watch());
    loop {
        let step = tokio::select! {
            delivery = cursor.next() => deliver(socket, delivery).await,
            heard = socket.hear() => match heard {
                Ok(heard) => answer(socket, heard, shared, cursor).await,
                Err(end) => Err(end),
            },
            () = barred.as_mut() => Err(End::Close(CloseCode::Unauthorised)),
            () = shared.drained.cancelled() => Err(End::Close(CloseCode::Draining)),
        };
        if let Err(end) = step {
            return end;
        }
    }
}

async fn deliver(socket: &mut Socket, delivery: Delivery) -> Result<(), End> {
    match delivery {
        Delivery::Frames(frames) => {
            for frame in frames {
                socket.feed_json(frame).await?;
            }
            socket.flush().await
        }
        Delivery::Gap(gap) => socket.say(&Control::Gap(gap)).await,
        Delivery::Closed(code) => Err(End::Close(code)),
    }
}

/// A client may narrow its garden; everything else it says only shows that it is there.
async fn answer(socket: &mut Socket, heard: Heard, shared: &Shared, cursor: &mut Cursor) -> Result<(), End> {
    if let (Heard::Text(said), Cursor::Garden(observer)) = (heard, cursor)
        && let Ok(ClientMessage::Observe(narrow)) = serde_json::from_str(&said)
    {
        let wish = query::from_message(narrow, 0);
        let cut = observer.narrow(wish.narrowing.clone());
        return socket.say(&garden_hello(shared, &cut, &wish)).await;
    }
    Ok(())
}
