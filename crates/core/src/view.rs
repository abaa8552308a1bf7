//! One fold of the event stream for every window: browser, terminal, test. Two renderers, one reducer. Long because the
//! tests of the fold stand beside it, and every event has its arm in one match.

use crate::{asked::Questions, series::Series};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use wire::{
    AgentId, AgentSummary, Envelope, Epoch, Event, EventKind, FluxState, Frame, Gap, Hello, MetricSeries, Position,
    Seq, Timestamp,
    frame::Control,
    read::{Fields, FromJson, Wrong},
    record,
};

/// Events a window keeps per agent for its stream.
pub const STREAM_EVENTS: usize = 500;
/// State changes a window keeps per agent.
pub const STATE_CHANGES: usize = 100;
/// Ended logs a window remembers per agent. A late word comes from the last one or two.
const ENDED_EPOCHS: usize = 8;

/// What a window knows of the garden.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Garden {
    /// The run of the gateway this was learned from; another one means it was restarted.
    pub gateway: Option<String>,
    /// Every agent, by id.
    pub agents: BTreeMap<AgentId, AgentView>,
    /// The questions of all of them.
    pub questions: Questions,
    /// What the garden says of itself.
    pub void: VoidView,
}

/// What a window knows of the garden's own metabolism, from what it says as [`AgentId::void`]. It is no agent and has no
/// card.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct VoidView {
    /// The fever that goes on.
    pub fever: Option<GardenFever>,
    heard: Option<Position>,
}

/// A fever of the whole garden.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GardenFever {
    /// Since when.
    pub since: Timestamp,
    /// How it began: its intensity, its seed, its strategy.
    pub data: wire::event::FeverData,
}

record!(GardenFever { since, data });

/// What a window knows of one agent.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentView {
    /// The newest summary, kept up to date by events. Its questions are in [`Garden::questions`].
    pub summary: AgentSummary,
    /// Its gauges over time.
    pub series: SeriesView,
    /// What it said, oldest first, gauges left out, holes included.
    pub stream: VecDeque<Entry>,
    /// Its changes of state, oldest first.
    pub states: VecDeque<StateChange>,
    /// Logs of it that have ended, newest last: a late word from one of them must not look like yet another restart.
    pub ended: VecDeque<Epoch>,
}

/// [`Series`] with the equality a window needs: same newest point, same length.
#[derive(Debug, Clone, Default)]
pub struct SeriesView(pub Series);

impl PartialEq for SeriesView {
    fn eq(&self, other: &Self) -> bool {
        self.0.last() == other.0.last()
    }
}

/// A line of an agent's stream.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// It said something.
    Event(Box<Envelope>),
    /// Something it said was missed.
    Gap(Gap),
    /// Its log began anew: the gateway or the agent was restarted.
    NewEpoch(Timestamp),
}

impl FromJson for Entry {
    fn from_json(value: Value) -> Result<Self, Wrong> {
        let mut fields = Fields::of(value)?;
        if let Some(event) = fields.take("event")? {
            return Ok(Self::Event(event));
        }
        match fields.take("gap")? {
            Some(gap) => Ok(Self::Gap(gap)),
            None => fields.take("new_epoch").map(Self::NewEpoch),
        }
    }
}

/// A change of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct StateChange {
    /// When.
    pub ts: Timestamp,
    /// The state it entered.
    pub state: FluxState,
}

record!(StateChange { ts, state });

/// What a frame did to the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// Something changed.
    Changed,
    /// It was already known, or says nothing to a window.
    Nothing,
    /// The gateway is another process than before.
    GatewayRestarted,
}

impl Garden {
    /// A garden from REST answers: the first state of a window, before any socket.
    #[must_use]
    pub fn from_summaries(gateway: String, agents: Vec<AgentSummary>) -> Self {
        let mut garden = Self { gateway: Some(gateway), ..Self::default() };
        agents.iter().for_each(|summary| garden.learn(summary));
        garden
    }

    /// Takes back gauge history. Points already known stay.
    pub fn restore(&mut self, series: &MetricSeries) {
        if let Some(agent) = self.agents.get_mut(&series.agent_id) {
            for point in &series.points {
                agent.series.0.push(point.ts, point.mean);
            }
        }
    }

