//! A gateway of its own for each test: port 0, its own folder, and agents that speak when told to. In the one form of
//! module file that cargo does not take for a test of its own.

#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "each test file uses its own part of this, and a test may fail"
)]

use client::{Client, Observation};
use runtime::agent::{Agent, AgentError, Profile, Step, StepCx};
use serde_json::{Value, json};
use server::{Config, Gateway};
use std::time::Duration;
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::mpsc, time::timeout};
use wire::{AgentId, Envelope, Event, Frame, Hello, frame::Control};

/// Longer than anything here should take.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct TestTerrarium {
    pub(crate) gateway: Gateway,
    pub(crate) client: Client,
    folder: TempDir,
}

/// Says what it is given.
struct Parrot;

impl Agent for Parrot {
    type Item = Value;
    async fn step(&mut self, item: Value, _: &mut StepCx) -> Result<Step, AgentError> {
        Ok(Step::Result(item))
    }
}

/// Makes a parrot speak.
pub(crate) struct Voice(mpsc::Sender<Value>);

impl Voice {
    pub(crate) async fn say(&self, value: impl Into<Value>) {
        self.0.send(value.into()).await.unwrap();
    }

    /// Numbers, in order.
    pub(crate) async fn count(&self, numbers: std::ops::Range<u64>) {
        for n in numbers {
            self.say(n).await;
        }
    }
}

impl TestTerrarium {
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), change).await
    }

    async fn start_in(folder: TempDir, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::bare(folder.path().to_owned());
        change(&mut config);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gateway = Gateway::start(config, listener).await.unwrap();
        let client = Client::new(&gateway.url()).unwrap();
        Self { gateway, client, folder }
    }

    /// Another life on the same folder.
    pub(crate) async fn restart(self) -> Self {
        self.restart_with(|_| {}).await
    }

    /// Another life on the same folder, with settings of its own.
    pub(crate) async fn restart_with(self, change: impl FnOnce(&mut Config)) -> Self {
        self.gateway.shutdown().await.unwrap();
        Self::start_in(self.folder, change).await
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Plants an agent that says what its voice is told.
    pub(crate) fn parrot(&self, name: &str) -> Voice {
        let (send, receive) = mpsc::channel(64);
        let mut receive = Some(receive);
        let profile = Profile { genus: "parrot", description: "Says what it is told.".to_owned() };
        let factory = move || {
            let receive = receive.take().ok_or_else(|| AgentError::new("spent", "a parrot lives once"))?;
            let source = futures::stream::unfold(receive, |mut r| async move { Some((Ok(r.recv().await?), r)) });
            Ok((Parrot, Box::pin(source) as runtime::agent::Source<Value>))
        };
        self.gateway.registry().plant(id(name), profile, Box::new(factory)).unwrap();
        Voice(send)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.gateway.url())
    }

    pub(crate) async fn get(&self, path: &str) -> reqwest::Response {
        self.get_with(path, &[]).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        let mut request = reqwest::Client::new().get(self.url(path));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    /// Waits until an agent has said this many events.
    pub(crate) async fn until_seq(&self, name: &str, seq: u64) {
        timeout(PATIENCE, async {
            while self.gateway.registry().get(&id(name)).unwrap().mirror().head().0 < seq {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap();
    }
}

pub(crate) fn id(name: &str) -> AgentId {
    AgentId::parse(name).unwrap()
}

pub(crate) async fn frame(stream: &mut Observation) -> Frame {
    timeout(PATIENCE, stream.next()).await.expect("a frame in time").expect("a stream that goes on").unwrap()
}

pub(crate) async fn hello(stream: &mut Observation) -> Hello {
    match frame(stream).await {
        Frame::Control(Control::Hello(hello)) => *hello,
        other => panic!("hello comes first, not {other:?}"),
    }
}

/// The next event; fails on a gap.
pub(crate) async fn event(stream: &mut Observation) -> Envelope {
    loop {
        match frame(stream).await {
            Frame::Event(event) => return *event,
            Frame::Control(Control::Ping) => {}
            other => panic!("an event was expected, not {other:?}"),
        }
    }
}

/// Reads on until an agent says this.
pub(crate) async fn until_said(stream: &mut Observation, value: Value) -> Vec<Envelope> {
    let mut seen = Vec::new();
    loop {
        let event = event(stream).await;
        let said = matches!(&event.event, Event::Result { data } if *data == value);
        seen.push(event);
        if said {
            return seen;
        }
    }
}

/// The code the stream ends with.
pub(crate) async fn close_code(stream: &mut Observation) -> Option<u16> {
    timeout(PATIENCE, async { while stream.next().await.is_some() {} }).await.expect("an end in time");
    stream.close_code()
}

pub(crate) fn said(events: &[Envelope]) -> Vec<Value> {
    let data = |e: &Envelope| if let Event::Result { data } = &e.event { Some(data.clone()) } else { None };
    events.iter().filter_map(data).collect()
}

pub(crate) fn numbers(range: std::ops::Range<u64>) -> Vec<Value> {
    range.map(|n| json!(n)).collect()
}
