//! What every socket of this client has in common: how it opens, and which ends are ends and not failures.

use crate::Error;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{self, error::ProtocolError, handshake::client::Request},
};

/// An open socket.
pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Opens a socket. A refused handshake is the gateway's problem, where it sent one.
pub(crate) async fn connect(request: Request) -> Result<Socket, Error> {
    let url = request.uri().to_string();
    match connect_async(request).await {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::Error::Http(response)) => {
            let status = response.status().as_u16();
            let problem = response.body().as_ref().and_then(|body| serde_json::from_slice(body).ok());
            Err(problem.map_or(Error::Strange { url, status }, |p| Error::Problem(Box::new(p))))
        }
        Err(error) => Err(Error::Unreachable { url, why: error.to_string() }),
    }
}

/// What an error of the socket means to who reads it: nothing where the other side has just gone.
pub(crate) fn broken(error: &tungstenite::Error) -> Option<Error> {
    let gone = matches!(
        error,
        tungstenite::Error::ConnectionClosed
            | tungstenite::Error::AlreadyClosed
            | tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)
    );
    (!gone).then(|| Error::Broken(error.to_string()))
}
