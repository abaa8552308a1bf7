//! Where one talks to an agent: what to send, what was sent, and what came back. Only for those who may; a watcher finds
//! the way to sign in where it would stand.

use crate::{
    beam::{self, Word},
    components::json::Answer,
    live::Live,
    signal::{Memo, RwSignal},
    whole::{IntoWhole as _, Item, Whole, flag, list, part, text},
    words,
};
use leptos::prelude::*;
use markup::view;
use serde_json::Value;
use terrarium_core::calls::{Call, Calls, Input, Stage};
use wire::{
    AgentId, CallId, Perturb, Scope,
    perturb::{INPUT_MAX, PRIORITY_DEFAULT, PRIORITY_MAX},
};

/// Room for what stands around an input in its frame, in bytes.
const FRAME: usize = 256;

const NO_SCRIPT: &str = "<p class=\"muted\">Talking to an agent from here takes JavaScript. Without it: \
                         <code>kgents perturb AGENT 'some text'</code> in a terminal.</p>";

/// What the parts of a console share.
#[derive(Clone, Copy)]
struct Desk {
    live: Live,
    calls: RwSignal<Calls>,
    outbox: RwSignal<Vec<Word>>,
    typed: RwSignal<String>,
    priority: RwSignal<u8>,
    /// What stands in the way of sending.
    trouble: RwSignal<&'static str>,
    /// How far back the arrow up has gone.
    back: RwSignal<Option<usize>>,
}

/// The console of one agent.
#[component]
pub(crate) fn Console(id: AgentId) -> Whole {
    let live = expect_context::<Live>();
    if !live.may(Scope::Perturb) {
        return ().whole();
    }
    let desk = Desk {
        live,
        calls: RwSignal::new(Calls::default()),
        outbox: RwSignal::new(Vec::new()),
        typed: RwSignal::new(String::new()),
        priority: RwSignal::new(PRIORITY_DEFAULT),
        trouble: RwSignal::new(""),
        back: RwSignal::new(None),
    };
    beam::mount(live, id, desk.calls, desk.outbox);
    let broken = move || matches!(Input::of(&desk.typed.read()), Input::Broken(_));
    let goes_as = move || match Input::of(&desk.typed.read()) {
        Input::Broken(why) => format!("This looks like JSON and is not: {why}. It would go as text."),
        Input::Json(_) => "Goes as JSON.".to_owned(),
        Input::Text(text) if text.trim().is_empty() => "Text, or JSON that begins with { or [.".to_owned(),
        Input::Text(_) => "Goes as text.".to_owned(),
    };
    let items = move || {
        let calls = desk.calls.read();
        calls.iter().rev().map(|call| Item::new(call.id.to_string(), one(desk, call.id))).collect()
    };
    view! {
        <section class="panel console" aria-labelledby="console-title">
            <h2 id="console-title">"Send it something"</h2>
            <form
                class="console-form"
                on:submit=move |e| {
                    e.prevent_default();
                    desk.send();
                }
            >
                <label for="console-input" class="sr">"What to send"</label>
                <textarea
                    id="console-input"
                    rows="3"
                    placeholder="Ask or tell it something…"
                    aria-describedby="console-as console-keys"
                    prop:value=text(move || desk.typed.get())
                    on:input=move |e| {
                        desk.back.set(None);
                        desk.trouble.set("");
                        desk.typed.set(event_target_value(&e));
                    }
                    on:keydown=move |e| {
                        let key = e.key();
                        if key == "Enter" && (e.ctrl_key() || e.meta_key()) {
                            e.prevent_default();
                            desk.send();
                        } else if (key == "ArrowUp" || key == "ArrowDown") && desk.recall(key == "ArrowUp") {
                            e.prevent_default();
                        }
                    }
                ></textarea>
                <p id="console-as" class="console-as" class:is-broken=flag(broken) role="status">{text(goes_as)}</p>
                <div class="console-tools">
                    <label class="console-priority">
                        "Priority"
                        <input
                            type="number"
                            min="0"
                            max=PRIORITY_MAX.to_string()
                            value=PRIORITY_DEFAULT.to_string()
                            title="0 to 150; 100 is ordinary, and what is higher goes first"
                            on:input=move |e| {
                                let asked = js_sys::parse_float(&event_target_value(&e));
                                let asked = if asked.is_nan() { PRIORITY_DEFAULT } else { asked as u8 };
                                desk.priority.set(asked.min(PRIORITY_MAX));
                            }
                        />
                    </label>
                    <button type="submit" class="primary">
                        {text(move || if broken() { "Send as text" } else { "Send" })}
                    </button>
                    <span id="console-keys" class="muted console-keys">
                        "Ctrl+Enter sends, ↑ brings back what you sent"
                    </span>
                </div>
                <p class="console-trouble" role="alert">{text(move || *desk.trouble.read())}</p>
            </form>
            <p class="sr" role="status">{text(move || last_said(&desk.calls.read()))}</p>
            <ol class="calls" aria-label="What you sent, newest first">{list(items)}</ol>
            <noscript inner_html=NO_SCRIPT></noscript>
        </section>
    }
    .whole()
}

impl Desk {
    fn send(self) {
        let typed = self.typed.get_untracked();
        if typed.trim().is_empty() {
            return self.trouble.set("There is nothing to send yet.");
        }
        if self.dispatch(&typed, *self.priority.read_untracked()) {
            self.typed.set(String::new());
            self.back.set(None);
        }
    }

