//! The words and number formats of the page, for a person who has never heard of this project.

use terrarium_core::view::AgentView;
use wire::{Event, EventKind, Flow, FluxState, Gauges, QueuePressure, Temperature, Timestamp, event::FeverData};

/// One of the three gauges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gauge {
    Pressure,
    Flow,
    Temperature,
}

impl Gauge {
    pub(crate) const ALL: [Self; 3] = [Self::Pressure, Self::Flow, Self::Temperature];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pressure => "Pressure",
            Self::Flow => "Flow",
            Self::Temperature => "Temperature",
        }
    }

    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Pressure => "pressure",
            Self::Flow => "flow",
            Self::Temperature => "temperature",
        }
    }

    /// What it is, its unit, its formula.
    pub(crate) fn explained(self) -> [&'static str; 3] {
        match self {
            Self::Pressure => [
                "How full the agent's queue is: work that waits to go in, or results that wait to come out.",
                "Percent, 0 to 100.",
                "100 × waiting ÷ capacity, of whichever queue is fuller.",
            ],
            Self::Flow => [
                "How many events the agent handles.",
                "Events per second.",
                "Exponentially weighted average over 5 seconds.",
            ],
            Self::Temperature => [
                "How hard the agent works.",
                "0 (at rest) to 1 (as hard as it can).",
                "Share of time it is busy, with a half-life of 30 seconds; for the machine itself, its own CPU load.",
            ],
        }
    }

    pub(crate) fn of(self, gauges: &Gauges) -> Option<f64> {
        match self {
            Self::Pressure => gauges.pressure.map(QueuePressure::get),
            Self::Flow => gauges.flow.map(Flow::get),
            Self::Temperature => gauges.temperature.map(Temperature::get),
        }
    }

    /// A reading with its unit; a dash where there is none.
    pub(crate) fn text(self, value: Option<f64>) -> String {
        let Some(v) = value.filter(|v| v.is_finite()) else { return "–".into() };
        match self {
            Self::Pressure => format!("{v:.0} %"),
            Self::Flow if v >= 100.0 => format!("{v:.0}/s"),
            Self::Flow => format!("{v:.1}/s"),
            Self::Temperature => format!("{v:.2}"),
        }
    }

    /// The fixed scale of its charts; flow has none.
    pub(crate) fn top(self) -> Option<f64> {
        match self {
            Self::Pressure => Some(100.0),
            Self::Flow => None,
            Self::Temperature => Some(1.0),
        }
    }
}

/// A state, said plainly.
pub(crate) fn state(state: FluxState) -> &'static str {
    match state {
        FluxState::Dormant => "resting",
        FluxState::Flowing => "running",
        FluxState::Perturbed => "answering a request",
        FluxState::Draining => "finishing up",
        FluxState::Stopped => "ended",
        FluxState::Collapsed => "gave up",
    }
}

/// What the agent is doing, in a few words.
pub(crate) fn doing(agent: &AgentView) -> &'static str {
    if agent.summary.state == FluxState::Collapsed { "gave up" } else { agent.phase().meaning() }
}

/// A kind of event, said plainly.
pub(crate) fn kind(kind: EventKind) -> &'static str {
    match kind {
        EventKind::Metabolism => "gauges",
        EventKind::Result => "output",
        EventKind::Error => "error",
        EventKind::AgentStarted => "started",
        EventKind::AgentStateChanged => "changed state",
        EventKind::AgentStopped => "ended",
        EventKind::Fever => "running hot",
        EventKind::FeverEnded => "cooled down",
        EventKind::MetricsDegraded => "gauges unreadable",
        EventKind::SemaphoreEjected => "asks a person",
        EventKind::SemaphoreResolved => "answered",
        EventKind::SemaphoreCancelled => "question withdrawn",
        EventKind::SemaphoreVoided => "question lapsed",
        EventKind::SemaphoreEscalated => "question is urgent",
        EventKind::SemaphoreDelivered => "answer taken up",
    }
}

/// Longest line of a stream, in characters.
const LINE: usize = 160;

