//! The browser's end of the perturb socket: opens it when there is something to send, with a ticket, and opens it again
//! after it broke. What was sent before a break is given up, and said to be; what was not sent yet is kept and sent then.
//! Browser only: reached from an effect.

use crate::{
    live::Live,
    post,
    signal::{RwSignal, effect},
    socket::{Open, dial},
};
use leptos::prelude::*;
use serde_json::Value;
use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
    time::Duration,
};
use terrarium_core::{calls::Calls, restart::full_jitter};
use web_sys::{CloseEvent, MessageEvent};
use wire::{
    AgentId, CloseCode, PerturbReply, close::Reconnect, perturb::ErrorBody, read::FromJson as _, route, session::Ticket,
};

/// Back-off between attempts to reach the gateway, in milliseconds.
const BACKOFF_MS: (u64, u64) = (400, 5_000);
/// Attempts before what waits is given up: about a quarter of a minute, in which a gateway restarts.
const ATTEMPTS: u32 = 10;

/// Something for the socket.
#[derive(Debug, Clone)]
pub(crate) enum Word {
    /// An input: its id, and the frame.
    Send(i64, String),
    /// A call to give up.
    Cancel(i64),
}

/// The socket of one agent's page.
struct Beam {
    live: Live,
    agent: AgentId,
    calls: RwSignal<Calls>,
    open: RefCell<Option<Open>>,
    waiting: RefCell<Vec<(i64, String)>>,
    /// Whether it is on its way to an open socket.
    dialling: Cell<bool>,
    attempt: Cell<u32>,
}

/// Sends whatever is put in the outbox, and folds what comes back into `calls`.
pub(crate) fn mount(live: Live, agent: AgentId, calls: RwSignal<Calls>, outbox: RwSignal<Vec<Word>>) {
    let beam: RefCell<Option<Rc<Beam>>> = RefCell::new(None);
    effect(move || {
        outbox.track();
        let mut words = Vec::new();
        outbox.update_untracked(|waiting| words = std::mem::take(waiting));
        if words.is_empty() {
            return;
        }
        let mut beam = beam.borrow_mut();
        let beam = beam.get_or_insert_with(|| {
            Rc::new(Beam {
                live,
                agent: agent.clone(),
                calls,
                open: RefCell::new(None),
                waiting: RefCell::default(),
                dialling: Cell::new(false),
                attempt: Cell::new(0),
            })
        });
        words.into_iter().for_each(|word| beam.take(word));
    });
}

impl Beam {
    fn take(self: &Rc<Self>, word: Word) {
        match word {
            Word::Send(id, frame) => {
                self.waiting.borrow_mut().push((id, frame));
                self.flush();
            }
            Word::Cancel(id) => {
                let waited = self.waiting.borrow().iter().any(|(waiting, _)| *waiting == id);
                if waited {
                    self.waiting.borrow_mut().retain(|(waiting, _)| *waiting != id);
                    self.fail("cancelled", "You took it back before it was sent.", |call| call == id);
                } else if let Some(open) = &*self.open.borrow() {
                    open.send(&format!(r#"{{"op":"cancel","id":{id}}}"#));
                }
            }
        }
    }

    fn flush(self: &Rc<Self>) {
        if let Some(open) = self.open.borrow().as_ref().filter(|open| open.is_open()) {
            self.waiting.take().iter().for_each(|(_, frame)| open.send(frame));
            return;
        }
        if !self.dialling.replace(true) {
            let asking = Rc::downgrade(self);
            post::post(self.live, route::TICKETS, &Value::Null, move |reply| {
                let Some(beam) = asking.upgrade() else { return };
                match Ticket::from_json(reply.body.clone()) {
                    Ok(ticket) if reply.is_good() => beam.connect(&ticket.ticket),
                    _ if reply.status == 0 || reply.status == 429 || reply.status >= 500 => beam.again(),
                    _ => beam.give_up(&reply.problem()),
                }
            });
        }
    }

    fn connect(self: &Rc<Self>, ticket: &str) {
        let Some(ws) = dial(&route::perturb(&self.agent), Some(ticket)) else { return self.again() };
        let beam = || Rc::downgrade(self);
        let (opened, heard, closed) = (beam(), beam(), beam());
        let with = |beam: &Weak<Self>, act: &dyn Fn(&Rc<Self>)| {
            if let Some(beam) = beam.upgrade() {
                act(&beam);
            }
        };
        let open = Open::over(
            ws,
            Box::new(move || {
                with(&opened, &|beam| {
                    beam.dialling.set(false);
                    beam.flush();
                });
            }),
            Box::new(move |e: MessageEvent| with(&heard, &|beam| beam.hear(&e.data()))),
            Box::new(move |e: CloseEvent| with(&closed, &|beam| beam.broke(e.code(), &e.reason()))),
        );
        drop(self.open.replace(Some(open)));
    }

    fn hear(&self, data: &wasm_bindgen::JsValue) {
        self.attempt.set(0);
        let value: Option<Value> = data.as_string().and_then(|text| serde_json::from_str(&text).ok());
        if let Some(reply) = value.and_then(|value| PerturbReply::from_json(value).ok()) {
            self.calls.update(|calls| calls.apply(reply, js_sys::Date::now()));
        }
    }

    fn broke(self: &Rc<Self>, code: u16, reason: &str) {
        let waiting: Vec<i64> = self.waiting.borrow().iter().map(|(id, _)| *id).collect();
        let lost = "The connection broke before the answer came. It may have been worked on all the same.";
        self.fail("connection_lost", lost, |id| !waiting.contains(&id));
        self.dialling.set(false);
        if CloseCode::reconnect(code) == Reconnect::No {
            let known = CloseCode::ALL.into_iter().find(|c| c.code() == code).map_or("refused", CloseCode::reason);
            let why = if reason.is_empty() { known } else { reason };
            self.give_up(&format!("The gateway closed the connection: {why}."));
        } else if !waiting.is_empty() {
            self.again();
        }
    }

    /// Tries again in a while, if anything waits.
    fn again(self: &Rc<Self>) {
        let attempt = self.attempt.get();
        if attempt >= ATTEMPTS {
            return self.give_up("The gateway could not be reached. Nothing was sent.");
        }
        self.attempt.set(attempt + 1);
        self.dialling.set(true);
        let wait = full_jitter(attempt, BACKOFF_MS.0, BACKOFF_MS.1, js_sys::Math::random());
        let beam = Rc::downgrade(self);
        let retry = move || {
            if let Some(beam) = beam.upgrade() {
                beam.dialling.set(false);
                beam.flush();
            }
        };
        set_timeout(retry, Duration::from_millis(wait.max(BACKOFF_MS.0)));
    }

    fn give_up(&self, why: &str) {
        self.dialling.set(false);
        self.attempt.set(0);
        let waiting: Vec<i64> = self.waiting.take().into_iter().map(|(id, _)| id).collect();
        self.fail("not_sent", why, |id| waiting.contains(&id));
    }

    fn fail(&self, code: &str, why: &str, whose: impl Fn(i64) -> bool) {
        let error = ErrorBody { code: code.to_owned(), message: why.to_owned(), hint: None };
        self.calls.update(|calls| calls.fail(&error, whose));
    }
}
