//! The document: complete, consistent, and true of real values.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

use prism::{
    Exposed, JsonSchema, Value, exposed,
    openapi::{ExposedAgent, Info, document},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeSet;
use wire::{
    AgentId, AgentSummary, CommandSpec, Envelope, Epoch, Event, FieldError, FluxState, Gauges, MetricPoint,
    MetricSeries, Problem, Scope, SemaphoreCard, Seq, Snapshot, Timestamp, TokenId,
    agentese::{Agentese, ObserverWords},
    command::CommandList,
    perturb::{AskedFirst, CallId, Invoked, Perturb},
    purgatory::{Asked, PendingList, TokenPage, Withdrawal},
    semaphore::{
        Answer, Ask, AuditEntry, Decision, Door, OnTimeout, Reason, Severity, Step, TokenRecord, TokenStatus, Verdict,
    },
    session::{Session, Ticket},
    summary::{AgentList, AllMetrics, Version},
};

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Tree {
    name: String,
    #[serde(default)]
    children: Vec<Tree>,
}

struct Forester;

#[exposed]
impl Forester {
    /// Grows a tree.
    ///
    /// Slowly.
    #[expose(aliases("raise"), examples("--tree '{\"name\": \"oak\"}'"))]
    fn grow(&self, tree: Tree, #[arg(default = 1)] years: u8) -> Tree {
        let _ = years;
        tree
    }

    /// Counts trees.
    #[expose(reads)]
    fn count(&self) -> u32 {
        0
    }

    /// Is a secret.
    #[expose(hidden)]
    fn secret(&self) {}
}

fn id(text: &str) -> AgentId {
    AgentId::parse(text).unwrap()
}

fn made() -> Value {
    let info = Info { title: "Terrarium", version: "1", description: "A gateway." };
    let (forester, host) = (id("forester"), id("host"));
    let commands = Forester.specs();
    document(
        info,
        &[
            ExposedAgent { id: &forester, description: "Grows trees.", commands },
            ExposedAgent { id: &host, description: "Watches.", commands: &[] },
        ],
    )
}

fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &'_ Value)| {
        let path = path.clone();
        let methods: Vec<_> = item.as_object().unwrap().keys().cloned().collect();
        methods.into_iter().map(move |method| (path.clone(), method)).collect::<Vec<_>>()
    };
    let keys: Vec<_> = paths.iter().flat_map(of_path).collect();
    keys.into_iter().map(|(path, method)| (format!("{method} {path}"), &document["paths"][&path][&method])).collect()
}

