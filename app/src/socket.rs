//! The browser's end of the observe socket: opens it, comes back after it broke, and hands frames to [`Live`] once per
//! animation frame. Browser only: reached from an effect.

use crate::live::{Link, Live};
use leptos::prelude::*;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    time::Duration,
};
use terrarium_core::{order::sorted, restart::full_jitter};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{CloseEvent, MessageEvent, WebSocket};
use wire::{
    AgentId, ClientMessage, CloseCode, Frame, Timestamp,
    close::Reconnect,
    frame::{CLIENT_FRAME_MAX, Control, Narrow},
    route,
    session::SUBPROTOCOL,
};

/// Back-off of a broken connection, in milliseconds.
const BACKOFF_MS: (u64, u64) = (500, 15_000);
/// Running agents speak once a second; after this long without a word the page says so. Milliseconds.
const STALE_MS: f64 = 5_000.0;
/// After this long without a word the connection is taken for dead. Milliseconds.
const DEAD_MS: f64 = 20_000.0;
/// The same where no agent runs, so that only the gateway's pings are to be expected. Milliseconds.
const QUIET_MS: f64 = 90_000.0;
/// How long "the gateway was restarted" stays on the page. Milliseconds.
const RESTARTED_MS: f64 = 6_000.0;
/// Frames held for the next animation frame. More are folded in at once: a hidden tab has no animation frames.
const INBOX: usize = 2_000;
/// How often the connection is looked after. Milliseconds.
const TICK_MS: u64 = 250;

/// An open socket and the closures it calls. Closes it when dropped.
pub(crate) struct Open {
    ws: WebSocket,
    _open: Closure<dyn FnMut()>,
    _message: Closure<dyn FnMut(MessageEvent)>,
    _close: Closure<dyn FnMut(CloseEvent)>,
}

impl Open {
    /// Listens to a socket.
    pub(crate) fn over(
        ws: WebSocket,
        opened: Box<dyn FnMut()>,
        heard: Box<dyn FnMut(MessageEvent)>,
        closed: Box<dyn FnMut(CloseEvent)>,
    ) -> Self {
        let (opened, heard, closed) = (Closure::wrap(opened), Closure::wrap(heard), Closure::wrap(closed));
        ws.set_onopen(Some(opened.as_ref().unchecked_ref()));
        ws.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        ws.set_onclose(Some(closed.as_ref().unchecked_ref()));
        Self { ws, _open: opened, _message: heard, _close: closed }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.ws.ready_state() == WebSocket::OPEN
    }

    /// Fails only while connecting.
    pub(crate) fn send(&self, text: &str) {
        let _ = self.ws.send_with_str(text);
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.ws.set_onopen(None);
        self.ws.set_onmessage(None);
        self.ws.set_onclose(None);
        // Fails only for a close code out of range, and none is given.
        let _ = self.ws.close();
    }
}

/// The garden's socket over the life of the page.
pub(crate) struct Socket {
    live: Live,
    open: RefCell<Option<Open>>,
    inbox: RefCell<Vec<Frame>>,
    drain_asked: Cell<bool>,
    attempt: Cell<u32>,
    heard: Cell<f64>,
    retry_at: Cell<Option<f64>>,
    restarted: Cell<Option<(f64, bool)>>,
    recovered: Cell<bool>,
    refused: Cell<bool>,
}

impl Socket {
    /// Connects, and stays connected.
    pub(crate) fn start(live: Live) {
        let socket = Rc::new(Self {
            live,
            open: RefCell::new(None),
            inbox: RefCell::new(Vec::new()),
            drain_asked: Cell::new(false),
            attempt: Cell::new(0),
            heard: Cell::new(js_sys::Date::now()),
            retry_at: Cell::new(None),
            restarted: Cell::new(None),
            recovered: Cell::new(true),
            refused: Cell::new(false),
        });
        socket.connect();
        let ticking = Rc::clone(&socket);
        set_interval(move || ticking.tick(), Duration::from_millis(TICK_MS));
        for (name, target) in [("online", None), ("visibilitychange", Some(document()))] {
            let socket = Rc::clone(&socket);
            let hurry = Closure::<dyn FnMut()>::new(move || socket.hurry());
            let target: web_sys::EventTarget = target.map_or_else(|| window().into(), Into::into);
            let _ = target.add_event_listener_with_callback(name, hurry.as_ref().unchecked_ref());
            // Lives as long as the page.
            hurry.forget();
        }
    }

