//! One question: what is asked, all that is at stake, and the ways to answer. A line that opens; when it is answered, here
//! or elsewhere, it turns over and says what was decided and by whom.
//!
//! Works as a plain form without scripts. Shows texts letter by letter, never as HTML.

use crate::{
    api, asking,
    components::{age::Age, command_form::Sheet, json, reading, visitor},
    live::{Link, Live},
    post,
    signal::{Memo, NodeRef, RwSignal, effect},
    whole::{IntoWhole as _, Whole, flag, part, text},
};
use leptos::{
    ev,
    html::{Details, Form, Input, Textarea},
    prelude::*,
};
use markup::view;
use serde_json::Value;
use std::sync::Arc;
use terrarium_core::{
    form::{self, Field},
    leaning::{self, Leaning},
    literal::literal,
    order::sorted,
    shown::{self, Body, Change, Piece},
};
use wire::{
    Scope, SemaphoreCard, TokenId, route,
    semaphore::{Severity, WORD_MAX},
};

/// Longest beginning of a question in its line, in characters. The whole of it stands below.
const LINE: usize = 200;

/// Set as one piece, as in every page here.
const NO_SCRIPT: &str = "<label>Your answer, as JSON <textarea name=\"human_input\" rows=\"4\"></textarea></label>";

/// Whether an answer is on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Sent {
    No,
    Sending,
    Taken,
    Refused(String),
}

/// A question that waits, or did until a moment ago.
#[component]
pub(crate) fn QuestionCard(
    card: Arc<SemaphoreCard>,
    /// Whether it is open at first.
    open: bool,
    /// The question that is open.
    reading: RwSignal<Option<TokenId>>,
) -> Whole {
    let live = expect_context::<Live>();
    let id = card.id.clone();
    let current = {
        let (id, first) = (id.clone(), Arc::clone(&card));
        Memo::new(move |before: Option<&Arc<SemaphoreCard>>| {
            let waiting = live.questions(|questions| questions.get(&id).cloned());
            waiting.unwrap_or_else(|| Arc::clone(before.unwrap_or(&first)))
        })
    };
    let over = {
        let id = id.clone();
        Memo::new(move |_| live.questions(|questions| questions.over(&id).map(|over| over.how.clone())))
    };
    let front = NodeRef::<Details>::new();
    let toggled = {
        let id = id.clone();
        move |_| {
            let Some(details) = front.get_untracked() else { return };
            if details.open() {
                reading.set(Some(id.clone()));
                reading::watch(&details);
            } else if *reading.read_untracked() == Some(id.clone()) {
                reading.set(None);
            }
        }
    };
    {
        // What was open from the first is being read, too.
        let id = id.clone();
        effect(move || {
            if let Some(details) = front.get().filter(|details| details.open()) {
                reading.set(Some(id.clone()));
                reading::watch(&details);
            }
        });
    }
    {
        let id = id.clone();
        effect(move || {
            if over.read().is_some() && untrack(|| *reading.read() == Some(id.clone())) {
                reading.set(None);
            }
        });
    }
    let back = {
        let card = Arc::clone(&card);
        move || over.read().as_ref().map_or_else(|| ().whole(), |how| turned(&card, &asking::outcome(how)))
    };
    let deadline = move || asking::deadline(&current.read(), *live.now.read());
    let severity = move || current.read().severity;
    view! {
        <li
            class="question"
            data-token=id.to_string()
            data-severity=text(move || severity().as_str())
            data-status=text(move || if over.read().is_some() { "over" } else { "pending" })
        >
            <details class="q-front" name="question" open=open node_ref=front on:toggle=toggled inert=flag(move || over.read().is_some())>
                {line(live, &card, severity)}
                <div class="q-body">
                    {about(&card)}
                    {pieces(&card)}
                    <p class="q-deadline" role="timer" hidden=flag(move || current.read().deadline.is_none())>
                        {text(deadline)}
                    </p>
                    {answering(live, &card)}
                </div>
            </details>
            {part(back)}
        </li>
    }
    .whole()
}

