//! Every path of the design, the grammar under rubbish, the laws of composition.

use super::{
    Aspect, Base, Holon, Observer, Path, Request, Route, Sorry, Whose,
    argument::schema,
    clause::CLAUSES_MAX,
    complete::{COMPLETIONS_MAX, Live, complete},
    path::DEPTH_MAX,
    route::STAGES_MAX,
};
use crate::metabolism::{Amount, VoidRequest};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use wire::{AgentId, Scope, agentese::ObserverWords};

fn args(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}

fn scribe() -> Observer {
    Observer::of(None, &[Scope::Admin]).unwrap().as_agent(AgentId::parse("scribe").unwrap())
}

fn ask(path: &str, given: Value) -> Result<Request, Sorry> {
    Route::parse(path)?.stages()[0].request(args(given), &scribe())
}

#[test]
fn every_path_of_the_design_resolves() {
    let token = "sem-00000000000000000000000000000001";
    for (path, given) in [
        ("world.terrarium.agents.manifest", json!({})),
        ("world.terrarium.connect", json!({})),
        ("world.terrarium.dashboard.manifest", json!({})),
        ("self.flux.bridge", json!({})),
        ("self.flux.rein", json!({})),
        ("self.flux.pause", json!({"agent": "host"})),
        ("self.flux.go_on", json!({})),
        ("self.flux.stop", json!({})),
        ("self.semaphore.pending", json!({})),
        ("self.semaphore.yield", json!({"prompt": "Deploy?"})),
        ("self.semaphore.status", json!({"token": token})),
        ("world.purgatory.list", json!({})),
        ("world.purgatory.inspect", json!({"token": token})),
        ("world.purgatory.resolve", json!({"token": token, "human_input": "yes"})),
        ("world.purgatory.cancel", json!({"token": token})),
        ("world.purgatory.void_expired", json!({})),
        ("world.purgatory.gc", json!({})),
        ("void.terrarium.metabolism", json!({})),
        ("void.serendipity.tangent", json!({})),
        ("void.serendipity.sip", json!({})),
        ("void.serendipity.inspire", json!({})),
        ("void.gratitude.tithe", json!({})),
        ("void.gratitude.thank", json!({"target": "you"})),
        ("void.gratitude.acknowledge", json!({"what": "rain"})),
        ("void.capital.balance", json!({})),
        ("void.capital.history", json!({})),
        ("void.capital.tithe", json!({})),
        ("void.capital.bypass", json!({})),
        ("void.capital.pass", json!({"bypass": 1})),
        ("void.capital.credit", json!({"account": "scribe"})),
        ("void.pataphysics.solve", json!({"problem": "x"})),
        ("void.pataphysics.melt", json!({})),
        ("void.pataphysics.verify", json!({})),
        ("void.pataphysics.imagine", json!({})),
    ] {
        ask(path, given).unwrap_or_else(|e| panic!("{path}: {e}"));
    }
    for aspect in ["sip", "sample", "status", "pressure", "fever", "oblique", "dream", "tithe", "witness"] {
        let [one, other] = ["entropy", "metabolism"].map(|holon| ask(&format!("void.{holon}.{aspect}"), json!({})));
        assert_eq!(one.unwrap(), other.unwrap(), "{aspect}");
    }
    assert_eq!(ask("void.metabolism.pour", json!({"grant": 3})), Ok(Request::Void(VoidRequest::Pour { grant: 3 })));
}

#[test]
fn every_path_there_is_parses_to_itself_and_has_a_schema_and_words() {
    for path in Path::all() {
        assert_eq!(Route::parse(&path).unwrap().stages()[0].path.to_string(), path);
    }
    for aspect in Aspect::ALL {
        let row = aspect.row();
        let schema = schema(row.arguments);
        assert!(schema["additionalProperties"] == false && row.help.ends_with('.'), "{}", aspect.path());
        assert!(row.takes.is_none_or(|name| schema["properties"].get(name).is_some()), "{}", aspect.path());
        assert!(Base::of(row.name).is_none(), "{}", aspect.path());
    }
}

#[test]
fn commands_are_aspects_of_their_agents() {
    let parsed = |text: &str| Route::parse(text).unwrap().into_stages().remove(0).path;
    let named = || Whose::Named(AgentId::parse("log-1").unwrap());
    assert_eq!(parsed("world.agent.log-1.parse"), Path::Command(named(), "parse".into()));
    assert_eq!(parsed("self.parse"), Path::Command(Whose::Observers, "parse".into()));
    assert_eq!(parsed("world.agent.log-1"), Path::Base(Holon::Agent(named()), Base::Manifest));
    assert_eq!(parsed("self.witness"), Path::Base(Holon::Agent(Whose::Observers), Base::Witness));
    assert_eq!(
        ask("self.parse", json!({"text": "x"})),
        Ok(Request::Command(AgentId::parse("scribe").unwrap(), "parse".into(), args(json!({"text": "x"}))))
    );
    assert!(matches!(Route::parse("world.agent.void.parse"), Err(Sorry::NotFound { .. })));
}