    fn connect(self: &Rc<Self>) {
        self.retry_at.set(None);
        self.heard.set(js_sys::Date::now());
        let Some(ws) = dial(&format!("{}?history=0", route::OBSERVE_GARDEN), None) else { return self.broke(1006, "") };
        let (opened, heard, closed) = (Rc::clone(self), Rc::clone(self), Rc::clone(self));
        let open = Open::over(
            ws,
            Box::new(move || opened.greet()),
            Box::new(move |e: MessageEvent| heard.hear(&e)),
            Box::new(move |e: CloseEvent| closed.broke(e.code(), &e.reason())),
        );
        drop(self.open.replace(Some(open)));
    }

    /// Says how far this page has got, so that what it missed follows.
    fn greet(&self) {
        self.heard.set(js_sys::Date::now());
        let since = newest_first(&self.live.garden.read_untracked());
        let text = resume(since);
        if let Some(open) = &*self.open.borrow() {
            open.send(&text);
        }
    }

    fn hear(self: &Rc<Self>, event: &MessageEvent) {
        self.heard.set(js_sys::Date::now());
        let Some(frame) = event.data().as_string().and_then(|text| Frame::decode(&text).ok()) else { return };
        if let Frame::Control(Control::Hello(hello)) = &frame {
            self.recovered.set(hello.recovered != Some(false));
            self.attempt.set(0);
        }
        self.inbox.borrow_mut().push(frame);
        if self.inbox.borrow().len() > INBOX {
            self.drain();
        } else if !self.drain_asked.replace(true) {
            let socket = Rc::clone(self);
            request_animation_frame(move || socket.drain());
        }
    }

    fn drain(&self) {
        self.drain_asked.set(false);
        let frames = self.inbox.take();
        if frames.is_empty() {
            return;
        }
        if self.live.take(&frames) {
            self.restarted.set(Some((js_sys::Date::now() + RESTARTED_MS, !self.recovered.get())));
        }
        self.judge();
    }

    fn broke(&self, code: u16, reason: &str) {
        if CloseCode::reconnect(code) == Reconnect::No {
            self.refused.set(true);
            let known = CloseCode::ALL.into_iter().find(|c| c.code() == code).map_or("refused", CloseCode::reason);
            let why = if reason.is_empty() { known } else { reason };
            self.live.link.set(Link::Refused(why.to_owned()));
            return;
        }
        let attempt = self.attempt.replace(self.attempt.get().saturating_add(1));
        let wait = full_jitter(attempt, BACKOFF_MS.0, BACKOFF_MS.1, js_sys::Math::random());
        self.retry_at.set(Some(js_sys::Date::now() + wait as f64));
        self.judge();
    }

    /// Back in view or back online: no reason to wait any longer.
    fn hurry(self: &Rc<Self>) {
        self.drain();
        if self.retry_at.get().is_some() && !document().hidden() {
            self.connect();
        }
    }

    fn tick(self: &Rc<Self>) {
        let now = js_sys::Date::now();
        let moment = Timestamp::from_millis(now as i64);
        if self.live.now.read_untracked().as_millis() / 1000 != moment.as_millis() / 1000 {
            self.live.now.set(moment);
        }
        if self.refused.get() {
            return;
        }
        match self.retry_at.get() {
            Some(at) if now >= at => self.connect(),
            None if now - self.heard.get() > self.patience(DEAD_MS) => {
                drop(self.open.take());
                self.broke(1006, "");
            }
            _ => {}
        }
        self.judge();
    }

    fn patience(&self, busy: f64) -> f64 {
        let runs = self.live.garden.read_untracked().agents.values().any(|a| a.summary.state.is_processing());
        if runs { busy } else { QUIET_MS }
    }

