//! Giving work: a socket on which any number of inputs are under way at once, each answered by its id.
//!
//! Owns the connection and the words on it. Does not match replies to inputs: the id in each reply does.

use crate::{
    Error,
    socket::{self, Socket},
};
use futures::{
    SinkExt as _, StreamExt as _,
    stream::{SplitSink, SplitStream},
};
use tokio_tungstenite::tungstenite::{Message, handshake::client::Request};
use wire::{CallId, Perturb, PerturbReply, perturb::PerturbOp};

/// An open perturb socket. Dropping it gives up whatever is under way.
///
/// Neither side of the connection keeps more than fits its buffers: who sends many inputs before reading a reply should
/// [`split`](Self::split) it and do both at once, or the two sides will wait for each other.
#[derive(Debug)]
pub struct Beam {
    sender: BeamSender,
    replies: BeamReplies,
}

/// The half that sends.
#[derive(Debug)]
pub struct BeamSender(SplitSink<Socket, Message>);

/// The half that reads.
#[derive(Debug)]
pub struct BeamReplies {
    socket: SplitStream<Socket>,
    close_code: Option<u16>,
}

impl Beam {
    pub(crate) async fn connect(request: Request) -> Result<Self, Error> {
        let (sink, stream) = socket::connect(request).await?.split();
        Ok(Self { sender: BeamSender(sink), replies: BeamReplies { socket: stream, close_code: None } })
    }

    /// See [`BeamSender::send`].
    ///
    /// # Errors
    /// [`Error::Broken`] where the connection has ended.
    pub async fn send(&mut self, input: &Perturb) -> Result<(), Error> {
        self.sender.send(input).await
    }

    /// See [`BeamSender::op`].
    ///
    /// # Errors
    /// [`Error::Broken`] where the connection has ended.
    pub async fn op(&mut self, op: &PerturbOp) -> Result<(), Error> {
        self.sender.op(op).await
    }

    /// See [`BeamReplies::next`].
    pub async fn next(&mut self) -> Option<Result<PerturbReply, Error>> {
        self.replies.next().await
    }

    /// See [`BeamReplies::close_code`].
    #[must_use]
    pub fn close_code(&self) -> Option<u16> {
        self.replies.close_code
    }

    /// The two halves, to send and to read at once.
    #[must_use]
    pub fn split(self) -> (BeamSender, BeamReplies) {
        (self.sender, self.replies)
    }

    /// Ends the connection. What is under way is given up.
    pub async fn close(mut self) {
        // Whoever leaves does not mind that the other side has already gone.
        let _ = self.sender.0.close().await;
    }
}

impl BeamSender {
    /// Sends an input. Give each an id of its own to know its replies.
    ///
    /// # Errors
    /// [`Error::Broken`] where the connection has ended.
    pub async fn send(&mut self, input: &Perturb) -> Result<(), Error> {
        self.send_text(serde_json::to_string(input)?).await
    }

    /// Gives up an input, or answers a question.
    ///
    /// # Errors
    /// [`Error::Broken`] where the connection has ended.
    pub async fn op(&mut self, op: &PerturbOp) -> Result<(), Error> {
        self.send_text(serde_json::to_string(op)?).await
    }

    /// Gives up an input: its last reply is then an error with the code `cancelled`, unless it had ended before.
    ///
    /// # Errors
    /// [`Error::Broken`] where the connection has ended.
    pub async fn cancel(&mut self, id: CallId) -> Result<(), Error> {
        self.op(&PerturbOp::Cancel { id }).await
    }

    /// Sends any text. What is no message of this socket is itself the input.
    ///
    /// # Errors
    /// [`Error::Broken`] where the connection has ended.
    pub async fn send_text(&mut self, text: String) -> Result<(), Error> {
        self.0.send(Message::text(text)).await.map_err(|e| Error::Broken(e.to_string()))
    }
}

impl BeamReplies {
    /// The next reply, to whichever input. `None` when the connection has ended: [`BeamReplies::close_code`] then says
    /// why. Cancel-safe.
    pub async fn next(&mut self) -> Option<Result<PerturbReply, Error>> {
        loop {
            match self.socket.next().await? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).map_err(Error::from)),
                Ok(Message::Close(frame)) => self.close_code = frame.map(|f| f.code.into()),
                Ok(_) => {}
                Err(error) => return socket::broken(&error).map(Err),
            }
        }
    }

    /// The code the gateway closed the connection with, once [`BeamReplies::next`] has yielded `None`; `None` where it
    /// ended without one. A refusal comes this way, too: [`wire::CloseCode`] has the words.
    #[must_use]
    pub fn close_code(&self) -> Option<u16> {
        self.close_code
    }
}