    /// Folds one frame in. Frames a window has already seen change nothing, so overlap after a reconnect is harmless.
    pub fn apply(&mut self, frame: &Frame) -> Applied {
        match frame {
            Frame::Event(event) => self.event(event),
            Frame::Control(Control::Hello(hello)) => self.hello(hello),
            Frame::Control(Control::Gap(gap)) => self.gap(gap),
            Frame::Control(Control::Ping) => Applied::Nothing,
            Frame::Unknown { agent_id, seq } => self.unknown(agent_id.as_ref(), *seq),
        }
    }

    /// The last position seen of each agent, and of the garden's own words: what to ask for after a reconnect.
    #[must_use]
    pub fn positions(&self) -> BTreeMap<String, String> {
        let void = self.void.heard.iter().map(|heard| (AgentId::void().to_string(), heard.to_string()));
        self.agents.iter().map(|(id, a)| (id.to_string(), a.position().to_string())).chain(void).collect()
    }

    /// Forgets an agent that left, after its field dissolved.
    pub fn forget(&mut self, id: &AgentId) {
        self.agents.remove(id);
    }

    fn hello(&mut self, hello: &Hello) -> Applied {
        let restarted = self.gateway.as_ref().is_some_and(|known| *known != hello.gateway);
        if restarted {
            // A fever does not survive its gateway.
            self.void = VoidView::default();
        }
        self.gateway = Some(hello.gateway.clone());
        if let Some(agents) = &hello.agents {
            let here = |id: &AgentId| agents.iter().any(|a| a.agent_id == *id);
            for id in self.agents.keys().filter(|id| !here(id)) {
                self.questions.replace(id, Vec::new());
            }
            self.agents.retain(|id, _| here(id));
            for summary in agents {
                self.learn(summary);
            }
        }
        if let (Some(id), Some(epoch)) = (&hello.agent_id, &hello.epoch)
            && let Some(agent) = self.agents.get_mut(id)
        {
            if agent.summary.epoch != *epoch {
                agent.begin_epoch(epoch.clone());
            }
            self.questions.replace(id, hello.pending.clone());
        }
        if restarted { Applied::GatewayRestarted } else { Applied::Changed }
    }

    /// A summary at the cut. Its counters are the cut's; the events up to it may still follow as history.
    fn learn(&mut self, summary: &AgentSummary) {
        let mut summary = summary.clone();
        self.questions.replace(&summary.agent_id, std::mem::take(&mut summary.pending));
        match self.agents.get_mut(&summary.agent_id) {
            None => {
                self.agents.insert(summary.agent_id.clone(), AgentView::new(summary));
            }
            Some(agent) => {
                if agent.summary.epoch != summary.epoch {
                    agent.begin_epoch(summary.epoch.clone());
                }
                let seq = agent.summary.seq;
                agent.summary = AgentSummary { seq, ..summary };
            }
        }
    }

    fn event(&mut self, event: &Envelope) -> Applied {
        if event.agent_id.is_void() {
            return self.void.take(event);
        }
        let agent = self.agents.entry(event.agent_id.clone()).or_insert_with(|| AgentView::unheard_of(event));
        if agent.summary.epoch == event.epoch {
            if event.seq <= agent.summary.seq {
                return agent.backfill(event);
            }
        } else if agent.ended.contains(&event.epoch) {
            return agent.backfill(event);
        } else {
            agent.begin_epoch(event.epoch.clone());
        }
        agent.take(event);
        self.questions.take(&event.event);
        Applied::Changed
    }

    fn gap(&mut self, gap: &Gap) -> Applied {
        let Some(agent) = self.agents.get_mut(&gap.agent_id) else { return Applied::Nothing };
        if gap.to_seq <= agent.summary.seq {
            return Applied::Nothing;
        }
        agent.summary.seq = gap.to_seq;
        bounded(&mut agent.stream, STREAM_EVENTS, Entry::Gap(gap.clone()));
        Applied::Changed
    }

    fn unknown(&mut self, agent: Option<&AgentId>, seq: Option<Seq>) -> Applied {
        if let (Some(agent), Some(seq)) = (agent.and_then(|id| self.agents.get_mut(id)), seq) {
            agent.summary.seq = agent.summary.seq.max(seq);
        }
        Applied::Nothing
    }
}

impl VoidView {
    /// What is known at first: whether there is a fever.
    #[must_use]
    pub fn with(fever: Option<GardenFever>) -> Self {
        Self { fever, heard: None }
    }