#[test]
fn clauses_are_read_dots_in_them_included() {
    let route = Route::parse("void.entropy.oblique[entropy=0.07][phase=QA][law_check=true]@span=a-1 @dot=x.y").unwrap();
    let clauses = &route.stages()[0].clauses;
    assert_eq!((clauses.entropy, clauses.phase), (Amount::new(0.07), Some("QA")));
    assert_eq!((clauses.law_check, clauses.span.as_deref(), clauses.dot.as_deref()), (true, Some("a-1"), Some("x.y")));
    for (text, position) in [
        ("void.entropy.sip[entropy=2]", 17),
        ("void.entropy.sip[entropy=NaN]", 17),
        ("void.entropy.sip[colour=red]", 17),
        ("void.entropy.sip[phase=NAP]", 17),
        ("  void.entropy.sip@span=ü", 19),
    ] {
        let Err(Sorry::Clause { position: at, .. }) = Route::parse(text) else { panic!("{text}") };
        assert_eq!(at, position, "{text}");
    }
}

#[test]
fn what_was_read_is_written_so_that_it_reads_the_same() {
    for (text, written) in [
        (" void.metabolism ", "void.entropy.manifest"),
        ("self.flux>>self", "self.flux.manifest >> self.manifest"),
        (
            "void.entropy.fever@dot=x.y [phase=QA][entropy=.07][rollback=true][law_check=false]@span= a-1",
            "void.entropy.fever[entropy=0.07][rollback=true]@phase=QA@span=a-1@dot=x.y",
        ),
        (
            "self.parse[entropy=1e-300][minimal_output=true]@law_check=true",
            "self.parse[entropy=1e-300][minimal_output=true][law_check=true]",
        ),
    ] {
        let route = Route::parse(text).unwrap();
        assert_eq!(route.to_string(), written);
        assert_eq!(Route::parse(written), Ok(route));
    }
}

#[test]
fn a_wrong_path_says_where_why_and_what_is_near() {
    for (text, part) in [
        ("void.entropy.Sip", "position 13: expected a small letter"),
        ("void..sip", "position 5: expected a letter or a digit"),
        ("void.entropy.", "position 13"),
        ("void.entropy.sip >> void.entropy.po ur", "position 35"),
        ("void.entropy.sip >> ", "position 20"),
        ("void.entropy.sip[entropy=1", "expected ]"),
        ("wörld.terrarium", "'ö'"),
    ] {
        let sorry = Route::parse(text).unwrap_err();
        assert!(sorry.to_string().contains(part), "{text}: {sorry}");
        assert!(!sorry.why().is_empty() && !sorry.tries().is_empty());
    }
    let sorry = Route::parse("void.entropy.tihte").unwrap_err();
    assert_eq!((sorry.code(), sorry.related()[0].as_str()), ("path_not_found", "void.entropy.tithe"));
    assert!(sorry.why().contains("void.entropy has pressure") && sorry.tries().contains("void.entropy.tithe"));
    assert!(Route::parse("time.flies.manifest").unwrap_err().why().contains("nothing lives in time yet"));
    assert!(Route::parse("viod.entropy.sip").unwrap_err().related().contains(&"void.entropy.sip".to_owned()));
    assert!(Route::parse("void.gratitude.witness").is_err(), "nobody wrote it down");
    assert!(Route::parse(&"a".repeat(10_000_000)).unwrap_err().to_string().len() < 200);
}

#[test]
fn there_are_limits() {
    let deep = ["void"; DEPTH_MAX + 1].join(".");
    assert!(matches!(Route::parse(&deep), Err(Sorry::TooMuch { what: "names", .. })));
    let stages = ["void.entropy.sample"; STAGES_MAX + 1].join(" >> ");
    assert!(matches!(Route::parse(&stages), Err(Sorry::TooMuch { what: "stages", .. })));
    let clauses = format!("void.entropy.sample{}", "[phase=QA]".repeat(CLAUSES_MAX + 1));
    assert!(matches!(Route::parse(&clauses), Err(Sorry::TooMuch { what: "clauses", .. })));
    assert_eq!(Route::parse(" \n "), Err(Sorry::Empty));
}

