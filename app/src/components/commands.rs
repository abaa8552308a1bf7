//! What an agent can be asked to do: a form per exposed command. Shows what the visitor may use, and only counts the rest.

use crate::{
    components::{agent_card::Agent, command_form::CommandForm, visitor},
    live::Live,
    post,
    signal::{Memo, RwSignal, effect},
    whole::{IntoWhole as _, Item, Whole, list, part},
    words,
};
use leptos::prelude::*;
use markup::view;
use std::sync::Arc;
use wire::{AgentId, CommandSpec, Scope, command::CommandList, read::FromJson as _, route};

const NO_SCRIPT: &str = "<p class=\"muted\">Its forms take JavaScript. Without it: <code>kgents call AGENT COMMAND</code> \
                         in a terminal, or the <a href=\"/docs\">API</a>.</p>";

/// What is known of the commands.
#[derive(Debug, Clone, Default)]
enum Known {
    #[default]
    NotYet,
    All(Arc<Vec<CommandSpec>>),
    Not(String),
}

/// The commands of one agent; nothing where it has none.
#[component]
pub(crate) fn Commands(id: AgentId, agent: Agent) -> Whole {
    let live = expect_context::<Live>();
    let names = Memo::new(move |_| agent.read(|s| s.commands.clone()));
    let known = RwSignal::new(Known::NotYet);
    let path = route::commands(&id);
    effect(move || {
        if !names.read().is_empty() {
            post::get(&path, move |reply| {
                let listed = CommandList::from_json(reply.body.clone()).ok().filter(|_| reply.is_good());
                known.set(listed.map_or_else(|| Known::Not(reply.problem()), |l| Known::All(Arc::new(l.commands))));
            });
        }
    });
    part(move || {
        if names.read().is_empty() {
            return ().whole();
        }
        let id = id.clone();
        let body = part(move || match &*known.read() {
            Known::NotYet => {
                let all = names.read().join(", ");
                view! { <p class="muted">{all}</p> }.whole()
            }
            Known::Not(why) => view! { <p class="call-error">{why.clone()}</p> }.whole(),
            Known::All(all) => forms(live, &id, all),
        });
        view! {
            <section class="panel commands" aria-labelledby="commands-title">
                <h2 id="commands-title">"What it can do"</h2>
                {body}
                <noscript inner_html=NO_SCRIPT></noscript>
            </section>
        }
        .whole()
    })
    .whole()
}

fn forms(live: Live, id: &AgentId, all: &Arc<Vec<CommandSpec>>) -> Whole {
    let may = move |spec: &CommandSpec| spec.scope == Scope::Observe || live.may(spec.scope);
    let others = all.iter().filter(|spec| !may(spec)).count();
    let (id, all) = (id.clone(), Arc::clone(all));
    let items = move || {
        let open = all.iter().filter(|spec| may(spec));
        open.map(|spec| {
            let (id, spec) = (id.clone(), spec.clone());
            Item::new(spec.name.clone(), move || one(id, spec))
        })
        .collect()
    };
    let more = (others > 0).then(|| {
        let rest = words::count(others, "command takes", "commands take");
        let way = if live.session.with_value(|s| s.name.is_none()) {
            let href = visitor::sign_in(live);
            view! { <a href=href>"Sign in"</a> }.whole()
        } else {
            "Your token does not have it.".whole()
        };
        view! { <p class="muted">{format!("{rest} permission to give it work. ")}{way}</p> }.whole()
    });
    view! {
        <div>{list(items)}</div>
        {more}
    }
    .whole()
}

fn one(id: AgentId, spec: CommandSpec) -> Whole {
    // A form is made when somebody looks at it.
    let opened = RwSignal::new(false);
    let (name, help) = (spec.name.clone(), spec.help.clone());
    let data = name.clone();
    view! {
        <details class="command" data-command=data on:toggle=move |_| opened.set(true)>
            <summary>
                <span class="command-name">{name}</span>
                <span class="muted">{help}</span>
            </summary>
            {part(move || match *opened.read() {
                true => view! { <CommandForm id=id.clone() spec=spec.clone() /> }.whole(),
                false => ().whole(),
            })}
        </details>
    }
    .whole()
}
