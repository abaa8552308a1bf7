//! The accept loop: one task per connection, each with a limit on how long its header may take.
//!
//! Ours instead of `axum::serve`, because that one has no header timeout: a client that sends a byte a minute would hold a
//! connection for ever. Each request is told who is at the other end; what a proxy says about that in a header is never
//! believed, because anyone can send that header.

use axum::{Router, extract::Request, http::Extensions};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use runtime::tasks::{OnPanic, Tasks};
use std::{
    io,
    net::{IpAddr, Ipv4Addr},
    pin::pin,
    time::Duration,
};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;

/// How long a request's header may take to arrive.
const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// Pause after an accept that failed for want of something, such as file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The two ends of a request's connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer {
    /// Who asks; behind a proxy, the proxy.
    pub(crate) remote: IpAddr,
    /// Which of our addresses was asked.
    pub(crate) local: Option<IpAddr>,
}

impl Peer {
    /// The peer of a request.
    pub(crate) fn of(extensions: &Extensions) -> Self {
        let nobody = Self { remote: IpAddr::V4(Ipv4Addr::UNSPECIFIED), local: None };
        extensions.get().copied().unwrap_or(nobody)
    }

    fn at(stream: &TcpStream, remote: IpAddr) -> Self {
        Self { remote: remote.to_canonical(), local: stream.local_addr().ok().map(|a| a.ip().to_canonical()) }
    }
}

/// Accepts until the tasks are told to stop; then the port is free again.
pub(crate) async fn accept(listener: TcpListener, router: Router, tasks: Tasks) {
    let stopping = tasks.stopping();
    while let Some(accepted) = stopping.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, remote)) => {
                let peer = Peer::at(&stream, remote.ip());
                tasks.spawn("connection", OnPanic::Log, connection(stream, peer, router.clone(), tasks.clone()))
            }
            Err(error) if is_the_clients_own(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, peer: Peer, router: Router, tasks: Tasks) {
    // Frames are small and wanted now.
    let _ = stream.set_nodelay(true);
    let service = router.map_request(move |mut request: Request<_>| {
        request.extensions_mut().insert(peer);
        request
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
        .with_upgrades();
    let mut served = pin!(served);
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = async { tasks.stopping().cancelled().await } => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        // A client that leaves in the middle is its own business.
        tracing::debug!(%error, "a connection ended early");
    }
}

fn is_the_clients_own(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
