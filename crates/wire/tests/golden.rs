//! The frozen shapes: what programs outside rely on. A line that changes here changes the contract.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

use serde_json::{Value, json};
use terrarium_wire::{
    AgentId, Envelope, Epoch, Event, EventKind, FluxState, Frame, Gap, Gauges, Hello, Position, SemaphoreCard, Seq,
    Temperature, Timestamp, TokenId,
    agentese::{Agentese, Answered, ObserverWords},
    event::{CircuitState, DegradedData, ErrorData, FeverData, FeverEndedData, FeverSeverity, Moved, Transition},
    frame::{ClientMessage, Control},
    metabolism::{Breach, EngineStatus, FeverTrigger, Metered, Tithe, VelocityRule},
    semaphore::{Decision, OnTimeout, Reason, Severity, Verdict},
};

/// One of each event with the fields it adds to the envelope.
fn samples() -> Vec<(Event, Value)> {
    let transition = |state, previous| Transition { state, previous: Some(previous), data: None };
    let temperature = Temperature::new(0.85).unwrap();
    vec![
        (
            Event::Metabolism { state: FluxState::Flowing, gauges: Gauges::new(45.0, 12.5, 0.8), observers: Some(2) },
            json!({"type": "metabolism", "state": "flowing", "pressure": 45.0, "flow": 12.5, "temperature": 0.8,
                   "observers": 2}),
        ),
        (
            Event::Metabolism { state: FluxState::Dormant, gauges: Gauges::new(0.0, f64::NAN, 0.0), observers: None },
            json!({"type": "metabolism", "state": "dormant", "pressure": 0.0, "flow": null, "temperature": 0.0}),
        ),
        (Event::Result { data: json!({"n": 1}) }, json!({"type": "result", "data": {"n": 1}})),
        (
            Event::Error {
                data: ErrorData { error: "no".into(), error_type: "panic".into(), hint: Some("try".into()) },
            },
            json!({"type": "error", "data": {"error": "no", "error_type": "panic", "hint": "try"}}),
        ),
        (
            Event::AgentStarted(transition(FluxState::Flowing, FluxState::Dormant)),
            json!({"type": "agent_started", "state": "flowing", "previous": "dormant"}),
        ),
        (
            Event::AgentStateChanged(transition(FluxState::Draining, FluxState::Flowing)),
            json!({"type": "agent_state_changed", "state": "draining", "previous": "flowing"}),
        ),
        (
            Event::AgentStopped(Transition {
                state: FluxState::Stopped,
                previous: Some(FluxState::Draining),
                data: Some(json!({"reason": "done"})),
            }),
            json!({"type": "agent_stopped", "state": "stopped", "previous": "draining", "data": {"reason": "done"}}),
        ),
        (
            Event::Fever {
                temperature,
                data: FeverData {
                    threshold: 0.8,
                    severity: FeverSeverity::Moderate,
                    intensity: None,
                    oblique_strategy: None,
                    trigger: None,
                    seed: None,
                    why: None,
                },
            },
            json!({"type": "fever", "temperature": 0.85, "data": {"threshold": 0.8, "severity": "moderate"}}),
        ),
        (
            Event::Fever {
                temperature,
                data: FeverData {
                    threshold: 1.0,
                    severity: FeverSeverity::High,
                    intensity: Some(0.5),
                    oblique_strategy: Some("Is it finished?".into()),
                    trigger: Some(FeverTrigger::PressureOverflow),
                    seed: Some(0.5),
                    why: None,
                },
            },
            json!({"type": "fever", "temperature": 0.85, "data": {
                "threshold": 1.0, "severity": "high", "intensity": 0.5, "oblique_strategy": "Is it finished?",
                "trigger": "pressure_overflow", "seed": 0.5,
            }}),
        ),
        (
            Event::Fever {
                temperature,
                data: FeverData {
                    threshold: 12.0,
                    severity: FeverSeverity::Moderate,
                    intensity: Some(0.25),
                    oblique_strategy: Some("Is it finished?".into()),
                    trigger: Some(FeverTrigger::Velocity),
                    seed: Some(0.5),
                    why: Some("15 > 12: steps of it that failed in the last minute".into()),
                },
            },
            json!({"type": "fever", "temperature": 0.85, "data": {
                "threshold": 12.0, "severity": "moderate", "intensity": 0.25, "oblique_strategy": "Is it finished?",
                "trigger": "velocity", "seed": 0.5, "why": "15 > 12: steps of it that failed in the last minute",
            }}),
        ),
        (
            Event::FeverEnded { temperature, data: FeverEndedData { duration_ms: 1500 } },
            json!({"type": "fever_ended", "temperature": 0.85, "data": {"duration_ms": 1500}}),
        ),
        (
            Event::MetricsDegraded {
                data: DegradedData { error: "no".into(), circuit_state: CircuitState::Open, failure_count: 5 },
            },
            json!({"type": "metrics_degraded", "data": {"error": "no", "circuit_state": "open", "failure_count": 5}}),
        ),
        (
            Event::ejected(card()),
            json!({
                "type": "semaphore_ejected",
                "token": {
                    "id": "sem-0000000000000000000000000000000a", "agent_id": "host", "reason": "approval_needed",
                    "prompt": "Proceed?", "options": ["no", "yes"], "severity": "warning",
                    "created_at": "2026-11-21T12:00:00.000Z", "deadline": "2026-11-21T12:00:01.000Z",
                    "on_timeout": "deny", "context": {"command": "ls"},
                },
                "data": {
                    "token_id": "sem-0000000000000000000000000000000a",
                    "id": "sem-0000000000000000000000000000000a", "agent_id": "host", "reason": "approval_needed",
                    "prompt": "Proceed?", "options": ["no", "yes"], "severity": "warning",
                    "created_at": "2026-11-21T12:00:00.000Z", "deadline": "2026-11-21T12:00:01.000Z",
                    "on_timeout": "deny", "context": {"command": "ls"},
                },
            }),
        ),
        (
            Event::SemaphoreResolved {
                token_id: card().id,
                data: Moved {
                    decision: Some(Decision {
                        verdict: Verdict::Answered,
                        human_input: json!("yes"),
                        by: "ann".into(),
                        at: card().created_at,
                        note: None,
                    }),
                    ..moved(None)
                },
            },
            json!({
                "type": "semaphore_resolved", "token_id": "sem-0000000000000000000000000000000a",
                "data": {
                    "by": "ann", "at": "2026-11-21T12:00:00.000Z",
                    "decision": {"verdict": "answered", "human_input": "yes", "by": "ann", "at": "2026-11-21T12:00:00.000Z"},
                },
            }),
        ),
        (
            Event::SemaphoreCancelled { token_id: card().id, data: moved(Some("moot")) },
            step("semaphore_cancelled", "moot"),
        ),
        (Event::SemaphoreVoided { token_id: card().id, data: moved(Some("late")) }, step("semaphore_voided", "late")),
        (Event::SemaphoreDelivered { token_id: card().id, data: moved(Some("x")) }, step("semaphore_delivered", "x")),
        (
            Event::SemaphoreEscalated {
                token_id: card().id,
                data: Moved { severity: Some(Severity::Critical), ..moved(None) },
            },
            json!({
                "type": "semaphore_escalated", "token_id": "sem-0000000000000000000000000000000a",
                "data": {"by": "ann", "at": "2026-11-21T12:00:00.000Z", "severity": "critical"},
            }),
        ),
    ]
}

