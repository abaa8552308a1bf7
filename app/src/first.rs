//! The first state of a page, and its compact form inside the HTML. A gauge history is packed as whole thousandths, and
//! thinned to what a sparkline shows when many agents bring one. Both halves of the page read the packed form, so what
//! the browser renders first is what the server rendered.

use serde::Serialize;
use serde_json::Value;
use std::collections::VecDeque;
use terrarium_core::{
    asked::Questions,
    view::{AgentView, Entry, Garden, GardenFever, SeriesView, StateChange, VoidView},
};
use wire::{
    AgentSummary, Flow, Gauges, MetricPoint, QueuePressure, SemaphoreCard, Temperature, Timestamp,
    read::{Fields, FromJson, Wrong},
    semaphore::TokenRecord,
    session::Session,
};

/// What the server knows when it renders a page. Provided as context by the server.
#[derive(Debug, Clone, Default)]
pub struct FirstState {
    /// The garden.
    pub garden: Garden,
    /// The moment.
    pub now: Timestamp,
    /// Who looks at it.
    pub session: Session,
    /// Questions that are over, for the page that shows those.
    pub decided: Decided,
}

/// Part of the list of questions that are over, newest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Decided {
    /// The questions.
    pub tokens: Vec<TokenRecord>,
    /// Where the next part begins.
    pub next: Option<String>,
}

/// Milliseconds that a thinned point stands for: one slot of a sparkline.
pub(crate) const SLOT_MS: i64 = 10_000;

/// [`FirstState`] as it travels.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Packed {
    gateway: Option<String>,
    now: Timestamp,
    agents: Vec<PackedAgent>,
    questions: Vec<SemaphoreCard>,
    fever: Option<GardenFever>,
    session: Session,
    decided: Decided,
}

/// An agent as it travels.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct PackedAgent {
    summary: AgentSummary,
    stream: Vec<Entry>,
    states: Vec<StateChange>,
    /// Four numbers a point: milliseconds since the point before (the first: since 1970), then the gauges in thousandths.
    series: Vec<Option<i64>>,
}

/// Packs what the server provided.
pub(crate) fn pack(FirstState { garden, now, session, decided }: FirstState) -> Packed {
    let with_history = garden.agents.values().filter(|a| a.series.0.last().is_some()).count();
    let pack_agent = |agent: AgentView| {
        let points: Vec<MetricPoint> = agent.series.0.fine(Timestamp::from_millis(0)).copied().collect();
        PackedAgent {
            summary: agent.summary,
            stream: agent.stream.into(),
            states: agent.states.into(),
            series: numbers(&if with_history > 1 { thin(&points) } else { points }),
        }
    };
    let questions = garden.questions.iter().map(|card| SemaphoreCard::clone(card)).collect();
    let agents = garden.agents.into_values().map(pack_agent).collect();
    Packed { gateway: garden.gateway, now, agents, questions, fever: garden.void.fever, session, decided }
}

/// Reads what came inside the HTML. Nothing else than what [`pack`] made comes there; an empty garden would follow.
pub(crate) fn read(text: &str) -> Packed {
    let value: Option<Value> = serde_json::from_str(text).ok();
    value.and_then(|value| Packed::from_json(value).ok()).unwrap_or_default()
}

/// What both halves of the page start from.
pub(crate) fn unpack(packed: Packed) -> FirstState {
    let questions = Questions::waiting(packed.questions);
    let void = VoidView::with(packed.fever);
    let mut garden = Garden { gateway: packed.gateway, questions, void, ..Garden::default() };
    for agent in packed.agents {
        let mut series = SeriesView::default();
        let mut at = 0;
        let value = |v: Option<i64>| v.map_or(f64::NAN, |v| v as f64 / 1000.0);
        for point in agent.series.chunks_exact(4) {
            at += point[0].unwrap_or_default();
            let gauges = Gauges::new(value(point[1]), value(point[2]), value(point[3]));
            series.0.push(Timestamp::from_millis(at), gauges);
        }
        let id = agent.summary.agent_id.clone();
        let (stream, states) = (VecDeque::from(agent.stream), VecDeque::from(agent.states));
        garden.agents.insert(id, AgentView { series, stream, states, ..AgentView::new(agent.summary) });
    }
    FirstState { garden, now: packed.now, session: packed.session, decided: packed.decided }
}

impl FromJson for Packed {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        let mut fields = Fields::of(value)?;
        Ok(Self {
            gateway: fields.take("gateway")?,
            now: fields.take("now")?,
            agents: fields.take("agents")?,
            questions: fields.take("questions")?,
            fever: fields.take("fever")?,
            session: fields.take("session")?,
            decided: fields.take("decided")?,
        })
    }
}

impl FromJson for Decided {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        let mut fields = Fields::of(value)?;
        Ok(Self { tokens: fields.take("tokens")?, next: fields.take("next")? })
    }
}

impl FromJson for PackedAgent {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        let mut fields = Fields::of(value)?;
        Ok(Self {
            summary: fields.take("summary")?,
            stream: fields.take("stream")?,
            states: fields.take("states")?,
            series: fields.take("series")?,
        })
    }
}

fn numbers(points: &[MetricPoint]) -> Vec<Option<i64>> {
    let whole = |v: Option<f64>| v.map(|v| (v * 1000.0).round() as i64);
    let mut before = 0;
    let point = |p: &MetricPoint| {
        let step = p.ts.as_millis() - std::mem::replace(&mut before, p.ts.as_millis());
        let g = p.mean;
        let temperature = g.temperature.map(Temperature::get);
        [Some(step), whole(g.pressure.map(QueuePressure::get)), whole(g.flow.map(Flow::get)), whole(temperature)]
    };
    points.iter().flat_map(point).collect()
}

/// One point per slot: the mean of its readings, at the last of their moments.
fn thin(points: &[MetricPoint]) -> Vec<MetricPoint> {
    let slots = points.chunk_by(|a, b| a.ts.as_millis().div_euclid(SLOT_MS) == b.ts.as_millis().div_euclid(SLOT_MS));
    slots.filter_map(|slot| Some(MetricPoint { ts: slot.last()?.ts, mean: mean(slot), min: None, max: None })).collect()
}

fn mean(points: &[MetricPoint]) -> Gauges {
    let of = |pick: fn(&Gauges) -> Option<f64>| {
        let values: Vec<f64> = points.iter().filter_map(|p| pick(&p.mean)).collect();
        if values.is_empty() { f64::NAN } else { values.iter().sum::<f64>() / values.len() as f64 }
    };
    Gauges::new(
        of(|g| g.pressure.map(QueuePressure::get)),
        of(|g| g.flow.map(Flow::get)),
        of(|g| g.temperature.map(Temperature::get)),
    )
}
