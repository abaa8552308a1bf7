//! `kgents snapshot`: one agent, and what it said last.

use super::agents::{gauges, state};
use crate::{
    cli::{Options, SnapshotArgs},
    error::Error,
    out::{BAD, Form, ODD, Out, QUIET, STRONG},
    reach,
    text::{self, age, cut, line},
};
use anstyle::Style;
use serde_json::Value;
use wire::{
    Envelope, Event, Snapshot, Timestamp, TokenId,
    event::{Moved, Transition},
};

/// Columns of the age of an event.
const AGE: usize = 8;
/// Columns of its kind.
const KIND: usize = 19;
/// Columns of a question that waits; the whole of it is in the JSON.
const PROMPT: usize = 100;

pub(crate) async fn run(args: &SnapshotArgs, options: &Options, out: &Out) -> Result<(), Error> {
    let snapshot = reach::client(options, out)?.snapshot(&args.agent).await?;
    if out.form() == Form::Json {
        return out.json(&snapshot);
    }
    head(&snapshot, out)?;
    let now = text::now();
    let skipped = snapshot.history.len().saturating_sub(args.events);
    let shown = snapshot.history.get(skipped..).unwrap_or_default();
    if !shown.is_empty() {
        out.say("")?;
    }
    shown.iter().try_for_each(|envelope| out.say(&event_line(envelope, now, out)))
}

fn head(snapshot: &Snapshot, out: &Out) -> Result<(), Error> {
    let (state, colour) = state(snapshot.state);
    out.say(&format!("{}  {}", out.styled(STRONG, snapshot.agent_id.as_str()), out.styled(colour, &state)))?;
    let [pressure, flow, temperature] = gauges(&snapshot.metrics);
    let label = |text: &str| out.styled(QUIET, text);
    out.say(&format!(
        "{} {pressure}   {} {flow}   {} {temperature}",
        label("pressure"),
        label("flow"),
        label("temperature")
    ))?;
    let events = format!(
        "{} {}   {} {}:{}",
        label("events"),
        snapshot.total_events,
        label("position"),
        snapshot.epoch,
        snapshot.seq
    );
    let waiting = match snapshot.pending.len() {
        0 => String::new(),
        n => format!("   {} {n}", label("questions that wait")),
    };
    out.say(&format!("{events}{waiting}"))?;
    snapshot.pending.iter().try_for_each(|card| {
        out.say(&format!(
            "{} {}  {}",
            out.styled(ODD, "?"),
            cut(&line(&card.prompt), PROMPT),
            label(&card.id.to_string())
        ))
    })
}

fn event_line(envelope: &Envelope, now: Timestamp, out: &Out) -> String {
    let (kind, style, said) = words(&envelope.event);
    let room = out.columns().saturating_sub(AGE + KIND + 4);
    let when = format!("{:>AGE$}", age(envelope.ts, now));
    format!(
        "{}  {}  {}",
        out.styled(QUIET, &when),
        out.styled(style, &format!("{kind:KIND$}")),
        cut(&line(&said), room)
    )
    .trim_end()
    .to_owned()
}

/// An event in a line: its kind, how it looks, what it says.
fn words(event: &Event) -> (&'static str, Style, String) {
    let plain = Style::new();
    let moved = |t: &Transition| {
        let data = t.data.as_ref().map(|data| format!("  {}", short(data))).unwrap_or_default();
        format!("{}{data}", t.previous.map_or_else(|| t.state.to_string(), |before| format!("{before} → {}", t.state)))
    };
    match event {
        Event::Metabolism { gauges: reading, .. } => {
            let [pressure, flow, temperature] = gauges(reading);
            ("metabolism", QUIET, format!("pressure {pressure}, flow {flow}, temperature {temperature}"))
        }
        Event::Result { data } => ("result", plain, short(data)),
        Event::Error { data } => ("error", BAD, data.error.clone()),
        Event::AgentStarted(t) => ("agent_started", plain, moved(t)),
        Event::AgentStateChanged(t) => ("agent_state_changed", plain, moved(t)),
        Event::AgentStopped(t) => ("agent_stopped", plain, moved(t)),
        Event::Fever { temperature, data } => {
            let gift = data.oblique_strategy.as_ref().map(|words| format!(": {words}")).unwrap_or_default();
            ("fever", BAD, format!("temperature {:.2}{gift}", temperature.get()))
        }
        Event::FeverEnded { temperature, .. } => {
            ("fever_ended", plain, format!("temperature {:.2}", temperature.get()))
        }
        Event::MetricsDegraded { data } => ("metrics_degraded", ODD, data.error.clone()),
        Event::SemaphoreEjected { token, .. } => ("semaphore_ejected", ODD, token.prompt.clone()),
        Event::SemaphoreResolved { token_id, data } => ("semaphore_resolved", plain, step(token_id, data)),
        Event::SemaphoreCancelled { token_id, data } => ("semaphore_cancelled", plain, step(token_id, data)),
        Event::SemaphoreVoided { token_id, data } => ("semaphore_voided", ODD, step(token_id, data)),
        Event::SemaphoreEscalated { token_id, data } => ("semaphore_escalated", BAD, step(token_id, data)),
        Event::SemaphoreDelivered { token_id, data } => ("semaphore_delivered", plain, step(token_id, data)),
    }
}

/// A step of a question's life: which, by whom, and why where that is said.
fn step(id: &TokenId, moved: &Moved) -> String {
    let why = moved.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    format!("{id} by {}{why}", moved.by)
}

fn short(data: &Value) -> String {
    data.as_str().map_or_else(|| data.to_string(), str::to_owned)
}