/// What an event says, in one line.
pub(crate) fn line(event: &Event) -> String {
    match event {
        Event::Metabolism { .. } => String::new(),
        Event::Result { data } => cut(&payload(data)),
        Event::Error { data } => cut(&data.error),
        Event::AgentStarted(t) | Event::AgentStateChanged(t) | Event::AgentStopped(t) => {
            let reason = t.data.as_ref().and_then(|d| d.get("reason")).and_then(|r| r.as_str());
            reason.map_or_else(|| state(t.state).to_owned(), |why| cut(&format!("{}: {why}", state(t.state))))
        }
        Event::Fever { data: FeverData { why: Some(why), .. }, .. } => cut(why),
        Event::Fever { temperature, data } => {
            format!("temperature {:.2}, above {:.2}", temperature.get(), data.threshold)
        }
        Event::FeverEnded { temperature, data } => {
            format!("temperature {:.2} after {}", temperature.get(), span(data.duration_ms))
        }
        Event::MetricsDegraded { data } => cut(&data.error),
        Event::SemaphoreEjected { token, .. } => cut(&token.prompt),
        Event::SemaphoreResolved { data, .. } => match &data.decision {
            Some(decision) => cut(&format!("{}: {}", data.by, payload(&decision.human_input))),
            None => data.by.clone(),
        },
        Event::SemaphoreCancelled { data, .. }
        | Event::SemaphoreVoided { data, .. }
        | Event::SemaphoreEscalated { data, .. }
        | Event::SemaphoreDelivered { data, .. } => match &data.reason {
            Some(reason) => cut(&format!("{}: {reason}", data.by)),
            None => data.by.clone(),
        },
    }
}

fn payload(data: &serde_json::Value) -> String {
    let text = |v: &serde_json::Value| v.as_str().map(str::to_owned);
    let spoken = ["text", "line", "message", "summary"].into_iter().find_map(|key| data.get(key).and_then(text));
    text(data).or(spoken).unwrap_or_else(|| data.to_string())
}

fn cut(text: &str) -> String {
    let mut chars = text.chars();
    let line: String = chars.by_ref().take(LINE).collect();
    if chars.next().is_some() { line + "…" } else { line }
}

/// The rest of an event, as JSON to read; `None` where there is no more to it.
pub(crate) fn pretty(event: &Event) -> Option<String> {
    serde_json::to_string_pretty(event).ok()
}

/// How long ago.
pub(crate) fn age(ms: u64) -> String {
    if ms < 2_000 { "just now".into() } else { format!("{} ago", span(ms)) }
}

/// A length of time.
pub(crate) fn span(ms: u64) -> String {
    match ms / 1000 {
        s @ 0..60 => format!("{s} s"),
        s @ 60..3600 => format!("{} min", s / 60),
        s @ 3600..86_400 => format!("{} h {} min", s / 3600, s / 60 % 60),
        s if s < 172_800 => "1 day".into(),
        s => format!("{} days", s / 86_400),
    }
}

/// The time of day, `offset` minutes east of UTC.
pub(crate) fn clock(ts: Timestamp, offset: Option<i32>) -> String {
    let local = ts.as_millis() + i64::from(offset.unwrap_or(0)) * 60_000;
    let s = local.div_euclid(1000).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
}

/// With a capital and a full stop, as a sentence of its own.
pub(crate) fn sentence(text: &str) -> String {
    let mut letters = text.trim_end_matches('.').chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}.", first.to_ascii_uppercase(), letters.as_str()))
}

/// A number of things.
pub(crate) fn count(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_well() {
        assert_eq!(age(0), "just now");
        assert_eq!(age(61_000), "1 min ago");
        assert_eq!(span(7_260_000), "2 h 1 min");
        assert_eq!(clock(Timestamp::from_millis(3_600_000), Some(-90)), "23:30:00");
    }

    #[test]
    fn a_reading_that_is_none_is_a_dash() {
        assert!(Gauge::ALL.into_iter().all(|g| g.text(None) == "–" && g.text(Some(f64::NAN)) == "–"));
    }

    #[test]
    fn an_output_speaks_in_its_own_words_and_one_line() {
        let line_of = |data| line(&Event::Result { data });
        assert_eq!(line_of(serde_json::json!({"text": "hello", "n": 1})), "hello");
        assert_eq!(line_of(serde_json::json!({"n": 1})), r#"{"n":1}"#);
        assert_eq!(line_of(serde_json::json!("é".repeat(500))).chars().count(), LINE + 1);
    }
}