fn card() -> SemaphoreCard {
    SemaphoreCard {
        id: TokenId::from_bits(10),
        agent_id: AgentId::parse("host").unwrap(),
        reason: Reason::ApprovalNeeded,
        prompt: "Proceed?".into(),
        options: vec!["no".into(), "yes".into()],
        severity: Severity::Warning,
        created_at: Timestamp::from_millis(1_795_262_400_000),
        deadline: Some(Timestamp::from_millis(1_795_262_401_000)),
        on_timeout: OnTimeout::Deny,
        escalation: None,
        response_schema: None,
        context: Some(json!({"command": "ls"})),
    }
}

fn moved(reason: Option<&str>) -> Moved {
    Moved { by: "ann".into(), at: card().created_at, decision: None, reason: reason.map(Into::into), severity: None }
}

fn step(kind: &str, reason: &str) -> Value {
    json!({
        "type": kind, "token_id": "sem-0000000000000000000000000000000a",
        "data": {"by": "ann", "at": "2026-11-21T12:00:00.000Z", "reason": reason},
    })
}

#[test]
fn every_event_has_its_frozen_shape_and_reads_back() {
    for (event, own) in samples() {
        let envelope = Envelope {
            agent_id: AgentId::parse("host").unwrap(),
            epoch: Epoch::from_bits(0xabc),
            seq: Seq(7),
            ts: Timestamp::from_millis(1_795_262_400_000),
            event,
        };
        let mut expected = json!({
            "agent_id": "host", "epoch": "0000000000000abc", "seq": 7, "ts": "2026-11-21T12:00:00.000Z",
        });
        expected.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
        assert_eq!(serde_json::to_value(&envelope).unwrap(), expected);
        let text = serde_json::to_string(&envelope).unwrap();
        assert_eq!(Frame::decode(&text).unwrap(), Frame::Event(Box::new(envelope)));
    }
}

#[test]
fn every_kind_has_a_sample_and_one_spelling() {
    for kind in EventKind::ALL {
        let named = samples().into_iter().find(|(e, _)| e.kind() == kind);
        let (_, json) = named.unwrap_or_else(|| panic!("no sample of {}", kind.as_str()));
        assert_eq!(json["type"], kind.as_str());
        assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
    }
}