/// A question that is over, from the list of those.
pub(crate) fn record(record: &wire::semaphore::TokenRecord) -> Whole {
    let live = expect_context::<Live>();
    let (card, at) = (&record.card, record.moved_at);
    let (what, who) = asking::outcome_of(record);
    let severity = card.severity;
    view! {
        <li
            class="question"
            data-token=card.id.to_string()
            data-severity=severity.as_str()
            data-status=record.status.as_str()
        >
            <details class="q-front">
                {line(live, card, move || severity)}
                <div class="q-body">
                    {about(card)}
                    {pieces(card)}
                    <p class="q-print muted">
                        "What was shown has the fingerprint "
                        <code>{record.shown.clone()}</code>
                        ". "
                        <a href=route::question(&card.agent_id, &card.id)>"All that became of it"</a>
                    </p>
                </div>
            </details>
            <p class="q-outcome">
                <b>{what}</b>
                " "
                {who}
                " · "
                <Age at=Arc::new(move || Some(at)) />
            </p>
        </li>
    }
    .whole()
}

/// The line of a question.
fn line(live: Live, card: &SemaphoreCard, severity: impl Fn() -> Severity + Copy + Send + Sync + 'static) -> Whole {
    let (asked, due) = (card.created_at, card.deadline);
    let beginning: String = literal(card.prompt.lines().next().unwrap_or_default()).chars().take(LINE).collect();
    let soon = move || due.is_some_and(|due| due.millis_since(*live.now.read()) < 60_000);
    view! {
        <summary>
            <span class="q-severity" class:soon=flag(soon)>{text(move || asking::severity(severity()))}</span>
            <b class="q-agent">{card.agent_id.to_string()}</b>
            <span class="q-line">{beginning}</span>
            <span class="q-age"><Age at=Arc::new(move || Some(asked)) /></span>
        </summary>
    }
    .whole()
}

fn about(card: &SemaphoreCard) -> Whole {
    let whole = shown::text(card);
    view! {
        <div class="q-about">
            <p>
                <a href=route::agent_page(&card.agent_id)>{card.agent_id.to_string()}</a>
                " "
                {asking::reason(card.reason)}
                "."
            </p>
            <button type="button" class="plain js" on:click=move |_| json::copy(&whole)>"Copy"</button>
        </div>
    }
    .whole()
}

fn pieces(card: &SemaphoreCard) -> Vec<Whole> {
    shown::pieces(card).into_iter().map(piece).collect()
}

/// One piece, between two marks: who has had both in view has had all of it in view.
fn piece(Piece { label, body }: Piece) -> Whole {
    let name = if label.is_empty() { "The question".to_owned() } else { label.clone() };
    let (class, inside) = match body {
        Body::Words(words) => ("q-text q-words", vec![words.whole()]),
        Body::Code(code) => ("q-text q-code", vec![code.whole()]),
        Body::Diff(runs) => ("q-text q-code", runs.into_iter().map(run).collect()),
    };
    view! {
        <div class="q-piece">
            <p class="q-label" hidden=label.is_empty()>{label.clone()}</p>
            <div class=class tabindex="0" role="group" aria-label=name>
                <span class="q-mark"></span>
                {inside}
                <span class="q-mark"></span>
            </div>
        </div>
    }
    .whole()
}

fn run((change, lines): (Change, String)) -> Whole {
    match change {
        Change::Same => view! { <span>{lines}</span> }.whole(),
        Change::Place => view! { <span class="q-place">{lines}</span> }.whole(),
        Change::Gone => view! { <del>{lines}</del> }.whole(),
        Change::New => view! { <ins>{lines}</ins> }.whole(),
    }
}

/// The other side.
fn turned(card: &SemaphoreCard, (what, who): &(String, String)) -> Whole {
    let beginning: String = literal(card.prompt.lines().next().unwrap_or_default()).chars().take(LINE).collect();
    view! {
        <div class="q-back" role="status">
            <p class="q-outcome"><b>{what.clone()}</b> " " {who.clone()}</p>
            <p class="muted">{format!("{}: {beginning}", card.agent_id)}</p>
        </div>
    }
    .whole()
}

