//! `kgents ask`: puts a question to whoever watches the gateway, and waits, however long it takes and whoever restarts.
//!
//! A key makes asking again harmless, so everything that can go wrong on the way is answered by asking again. An answer
//! that means no is no error, but ends the command as one.

mod meaning;
mod patience;
mod question;

use self::{meaning::Meaning, patience::Patience};
use crate::{
    cli::{AskArgs, Options},
    error::{Ending, Error},
    out::{Form, Out},
    reach, text,
};
use client::Client;
use serde::Serialize;
use serde_json::Value;
use std::{cell::OnceCell, time::Duration};
use wire::{
    AgentId, SemaphoreCard, Timestamp, TokenId,
    semaphore::{Ask, Decision, Step, TokenRecord, TokenStatus, Verdict},
};

/// How long one request waits; then another does.
const WAIT: Duration = Duration::from_secs(55);
/// The status of a question that ended without a decision.
const GONE: u16 = 410;

/// How it ended, as JSON.
#[derive(Debug, Serialize)]
struct Outcome<'a> {
    id: &'a TokenId,
    agent_id: &'a AgentId,
    key: &'a str,
    outcome: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    means: Option<Meaning>,
    answer: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

/// What became of the question.
enum Fate {
    Decided(Decision),
    /// Cancelled or voided.
    Over(Box<TokenRecord>),
}

/// One question on its way.
struct Errand<'a> {
    client: &'a Client,
    agent: &'a AgentId,
    key: &'a str,
    out: &'a Out,
}

pub(crate) async fn run(args: &AskArgs, options: &Options, out: &Out) -> Result<Ending, Error> {
    let ask = question::read(args)?;
    let key = args.key.clone().unwrap_or_else(|| format!("{:032x}", rand::random::<u128>()));
    let client = reach::client(options, out)?;
    let errand = Errand { client: &client, agent: &args.agent, key: &key, out };
    let standing = OnceCell::new();
    tokio::select! {
        ending = errand.run(&ask, args.timeout, &standing) => ending,
        () = interrupted() => Err(Error::Interrupted { id: standing.get().cloned(), key: key.clone() }),
    }
}

impl Errand<'_> {
    async fn run(&self, ask: &Ask, time: Option<Duration>, standing: &OnceCell<TokenId>) -> Result<Ending, Error> {
        let mut patience = Patience::new(ask, time, self.out);
        let asked = patience.insist(|| self.client.ask(self.agent, ask, Some(self.key))).await?;
        let card = asked.card;
        // Set once, as here is the only place.
        let _ = standing.set(card.id.clone());
        self.out.progress(&format!(
            "asked as {}: {}; to go on waiting after an interruption, say the same with --key {}",
            card.agent_id,
            card.id,
            text::quoted(self.key)
        ));
        let fate = self.fate(&card, &mut patience).await?;
        self.tell(&card, &fate)
    }

    async fn fate(&self, card: &SemaphoreCard, patience: &mut Patience<'_>) -> Result<Fate, Error> {
        loop {
            match patience.insist(|| self.client.wait(self.agent, &card.id, WAIT)).await {
                Ok(Some(decision)) => return Ok(Fate::Decided(decision)),
                Ok(None) => {}
                Err(Error::Client(client::Error::Problem(problem))) if problem.status == GONE => {
                    let record = patience.insist(|| self.client.question(self.agent, &card.id)).await?;
                    return Ok(Fate::Over(Box::new(record)));
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Prints what became of it; how the command ends.
    fn tell(&self, card: &SemaphoreCard, fate: &Fate) -> Result<Ending, Error> {
        let (ending, outcome) = self.judge(card, fate);
        if self.out.form() == Form::Json {
            self.out.json(&outcome)?;
            return Ok(ending);
        }
        let words = match outcome.outcome {
            "answered" => format!("answered by {}", outcome.by.unwrap_or("somebody")),
            "denied" => "nobody answered in time, which here means no".to_owned(),
            "proceed" => "nobody answered in time, which here means to go ahead".to_owned(),
            "voided" => "nobody answered in time".to_owned(),
            over => format!("{over} by {}", outcome.by.unwrap_or("somebody")),
        };
        let more = outcome.note.or(outcome.reason).map(|more| format!(": {more}")).unwrap_or_default();
        self.out.note(&format!("{words}{more}"));
        self.out.answer(outcome.answer)?;
        Ok(ending)
    }

    fn judge<'a>(&'a self, card: &'a SemaphoreCard, fate: &'a Fate) -> (Ending, Outcome<'a>) {
        let bare = Outcome {
            id: &card.id,
            agent_id: &card.agent_id,
            key: self.key,
            outcome: "answered",
            means: None,
            answer: &Value::Null,
            by: None,
            at: None,
            note: None,
            reason: None,
        };
        match fate {
            Fate::Decided(decision) => {
                let (outcome, means) = match decision.verdict {
                    Verdict::Answered => ("answered", Meaning::of(&decision.human_input, &card.options)),
                    Verdict::Denied => ("denied", Meaning::No),
                    Verdict::Proceed => ("proceed", Meaning::Yes),
                };
                let ending = if means == Meaning::No { Ending::Denied } else { Ending::Done };
                let (by, note) = (Some(decision.by.as_str()), decision.note.as_deref());
                let answer = &decision.human_input;
                (ending, Outcome { outcome, means: Some(means), answer, by, at: Some(decision.at), note, ..bare })
            }
            Fate::Over(record) => {
                let ending = if record.status == TokenStatus::Cancelled { Ending::Denied } else { Ending::TimedOut };
                let last = record.audit.iter().rev().find(|e| matches!(e.step, Step::Cancelled | Step::Voided));
                let (by, reason) = (last.map(|e| e.by.as_str()), last.and_then(|e| e.reason.as_deref()));
                let (outcome, at) = (record.status.as_str(), Some(record.moved_at));
                (ending, Outcome { outcome, by, at, reason, ..bare })
            }
        }
    }
}

/// Returns when somebody presses Ctrl-C, or the system wants this command to end.
async fn interrupted() {
    #[cfg(unix)]
    if let Ok(mut end) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            Ok(()) = tokio::signal::ctrl_c() => {}
            Some(()) = end.recv() => {}
            else => std::future::pending().await,
        }
        return;
    }
    // Where signals cannot be heard they end the command by themselves.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
