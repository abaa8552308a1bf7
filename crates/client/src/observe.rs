//! Watching: an event stream, read frame by frame.

use crate::{
    Error,
    socket::{self, Socket},
};
use futures::{SinkExt as _, StreamExt as _};
use std::collections::BTreeMap;
use tokio_tungstenite::tungstenite::{Message, handshake::client::Request};
use wire::{AgentId, ClientMessage, Frame, Position};

/// How to begin one agent's stream.
#[derive(Debug, Clone, Default)]
pub struct ObserveOptions {
    /// Events of history, 0 to 4096; the gateway's default where `None`.
    pub history: Option<usize>,
    /// Resume right after this position.
    pub since: Option<Position>,
}

/// How to begin the garden's stream. Empty lists mean everything.
#[derive(Debug, Clone, Default)]
pub struct GardenOptions {
    /// Events of history in all; the gateway's default where `None`.
    pub history: Option<usize>,
    /// Only these agents.
    pub agents: Vec<AgentId>,
    /// Only these event types; a trailing `*` stands for any ending.
    pub types: Vec<String>,
    /// Per agent, resume right after this position.
    pub since: BTreeMap<AgentId, Position>,
}

impl ObserveOptions {
    pub(crate) fn query(&self) -> String {
        query(&[
            ("history", self.history.map(|n| n.to_string())),
            ("since", self.since.as_ref().map(ToString::to_string)),
        ])
    }
}

impl GardenOptions {
    pub(crate) fn query(&self) -> String {
        let list = |items: Vec<String>| (!items.is_empty()).then(|| items.join(","));
        query(&[
            ("history", self.history.map(|n| n.to_string())),
            ("agents", list(self.agents.iter().map(ToString::to_string).collect())),
            ("types", list(self.types.clone())),
            ("since", list(self.since.iter().map(|(id, at)| format!("{id}@{at}")).collect())),
        ])
    }
}

/// Ids, positions and type names hold nothing that a URL would have to escape.
fn query(pairs: &[(&str, Option<String>)]) -> String {
    let given: Vec<String> = pairs.iter().filter_map(|(k, v)| Some(format!("{k}={}", v.as_ref()?))).collect();
    if given.is_empty() { String::new() } else { format!("?{}", given.join("&")) }
}

/// An open event stream.
#[derive(Debug)]
pub struct Observation {
    socket: Socket,
    close_code: Option<u16>,
}

impl Observation {
    pub(crate) async fn connect(request: Request) -> Result<Self, Error> {
        Ok(Self { socket: socket::connect(request).await?, close_code: None })
    }

    /// The next frame. `None` when the stream has ended: [`Observation::close_code`] then says why. Cancel-safe.
    pub async fn next(&mut self) -> Option<Result<Frame, Error>> {
        loop {
            match self.socket.next().await? {
                Ok(Message::Text(text)) => return Some(Frame::decode(&text).map_err(Error::from)),
                Ok(Message::Close(frame)) => self.close_code = frame.map(|f| f.code.into()),
                Ok(_) => {}
                Err(error) => return socket::broken(&error).map(Err),
            }
        }
    }

    /// The code the gateway closed the stream with, once [`Observation::next`] has yielded `None`. `None` where the
    /// connection ended without one. [`wire::CloseCode::reconnect`] says whether to come back.
    #[must_use]
    pub fn close_code(&self) -> Option<u16> {
        self.close_code
    }

    /// Says something to the gateway.
    ///
    /// # Errors
    /// [`Error::Broken`] where the connection has ended.
    pub async fn send(&mut self, message: &ClientMessage) -> Result<(), Error> {
        self.send_text(serde_json::to_string(message)?).await
    }

    /// Sends any text; what is no [`ClientMessage`] is ignored by the gateway.
    ///
    /// # Errors
    /// [`Error::Broken`] where the connection has ended.
    pub async fn send_text(&mut self, text: String) -> Result<(), Error> {
        self.socket.send(Message::text(text)).await.map_err(|e| Error::Broken(e.to_string()))
    }

    /// Ends the stream.
    pub async fn close(mut self) {
        // Whoever leaves does not mind that the other side has already gone.
        let _ = self.socket.close(None).await;
    }
}
