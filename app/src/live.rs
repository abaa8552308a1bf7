//! What every component reads: the garden as it is now, the connection, the moment. One instance, above the router.

use crate::{
    bell, burst,
    first::FirstState,
    paths,
    place::{self, Place},
    signal::{Memo, RwSignal},
    socket::Socket,
};
use leptos::prelude::*;
use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};
use terrarium_core::{
    asked::Questions,
    field::MATERIALISE_MS,
    view::{AgentView, Applied, Garden},
};
use wire::{AgentId, FluxState, Frame, Scope, Timestamp, frame::Control, session::Session};

/// How the page is connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Link {
    /// Not yet; shows what the server rendered.
    Connecting,
    /// Frames arrive.
    Live,
    /// Waits to try again, this many seconds.
    Reconnecting { in_s: u32 },
    /// Connected, and nothing came since then.
    Stale { since: Timestamp },
    /// Back after the gateway was restarted.
    Restarted { lost: bool },
    /// The gateway will not have it.
    Refused(String),
}

impl Link {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Live => "live",
            Self::Reconnecting { .. } => "reconnecting",
            Self::Stale { .. } => "stale",
            Self::Restarted { .. } => "restarted",
            Self::Refused(_) => "refused",
        }
    }
}

/// The page's knowledge, as signals.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Live {
    pub(crate) garden: RwSignal<Garden>,
    pub(crate) place: RwSignal<Place>,
    pub(crate) link: RwSignal<Link>,
    /// The moment: the server's until mounted, then the browser's, once a second.
    pub(crate) now: RwSignal<Timestamp>,
    /// Minutes east of UTC; `None` before the page is mounted, when times are said in UTC.
    pub(crate) offset: RwSignal<Option<i32>>,
    /// Agents on their way out, while their field dissolves.
    pub(crate) leaving: RwSignal<BTreeMap<AgentId, AgentView>>,
    /// When agents appeared and went, in milliseconds of the browser's clock. Only those since the page was loaded.
    pub(crate) born: StoredValue<HashMap<AgentId, f64>>,
    pub(crate) gone: StoredValue<HashMap<AgentId, f64>>,
    /// Who looks at the page, as of its load.
    pub(crate) session: StoredValue<Session>,
    /// Changes whenever a question does.
    pub(crate) asked: Memo<u64>,
    /// How many questions wait.
    pub(crate) waiting: Memo<usize>,
}

impl Live {
    pub(crate) fn new(first: FirstState, place: Place) -> Self {
        let FirstState { garden, now, session, .. } = first;
        let garden = RwSignal::new(garden);
        let asked = Memo::new(move |_| garden.read().questions.version());
        Self {
            garden,
            place: RwSignal::new(place),
            link: RwSignal::new(Link::Connecting),
            now: RwSignal::new(now),
            offset: RwSignal::new(None),
            leaving: RwSignal::new(BTreeMap::new()),
            born: StoredValue::new(HashMap::new()),
            gone: StoredValue::new(HashMap::new()),
            session: StoredValue::new(session),
            asked,
            waiting: Memo::new(move |_| garden.read().questions.count()),
        }
    }

    /// Comes to life in the browser: clock, zone, socket. Said to the world by `data-hydrated` on the body.
    pub(crate) fn mount(self) {
        self.offset.set(Some(-(js_sys::Date::new_0().get_timezone_offset() as i32)));
        self.now.set(Timestamp::from_millis(js_sys::Date::now() as i64));
        Socket::start(self);
        place::mount(self);
        bell::mount(self);
        paths::mount(self);
        if let Some(body) = document().body() {
            // The only failure is an attribute name that is not one.
            let _ = body.set_attribute("data-hydrated", "");
        }
    }

    /// Whether the garden runs a fever.
    pub(crate) fn in_fever(self) -> bool {
        self.garden.read().void.fever.is_some()
    }

    /// When the garden's fever began, and what the void said then; nothing while there is none.
    pub(crate) fn strategy(self) -> Option<(String, String)> {
        let garden = self.garden.read();
        let fever = garden.void.fever.as_ref()?;
        Some((fever.since.to_string(), fever.data.oblique_strategy.clone()?))
    }

    /// Reads the questions; runs again when one of them changes.
    pub(crate) fn questions<T>(self, read: impl FnOnce(&Questions) -> T) -> T {
        // Read and not only tracked: a memo that nobody reads never looks at what it is made from.
        self.asked.get();
        read(&self.garden.read_untracked().questions)
    }

