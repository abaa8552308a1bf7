//! The first HTML, without a browser: what a person with JavaScript off gets.

#![expect(clippy::unwrap_used, reason = "the ids of these tests are written here")]

use leptos::{config::LeptosOptions, prelude::*};
use terrarium_app::{Address, App, Decided, FirstState, Page, shell};
use terrarium_core::view::Garden;
use wire::{
    AgentId, AgentSummary, Envelope, Epoch, Event, FluxState, Frame, Gauges, Scope, SemaphoreCard, Seq, Timestamp,
    TokenId,
    semaphore::{Decision, OnTimeout, Reason, Severity, TokenRecord, TokenStatus, Verdict},
    session::Session,
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
        provide_context(FirstState { garden, now: at(120), session, ..FirstState::default() });
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

fn question(n: u128, agent: &str) -> SemaphoreCard {
    SemaphoreCard {
        id: TokenId::from_bits(n),
        agent_id: AgentId::parse(agent).unwrap(),
        reason: Reason::SensitiveAction,
        prompt: format!("Delete <b>everything</b> {n}?\nIt cannot be \u{202e}undone."),
        options: vec!["yes".into(), "always".into(), "no".into()],
        severity: if n.is_multiple_of(7) { Severity::Critical } else { Severity::Info },
        created_at: at(n as i64 % 100),
        deadline: n.is_multiple_of(5).then(|| at(300)),
        on_timeout: OnTimeout::Deny,
        escalation: None,
        response_schema: None,
        context: Some(serde_json::json!({"command": "rm -rf /srv", "before": "a\nb", "after": "a\nc", "cwd": "/"})),
    }
}

fn asking(n: u128) -> Garden {
    let pending = (1..=n).map(|n| question(n, "host")).collect();
    Garden::from_summaries("g1".into(), vec![AgentSummary { pending, ..summary("host") }])
}

fn inbox(path: &str, first: FirstState) -> String {
    let owner = Owner::new();
    owner.with(|| {
        provide_context(Address(path.to_owned()));
        provide_context(FirstState { now: at(120), ..first });
        view! { <App /> }.to_html()
    })
}

fn somebody() -> Session {
    Session { name: Some("anna".into()), scopes: vec![Scope::Resolve], csrf: Some("proof".into()) }
}

#[test]
fn a_question_is_shown_whole_and_literally_and_the_safest_answer_first() {
    let html = inbox("/purgatory", FirstState { garden: asking(1), session: somebody(), ..FirstState::default() });
    let body = html.split("class=\"q-body\"").nth(1).unwrap();
    for part in [
        "Delete &lt;b&gt;everything&lt;/b&gt; 1?\nIt cannot be ⟨U+202E⟩undone.",
        "rm -rf /srv",
        "<del>- b\n</del>",
        "<ins>+ c\n</ins>",
        "cwd: /",
        "is about to do something risky",
        "action=\"/api/purgatory/host/resolve/sem-00000000000000000000000000000001\"",
        "name=\"csrf\" value=\"proof\"",
    ] {
        assert!(body.contains(part), "{part} is missing in {body}");
    }
    let place = |answer: &str| body.find(&format!("value=\"{answer}\"")).unwrap();
    assert!(place("no") < place("yes") && place("yes") < place("always"));
    assert!(body.contains("data-key=\"y\"") && body.contains("data-key=\"n\""));
    assert!(html.contains(r#"data-waiting="1""#), "{html}");
}

#[test]
fn a_watcher_sees_the_question_and_where_to_sign_in_and_no_button() {
    let html = inbox("/purgatory", FirstState { garden: asking(1), ..FirstState::default() });
    assert!(html.contains("rm -rf /srv") && html.contains("login?next=/purgatory"));
    assert!(!html.contains("human_input"));
}

#[test]
fn ten_thousand_questions_show_the_most_urgent_hundred_and_say_how_many_more() {
    let html = inbox("/purgatory", FirstState { garden: asking(10_000), ..FirstState::default() });
    assert_eq!(html.matches("class=\"question\"").count(), 100);
    assert_eq!(html.matches("data-severity=\"critical\"").count(), 100, "critical ones first");
    assert!(html.contains("9900 more questions wait") && html.contains("limit=200"), "{}", html.len());
    let narrow = "/purgatory?severity=critical&reason=sensitive_action&agent=ho&limit=2000";
    let html = inbox(narrow, FirstState { garden: asking(10_000), ..FirstState::default() });
    assert_eq!(html.matches("class=\"question\"").count(), 1_428);
    let html = inbox("/purgatory?agent=nobody", FirstState { garden: asking(3), ..FirstState::default() });
    assert!(html.contains("No question fits the filter."));
}

#[test]
fn nobody_waits_is_said_and_the_title_counts_those_who_do() {
    assert!(page("/purgatory", Garden::default()).contains("Nobody waits for you."));
    let owner = Owner::new();
    let document = owner.with(|| {
        provide_context(Address("/".to_owned()));
        provide_context(FirstState { garden: asking(3), ..FirstState::default() });
        shell(LeptosOptions::builder().output_name("terrarium").build(), Page::default()).to_html()
    });
    assert!(document.contains("<title>(3) The garden · Terrarium</title>"), "{document}");
    assert!(document.contains("/favicon-asks.svg") && document.contains("3 questions wait"), "{document}");
}

#[test]
fn what_is_over_says_who_decided_what_and_what_was_shown() {
    let decision = Decision {
        verdict: Verdict::Answered,
        human_input: "no".into(),
        by: "anna".into(),
        at: at(60),
        note: Some("too risky".into()),
    };
    let record = |n, status, decision| TokenRecord {
        card: question(n, "host"),
        status,
        decision,
        moved_at: at(60),
        shown: "c0ffee".into(),
        audit: Vec::new(),
    };
    let tokens = vec![record(1, TokenStatus::Delivered, Some(decision)), record(2, TokenStatus::Voided, None)];
    let decided = Decided { tokens, next: Some("17".into()) };
    let html = inbox("/purgatory/decided", FirstState { decided, ..FirstState::default() });
    for part in ["Answered: no", "by anna: too risky", "c0ffee", "Lapsed", "1 min ago", "cursor=17", "rm -rf /srv"] {
        assert!(html.contains(part), "{part} is missing in {html}");
    }
    assert!(!html.contains("human_input\""), "no form");
}

#[test]
fn an_agents_page_and_its_card_show_its_questions() {
    let html = inbox("/agents/host", FirstState { garden: asking(2), session: somebody(), ..FirstState::default() });
    assert_eq!(html.matches("class=\"question\"").count(), 2);
    assert!(inbox("/", FirstState { garden: asking(2), ..FirstState::default() }).contains("2 questions wait"));
}