    fn take(&mut self, event: &Envelope) -> Applied {
        let position = event.position();
        let known = self.heard.as_ref().is_some_and(|h| h.epoch == position.epoch && h.seq >= position.seq);
        if known {
            return Applied::Nothing;
        }
        self.heard = Some(position);
        self.fever = match &event.event {
            Event::Fever { data, .. } => Some(GardenFever { since: event.ts, data: data.clone() }),
            Event::FeverEnded { .. } => None,
            _ => return Applied::Nothing,
        };
        Applied::Changed
    }
}

impl AgentView {
    /// A view that knows a summary and nothing of the past.
    #[must_use]
    pub fn new(summary: AgentSummary) -> Self {
        let states = VecDeque::from([StateChange { ts: summary.started, state: summary.state }]);
        Self { summary, series: SeriesView::default(), stream: VecDeque::new(), states, ended: VecDeque::new() }
    }

    /// Where to resume.
    #[must_use]
    pub fn position(&self) -> Position {
        Position { epoch: self.summary.epoch.clone(), seq: self.summary.seq }
    }

    /// Activity 0 to 1: half temperature, half flow against the highest flow of the known past.
    #[must_use]
    pub fn activity(&self) -> f64 {
        let flow = self.summary.metrics.flow.map_or(0.0, wire::Flow::get);
        let past = self.series.0.fine(Timestamp::from_millis(0)).filter_map(|p| p.mean.flow).map(wire::Flow::get);
        let most = past.fold(flow, f64::max).max(1.0);
        let heat = self.summary.metrics.temperature.map_or(0.0, wire::Temperature::get);
        (0.5 * heat + 0.5 * flow / most).clamp(0.0, 1.0)
    }

    /// The phase shown beside the name.
    #[must_use]
    pub fn phase(&self) -> Phase {
        Phase::of(self.summary.state, self.activity())
    }

    fn unheard_of(event: &Envelope) -> Self {
        Self::new(AgentSummary {
            agent_id: event.agent_id.clone(),
            genus: String::new(),
            description: String::new(),
            state: FluxState::Dormant,
            metrics: wire::Gauges::default(),
            in_fever: false,
            observers: 0,
            pending: Vec::new(),
            commands: Vec::new(),
            dropped: 0,
            epoch: event.epoch.clone(),
            seq: Seq::ZERO,
            total_events: 0,
            last_event: None,
            started: event.ts,
        })
    }

    fn begin_epoch(&mut self, epoch: Epoch) {
        let since = self.series.0.last().map_or(self.summary.started, |p| p.ts);
        let ended = std::mem::replace(&mut self.summary.epoch, epoch);
        bounded(&mut self.ended, ENDED_EPOCHS, ended);
        self.summary.seq = Seq::ZERO;
        bounded(&mut self.stream, STREAM_EVENTS, Entry::NewEpoch(since));
    }

    /// An event the position has already passed: history that follows a summary, or a late word of a log that has ended.
    /// It belongs in the stream if the stream does not hold it yet, and changes nothing else.
    fn backfill(&mut self, event: &Envelope) -> Applied {
        if event.event.kind() == EventKind::Metabolism {
            return Applied::Nothing;
        }
        let same = |e: &Entry| matches!(e, Entry::Event(e) if e.epoch == event.epoch);
        let newer = |e: &Entry| matches!(e, Entry::Event(e) if e.epoch == event.epoch && e.seq >= event.seq);
        let at = match self.stream.iter().position(newer) {
            Some(at) => at,
            None if self.summary.epoch == event.epoch => self.stream.len(),
            // From a log that has ended: behind the last line known of it. Where none is known, nobody can tell its place.
            None => match self.stream.iter().rposition(same) {
                Some(last) => last + 1,
                None => return Applied::Nothing,
            },
        };
        let known = self.stream.get(at).is_some_and(|e| matches!(e, Entry::Event(e) if e.seq == event.seq));
        if known || (self.stream.len() >= STREAM_EVENTS && at == 0) {
            return Applied::Nothing;
        }
        if self.stream.len() >= STREAM_EVENTS {
            self.stream.pop_front();
            self.stream.insert(at - 1, Entry::Event(Box::new(event.clone())));
        } else {
            self.stream.insert(at, Entry::Event(Box::new(event.clone())));
        }
        Applied::Changed
    }