#[test]
fn control_frames_have_their_frozen_shape() {
    let hello = Control::Hello(Box::new(Hello {
        protocol: 1,
        gateway: "g".into(),
        agent_id: Some(AgentId::parse("host").unwrap()),
        epoch: Some(Epoch::from_bits(1)),
        head_seq: Some(Seq(9)),
        recovered: None,
        state: Some(FluxState::Flowing),
        pending: vec![],
        agents: None,
    }));
    let gap = Gap { agent_id: AgentId::parse("host").unwrap(), missed: 3, from_seq: Seq(1), to_seq: Seq(3) };
    for (frame, expected) in [
        (
            hello,
            json!({"type": "hello", "protocol": 1, "gateway": "g", "agent_id": "host", "epoch": "0000000000000001",
                   "head_seq": 9, "recovered": null, "state": "flowing", "pending": []}),
        ),
        (Control::Gap(gap), json!({"type": "gap", "agent_id": "host", "missed": 3, "from_seq": 1, "to_seq": 3})),
        (Control::Ping, json!({"type": "ping"})),
    ] {
        assert_eq!(serde_json::to_value(&frame).unwrap(), expected);
        assert_eq!(Frame::decode(&expected.to_string()).unwrap(), Frame::Control(frame));
    }
}

#[test]
fn what_a_client_does_not_know_is_not_an_error() {
    let frame = Frame::decode(r#"{"type":"pheromone","agent_id":"host","seq":4,"new":{}}"#).unwrap();
    assert_eq!(frame, Frame::Unknown { agent_id: Some(AgentId::parse("host").unwrap()), seq: Some(Seq(4)) });
    let known =
        r#"{"type":"result","agent_id":"host","epoch":"e","seq":1,"ts":"2026-11-21T12:00:00Z","data":1,"new":2}"#;
    assert!(matches!(Frame::decode(known), Ok(Frame::Event(_))));
    assert!(Frame::decode("[1,2]").is_err() && Frame::decode("").is_err());
}

#[test]
fn the_clients_one_message_is_as_the_contract_writes_it() {
    let text = r#"{"op":"observe","agents":["*"],"types":["metabolism"],"since":{"host":"0abc:7"}}"#;
    let ClientMessage::Observe(narrow) = serde_json::from_str(text).unwrap();
    assert_eq!(narrow.since["host"].parse::<Position>().unwrap().seq, Seq(7));
    assert!(serde_json::from_str::<ClientMessage>(r#"{"op":"observe"}"#).is_ok());
}

fn both_ways<T>(value: &T, shape: &Value)
where
    T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug,
{
    assert_eq!(&serde_json::to_value(value).unwrap(), shape);
    assert_eq!(&serde_json::from_value::<T>(shape.clone()).unwrap(), value);
}

#[test]
fn a_path_is_asked_and_answered_as_the_contract_writes_it() {
    let observer = ObserverWords {
        archetype: Some("developer".into()),
        capabilities: vec!["keep".into()],
        agent: Some(AgentId::parse("scribe").unwrap()),
    };
    let args = serde_json::Map::from_iter([("amount".to_owned(), json!(0.1))]);
    both_ways(
        &Agentese { path: "void.entropy.tithe".into(), observer: Some(observer), args },
        &json!({"path": "void.entropy.tithe", "args": {"amount": 0.1},
                "observer": {"archetype": "developer", "capabilities": ["keep"], "agent": "scribe"}}),
    );
    both_ways(
        &Agentese { path: "void.entropy.fever".into(), observer: None, args: serde_json::Map::new() },
        &json!({"path": "void.entropy.fever"}),
    );
    both_ways(&Answered { result: json!({"strategy": "x"}) }, &json!({"result": {"strategy": "x"}}));
    both_ways(
        &Tithe { discharged: 0.1, remaining_pressure: 0.35, gratitude: "The river flows.".into() },
        &json!({"discharged": 0.1, "remaining_pressure": 0.35, "gratitude": "The river flows."}),
    );
}

#[test]
fn the_metabolism_has_its_frozen_shape() {
    both_ways(
        &EngineStatus {
            pressure: 0.5,
            critical_threshold: 1.0,
            in_fever: true,
            fever_start: Some(1.5),
            temperature: 2.0,
            input_tokens: 3,
            output_tokens: 1,
        },
        &json!({"pressure": 0.5, "critical_threshold": 1.0, "in_fever": true, "fever_start": 1.5, "temperature": 2.0,
                "input_tokens": 3, "output_tokens": 1}),
    );
    let breach = Breach { rule: VelocityRule::ChainLength, measured: 9, limit: 8, why: "9 > 8".into() };
    both_ways(
        &Metered {
            agent_id: Some(AgentId::parse("scribe").unwrap()),
            pressure: 0.25,
            share: 0.5,
            input_tokens: 3,
            output_tokens: 1,
            calls: 1,
            tokens_per_minute: 4,
            errors_per_minute: 0,
            same_output: 1,
            chain_length: 9,
            breaches: vec![breach],
        },
        &json!({"agent_id": "scribe", "pressure": 0.25, "share": 0.5, "input_tokens": 3, "output_tokens": 1, "calls": 1,
                "tokens_per_minute": 4, "errors_per_minute": 0, "same_output": 1, "chain_length": 9,
                "breaches": [{"rule": "chain_length", "measured": 9, "limit": 8, "why": "9 > 8"}]}),
    );
    for rule in VelocityRule::ALL {
        both_ways(&rule, &json!(rule.as_str()));
    }
    for trigger in FeverTrigger::ALL {
        both_ways(&trigger, &json!(trigger.as_str()));
    }
}