/// The ways to answer, for those who may.
fn answering(live: Live, card: &SemaphoreCard) -> Whole {
    if !live.may(Scope::Resolve) {
        let known = live.session.with_value(|session| session.name.clone());
        return match known {
            Some(name) => view! {
                <p class="q-watcher muted">{format!("You are here as {name}, who may not answer questions.")}</p>
            }
            .whole(),
            None => {
                let login = visitor::sign_in(live);
                view! { <p class="q-watcher"><a href=login>"Sign in to answer"</a></p> }.whole()
            }
        };
    }
    let sent = RwSignal::new(Sent::No);
    let (note, node) = (NodeRef::<Input>::new(), NodeRef::<Form>::new());
    let choices = choices(card);
    let schema = card.response_schema.as_ref().filter(|_| choices.is_empty());
    let fields = Arc::new(schema.map(form::fields).unwrap_or_default());
    let sheet = Sheet::new(card.id.to_string(), &fields, node);
    let action = route::resolve(&card.agent_id, &card.id);
    let give = {
        let action = action.clone();
        move |answer: Value| {
            let mut body = serde_json::json!({ "human_input": answer });
            let word = note.get_untracked().map(|note| note.value()).unwrap_or_default();
            if !word.trim().is_empty() {
                body["note"] = word.trim().into();
            }
            sent.set(Sent::Sending);
            post::post(live, &action, &body, move |reply| {
                // The card may be gone with its answer.
                let refused = || {
                    let in_fields = !sheet.typed().is_empty();
                    let at_fields = in_fields.then(|| sheet.wrong(&reply, &sheet.typed(), "/human_input")).flatten();
                    Sent::Refused(at_fields.unwrap_or_else(|| reply.problem()))
                };
                sent.try_set(if reply.is_good() { Sent::Taken } else { refused() });
            });
        }
    };
    let away = move || match &*live.link.read() {
        Link::Connecting | Link::Live | Link::Restarted { .. } => None,
        _ => Some("Not connected: you can answer when the connection is back."),
    };
    let still = move || away().is_some() || matches!(&*sent.read(), Sent::Sending | Sent::Taken);
    let said = move || match &*sent.read() {
        _ if away().is_some() => away().unwrap_or_default().to_owned(),
        Sent::No => String::new(),
        Sent::Sending => "Sending …".into(),
        Sent::Taken => "Sent.".into(),
        Sent::Refused(why) => why.clone(),
    };
    let csrf = live.session.with_value(|session| session.csrf.clone()).unwrap_or_default();
    let no_enter = |event: ev::KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
        }
    };
    let ways = match (choices.is_empty(), fields.is_empty()) {
        (false, _) => buttons(choices, card, &Arc::new(give), still),
        (true, true) => vec![free(card, give, still)],
        (true, false) => vec![filled(sheet, fields, give, still)],
    };
    view! {
        <form class="q-answer" method="post" action=action node_ref=node>
            <input type="hidden" name="csrf" value=csrf />
            <input type="hidden" name="next" value=api::address() />
            <button type="submit" disabled hidden></button>
            <label class="q-note">
                <span>"A word to go with it, if you like"</span>
                <input name="note" maxlength=WORD_MAX.to_string() autocomplete="off" node_ref=note on:keydown=no_enter />
            </label>
            <div class="q-ways">{ways}</div>
            <p class="q-sent" role="status">{text(said)}</p>
        </form>
    }
    .whole()
}

