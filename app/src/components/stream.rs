//! What an agent says, newest first: filter, pause, follow, and the whole of each event on demand.

use crate::{
    api::lowercase,
    live::Live,
    signal::{Memo, NodeRef, RwSignal, effect},
    whole::{IntoWhole as _, Item, Whole, list, text},
    words,
};
use leptos::{html::Ol, prelude::*};
use markup::view;
use std::{collections::VecDeque, sync::Arc};
use terrarium_core::view::Entry;
use wire::{AgentId, EventKind, Timestamp};

/// A line. Equal keys are equal lines: what was said does not change.
#[derive(Debug, Clone)]
struct Row {
    key: String,
    entry: Arc<Entry>,
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

/// The stream of one agent.
#[component]
pub(crate) fn Stream(id: AgentId) -> Whole {
    let live = expect_context::<Live>();
    let all = Memo::new(move |before: Option<&Vec<Row>>| {
        live.agent(&id, |a| rows(&a.stream, before.map_or(&[], Vec::as_slice))).unwrap_or_default()
    });
    let filter = RwSignal::new(String::new());
    let only = RwSignal::new(String::new());
    let frozen = RwSignal::new(None::<Vec<Row>>);
    let follow = RwSignal::new(true);
    let shown = Memo::new(move |_| {
        let (words, only, frozen, all) = (lowercase(&filter.read()), only.read(), frozen.read(), all.read());
        let rows = frozen.as_ref().unwrap_or(&all);
        rows.iter().filter(|row| fits(&row.entry, &only, &words)).cloned().collect::<Vec<_>>()
    });
    let waiting = move || {
        let frozen = frozen.read();
        let Some(frozen) = frozen.as_ref() else { return String::new() };
        let last = frozen.first().map(|row| &row.key);
        let new = all.read().iter().take_while(|row| Some(&row.key) != last).count();
        if new > 0 { format!("{new} new") } else { String::new() }
    };
    let paused = move || frozen.read().is_some();
    let pause = move |_| {
        let next = if frozen.read_untracked().is_some() { None } else { Some(all.read_untracked().clone()) };
        frozen.set(next);
    };
    let lines = NodeRef::<Ol>::new();
    effect(move || {
        shown.track();
        if let (true, Some(lines)) = (*follow.read(), lines.get()) {
            lines.set_scroll_top(0);
        }
    });
    view! {
        <section class="panel stream" aria-labelledby="stream-title">
            <header class="stream-head">
                <h2 id="stream-title">"What it says"</h2>
                <div class="stream-tools">
                    <span class="waiting" role="status">{text(waiting)}</span>
                    <label>
                        <span class="sr">"Show only lines that contain"</span>
                        <input
                            type="search"
                            name="filter"
                            placeholder="filter"
                            autocomplete="off"
                            on:input=move |e| filter.set(event_target_value(&e))
                        />
                    </label>
                    <label>
                        <span class="sr">"Kind of event"</span>
                        <select name="type" on:change=move |e| only.set(event_target_value(&e))>
                            <option value="">"everything"</option>
                            {kinds()}
                        </select>
                    </label>
                    <button type="button" aria-pressed=text(move || paused().to_string()) on:click=pause>
                        {text(move || if paused() { "Resume" } else { "Pause" })}
                    </button>
                    <button
                        type="button"
                        aria-pressed=text(move || follow.read().to_string())
                        on:click=move |_| follow.update(|follow| *follow ^= true)
                    >
                        "Follow"
                    </button>
                </div>
            </header>
            <ol
                class="lines"
                node_ref=lines
                tabindex="0"
                aria-label="Events, newest first"
                on:wheel=move |e| {
                    if e.delta_y() > 0.0 && *follow.read_untracked() {
                        follow.set(false);
                    }
                }
            >
                {list(move || shown.read().iter().map(|row| item(live, row)).collect())}
            </ol>
            <p class="muted none">
                {text(move || {
                    let quiet = all.read().is_empty();
                    let hidden = shown.read().is_empty();
                    if quiet { "It has said nothing yet." } else if hidden { "No line fits the filter." } else { "" }
                })}
            </p>
        </section>
    }
    .whole()
}

fn kinds() -> Vec<Whole> {
    let spoken = EventKind::ALL.into_iter().filter(|kind| *kind != EventKind::Metabolism);
    spoken.map(|kind| view! { <option value=kind.as_str()>{words::kind(kind)}</option> }.whole()).collect()
}

/// The lines, newest first. Lines known from before are kept, not copied again.
fn rows(stream: &VecDeque<Entry>, before: &[Row]) -> Vec<Row> {
    // Both in the order of time: what is known is met on the way.
    let mut known = before.iter().rev();
    let mut rows: Vec<Row> = Vec::with_capacity(stream.len());
    let mut restarts: Vec<Timestamp> = Vec::new();
    for entry in stream {
        let key = match entry {
            Entry::Event(e) => format!("{}:{}", e.epoch, e.seq),
            Entry::Gap(gap) => format!("gap:{}-{}:{}", gap.from_seq, gap.to_seq, restarts.len()),
            Entry::NewEpoch(ts) => {
                let n = restarts.iter().filter(|at| *at == ts).count();
                restarts.push(*ts);
                format!("epoch:{ts}:{n}")
            }
        };
        let here = known.clone().position(|row| row.key == key);
        match here.and_then(|here| known.nth(here)) {
            Some(row) => rows.push(row.clone()),
            None => rows.push(Row { key, entry: Arc::new(entry.clone()) }),
        }
    }
    rows.reverse();
    rows
}

fn item(live: Live, row: &Row) -> Item {
    let entry = Arc::clone(&row.entry);
    Item::new(row.key.clone(), move || line(live, &entry))
}

fn fits(entry: &Entry, only: &str, words: &str) -> bool {
    let Entry::Event(e) = entry else { return true };
    let kind = e.event.kind();
    let said = || {
        let all = words::pretty(&e.event).unwrap_or_default();
        lowercase(&format!("{} {} {all}", words::kind(kind), words::line(&e.event)))
    };
    (only.is_empty() || only == kind.as_str()) && (words.is_empty() || said().contains(words))
}

fn line(live: Live, entry: &Entry) -> Whole {
    match entry {
        Entry::Gap(gap) => {
            let missed = words::count(gap.missed as usize, "event was", "events were");
            view! { <li class="line-note" data-type="gap">{format!("{missed} missed here")}</li> }.whole()
        }
        Entry::NewEpoch(_) => {
            view! { <li class="line-note" data-type="epoch">"the gateway was restarted here"</li> }.whole()
        }
        Entry::Event(e) => {
            let (ts, kind) = (e.ts, e.event.kind());
            view! {
                <li class="line" data-seq=e.seq.to_string() data-type=kind.as_str()>
                    <details>
                        <summary>
                            <time class="num" datetime=ts.to_string()>
                                {text(move || words::clock(ts, *live.offset.read()))}
                            </time>
                            <span class="kind">{words::kind(kind)}</span>
                            <span class="said">{words::line(&e.event)}</span>
                        </summary>
                        <pre tabindex="0">{words::pretty(&e.event)}</pre>
                    </details>
                </li>
            }
            .whole()
        }
    }
}
