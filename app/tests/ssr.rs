//! The first HTML, without a browser: what a person with JavaScript off gets.

#![expect(clippy::unwrap_used, reason = "the ids of these tests are written here")]

use leptos::{config::LeptosOptions, prelude::*};
use terrarium_app::{Address, App, FirstState, Page, shell};
use terrarium_core::view::Garden;
use wire::{
    AgentId, AgentSummary, Envelope, Epoch, Event, FluxState, Frame, Gauges, Scope, Seq, Timestamp, session::Session,
};

const START_MS: i64 = 1_795_000_000_000;

fn at(s: i64) -> Timestamp {
    Timestamp::from_millis(START_MS + s * 1000)
}

fn summary(id: &str) -> AgentSummary {
    AgentSummary {
        agent_id: AgentId::parse(id).unwrap(),
        genus: "host".into(),
        description: "Watches this machine".into(),
        state: FluxState::Flowing,
        metrics: Gauges::new(12.0, 3.4, 0.42),
        in_fever: false,
        observers: 2,
        pending: Vec::new(),
        commands: Vec::new(),
        dropped: 0,
        epoch: Epoch::from_bits(1),
        seq: Seq(0),
        total_events: 0,
        last_event: None,
        started: at(0),
    }
}

fn garden(ids: &[&str]) -> Garden {
    let mut garden = Garden::from_summaries("g1".into(), ids.iter().map(|id| summary(id)).collect());
    for id in ids {
        for s in 1..120_i64 {
            let gauges = Gauges::new(s as f64 / 2.0, 3.4, if s % 8 == 0 { f64::NAN } else { 0.42 });
            let event = if s % 10 == 0 {
                Event::Result { data: serde_json::json!({"text": format!("line {s}"), "<b>": 1}) }
            } else {
                Event::Metabolism { state: FluxState::Flowing, gauges, observers: None }
            };
            let agent_id = AgentId::parse(id).unwrap();
            let envelope = Envelope { agent_id, epoch: Epoch::from_bits(1), seq: Seq(s as u64), ts: at(s), event };
            garden.apply(&Frame::Event(Box::new(envelope)));
        }
    }
    garden
}

fn page(path: &str, garden: Garden) -> String {
    page_for(path, garden, Session::default())
}

fn page_for(path: &str, garden: Garden, session: Session) -> String {
    let owner = Owner::new();
    let html = owner.with(|| {
        provide_context(Address(path.to_owned()));
        provide_context(FirstState { garden, now: at(120), session });
        view! { <App /> }.to_html()
    });
    assert!(!html.contains("NaN") && !html.contains("Infinity"), "{html}");
    html
}

#[test]
fn an_empty_garden_says_what_to_do() {
    let html = page("/", Garden::default());
    assert!(html.contains("terrarium --watch DIR") && html.contains("terrarium --tail FILE"));
    assert!(html.contains("0 agents"));
    assert!(html.contains("<noscript><p>This is how"), "{html}");
}

#[test]
fn a_garden_shows_a_card_per_agent_with_its_lines_and_readings() {
    let html = page("/", garden(&["host", "files-docs"]));
    assert_eq!(html.matches("<article").count(), 2);
    for part in [
        r#"data-agent="host""#,
        r#"data-state="flowing""#,
        r#"data-temperature="0.42""#,
        r#"data-fever="false""#,
        r#"href="/agents/files-docs""#,
        r#"data-connection="connecting""#,
        "3.4/s",
        "10 s ago",
        "2 observers",
        "What is pressure?",
        "d=\"M",
    ] {
        assert!(html.contains(part), "{part} is missing in {html}");
    }
}

#[test]
fn an_agent_page_holds_drawn_charts_stream_and_history() {
    let html = page("/agents/host", garden(&["host"]));
    assert!(html.matches("<polyline").count() >= 3, "{html}");
    assert_eq!(html.matches("data-chart=").count(), 3);
    assert!(html.contains(r#"data-seq="110" data-type="result""#) && html.contains("line 110"), "{html}");
    assert!(html.find("line 110") < html.find("line 10<"), "newest first");
    assert!(html.contains(r#"name="filter""#) && html.contains("aria-pressed=\"false\""));
    assert!(html.contains("&lt;b&gt;") && !html.contains("\"<b>\""));
}

#[test]
fn the_page_knows_who_looks_at_it_and_a_watcher_sees_no_dead_buttons() {
    let watcher = page("/agents/host", garden(&["host"]));
    assert!(watcher.contains(r#"href="/login?next=/agents/host""#), "{watcher}");
    assert!(!watcher.contains("Sign out") && !watcher.contains("Send it something"), "{watcher}");
    let keeper = Session { name: Some("<me>".into()), scopes: vec![Scope::Perturb], csrf: Some("c".into()) };
    let keeper = page_for("/agents/host", garden(&["host"]), keeper);
    assert!(keeper.contains("&lt;me&gt;") && keeper.contains(r#"href="/logout""#), "{keeper}");
    assert!(keeper.contains("Send it something") && keeper.contains("takes JavaScript"), "{keeper}");
    assert!(!watcher.contains("What it can do"), "an agent without commands has no empty panel");
}

#[test]
fn an_unknown_agent_is_told_with_its_neighbours() {
    let html = page("/agents/hots", garden(&["host", "files-docs"]));
    assert!(html.contains("No agent called “hots”") && html.contains(r#"href="/agents/host""#), "{html}");
    assert!(page("/nowhere", Garden::default()).contains("There is no such page"));
}

#[test]
fn a_hundred_agents_render() {
    let ids: Vec<String> = (0..100).map(|n| format!("agent-{n}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    assert_eq!(page("/", garden(&ids)).matches("<article").count(), 100);
}

#[test]
fn a_build_without_a_site_has_no_script_and_a_build_with_one_starts_it() {
    let document = |page: Page| {
        let owner = Owner::new();
        owner.with(|| {
            provide_context(Address("/".to_owned()));
            provide_context(FirstState::default());
            let options = LeptosOptions::builder().output_name("terrarium").build();
            shell(options, page).to_html()
        })
    };
    let bare = document(Page::default());
    assert!(bare.starts_with("<!DOCTYPE html><html lang=\"en\">") && !bare.contains("type=\"module\""), "{bare}");
    let whole = document(Page {
        js: Some("/pkg/t.1.js".into()),
        wasm: Some("/pkg/t.1.wasm".into()),
        css: Some("/pkg/t.1.css".into()),
    });
    assert!(whole.contains(r#"import init,{hydrate} from "/pkg/t.1.js""#), "{whole}");
    assert!(whole.contains(r#"rel="preload" as="fetch""#), "{whole}");
}