/// Answers to choose from, the least permissive first: what it says, and what is sent.
fn choices(card: &SemaphoreCard) -> Vec<(String, Value)> {
    if !card.options.is_empty() {
        return leaning::cautious(&card.options).into_iter().map(|option| (option.clone(), option.into())).collect();
    }
    let Some(schema) = &card.response_schema else { return Vec::new() };
    if schema.get("type").and_then(Value::as_str) == Some("boolean") {
        return vec![("No".to_owned(), false.into()), ("Yes".to_owned(), true.into())];
    }
    let values = schema.get("enum").and_then(Value::as_array).cloned().unwrap_or_default();
    let choices = values.into_iter().map(|value| (asking::answer(&value), value)).collect();
    sorted(choices, |(a, _), (b, _)| leaning::leaning(a).cmp(&leaning::leaning(b)))
}

fn buttons(
    choices: Vec<(String, Value)>,
    card: &SemaphoreCard,
    give: &Arc<impl Fn(Value) + Send + Sync + 'static>,
    still: impl Fn() -> bool + Copy + Send + Sync + 'static,
) -> Vec<Whole> {
    let words: Vec<String> = choices.iter().map(|(says, _)| says.clone()).collect();
    let (no, yes) = (leaning::only(&words, Leaning::No), leaning::only(&words, Leaning::Yes));
    let key = |says: &String| {
        if Some(says) == no {
            "n"
        } else if Some(says) == yes {
            "y"
        } else {
            ""
        }
    };
    let one = |(says, value): (String, Value)| {
        let key = key(&says);
        // In a form the gateway reads JSON where there is a schema, and otherwise the text itself.
        let plain = value.as_str().filter(|_| card.response_schema.is_none()).map(str::to_owned);
        let in_form = plain.unwrap_or_else(|| value.to_string());
        let give = Arc::clone(give);
        let press = move |event: ev::MouseEvent| {
            event.prevent_default();
            give(value.clone());
        };
        view! {
            <button type="submit" name="human_input" value=in_form data-key=key disabled=flag(still) on:click=press>
                {literal(&says)}
                <kbd aria-hidden="true" hidden=key.is_empty()>{key}</kbd>
            </button>
        }
        .whole()
    };
    choices.into_iter().map(one).collect()
}

/// Fields for an answer of several parts; as JSON without scripts.
fn filled(
    sheet: Sheet,
    fields: Arc<Vec<Field>>,
    give: impl Fn(Value) + Send + Sync + 'static,
    still: impl Fn() -> bool + Copy + Send + Sync + 'static,
) -> Whole {
    let body = sheet.body(Arc::clone(&fields));
    let press = move |event: ev::MouseEvent| {
        event.prevent_default();
        give(form::value(&fields, &sheet.typed()));
    };
    view! {
        <div class="q-own command-form">{body}</div>
        <noscript inner_html=NO_SCRIPT></noscript>
        <button type="submit" disabled=flag(still) on:click=press>"Answer"</button>
    }
    .whole()
}

/// An answer in one's own words, or as JSON where it has to fit a schema.
fn free(
    card: &SemaphoreCard,
    give: impl Fn(Value) + Send + Sync + 'static,
    still: impl Fn() -> bool + Copy + Send + Sync + 'static,
) -> Whole {
    let answer = NodeRef::<Textarea>::new();
    let schema = card.response_schema.clone();
    let wants = schema.as_ref().map(terrarium_core::literal::tree).unwrap_or_default();
    let press = move |event: ev::MouseEvent| {
        event.prevent_default();
        let words = answer.get_untracked().map(|answer| answer.value()).unwrap_or_default();
        let json = schema.as_ref().and_then(|_| serde_json::from_str(&words).ok());
        give(json.unwrap_or_else(|| words.into()));
    };
    let any = wants.is_empty();
    let label = if any { "Your answer" } else { "Your answer, as JSON" };
    view! {
        <label class="q-own">
            <span>{label}</span>
            <textarea name="human_input" rows="3" node_ref=answer></textarea>
        </label>
        <details class="q-schema" hidden=any>
            <summary>"What it has to look like"</summary>
            <pre tabindex="0">{wants}</pre>
        </details>
        <button type="submit" disabled=flag(still) on:click=press>"Answer"</button>
    }
    .whole()
}
