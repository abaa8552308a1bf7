//! One command as a form: fields from its schema, what is wrong said at the field it is wrong in, the answer, and what was
//! sent before. What is typed stays in the browser's own fields until it is needed.

use crate::{
    components::json::Answer,
    live::Live,
    post::{self, Reply},
    signal::{NodeRef, RwSignal},
    whole::{IntoWhole as _, Item, Whole, flag, list, part, text},
    words,
};
use leptos::{html::Form, prelude::*};
use markup::view;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};
use terrarium_core::form::{self, Field, Kind, Words, within};
use wasm_bindgen::{JsCast as _, JsValue};
use wire::{AgentId, CommandSpec, route};

/// Most sent forms that are kept.
const SENT_MAX: usize = 50;
/// Longest line of what was sent, in characters.
const LINE: usize = 120;

/// Fields from a schema, inside some form: what its parts share.
#[derive(Clone, Copy)]
pub(crate) struct Sheet {
    /// What the fields begin with. The number changes with each filling, and then all fields are made anew.
    words: RwSignal<(u32, Words)>,
    /// What is wrong, by field.
    errors: RwSignal<BTreeMap<String, String>>,
    node: NodeRef<Form>,
    /// What ids begin with.
    name: StoredValue<String>,
}

/// What came of the last sending.
#[derive(Debug, Clone, PartialEq)]
enum Outcome {
    Nothing,
    Waiting,
    Answered(Arc<Value>),
    Asked(String),
    Failed(String),
}

/// The form of one command.
#[component]
pub(crate) fn CommandForm(id: AgentId, spec: CommandSpec) -> Whole {
    let live = expect_context::<Live>();
    let fields = Arc::new(form::fields(&spec.arguments));
    let node = NodeRef::new();
    let sheet = Sheet::new(spec.name.clone(), &fields, node);
    let outcome = RwSignal::new(Outcome::Nothing);
    let sent = RwSignal::new(Vec::<(u32, Words, String)>::new());
    let path = route::command(&id, &spec.name);
    let sending = Arc::clone(&fields);
    let send = move || {
        if *outcome.read_untracked() == Outcome::Waiting {
            return;
        }
        let typed = sheet.typed();
        let value = form::value(&sending, &typed);
        let line: String = value.to_string().chars().take(LINE).collect();
        sent.update(|sent| {
            let number = sent.first().map_or(0, |(last, ..)| last + 1);
            sent.retain(|(_, before, _)| *before != typed);
            sent.insert(0, (number, typed.clone(), line));
            sent.truncate(SENT_MAX);
        });
        sheet.errors.set(BTreeMap::new());
        outcome.set(Outcome::Waiting);
        post::post(live, &path, &value, move |reply| outcome.set(sheet.outcome(&reply, &typed)));
    };
    let send = StoredValue::new_local(send);
    let body = sheet.body(fields);
    let waits = move || *outcome.read() == Outcome::Waiting;
    view! {
        <form
            node_ref=node
            class="command-form"
            novalidate
            on:submit=move |e| {
                e.prevent_default();
                send.with_value(|send| send());
            }
            on:keydown=move |e| {
                if e.key() == "Enter" && (e.ctrl_key() || e.meta_key()) {
                    e.prevent_default();
                    send.with_value(|send| send());
                }
            }
        >
            {(!spec.description.is_empty()).then(|| view! { <p class="muted">{spec.description.clone()}</p> }.whole())}
            {body}
            <p>
                <button type="submit" class="primary" aria-disabled=text(move || waits().to_string())>
                    {text(move || if waits() { "Working…" } else { "Run" })}
                </button>
            </p>
        </form>
        <div class="outcome" role="status">
            {part(move || match &*outcome.read() {
                Outcome::Nothing | Outcome::Waiting => ().whole(),
                Outcome::Answered(value) => view! { <Answer value=Value::clone(value) /> }.whole(),
                Outcome::Asked(question) => {
                    view! {
                        <p>{format!("It asks a person first: {question}. What comes of it is in what it says, below.")}</p>
                    }
                        .whole()
                }
                Outcome::Failed(why) => view! { <p class="call-error">{why.clone()}</p> }.whole(),
            })}
        </div>
        <details class="sent" hidden=flag(move || sent.read().is_empty())>
            <summary>"What you sent"</summary>
            <ol>
                {list(move || {
                    sent.read()
                        .iter()
                        .map(|(number, words, line)| {
                            let (words, line) = (words.clone(), line.clone());
                            Item::new(number.to_string(), move || {
                                let fill = move |_| sheet.fill(words.clone());
                                view! {
                                    <li>
                                        <button type="button" class="quiet num" title="Fill the form with this" on:click=fill>
                                            {line}
                                        </button>
                                    </li>
                                }
                                    .whole()
                            })
                        })
                        .collect()
                })}
            </ol>
        </details>
    }
    .whole()
}

impl Sheet {
    /// Empty fields. `name` is what their ids begin with.
    pub(crate) fn new(name: String, fields: &[Field], node: NodeRef<Form>) -> Self {
        let words = RwSignal::new((0, form::start(fields)));
        Self { words, errors: RwSignal::default(), node, name: StoredValue::new(name) }
    }