    fn take(&mut self, event: &Envelope) {
        let s = &mut self.summary;
        s.seq = event.seq;
        s.total_events = s.total_events.max(event.seq.0);
        match &event.event {
            Event::Metabolism { state, gauges, observers } => {
                s.metrics = *gauges;
                s.observers = observers.unwrap_or(s.observers);
                self.series.0.push(event.ts, *gauges);
                self.enter(*state, event.ts);
                return;
            }
            Event::AgentStarted(t) | Event::AgentStateChanged(t) | Event::AgentStopped(t) => {
                let state = t.state;
                self.enter(state, event.ts);
            }
            Event::Fever { .. } => s.in_fever = true,
            Event::FeverEnded { .. } => s.in_fever = false,
            Event::Result { .. }
            | Event::Error { .. }
            | Event::MetricsDegraded { .. }
            | Event::SemaphoreEjected { .. }
            | Event::SemaphoreResolved { .. }
            | Event::SemaphoreCancelled { .. }
            | Event::SemaphoreVoided { .. }
            | Event::SemaphoreEscalated { .. }
            | Event::SemaphoreDelivered { .. } => {}
        }
        self.summary.last_event = Some(event.ts);
        bounded(&mut self.stream, STREAM_EVENTS, Entry::Event(Box::new(event.clone())));
    }

    fn enter(&mut self, state: FluxState, ts: Timestamp) {
        if self.summary.state != state {
            self.summary.state = state;
            bounded(&mut self.states, STATE_CHANGES, StateChange { ts, state });
        }
    }
}

fn bounded<T>(queue: &mut VecDeque<T>, cap: usize, item: T) {
    if queue.len() >= cap {
        queue.pop_front();
    }
    queue.push_back(item);
}

/// How alive an agent looks at a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// At work.
    Active,
    /// Running, little to do.
    Waking,
    /// Ending.
    Waning,
    /// Not started, or running and at rest.
    Dormant,
    /// Gone.
    Void,
}

impl Phase {
    /// The phase of a state at an activity of 0 to 1.
    #[must_use]
    pub fn of(state: FluxState, activity: f64) -> Self {
        match state {
            FluxState::Dormant => Self::Dormant,
            FluxState::Draining => Self::Waning,
            FluxState::Stopped | FluxState::Collapsed => Self::Void,
            FluxState::Flowing | FluxState::Perturbed if activity >= 0.5 => Self::Active,
            FluxState::Flowing | FluxState::Perturbed if activity >= 0.05 => Self::Waking,
            FluxState::Flowing | FluxState::Perturbed => Self::Dormant,
        }
    }

    /// Its symbol.
    #[must_use]
    pub fn symbol(self) -> char {
        match self {
            Self::Active => '●',
            Self::Waking => '◐',
            Self::Waning => '◑',
            Self::Dormant => '○',
            Self::Void => '◌',
        }
    }

