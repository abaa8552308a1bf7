//! Giving agents work through the typed client: many calls on one socket, one call over REST, and how each is refused.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use client::{Beam, Client, Error};
use prism::{CallCx as _, exposed};
use runtime::agent::{Agent, AgentError, Profile, Step, StepCx, no_source};
use serde_json::{Map, Value, json};
use server::auth::AdminToken;
use std::{collections::BTreeMap, time::Duration};
use support::{TestTerrarium, id};
use tokio::time::timeout;
use wire::{CallId, CloseCode, Perturb, PerturbReply, perturb::PerturbOp};

/// A token that may do everything.
const TOKEN: &str = "trm_a-token-for-tests-that-may-do-everything";
/// Longer than anything here should take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Repeats what it is told, in parts first; `"ponder"` it never answers.
struct Echo;

#[exposed]
impl Echo {
    /// Says a word several times.
    #[expose(aliases("again"))]
    fn repeat(&self, word: String, #[arg(default = 2)] times: usize) -> String {
        word.repeat(times)
    }
}

impl Agent for Echo {
    type Item = Value;

    async fn step(&mut self, item: Value, _: &mut StepCx) -> Result<Step, AgentError> {
        Ok(Step::Result(item))
    }

    async fn perturbed(&mut self, input: Value, cx: &mut StepCx) -> Result<Step, AgentError> {
        if input == "ponder" {
            std::future::pending::<()>().await;
        }
        cx.chunk(json!({ "part of": input }));
        Ok(Step::Result(input))
    }

    fn exposed(&mut self) -> Option<&mut dyn prism::Exposed> {
        Some(self)
    }
}

async fn garden() -> (TestTerrarium, Client) {
    let t = TestTerrarium::start_with(|config| {
        config.admin = Some(AdminToken::new(TOKEN).unwrap());
        config.perturb_rate = 0;
    })
    .await;
    let profile = Profile { genus: "echo", description: "Repeats what it is told.".to_owned() };
    t.gateway.registry().plant(id("echo"), profile, Box::new(|| Ok((Echo, no_source())))).unwrap();
    let client = t.client.clone().with_token(TOKEN).unwrap();
    (t, client)
}

fn input(number: i64, data: impl Into<Value>) -> Perturb {
    Perturb { id: Some(CallId::Number(number)), ..Perturb::of(data.into()) }
}

async fn reply(beam: &mut Beam) -> PerturbReply {
    timeout(PATIENCE, beam.next()).await.unwrap().unwrap().unwrap()
}

#[tokio::test]
async fn every_input_on_one_socket_is_answered_by_its_id() {
    const INPUTS: i64 = 200;
    let (_t, client) = garden().await;
    let (mut sender, mut replies) = client.perturb(&id("echo")).await.unwrap().split();
    let send = async {
        for n in 0..INPUTS {
            sender.send(&input(n, n)).await.unwrap();
        }
    };
    let read = async {
        let (mut open, mut busy) = (BTreeMap::new(), 0);
        let mut answered = 0;
        while answered + busy < INPUTS {
            match replies.next().await.unwrap().unwrap() {
                PerturbReply::Accepted { id, .. } => assert_eq!(open.insert(format!("{id:?}"), 0), None),
                PerturbReply::Chunk { id, .. } => *open.get_mut(&format!("{id:?}")).unwrap() += 1,
                PerturbReply::Result { id, result } => {
                    assert_eq!(id, CallId::Number(result.as_i64().unwrap()));
                    assert_eq!(open.remove(&format!("{id:?}")), Some(1), "accepted, one part, then the answer");
                    answered += 1;
                }
                PerturbReply::Busy { .. } => busy += 1,
                other => panic!("{other:?}"),
            }
        }
        assert!(open.is_empty() && answered > 0);
    };
    timeout(PATIENCE, async { tokio::join!(send, read) }).await.unwrap();
}

#[tokio::test]
async fn what_is_cancelled_ends_with_an_error_and_the_socket_goes_on() {
    let (_t, client) = garden().await;
    let mut beam = client.perturb(&id("echo")).await.unwrap();
    beam.send(&input(1, "ponder")).await.unwrap();
    assert!(matches!(reply(&mut beam).await, PerturbReply::Accepted { .. }));
    beam.op(&PerturbOp::Cancel { id: CallId::Number(1) }).await.unwrap();
    match reply(&mut beam).await {
        PerturbReply::Error { id: Some(CallId::Number(1)), error } => assert_eq!(error.code, "cancelled"),
        other => panic!("{other:?}"),
    }
    beam.send(&input(2, "hello")).await.unwrap();
    loop {
        if let PerturbReply::Result { id, result } = reply(&mut beam).await {
            assert_eq!((id, result), (CallId::Number(2), json!("hello")));
            break;
        }
    }
    beam.close().await;
}

#[tokio::test]
async fn a_beam_that_is_refused_says_why_by_its_close_code() {
    let (t, client) = garden().await;
    for (client, agent, code) in
        [(&t.client, "echo", CloseCode::Unauthorised), (&client, "ehco", CloseCode::AgentNotFound)]
    {
        let mut beam = client.perturb(&id(agent)).await.unwrap();
        assert!(timeout(PATIENCE, beam.next()).await.unwrap().is_none());
        assert_eq!(beam.close_code(), Some(code.code()));
    }
}

#[tokio::test]
async fn one_input_one_answer_over_rest() {
    let (t, client) = garden().await;
    assert_eq!(client.invoke(&id("echo"), &input(7, json!([1]))).await.unwrap(), json!([1]));
    let impatient = Perturb { timeout_ms: Some(20), ..Perturb::of("ponder".into()) };
    let status = |error: Error| error.problem().unwrap().status;
    assert_eq!(status(client.invoke(&id("echo"), &impatient).await.unwrap_err()), 504);
    assert_eq!(status(t.client.invoke(&id("echo"), &Perturb::of(1.into())).await.unwrap_err()), 401);
}

#[tokio::test]
async fn commands_are_listed_and_called() {
    let (_t, client) = garden().await;
    let specs = client.commands(&id("echo")).await.unwrap();
    assert_eq!(specs.iter().map(|spec| spec.name.as_str()).collect::<Vec<_>>(), ["repeat"]);
    let words = [("word".to_owned(), "ha".to_owned()), ("times".to_owned(), "3".to_owned())];
    let arguments = prism::from_words(&specs[0], &words).unwrap();
    for name in ["repeat", "again"] {
        assert_eq!(client.call(&id("echo"), name, arguments.clone()).await.unwrap(), "hahaha");
    }
    let error = client.call(&id("echo"), "repeat", Map::new()).await.unwrap_err();
    let problem = error.problem().unwrap();
    assert_eq!((problem.status, problem.errors[0].pointer.as_str()), (422, "/word"));
    let error = client.call(&id("echo"), "../../metrics", Map::new()).await.unwrap_err();
    assert!(matches!(error, Error::Command(_)), "{error}");
}