    fn dispatch(self, typed: &str, priority: u8) -> bool {
        let data = match Input::of(typed) {
            Input::Json(value) => value,
            Input::Text(_) | Input::Broken(_) => typed.into(),
        };
        if typed.len() > INPUT_MAX - FRAME {
            self.trouble.set("This is too long: an agent takes 1 MiB at once.");
            return false;
        }
        let mut begun = None;
        self.calls.update(|calls| begun = calls.begin(typed.to_owned(), priority));
        let Some(id) = begun else {
            self.trouble.set("50 of your messages are still being worked on. Wait for one, or cancel it.");
            return false;
        };
        let perturb = Perturb { id: Some(CallId::Number(id)), data, priority: Some(priority), timeout_ms: None };
        // Plain values: this cannot fail, and the gateway would say what is wrong with an empty frame.
        let frame = serde_json::to_value(&perturb).unwrap_or_default().to_string();
        self.outbox.update(|outbox| outbox.push(Word::Send(id, frame)));
        self.trouble.set("");
        true
    }

    /// Brings back what was sent before. Only where nothing of one's own would be lost.
    fn recall(self, up: bool) -> bool {
        let back = *self.back.read_untracked();
        if back.is_none() && !(up && self.typed.read_untracked().is_empty()) {
            return false;
        }
        let calls = self.calls.read_untracked();
        let inputs = calls.inputs();
        let next = match (back, up) {
            (None, _) => Some(0),
            (Some(n), true) => Some((n + 1).min(inputs.len().saturating_sub(1))),
            (Some(n), false) => n.checked_sub(1),
        };
        let recalled = next.and_then(|n| inputs.get(n)).copied().unwrap_or_default().to_owned();
        self.back.set(next.filter(|n| *n < inputs.len()));
        self.typed.set(recalled);
        true
    }
}

/// One call, as long as it is kept.
fn one(desk: Desk, id: i64) -> impl FnOnce() -> Whole + Send + 'static {
    move || {
        let call = Memo::new(move |_| desk.calls.read().get(id).cloned());
        let stage = move || call.read().as_ref().map_or("", |call| call.stage.name());
        let open = move || call.read().as_ref().is_some_and(|call| call.stage.is_open());
        let streamed = move || call.read().as_ref().map(streamed).unwrap_or_default();
        let again = move || match call.read().as_ref().map(|call| &call.stage) {
            Some(Stage::Busy(until)) => desk.live.now.read().as_millis() as f64 >= *until,
            _ => false,
        };
        // The answer is drawn once, when it is there.
        let outcome = Memo::new(move |_| call.read().as_ref().map(|call| call.stage.clone()));
        let (input, priority) =
            call.read_untracked().as_ref().map(|c| (c.input.clone(), c.priority)).unwrap_or_default();
        let resend = input.clone();
        let special = (priority != PRIORITY_DEFAULT).then(|| format!(" · priority {priority}"));
        view! {
            <li class="call" data-call=text(stage)>
                <p class="call-input">{input}</p>
                <p class="call-stage muted">
                    {text(move || call.read().as_ref().map_or_else(String::new, |call| said(desk, &call.stage)))} {special}
                    <button
                        type="button"
                        class="quiet"
                        hidden=flag(move || !open())
                        on:click=move |_| desk.outbox.update(|outbox| outbox.push(Word::Cancel(id)))
                    >
                        "Cancel"
                    </button>
                    <button
                        type="button"
                        class="quiet"
                        hidden=flag(move || !again())
                        on:click=move |_| {
                            desk.dispatch(&resend, priority);
                        }
                    >
                        "Send again"
                    </button>
                </p>
                <pre class="answer-text streamed" hidden=flag(move || streamed().is_empty())>{text(streamed)}</pre>
                {part(move || match &*outcome.read() {
                    Some(Stage::Done(value)) => view! { <Answer value=value.clone() /> }.whole(),
                    Some(Stage::Failed(error)) => {
                        view! {
                            <div class="call-error">
                                <p>{words::sentence(&error.message)}</p>
                                <p class="muted">{error.hint.as_deref().map(words::sentence)}</p>
                            </div>
                        }
                            .whole()
                    }
                    _ => ().whole(),
                })}
            </li>
        }
        .whole()
    }
}

/// What came in parts, unless the whole answer is the same.
fn streamed(call: &Call) -> String {
    match &call.stage {
        Stage::Done(Value::String(whole)) if *whole == call.streamed => String::new(),
        _ => call.streamed.clone(),
    }
}

fn said(desk: Desk, stage: &Stage) -> String {
    match stage {
        Stage::Sending => "on its way…".into(),
        Stage::Queued(1) => "in the queue, next in line".into(),
        Stage::Queued(n) => format!("in the queue, {n} in all"),
        Stage::Answering => "answering…".into(),
        Stage::Asked(question) => format!("it asks a person first: {question}"),
        Stage::Done(_) => "answered".into(),
        Stage::Failed(error) if error.code == "cancelled" => "cancelled".into(),
        Stage::Failed(_) => "no answer".into(),
        Stage::Busy(until) => match (until - desk.live.now.read().as_millis() as f64) / 1000.0 {
            left if left > 0.0 => format!("too much at once: it was not taken. Try again in {} s", left.ceil()),
            _ => "too much at once: it was not taken. You can try again now".into(),
        },
    }
}

/// For a screen reader: what happened last, once it is over.
fn last_said(calls: &Calls) -> String {
    match calls.iter().next_back().map(|call| &call.stage) {
        Some(Stage::Done(Value::String(text))) => format!("Answer: {text}"),
        Some(Stage::Done(_)) => "The answer is there.".into(),
        Some(Stage::Failed(error)) => words::sentence(&error.message),
        Some(Stage::Busy(_)) => "Too much at once: it was not taken.".into(),
        Some(Stage::Queued(n)) => format!("Sent. {n} in the queue."),
        _ => String::new(),
    }
}