    /// Its name, which is also its style class.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Waking => "waking",
            Self::Waning => "waning",
            Self::Dormant => "dormant",
            Self::Void => "void",
        }
    }

    /// What it means, for a person.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Active => "hard at work",
            Self::Waking => "running, with little to do",
            Self::Waning => "finishing what it has, then ending",
            Self::Dormant => "at rest",
            Self::Void => "gone",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;
    use wire::Gauges;

    fn event(seq: u64, event: Event) -> Frame {
        in_epoch(1, seq, event)
    }

    fn in_epoch(epoch: u64, seq: u64, event: Event) -> Frame {
        Frame::Event(Box::new(Envelope {
            agent_id: AgentId::parse("host").unwrap(),
            epoch: Epoch::from_bits(epoch),
            seq: Seq(seq),
            ts: Timestamp::from_millis(seq as i64 * 1000),
            event,
        }))
    }

    fn result(seq: u64) -> Frame {
        event(seq, Event::Result { data: json!(seq) })
    }

    fn seqs(garden: &Garden) -> Vec<u64> {
        let entries = garden.agents.values().flat_map(|a| &a.stream);
        entries.filter_map(|e| if let Entry::Event(e) = e { Some(e.seq.0) } else { None }).collect()
    }

    #[test]
    fn gauges_fill_the_series_and_not_the_stream() {
        let mut garden = Garden::default();
        garden.apply(&event(
            1,
            Event::Metabolism { state: FluxState::Flowing, gauges: Gauges::new(1.0, 2.0, 0.5), observers: Some(3) },
        ));
        let agent = garden.agents.values().next().unwrap();
        assert_eq!(agent.summary.state, FluxState::Flowing);
        assert_eq!(agent.series.0.fine(Timestamp::from_millis(0)).count(), 1);
        assert_eq!(agent.summary.observers, 3);
        assert!(agent.stream.is_empty());
    }

    #[test]
    fn a_gap_moves_the_position_and_stands_in_the_stream() {
        let mut garden = Garden::default();
        garden.apply(&result(1));
        let id = AgentId::parse("host").unwrap();
        let gap = Gap { agent_id: id.clone(), missed: 8, from_seq: Seq(2), to_seq: Seq(9) };
        garden.apply(&Frame::Control(Control::Gap(gap.clone())));
        assert_eq!(garden.agents[&id].stream.back(), Some(&Entry::Gap(gap)));
        assert_eq!(garden.apply(&result(10)), Applied::Changed);
        assert_eq!(garden.positions()["host"], format!("{}:10", Epoch::from_bits(1)));
    }

    #[test]
    fn a_late_word_of_a_log_that_has_ended_is_no_restart() {
        let say = |epoch, seq| in_epoch(epoch, seq, Event::Result { data: json!([epoch, seq]) });
        let mut garden = Garden::default();
        for frame in [say(1, 1), say(1, 2), say(2, 1), say(1, 3), say(1, 2), say(2, 2)] {
            garden.apply(&frame);
        }
        let agent = garden.agents.values().next().unwrap();
        let restarts = agent.stream.iter().filter(|e| matches!(e, Entry::NewEpoch(_))).count();
        assert_eq!(restarts, 1);
        assert_eq!(seqs(&garden), [1, 2, 3, 1, 2], "it stands among the lines of its own log");
        assert_eq!(garden.positions()["host"], format!("{}:2", Epoch::from_bits(2)));
    }

    #[test]
    fn the_gardens_own_fever_is_no_agents() {
        use wire::{
            Temperature,
            event::{FeverData, FeverEndedData, FeverSeverity},
        };
        let say = |seq, event| {
            let (agent_id, epoch, ts) = (AgentId::void(), Epoch::from_bits(1), Timestamp::from_millis(seq as i64));
            let written = serde_json::to_string(&Envelope { agent_id, epoch, seq: Seq(seq), ts, event }).unwrap();
            Frame::Event(Box::new(serde_json::from_str(&written).unwrap()))
        };
        let data = FeverData {
            threshold: 1.0,
            severity: FeverSeverity::Moderate,
            intensity: Some(0.5),
            oblique_strategy: Some("Is it finished?".into()),
            trigger: None,
            seed: Some(0.5),
            why: None,
        };
        let temperature = Temperature::new(1.0).unwrap();
        let begins = say(1, Event::Fever { temperature, data: data.clone() });
        let ends = say(2, Event::FeverEnded { temperature, data: FeverEndedData { duration_ms: 1 } });
        let mut garden = Garden::default();
        assert_eq!(garden.apply(&begins), Applied::Changed);
        assert_eq!(garden.void.fever, Some(GardenFever { since: Timestamp::from_millis(1), data }));
        assert_eq!(garden.apply(&ends), Applied::Changed);
        assert_eq!(garden.apply(&begins), Applied::Nothing, "heard before");
        assert!(garden.void.fever.is_none() && garden.agents.is_empty());
        assert_eq!(garden.positions()["void"], format!("{}:2", Epoch::from_bits(1)));
    }

    #[test]
    fn another_gateway_is_noticed() {
        let hello = |gateway: &str| {
            Frame::Control(Control::Hello(Box::new(Hello {
                protocol: 1,
                gateway: gateway.into(),
                agent_id: None,
                epoch: None,
                head_seq: None,
                recovered: None,
                state: None,
                pending: vec![],
                agents: Some(vec![]),
            })))
        };
        let mut garden = Garden::default();
        assert_eq!(garden.apply(&hello("a")), Applied::Changed);
        assert_eq!(garden.apply(&hello("b")), Applied::GatewayRestarted);
    }

    proptest! {
        #[test]
        fn replayed_frames_change_nothing(order in prop::collection::vec(1u64..40, 0..120)) {
            let mut garden = Garden::default();
            for seq in &order {
                garden.apply(&result(*seq));
            }
            let seen = seqs(&garden);
            prop_assert!(seen.windows(2).all(|w| w[0] < w[1]), "{seen:?}");
            let before = garden.clone();
            for seq in &order {
                garden.apply(&result(*seq));
            }
            prop_assert_eq!(before, garden);
        }
    }
}
