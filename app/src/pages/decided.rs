//! The questions that are over: who decided what, when, and what was shown.

use crate::{
    components::question_card,
    first::Decided,
    live::Live,
    pages::purgatory::head,
    post,
    signal::{RwSignal, effect},
    whole::{IntoWhole as _, Item, Whole, flag, list, text},
};
use leptos::prelude::*;
use markup::view;
use wire::{read::FromJson as _, route, semaphore::TokenRecord};

/// Which questions the list holds.
const OVER: &str = "status=resolved,delivered,cancelled,voided&limit=50";

/// `/purgatory/decided`.
#[component]
pub(crate) fn DecidedPage(decided: RwSignal<Decided>) -> Whole {
    let live = expect_context::<Live>();
    let wrong = RwSignal::new(String::new());
    let known = StoredValue::new(None::<u64>);
    let longer = StoredValue::new(false);
    effect(move || {
        // At most once a second, and while only the newest part is shown.
        live.now.track();
        let version = live.asked.get_untracked();
        if known.get_value() != Some(version) && !longer.get_value() {
            known.set_value(Some(version));
            fetch(format!("{}?{OVER}", route::PURGATORY), wrong, move |part| decided.set(part));
        }
    });
    let next = move || decided.read().next.clone().unwrap_or_default();
    let older = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        longer.set_value(true);
        fetch(format!("{}?{OVER}&cursor={}", route::PURGATORY, next()), wrong, move |part| {
            decided.update(|decided| {
                let known = |new: &TokenRecord| decided.tokens.iter().any(|old| old.card.id == new.card.id);
                let new: Vec<_> = part.tokens.into_iter().filter(|new| !known(new)).collect();
                decided.tokens.extend(new);
                decided.next = part.next;
            });
        });
    };
    let rows = move || {
        let item = |token: &TokenRecord| {
            // The same question under another status is another line.
            let (key, token) = (format!("{} {}", token.card.id, token.status.as_str()), token.clone());
            Item::new(key, move || question_card::record(&token))
        };
        decided.read().tokens.iter().map(item).collect()
    };
    let lede = || "Kept for 30 days after the answer was taken up.".to_owned();
    view! {
        <main id="main" class="inbox">
            {head("Answered questions", lede, false)}
            <p class="q-said" class:said=flag(move || !wrong.read().is_empty()) role="status">{text(move || wrong.get())}</p>
            <ol class="questions" aria-label="Questions that are over">{list(rows)}</ol>
            <p class="inbox-none" hidden=flag(move || !decided.read().tokens.is_empty())>
                "Nothing has been asked and answered yet."
            </p>
            <p class="more" hidden=flag(move || decided.read().next.is_none())>
                <a href=text(move || format!("{}?cursor={}", route::DECIDED_PAGE, next())) on:click=older>
                    "Older ones"
                </a>
            </p>
        </main>
    }
    .whole()
}

fn fetch(path: String, wrong: RwSignal<String>, take: impl FnOnce(Decided) + 'static) {
    post::get(&path, move |reply| {
        let good = reply.is_good();
        let part = good.then(|| Decided::from_json(reply.body.clone()).ok()).flatten();
        // The page may have been left in the meantime.
        wrong.try_set(if part.is_some() { String::new() } else { reply.problem() });
        if let Some(part) = part {
            take(part);
        }
    });
}