    /// The fields, to be put into the form.
    pub(crate) fn body(self, fields: Arc<Vec<Field>>) -> Whole {
        let body = move || {
            let (filling, words) = &*self.words.read();
            let (fields, words) = (Arc::clone(&fields), words.clone());
            vec![Item::new(filling.to_string(), move || {
                let all: Vec<Whole> = fields.iter().map(|f| self.field(f, &within("", &f.name), &words)).collect();
                view! { <div class="fields">{all}</div> }.whole()
            })]
        };
        list(body).whole()
    }

    /// What stands in the fields.
    pub(crate) fn typed(self) -> Words {
        let Some(node) = self.node.get_untracked() else { return Words::new() };
        let Ok(inputs) = node.query_selector_all("[data-at]") else { return Words::new() };
        let word = |n: u32| {
            let input: JsValue = inputs.get(n)?.into();
            let checkbox = part_of(&input, "type").as_string().as_deref() == Some("checkbox");
            let word = if checkbox {
                part_of(&input, "checked").is_truthy().to_string()
            } else {
                part_of(&input, "value").as_string()?
            };
            Some((part_of(&part_of(&input, "dataset"), "at").as_string()?, word))
        };
        // One by one: a map that is collected is sorted first, with a sort of its own.
        let mut words = Words::new();
        words.extend((0..inputs.length()).filter_map(word));
        words
    }

    fn fill(self, words: Words) {
        self.errors.set(BTreeMap::new());
        let next = self.words.read_untracked().0 + 1;
        self.words.set((next, words));
    }

    /// Focuses what a selector finds, once it is drawn.
    fn focus(self, selector: String) {
        request_animation_frame(move || {
            let node = self.node.try_get_untracked();
            let found = node.and_then(|node| node.query_selector(&selector).ok().flatten());
            if let Some(element) = found.and_then(|found| found.dyn_into::<web_sys::HtmlElement>().ok()) {
                // Fails for no element of a page that is shown.
                let _ = element.focus();
            }
        });
    }

    /// What a reply means; puts what is wrong with a field at that field.
    fn outcome(self, reply: &Reply, typed: &Words) -> Outcome {
        let part = |name: &str| reply.body.get(name);
        if reply.is_good() {
            let prompt = part("semaphore").and_then(|card| card.get("prompt")).and_then(Value::as_str);
            return match (part("result"), prompt) {
                (_, Some(prompt)) => Outcome::Asked(prompt.to_owned()),
                (result, None) => Outcome::Answered(Arc::new(result.cloned().unwrap_or_default())),
            };
        }
        Outcome::Failed(self.wrong(reply, typed, "").unwrap_or_else(|| {
            let wait = part("retry_after_ms").and_then(Value::as_u64);
            let wait = wait.map(|ms| format!(" Try again in {} s.", ms.div_ceil(1000)));
            reply.problem() + &wait.unwrap_or_default()
        }))
    }

    /// Puts what is wrong with a field at that field, and says the rest; nothing where no field is to blame. The fields
    /// are those of the value at `under` in what was sent.
    pub(crate) fn wrong(self, reply: &Reply, typed: &Words, under: &str) -> Option<String> {
        let mut wrong = BTreeMap::new();
        let mut said = Vec::new();
        for error in reply.body.get("errors").and_then(Value::as_array).into_iter().flatten() {
            let word = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
            let (at, message) = (word("pointer"), words::sentence(word("message")));
            let at = at.strip_prefix(under).unwrap_or(at);
            match typed.contains_key(at) {
                true => drop(wrong.insert(at.to_owned(), message)),
                false => said.push(format!("{at}: {message}").trim_start_matches(": ").to_owned()),
            }
        }
        if wrong.is_empty() && said.is_empty() {
            return None;
        }
        if !wrong.is_empty() {
            said.insert(0, words::count(wrong.len(), "field needs", "fields need") + " another look.");
            self.focus("[aria-invalid=true]".to_owned());
        }
        self.errors.set(wrong);
        Some(said.join(" "))
    }

