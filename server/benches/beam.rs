//! One perturbation there and back, beside a bare echo socket in the same run.
//!
//! Both are asked in turns, in blocks, by one client that waits for each answer before it asks again, so that whatever
//! else the machine does falls on both. What counts is the ratio; the milliseconds are this machine's.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement fails by panicking, prints its result, and has no tasks to look after"
)]

use axum::{
    Router,
    extract::{WebSocketUpgrade, ws},
    routing::get,
};
use futures::{SinkExt as _, StreamExt as _};
use runtime::agent::{Agent, AgentError, Factory, Profile, Step, StepCx, no_source};
use serde_json::Value;
use server::{Config, Gateway, auth::AdminToken};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};
use wire::AgentId;

const TOKEN: &str = "a-token-for-the-measurement";
/// Round trips in a block; blocks of each kind.
const BLOCK: usize = 500;
const BLOCKS: usize = 20;
const MESSAGE: &str = r#"{"id":1,"data":"hello"}"#;

struct Echo;

impl Agent for Echo {
    type Item = Value;
    async fn step(&mut self, item: Value, _: &mut StepCx) -> Result<Step, AgentError> {
        Ok(Step::Result(item))
    }
    async fn perturbed(&mut self, input: Value, _: &mut StepCx) -> Result<Step, AgentError> {
        Ok(Step::Result(input))
    }
}

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn connect(url: &str) -> Socket {
    let mut request = url.into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {TOKEN}").parse().unwrap());
    let (socket, _) = connect_async(request).await.unwrap();
    if let tokio_tungstenite::MaybeTlsStream::Plain(stream) = socket.get_ref() {
        stream.set_nodelay(true).unwrap();
    }
    socket
}

/// Round trips that end with the frame that holds `last`.
async fn block(socket: &mut Socket, last: &str, times: &mut Vec<Duration>) {
    for _ in 0..BLOCK {
        let began = Instant::now();
        socket.send(Message::text(MESSAGE)).await.unwrap();
        loop {
            let heard = socket.next().await.unwrap().unwrap();
            if heard.to_text().is_ok_and(|text| text.contains(last)) {
                break;
            }
        }
        times.push(began.elapsed());
    }
}

fn quantile(times: &mut [Duration], q: f64) -> f64 {
    times.sort_unstable();
    times[((times.len() - 1) as f64 * q) as usize].as_secs_f64() * 1000.0
}

async fn echo_server() -> String {
    async fn echo(mut socket: ws::WebSocket) {
        while let Some(Ok(message)) = socket.recv().await {
            if matches!(message, ws::Message::Text(_)) && socket.send(message).await.is_err() {
                return;
            }
        }
    }
    let upgrade =
        |upgrade: WebSocketUpgrade| async { upgrade.read_buffer_size(4096).write_buffer_size(0).on_upgrade(echo) };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        use axum::serve::ListenerExt as _;
        let listener = listener.tap_io(|tcp| tcp.set_nodelay(true).unwrap());
        axum::serve(listener, Router::new().route("/", get(upgrade))).await.unwrap();
    });
    format!("ws://{addr}/")
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::bare(folder.path().to_owned());
    config.admin = Some(AdminToken::new(TOKEN).unwrap());
    config.perturb_rate = 0;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = Gateway::start(config, listener).await.unwrap();
    let factory: Factory<Echo> = Box::new(|| Ok((Echo, no_source())));
    let profile = Profile { genus: "echo", description: "Says what it is told.".into() };
    gateway.registry().plant(AgentId::parse("echo").unwrap(), profile, factory).unwrap();

    let mut beam = connect(&format!("{}/perturb/echo", gateway.url().replace("http", "ws"))).await;
    let mut bare = connect(&echo_server().await).await;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    block(&mut beam, "\"result\"", &mut Vec::new()).await;
    block(&mut bare, "hello", &mut Vec::new()).await;
    for _ in 0..BLOCKS {
        block(&mut beam, "\"result\"", &mut ours).await;
        block(&mut bare, "hello", &mut theirs).await;
    }
    println!("{:>24} {:>10} {:>10} {:>10}", "round trip, ms", "p50", "p99", "n");
    let row = |name: &str, times: &mut Vec<Duration>| {
        let (p50, p99) = (quantile(times, 0.5), quantile(times, 0.99));
        println!("{name:>24} {p50:>10.3} {p99:>10.3} {:>10}", times.len());
        (p50, p99)
    };
    let bare = row("bare echo socket", &mut theirs);
    let beam = row("perturbation", &mut ours);
    println!("{:>24} {:>9.2}x {:>9.2}x", "ratio", beam.0 / bare.0, beam.1 / bare.1);
    gateway.shutdown().await.unwrap();
}