#[test]
fn a_command_is_an_operation_with_its_schemas() {
    let document = made();
    let grow = &document["paths"]["/api/forester/grow"]["post"];
    assert_eq!((&grow["operationId"], &grow["tags"]), (&json!("forester.grow"), &json!(["forester"])));
    assert_eq!(grow["summary"], "Grows a tree.");
    assert!(
        grow["description"].as_str().unwrap().contains("Slowly")
            && grow["description"].as_str().unwrap().contains("raise")
    );
    let body = &grow["requestBody"]["content"]["application/json"]["schema"];
    assert_eq!((&body["additionalProperties"], &body["required"]), (&json!(false), &json!(["tree"])));
    let statuses: Vec<_> = grow["responses"].as_object().unwrap().keys().map(String::as_str).collect();
    let wanted = [
        "200", "202", "400", "401", "403", "404", "409", "410", "413", "415", "421", "422", "424", "429", "500", "503",
        "504",
    ];
    assert_eq!(statuses, wanted);
    assert_eq!(grow["security"][0], json!({ "bearer": ["perturb"] }));
    assert_eq!(document["paths"]["/api/forester/count"]["post"]["security"][0], json!({}), "anyone may read");
    assert!(document["paths"].get("/api/forester/secret").is_none(), "hidden");
    let tags: Vec<_> = document["tags"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    assert_eq!(tags, ["agents", "work", "questions", "signing in", "gateway", "forester"]);
}

#[test]
fn every_reference_leads_somewhere_and_every_id_is_unique() {
    fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
        match value {
            Value::Object(fields) => {
                found.extend(fields.get("$ref").and_then(Value::as_str));
                fields.values().for_each(|field| references(field, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }
    let document = made();
    let mut found = Vec::new();
    references(&document, &mut found);
    for reference in &found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
    assert!(found.contains(&"#/components/schemas/forester.grow.arguments.Tree"), "{found:?}");
    let ids: Vec<_> =
        operations(&document).iter().map(|(_, o)| o["operationId"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "{ids:?}");
    assert_eq!(made(), document, "the same each time");
}

#[test]
fn every_url_of_the_gateway_is_in_the_document() {
    // Pages, files, and the pattern that stands for all commands.
    let elsewhere = [
        "/",
        "/purgatory",
        "/purgatory/decided",
        "/void",
        "/void/parts",
        "/void/paths",
        "/agents/{agent}",
        "/pkg/{*file}",
        "/api/{agent}/{command}",
    ];
    let document = made();
    let source = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../wire/src/route.rs")).unwrap();
    let constant = |line: &str| line.strip_prefix("pub const ")?.split('"').nth(1).map(str::to_owned);
    let urls: Vec<_> = source.lines().filter_map(constant).collect();
    assert!(urls.len() > 20, "{urls:?}");
    for url in urls {
        let is_there = document["paths"].get(&url).is_some();
        assert_eq!(is_there, !elsewhere.contains(&url.as_str()), "{url}");
    }
}

#[test]
fn path_parameters_are_declared_and_writes_need_somebody() {
    let document = made();
    for (name, operation) in operations(&document) {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let agent = json!({ "$ref": "#/components/parameters/agent" });
        let token = json!({ "$ref": "#/components/parameters/token" });
        assert_eq!(name.contains("{agent}"), parameters.contains(&agent), "{name}");
        assert_eq!(name.contains("{token}"), parameters.contains(&token), "{name}");
        let is_open = ["post /login", "post /api/agentese", "post /api/forester/count"].contains(&name.as_str());
        if name.starts_with("post ") && !is_open {
            let security = operation["security"].as_array().unwrap();
            assert!(!security.is_empty() && !security.contains(&json!({})), "{name}");
        }
    }
}

fn summary() -> AgentSummary {
    AgentSummary {
        agent_id: id("host"),
        genus: "host".into(),
        description: "Watches.".into(),
        state: FluxState::Flowing,
        metrics: Gauges::new(1.0, f64::NAN, 0.5),
        in_fever: false,
        observers: 1,
        pending: Vec::new(),
        commands: vec!["count".into()],
        dropped: 0,
        epoch: Epoch::from_bits(7),
        seq: Seq(3),
        total_events: 3,
        last_event: None,
        started: Timestamp::from_millis(0),
    }
}

fn point() -> MetricPoint {
    let gauges = Gauges::new(1.0, 2.0, 0.5);
    MetricPoint { ts: Timestamp::from_millis(1), mean: gauges, min: Some(gauges), max: None }
}

fn series() -> MetricSeries {
    MetricSeries {
        agent_id: id("host"),
        state: FluxState::Stopped,
        metrics: Gauges::default(),
        step_s: 1,
        points: vec![point()],
    }
}

fn event() -> Envelope {
    Envelope {
        agent_id: id("host"),
        epoch: Epoch::from_bits(7),
        seq: Seq(1),
        ts: Timestamp::from_millis(0),
        event: Event::Result { data: json!(1) },
    }
}

fn snapshot() -> Snapshot {
    let AgentSummary { agent_id, state, metrics, epoch, seq, total_events, pending, .. } = summary();
    Snapshot { agent_id, state, metrics, epoch, seq, history: vec![event()], total_events, pending }
}

fn problem() -> Problem {
    Problem {
        r#type: "about:blank".into(),
        title: "No".into(),
        status: 422,
        detail: "No.".into(),
        instance: Some("/".into()),
        code: "no".into(),
        hint: None,
        errors: vec![FieldError { pointer: "/a".into(), message: "no".into() }],
        related: vec!["void.entropy.sip".into()],
        retry_after_ms: Some(1),
        decision: Some(Box::new(decision())),
    }
}

fn decision() -> Decision {
    let note = Some("fine".into());
    Decision {
        verdict: Verdict::Answered,
        human_input: json!("yes"),
        by: "me".into(),
        at: Timestamp::from_millis(0),
        note,
    }
}

fn card() -> SemaphoreCard {
    SemaphoreCard {
        id: TokenId::from_bits(1),
        agent_id: id("host"),
        reason: Reason::ApprovalNeeded,
        prompt: "Deploy?".into(),
        options: vec!["yes".into()],
        severity: Severity::Critical,
        created_at: Timestamp::from_millis(0),
        deadline: Some(Timestamp::from_millis(1)),
        on_timeout: OnTimeout::Deny,
        escalation: Some("boss".into()),
        response_schema: Some(json!(true)),
        context: Some(json!({ "command": "ls" })),
    }
}

fn entry() -> AuditEntry {
    AuditEntry {
        token_id: TokenId::from_bits(1),
        agent_id: id("host"),
        step: Step::Resolved,
        at: Timestamp::from_millis(0),
        by: "me".into(),
        door: Door::Rest,
        shown: "00".into(),
        decision: Some(decision()),
        reason: Some("late".into()),
    }
}

fn record() -> TokenRecord {
    TokenRecord {
        card: card(),
        status: TokenStatus::Delivered,
        decision: Some(decision()),
        moved_at: Timestamp::from_millis(0),
        shown: "00".into(),
        audit: vec![entry()],
    }
}

/// Questions and what belongs to them.
fn questions() -> Vec<(&'static str, Value)> {
    let json = |value: serde_json::Result<Value>| value.unwrap();
    let ask = Ask {
        prompt: "Deploy?".into(),
        deadline: Some(Timestamp::from_millis(1)),
        timeout_ms: Some(1),
        escalation: Some("boss".into()),
        options: vec!["yes".into()],
        response_schema: Some(json!(true)),
        context: Some(json!(1)),
        ..Ask::default()
    };
    let answer = Answer { human_input: json!("yes"), note: Some("fine".into()) };
    let page = TokenPage { tokens: vec![record()], next: Some("1".into()) };
    vec![
        ("TokenId", json(serde_json::to_value(TokenId::from_bits(1)))),
        ("Ask", json(serde_json::to_value(ask))),
        ("Ask", json!({ "prompt": "Deploy?", "deadline": null, "timeout_ms": null })),
        ("SemaphoreCard", json(serde_json::to_value(card()))),
        ("Decision", json(serde_json::to_value(decision()))),
        ("AuditEntry", json(serde_json::to_value(entry()))),
        ("TokenRecord", json(serde_json::to_value(record()))),
        ("Asked", json(serde_json::to_value(Asked { card: card(), url: "/".into() }))),
        ("PendingList", json(serde_json::to_value(PendingList { pending: vec![card()], count: 1 }))),
        ("TokenPage", json(serde_json::to_value(page))),
        ("Answer", json(serde_json::to_value(answer))),
        ("AnswerForm", json!({ "human_input": "yes", "note": "", "csrf": "x", "next": "/" })),
        ("Withdrawal", json(serde_json::to_value(Withdrawal { reason: Some("moot".into()) }))),
        ("AskedFirst", json(serde_json::to_value(AskedFirst { semaphore: card() }))),
    ]
}

fn agentese() -> Agentese {
    let observer = ObserverWords {
        archetype: Some("developer".into()),
        capabilities: vec!["keep".into()],
        agent: Some(id("host")),
    };
    let args = serde_json::Map::from_iter([("amount".to_owned(), json!(0.1))]);
    Agentese { path: "void.entropy.tithe".into(), observer: Some(observer), args }
}

/// Real values, by the component that is to describe them.
fn values() -> Vec<(&'static str, Value)> {
    let json = |value: &dyn Fn() -> serde_json::Result<Value>| value().unwrap();
    let commands: Vec<CommandSpec> = Forester.specs().to_vec();
    let input = Perturb { id: Some(CallId::Number(1)), data: json!({}), priority: Some(150), timeout_ms: Some(1) };
    let version = Version { version: "1".into(), commit: "unknown".into(), protocol: 1 };
    let others = vec![
        ("AgentId", json(&|| serde_json::to_value(id("host")))),
        ("AgentSummary", json(&|| serde_json::to_value(summary()))),
        (
            "AgentSummary",
            json(&|| serde_json::to_value(AgentSummary { last_event: Some(Timestamp::from_millis(5)), ..summary() })),
        ),
        ("AgentList", json(&|| serde_json::to_value(AgentList { agents: vec![summary()] }))),
        ("Snapshot", json(&|| serde_json::to_value(snapshot()))),
        ("Event", json(&|| serde_json::to_value(event()))),
        ("MetricPoint", json(&|| serde_json::to_value(point()))),
        ("MetricSeries", json(&|| serde_json::to_value(series()))),
        ("AllMetrics", json(&|| serde_json::to_value(AllMetrics { agents: vec![series()] }))),
        ("CommandSpec", json(&|| serde_json::to_value(&commands[0]))),
        ("CommandList", json(&|| serde_json::to_value(CommandList { commands: commands.clone() }))),
        ("Problem", json(&|| serde_json::to_value(problem()))),
        ("Input", json(&|| serde_json::to_value(&input))),
        ("Input", json(&|| serde_json::to_value(Perturb::of(json!("text"))))),
        ("Agentese", json(&|| serde_json::to_value(agentese()))),
        ("Agentese", json!({ "path": "void.entropy.pressure", "observer": null })),
        ("Invoked", json(&|| serde_json::to_value(Invoked { result: Value::Null }))),
        ("Session", json(&|| serde_json::to_value(Session::default()))),
        (
            "Session",
            json(&|| {
                let (name, csrf) = (Some("me".into()), Some("x".into()));
                serde_json::to_value(Session { name, scopes: Scope::ALL.to_vec(), csrf })
            }),
        ),
        ("Ticket", json(&|| serde_json::to_value(Ticket { ticket: "x".into(), expires_in_ms: 30_000 }))),
        ("Version", json(&|| serde_json::to_value(&version))),
        ("Login", json!({ "token": "x" })),
    ];
    others.into_iter().chain(questions()).collect()
}

/// A validator of one component within the document.
fn component(document: &Value, name: &str) -> jsonschema::Validator {
    let schema = json!({ "$ref": format!("#/components/schemas/{name}"), "components": document["components"] });
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

#[test]
fn real_values_fit_their_schemas_and_every_field_is_described() {
    let document = made();
    for (name, value) in values() {
        let errors: Vec<_> = component(&document, name).iter_errors(&value).map(|e| e.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:?} in {value}");
        let described = &document["components"]["schemas"][name]["properties"];
        for field in value.as_object().into_iter().flat_map(|fields| fields.keys()) {
            let of_gauges = ["pressure", "flow", "temperature"].contains(&field.as_str());
            let of_event = name == "Event" && field == "data";
            assert!(described.get(field).is_some() || of_gauges || of_event, "{name}.{field}");
        }
    }
}

#[test]
fn every_component_is_held_against_a_real_value() {
    let document = made();
    let held: BTreeSet<_> = values().into_iter().map(|(name, _)| name).collect();
    // These stand within others.
    let within = [
        "Epoch",
        "Seq",
        "Timestamp",
        "FluxState",
        "Scope",
        "Gauges",
        "FieldError",
        "Reason",
        "Severity",
        "OnTimeout",
        "TokenStatus",
    ];
    for name in document["components"]["schemas"].as_object().unwrap().keys().filter(|name| !name.contains('.')) {
        assert!(held.contains(name.as_str()) || within.contains(&name.as_str()), "{name}");
    }
}

#[test]
fn a_schema_refuses_what_its_type_would_not_send() {
    let document = made();
    for (name, value) in [
        ("AgentId", json!("Host")),
        ("AgentList", json!({ "agents": [{}] })),
        ("Problem", json!({ "status": 200 })),
        ("Input", json!({ "data": null })),
        ("Input", json!({ "data": 1, "priority": 151 })),
        ("Input", json!({ "data": 1, "colour": "red" })),
        ("Agentese", json!({ "args": {} })),
        ("Agentese", json!({ "path": "void", "colour": "red" })),
        ("Session", json!({ "scopes": ["root"] })),
        ("Ask", json!({ "prompt": "x", "urgency": "high" })),
        ("Answer", json!({ "note": "x" })),
        ("TokenId", json!("sem-1")),
    ] {
        assert!(!component(&document, name).is_valid(&value), "{name}: {value}");
    }
}