    fn field(self, field: &Field, at: &str, words: &Words) -> Whole {
        let word = words.get(at).cloned().unwrap_or_default();
        let named = if field.name.is_empty() {
            let row = at.rsplit('/').next().and_then(|n| n.parse::<usize>().ok());
            row.map_or_else(String::new, |n| (n + 1).to_string())
        } else {
            field.name.replace('_', " ")
        };
        let at = at.to_owned();
        let about = self.name.with_value(|name| format!("{name}{at}").replace(char::is_whitespace, "_"));
        let wrong = {
            let at = at.clone();
            move || self.errors.read().get(&at).cloned().unwrap_or_default()
        };
        let invalid = wrong.clone();
        let invalid = text(move || (!invalid().is_empty()).to_string());
        let error = view! {
            <span class="field-notes" id=about.clone()>
                <span class="field-help">{field.help.clone()}</span>
                <span class="field-error">{text(wrong)}</span>
            </span>
        }
        .whole();
        let must = (field.required && !field.name.is_empty() && !matches!(field.kind, Kind::Flag))
            .then(|| view! { <span class="must">" required"</span> }.whole());
        let required = field.required.to_string();
        let here = format!("{about}-input");
        let id = here.clone();
        let input = match &field.kind {
            Kind::Group(parts) => {
                let parts: Vec<Whole> = parts.iter().map(|f| self.field(f, &within(&at, &f.name), words)).collect();
                return view! {
                    <fieldset class="field">
                        <legend>{named}{must}</legend>
                        {error}
                        {parts}
                    </fieldset>
                }
                .whole();
            }
            Kind::List(row) => return self.rows(row, at, words, view! { {named}{must} }.whole(), error),
            Kind::Flag => {
                return view! {
                    <label class="field field-flag">
                        <input type="checkbox" data-at=at checked=word == "true" aria-describedby=about />
                        <span class="field-name">{named}</span>
                        {error}
                    </label>
                }
                .whole();
            }
            Kind::Choice(choices) => {
                let options: Vec<Whole> = (0..choices.len())
                    .map(|n| {
                        let (value, label) = (n.to_string(), choices[n].label.clone());
                        let chosen = value == word;
                        view! { <option value=value selected=chosen>{label}</option> }.whole()
                    })
                    .collect();
                let none = (field.default.is_none()).then(|| {
                    view! { <option value="">{if field.required { "choose…" } else { "–" }}</option> }.whole()
                });
                view! {
                    <select id=id data-at=at aria-describedby=about aria-invalid=invalid aria-required=required>
                        {none}
                        {options}
                    </select>
                }
                .whole()
            }
            Kind::Text | Kind::Json => {
                let hint = if field.kind == Kind::Json { "JSON" } else { "" };
                view! {
                    <textarea
                        id=id
                        rows="2"
                        data-at=at
                        placeholder=hint
                        spellcheck="false"
                        aria-describedby=about
                        aria-invalid=invalid
                        aria-required=required
                    >
                        {word}
                    </textarea>
                }
                .whole()
            }
            Kind::Line | Kind::Number(..) => {
                let (keys, hint) = match &field.kind {
                    Kind::Number(whole, min, max) => (
                        if *whole == form::Whole::Only { "numeric" } else { "decimal" },
                        range(min.as_ref(), max.as_ref()),
                    ),
                    _ => ("text", String::new()),
                };
                view! {
                    <input
                        id=id
                        type="text"
                        inputmode=keys
                        data-at=at
                        value=word
                        placeholder=hint
                        autocomplete="off"
                        spellcheck="false"
                        aria-describedby=about
                        aria-invalid=invalid
                        aria-required=required
                    />
                }
                .whole()
            }
        };
        view! {
            <div class="field">
                <label class="field-name" for=here>
                    {named}
                    {must}
                </label>
                {input}
                {error}
            </div>
        }
        .whole()
    }

    fn rows(self, row: &Field, at: String, words: &Words, named: Whole, error: Whole) -> Whole {
        let count = form::rows(&at, words);
        let rows: Vec<Whole> = (0..count)
            .map(|n| {
                let list = at.clone();
                let take = move |_| {
                    let mut words = self.typed();
                    form::shrink(&list, n, &mut words);
                    self.fill(words);
                    self.focus(format!("[data-list={}] > .add", quoted(&list)));
                };
                view! {
                    <div class="row">
                        {self.field(row, &within(&at, &n.to_string()), words)}
                        <button type="button" class="quiet" aria-label=format!("Remove {}", n + 1) on:click=take>
                            "Remove"
                        </button>
                    </div>
                }
                .whole()
            })
            .collect();
        let (list, row) = (at.clone(), row.clone());
        let add = move |_| {
            let mut words = self.typed();
            form::grow(&row, &list, &mut words);
            self.fill(words);
            self.focus(format!("[data-list={}] > .row:last-of-type [data-at]:not([type=hidden])", quoted(&list)));
        };
        let data_list = at.clone();
        view! {
            <fieldset class="field" data-list=data_list>
                <legend>{named}</legend>
                {error}
                <input type="hidden" data-at=at value=count.to_string() />
                {rows}
                <button type="button" class="quiet add" on:click=add>
                    "Add one"
                </button>
            </fieldset>
        }
        .whole()
    }
}

/// A pointer as a string of a selector.
fn quoted(at: &str) -> String {
    format!("\"{}\"", at.replace('\\', "\\\\").replace('"', "\\\""))
}

fn part_of(object: &JsValue, name: &str) -> JsValue {
    js_sys::Reflect::get(object, &name.into()).unwrap_or_default()
}

/// The range of a number, where a person would be told one.
fn range(min: Option<&Value>, max: Option<&Value>) -> String {
    // The limits of the machine's own numbers say nothing.
    let told =
        |limit: Option<&Value>| limit.filter(|v| v.as_f64().is_some_and(|v| v.abs() < 1e9)).map(Value::to_string);
    match (told(min), told(max)) {
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("{min} or more"),
        (None, Some(max)) => format!("{max} or less"),
        (None, None) => String::new(),
    }
}
