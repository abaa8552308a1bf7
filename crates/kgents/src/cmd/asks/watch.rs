//! `kgents asks watch`: what waits, then what comes and goes, over the garden's socket. Comes back when the gateway does.

use super::card;
use crate::{
    cli::{Options, WatchArgs},
    error::Error,
    out::{BAD, Form, GOOD, ODD, Out, QUIET, STRONG},
    reach,
    text::{self, cut, line},
};
use anstyle::Style;
use client::{GardenOptions, Observation};
use serde_json::json;
use std::{collections::BTreeSet, time::Duration};
use wire::{
    CloseCode, Envelope, Event, Frame, Hello, SemaphoreCard, TokenId, close::Reconnect, event::Moved, frame::Control,
};

/// The first pause before coming back is at most this long; each further one at most twice as long.
const FIRST: Duration = Duration::from_millis(500);
/// No pause is longer.
const LONGEST: Duration = Duration::from_secs(15);
/// Columns of what happened.
const KIND: usize = 9;

pub(super) async fn run(args: &WatchArgs, options: &Options, out: &Out) -> Result<(), Error> {
    let client = reach::client(options, out)?;
    let wish = GardenOptions {
        history: Some(0),
        agents: args.agent.iter().cloned().collect(),
        types: vec!["semaphore_*".to_owned()],
        ..GardenOptions::default()
    };
    let mut watcher = Watcher { out, waiting: BTreeSet::new(), args };
    let mut stream = client.observe_garden(&wish).await?;
    let mut pause = FIRST;
    loop {
        let ended = watcher.follow(&mut stream, &mut pause).await;
        match ended {
            Ok(code) if !comes_back(code) => return Err(Error::Closed(code)),
            Err(error @ Error::System(_)) => return Err(error),
            _ => out.progress("the gateway is away; coming back when it does"),
        }
        stream = loop {
            tokio::time::sleep(pause.mul_f64(rand::random::<f64>())).await;
            pause = (pause * 2).min(LONGEST);
            match client.observe_garden(&wish).await {
                Ok(stream) => break stream,
                Err(client::Error::Unreachable { .. } | client::Error::Broken(_) | client::Error::TimedOut { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        };
    }
}

fn comes_back(code: Option<u16>) -> bool {
    code.is_none_or(|code| CloseCode::reconnect(code) == Reconnect::Yes)
}

struct Watcher<'a> {
    out: &'a Out,
    args: &'a WatchArgs,
    /// The questions that waited when last heard of.
    waiting: BTreeSet<TokenId>,
}

impl Watcher<'_> {
    /// Prints until the stream ends; its close code.
    async fn follow(&mut self, stream: &mut Observation, pause: &mut Duration) -> Result<Option<u16>, Error> {
        while let Some(frame) = stream.next().await {
            match frame? {
                Frame::Control(Control::Hello(hello)) => {
                    *pause = FIRST;
                    self.hello(*hello)?;
                }
                Frame::Event(envelope) => self.event(&envelope)?,
                Frame::Control(_) | Frame::Unknown { .. } => {}
            }
        }
        Ok(stream.close_code())
    }

    /// What waits now: new questions are shown, and those are crossed out that are over since.
    fn hello(&mut self, hello: Hello) -> Result<(), Error> {
        let agents = hello.agents.unwrap_or_default().into_iter().flat_map(|agent| agent.pending);
        let mine = |card: &SemaphoreCard| self.args.agent.as_ref().is_none_or(|agent| *agent == card.agent_id);
        let mut cards: Vec<SemaphoreCard> = hello.pending.into_iter().chain(agents).filter(mine).collect();
        cards.sort_by_key(|card| card.created_at.as_millis());
        let now: BTreeSet<TokenId> = cards.iter().map(|card| card.id.clone()).collect();
        let before = std::mem::replace(&mut self.waiting, now);
        for gone in before.difference(&self.waiting) {
            match self.out.form() {
                Form::Json => self.out.json(&json!({ "type": "over", "token_id": gone }))?,
                Form::Text => self.line(QUIET, "over", gone, "while the gateway could not be heard")?,
            }
        }
        for card in cards.iter().filter(|card| !before.contains(&card.id)) {
            match self.out.form() {
                Form::Json => self.out.json(&json!({ "type": "pending", "token": card }))?,
                Form::Text => self.card(card)?,
            }
        }
        if before.is_empty() && cards.is_empty() {
            self.out.note("no question waits yet");
        }
        Ok(())
    }

    fn event(&mut self, envelope: &Envelope) -> Result<(), Error> {
        match &envelope.event {
            Event::SemaphoreEjected { token, .. } => {
                if !self.waiting.insert(token.id.clone()) {
                    return Ok(());
                }
                match self.out.form() {
                    Form::Json => self.out.json(envelope),
                    Form::Text => self.card(token),
                }
            }
            Event::SemaphoreResolved { token_id, data } => self.moved(envelope, GOOD, "answered", token_id, data),
            Event::SemaphoreCancelled { token_id, data } => self.moved(envelope, QUIET, "cancelled", token_id, data),
            Event::SemaphoreVoided { token_id, data } => self.moved(envelope, QUIET, "voided", token_id, data),
            Event::SemaphoreEscalated { token_id, data } => self.moved(envelope, BAD, "escalated", token_id, data),
            Event::SemaphoreDelivered { .. } if self.out.form() == Form::Json => self.out.json(envelope),
            _ => Ok(()),
        }
    }

    fn moved(
        &mut self,
        envelope: &Envelope,
        style: Style,
        kind: &str,
        id: &TokenId,
        moved: &Moved,
    ) -> Result<(), Error> {
        if !matches!(envelope.event, Event::SemaphoreEscalated { .. }) {
            self.waiting.remove(id);
        }
        if self.out.form() == Form::Json {
            return self.out.json(envelope);
        }
        let by = || format!("by {}", line(&moved.by));
        let said = moved.decision.as_ref().map_or_else(by, card::decision);
        let why = moved.reason.as_ref().map(|why| format!(": {}", line(why))).unwrap_or_default();
        self.line(style, kind, id, &format!("{said}{why}"))
    }

    fn card(&self, card: &SemaphoreCard) -> Result<(), Error> {
        let options = card.options.iter().map(|option| line(option)).collect::<Vec<_>>().join(" / ");
        let options = if options.is_empty() { options } else { format!("  [{options}]") };
        let until = card.deadline.map(|at| format!("  ({})", card::until(at, text::now()))).unwrap_or_default();
        let style = if card.severity == wire::semaphore::Severity::Info { ODD } else { card::severity(card.severity) };
        let said = format!("{}: {}{options}{until}", card.agent_id, line(&card.prompt));
        self.line(style, "?", &card.id, &said)
    }

    fn line(&self, style: Style, kind: &str, id: &TokenId, said: &str) -> Result<(), Error> {
        let id = card::short(id);
        let room = self.out.columns().saturating_sub(KIND + id.len() + 4);
        let kind = self.out.styled(style, &format!("{kind:KIND$}"));
        self.out.say(&format!("{kind}  {}  {}", self.out.styled(STRONG, id), cut(said, room)))
    }
}