#[test]
fn an_observer_decides_what_is_offered() {
    let guest = Observer::default();
    let stage = Route::parse("world.purgatory.gc").unwrap().into_stages().remove(0);
    let Err(Sorry::Affordance { archetype, available, .. }) = stage.request(Map::new(), &guest) else { panic!() };
    assert_eq!(archetype, "guest");
    assert!(available.contains(&"world.purgatory.list".to_owned()));
    assert!(!available.contains(&"world.purgatory.gc".to_owned()));
    let words = ObserverWords { capabilities: vec!["keep".into()], ..ObserverWords::default() };
    assert!(stage.request(Map::new(), &Observer::of(Some(&words), &[]).unwrap()).is_ok());
    let bridge = Route::parse("self.flux.bridge").unwrap().into_stages().remove(0);
    assert!(matches!(bridge.request(Map::new(), &guest), Err(Sorry::Observer { .. })));
    for archetype in ["", "Admin", "a b", &"x".repeat(33), "1a"] {
        let words = ObserverWords { archetype: Some(archetype.to_owned()), ..ObserverWords::default() };
        assert!(Observer::of(Some(&words), &[]).is_err(), "{archetype}");
    }
    assert_eq!(Observer::of(None, &[Scope::Resolve]).unwrap().archetype(), "developer");
}

#[test]
fn arguments_are_typed_and_all_errors_come_at_once() {
    let Err(Sorry::Arguments { errors, .. }) =
        ask("self.semaphore.yield", json!({"reason": "whim", "severity": 3, "colour": "red"}))
    else {
        panic!("it was taken")
    };
    let pointers: Vec<_> = errors.iter().map(|e| e.pointer.as_str()).collect();
    assert_eq!(pointers, ["/args/prompt", "/args/reason", "/args/severity", "/args/colour"]);
    for amount in [json!(-1), json!("NaN"), json!("inf"), json!(1e300), json!([]), json!("a lot")] {
        assert!(ask("void.entropy.tithe", json!({"amount": amount})).is_err(), "{amount}");
    }
    let tithe = Request::Void(VoidRequest::Tithe { amount: Amount::new(0.25).unwrap() });
    assert_eq!(ask("void.entropy.tithe", json!({"amount": "0.25"})), Ok(tithe));
    assert!(ask("void.entropy.pressure", json!({"x": 1})).is_err());
    let long = "x".repeat(10_000_000);
    let sorry = ask("void.gratitude.thank", json!({"target": long.clone(), long: 1})).unwrap_err();
    assert!(format!("{sorry:?}").len() < 2_000);
}

#[test]
fn what_one_stage_says_the_next_one_takes() {
    let given = |path: &str, said: Value| {
        let stage = Route::parse(path).unwrap().into_stages().remove(0);
        let mut arguments = Map::new();
        stage.give(&mut arguments, said);
        Value::Object(arguments)
    };
    assert_eq!(given("void.entropy.pour", json!({"grant": 4, "amount": 0.1})), json!({"grant": 4}));
    assert_eq!(given("void.gratitude.thank", json!({"strategy": "x"})), json!({"target": "x"}));
    assert_eq!(given("void.entropy.dream", json!({"a": 1, "b": 2})), json!({"context": {"a": 1, "b": 2}}));
    assert_eq!(given("void.entropy.pressure", json!({"a": 1})), json!({}));
    assert_eq!(given("self.parse", json!("x")), json!({"input": "x"}));
    let stage = Route::parse("void.entropy.tithe").unwrap().into_stages().remove(0);
    let mut arguments = args(json!({"amount": 7}));
    stage.give(&mut arguments, json!(9));
    assert_eq!(Value::Object(arguments), json!({"amount": 7}));
}

#[test]
fn laws_are_checked_where_that_is_asked_for() {
    let law = |text: &str| match Route::parse(text) {
        Err(Sorry::Composition { law, .. }) => Some(law),
        _ => None,
    };
    assert_eq!(law("void.entropy.sample >> void.entropy.pressure"), None);
    assert_eq!(law("void.entropy.sample >> void.entropy.pressure[law_check=true]"), Some("composition"));
    assert_eq!(law("void.entropy.sample >> void.entropy.oblique[law_check=true]"), None);
    assert_eq!(law("void.entropy.tithe[rollback=true]"), Some("rollback"));
    assert_eq!(law("void.entropy.pressure[rollback=true]"), None);
    let stage = Route::parse("world.terrarium.agents.manifest[minimal_output=true]").unwrap().into_stages().remove(0);
    assert!(stage.judge(&json!([])).is_err() && stage.judge(&json!({})).is_ok());
}