    /// Says how the connection is.
    fn judge(&self) {
        let now = js_sys::Date::now();
        let link = if self.refused.get() {
            return;
        } else if let Some(at) = self.retry_at.get() {
            Link::Reconnecting { in_s: ((at - now) / 1000.0).ceil().max(0.0) as u32 }
        } else if self.open.borrow().as_ref().is_none_or(|o| !o.is_open()) {
            match &*self.live.link.read_untracked() {
                Link::Reconnecting { .. } => Link::Reconnecting { in_s: 0 },
                other => other.clone(),
            }
        } else if now - self.heard.get() > self.patience(STALE_MS) {
            Link::Stale { since: Timestamp::from_millis(self.heard.get() as i64) }
        } else {
            match self.restarted.get() {
                Some((until, lost)) if now < until => Link::Restarted { lost },
                _ => Link::Live,
            }
        };
        if *self.live.link.read_untracked() != link {
            self.live.link.set(link);
        }
    }
}

/// Fetches the recent past of one agent, for a page that was reached from another one.
pub(crate) fn backfill(live: Live, id: &AgentId) {
    let Some(ws) = dial(&format!("{}?history=100", route::observe(id)), None) else { return };
    let frames: Rc<RefCell<Vec<Frame>>> = Rc::default();
    let heard = Rc::clone(&frames);
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |e: MessageEvent| {
        // The garden's own socket tells of gateways and gaps; only the events are wanted here.
        if let Some(frame @ Frame::Event(_)) = e.data().as_string().and_then(|text| Frame::decode(&text).ok()) {
            heard.borrow_mut().push(frame);
        }
    });
    ws.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    for (ms, last) in [(150, false), (500, false), (2_000, true)] {
        let (frames, ws) = (Rc::clone(&frames), ws.clone());
        let take = move || {
            let frames = frames.take();
            if !frames.is_empty() {
                live.take(&frames);
            }
            if last {
                ws.set_onmessage(None);
                let _ = ws.close();
            }
        };
        set_timeout(take, Duration::from_millis(ms));
    }
    // One small closure per agent page visited; the socket lets go of it after two seconds.
    on_message.forget();
}

/// Opens a socket, with a ticket where watching is not enough.
pub(crate) fn dial(path: &str, ticket: Option<&str>) -> Option<WebSocket> {
    let location = window().location();
    let scheme = if location.protocol().ok()? == "https:" { "wss" } else { "ws" };
    let url = format!("{scheme}://{}{path}", location.host().ok()?);
    let Some(ticket) = ticket else { return WebSocket::new(&url).ok() };
    let protocols = js_sys::Array::of2(&SUBPROTOCOL.into(), &format!("ticket.{ticket}").into());
    WebSocket::new_with_str_sequence(&url, &protocols).ok()
}

fn newest_first(garden: &terrarium_core::view::Garden) -> Vec<(String, String)> {
    let agents =
        sorted(garden.agents.iter().collect(), |(_, a), (_, b)| b.summary.last_event.cmp(&a.summary.last_event));
    agents.into_iter().map(|(id, a)| (id.to_string(), a.position().to_string())).collect()
}

/// The first message of the socket. A client frame has a limit: where not all positions fit, those of the agents that
/// spoke last go in, and the others start from the present.
fn resume(positions: Vec<(String, String)>) -> String {
    let mut since = BTreeMap::new();
    let mut room = CLIENT_FRAME_MAX.saturating_sub(120);
    for (id, position) in positions {
        let Some(left) = room.checked_sub(id.len() + position.len() + 6) else { break };
        room = left;
        since.insert(id, position);
    }
    let narrow = Narrow { agents: vec!["*".into()], types: Vec::new(), since };
    // Strings in a struct: this cannot fail, and an empty message would be ignored.
    serde_json::to_value(ClientMessage::Observe(narrow)).unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_message_fits_however_many_agents_there_are() {
        let many = (0..1000).map(|n| (format!("agent-{n}"), format!("0123456789abcdef:{n}"))).collect();
        let text = resume(many);
        assert!(text.len() <= CLIENT_FRAME_MAX && text.len() > 3000, "{}", text.len());
    }
}