    /// Whether whoever looks at the page may do what needs a scope.
    pub(crate) fn may(self, scope: Scope) -> bool {
        self.session.with_value(|session| session.may(scope))
    }

    /// Reads an agent, or the memory of one that is leaving.
    pub(crate) fn agent<T>(self, id: &AgentId, read: impl FnOnce(&AgentView) -> T) -> Option<T> {
        let (mut read, mut found) = (Some(read), None);
        self.look(id, &mut |agent| found = read.take().map(|read| read(agent)));
        found
    }

    /// Whether there is such an agent, or the memory of one.
    pub(crate) fn has(self, id: &AgentId) -> bool {
        self.garden.read().agents.contains_key(id) || self.leaving.read().contains_key(id)
    }

    fn look(self, id: &AgentId, read: &mut dyn FnMut(&AgentView)) {
        match self.garden.read().agents.get(id) {
            Some(agent) => read(agent),
            None => {
                if let Some(agent) = self.leaving.read().get(id) {
                    read(agent);
                }
            }
        }
    }

    /// Folds frames in, in one update. Returns whether the gateway turned out to be another process.
    pub(crate) fn take(self, frames: &[Frame]) -> bool {
        let mut restarted = false;
        let mut gone: Vec<AgentView> = Vec::new();
        let now = js_sys::Date::now();
        self.garden.update(|garden| {
            for frame in frames {
                if let Frame::Event(event) = frame {
                    burst::hear(event, now);
                }
                let dropped = dropped_by(garden, frame);
                gone.extend(dropped.iter().filter_map(|id| garden.agents.get(id)).cloned());
                let here = |garden: &Garden| {
                    let ids = garden.agents.iter().filter(|(_, a)| a.summary.state != FluxState::Stopped);
                    ids.map(|(id, _)| id.clone()).collect::<Vec<_>>()
                };
                // Only these frames can add or remove an agent: the rest skip the comparison.
                let news = matches!(frame, Frame::Control(Control::Hello(_))) || life(garden, frame);
                let before = if news { here(garden) } else { Vec::new() };
                restarted |= garden.apply(frame) == Applied::GatewayRestarted;
                if news {
                    let after = here(garden);
                    self.born.update_value(|born| {
                        for id in after.iter().filter(|id| !before.contains(id)) {
                            born.insert(id.clone(), now);
                            self.gone.update_value(|gone| {
                                gone.remove(id);
                            });
                        }
                    });
                    let ended = before.iter().filter(|id| !after.contains(id));
                    gone.extend(ended.filter_map(|id| garden.agents.get(id)).cloned());
                }
            }
        });
        if !gone.is_empty() {
            self.dissolve(gone, now);
        }
        restarted
    }

    fn dissolve(self, agents: Vec<AgentView>, now: f64) {
        let ids: Vec<AgentId> = agents.iter().map(|a| a.summary.agent_id.clone()).collect();
        self.gone.update_value(|gone| gone.extend(ids.iter().map(|id| (id.clone(), now))));
        self.leaving.update(|leaving| {
            leaving.extend(agents.into_iter().map(|a| (a.summary.agent_id.clone(), a)));
        });
        let after = Duration::from_millis(u64::from(MATERIALISE_MS) + 100);
        let end = move || self.leaving.update(|leaving| leaving.retain(|id, _| !ids.contains(id)));
        set_timeout(end, after);
    }
}

fn dropped_by(garden: &Garden, frame: &Frame) -> Vec<AgentId> {
    let Frame::Control(Control::Hello(hello)) = frame else { return Vec::new() };
    let Some(listed) = &hello.agents else { return Vec::new() };
    garden.agents.keys().filter(|id| !listed.iter().any(|a| a.agent_id == **id)).cloned().collect()
}

fn life(garden: &Garden, frame: &Frame) -> bool {
    use wire::Event::{AgentStarted, AgentStateChanged, AgentStopped, Metabolism};
    let Frame::Event(event) = frame else { return false };
    match (garden.agents.get(&event.agent_id), &event.event) {
        (None, _) | (_, AgentStarted(_) | AgentStateChanged(_) | AgentStopped(_)) => true,
        (Some(agent), Metabolism { state, .. }) => *state != agent.summary.state,
        _ => false,
    }
}