#[test]
fn a_beginning_is_completed_from_the_table_and_from_the_garden() {
    let live = [Live { agent: "grammar", commands: vec!["parse", "check"] }, Live { agent: "host", commands: vec![] }];
    assert_eq!(complete("void.entropy.ti", &live, None), ["void.entropy.tithe"]);
    let grammar = complete("world.agent.gr", &live, None);
    assert!(grammar.contains(&"world.agent.grammar.parse".to_owned()) && grammar.len() == 6, "{grammar:?}");
    assert_eq!(
        complete("void.entropy.sample >> self.pa", &live, Some("grammar")),
        ["void.entropy.sample >> self.parse"]
    );
    assert!(complete("void.entropy.tihte", &live, None).contains(&"void.entropy.tithe".to_owned()));
    let contexts = ["concept.", "self.", "void.", "world."];
    assert_eq!(complete(" ", &live, None), contexts.map(|context| format!(" {context}")));
    assert_eq!(complete("self.parse >>", &live, None), contexts.map(|context| format!("self.parse >>{context}")));
    assert_eq!(complete("vo", &live, None)[..2], ["void.", "void.capital.affordances"]);
    assert!(!complete("void.", &live, None).contains(&"void.".to_owned()));
    assert!((20..=COMPLETIONS_MAX).contains(&complete("void.", &live, None).len()));
    assert!(complete(&"x".repeat(10_000_000), &live, None).is_empty());
}

/// Carries a pipeline out with stages that only say what they were asked for, the way a runtime does.
fn carry_out(route: &str, first: Value) -> Result<Value, Sorry> {
    let mut said: Option<Value> = None;
    let mut arguments = args(first);
    for stage in Route::parse(route)?.into_stages() {
        if let Some(said) = said.take() {
            stage.give(&mut arguments, said);
        }
        said = Some(match stage.request(std::mem::take(&mut arguments), &scribe())? {
            Request::Said(value) => value,
            other => json!({"said": format!("{other:?}")}),
        });
    }
    Ok(said.unwrap_or_default())
}

proptest! {
    #[test]
    fn rubbish_is_refused_without_a_panic_and_in_few_words(text in any::<String>(), tail in "[a-z.@\\[\\]= >0-9-]{0,60}") {
        for text in [text.clone(), format!("void.entropy.{tail}"), format!("{tail}{text}")] {
            if let Err(sorry) = Route::parse(&text) {
                prop_assert!(sorry.to_string().len() < 400 && sorry.related().len() <= 5);
                prop_assert!(!sorry.code().is_empty() && !sorry.why().is_empty() && !sorry.tries().is_empty());
            }
        }
    }

    #[test]
    fn what_parses_is_written_as_it_was_read(
        context in "(world|self|void|concept|time)", names in prop::collection::vec("[a-z][a-z0-9_-]{0,6}", 0..5)
    ) {
        let text = std::iter::once(context).chain(names).collect::<Vec<_>>().join(".");
        if let Ok(route) = Route::parse(&text) {
            let written = route.stages()[0].path.to_string();
            prop_assert_eq!(Route::parse(&written).unwrap().stages()[0].path.clone(), route.stages()[0].path.clone());
        }
    }

    #[test]
    fn any_arguments_are_taken_or_refused_without_a_panic(which in 0usize..100, name in "[a-z_]{1,12}", text in any::<String>(), n in any::<f64>()) {
        let all: Vec<_> = Path::all().collect();
        let path = &all[which % all.len()];
        for value in [json!(text), json!(n), json!([text]), json!({"x": n}), Value::Null, json!(true)] {
            let mut given = Map::from_iter([(name.clone(), value.clone())]);
            if let Path::Aspect(aspect) = Route::parse(path).unwrap().stages()[0].path {
                given.extend(aspect.row().arguments.iter().map(|a| (a.name.to_owned(), value.clone())));
            }
            let _ = ask(path, Value::Object(given));
        }
    }

    #[test]
    fn identity_changes_nothing_on_either_side(seed in 0.0..1.0f64, which in 0usize..4) {
        let path = ["void.entropy.oblique", "void.gratitude.thank", "void.entropy.dream", "void.pataphysics.melt"][which];
        let first = match which {
            0 => json!({"seed": seed}),
            1 => json!({"target": "x"}),
            2 => json!({"context": {"n": seed}}),
            _ => json!({"what": "x"}),
        };
        let input = json!({"input": first.as_object().unwrap().values().next()});
        let plain = carry_out(path, first.clone()).unwrap();
        prop_assert_eq!(&carry_out(&format!("{path} >> concept.identity"), first).unwrap(), &plain);
        prop_assert_eq!(&carry_out(&format!("concept.identity >> {path}"), input).unwrap(), &plain);
    }
}
