//! Whatever anybody sends as a path of AGENTESE is read or refused: never a panic, always few words, and what was read is
//! written so that it reads the same. Reads what libFuzzer makes up; carries nothing out.
//!
//! An input is a path, an observer in JSON and arguments in JSON, with zero bytes between them. With `SEEDS` set to a
//! folder, the beginnings are written there first: every path of the table, clauses, arguments of each kind. Words that
//! stand in them go to the file that `WORDS` names.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use std::{collections::BTreeSet, env, fs, path::Path as File};
use terrarium_core::{
    logos::{
        Aspect, Observer, Path, Request, Route, Sorry,
        argument::{Argument, Kind},
        clause::PHASES,
        complete::{COMPLETIONS_MAX, Live, complete},
    },
    near::OFFERED,
};
use wire::{
    AgentId, Scope,
    agentese::{ObserverWords, PATH_MAX},
};

/// What an error may say, all of it together, in bytes.
const SORRY_MAX: usize = 4096;
/// Completing compares a text with every path there is, which is most of the work: so only one length of input in eight.
const COMPLETED_EVERY: usize = 8;
/// What stands between the parts of an input.
const BETWEEN: char = '\0';

/// Clauses, well and badly formed.
const CLAUSES: [&str; 14] = [
    "[entropy=0.07]",
    "[entropy=2]",
    "[minimal_output=true]",
    "[law_check=false]",
    "[rollback=true]",
    "[phase=QA]",
    "[phase=",
    "@span=a-1",
    "@dot=x.y",
    "@phase=PLAN",
    "@law_check=true",
    "[colour=red]",
    "[entropy=0.5][law_check=true]@span=a.b@dot=c",
    "@",
];

fuzz_target!(
    init: seed(),
    |input: &[u8]| {
        let text = String::from_utf8_lossy(input);
        let mut parts = text.splitn(3, BETWEEN);
        let mut part = || parts.next().unwrap_or_default();
        let (path, words, given) = (part(), part(), part());
        let words = serde_json::from_str::<ObserverWords>(words).ok();
        let given = serde_json::from_str::<Map<String, Value>>(given).unwrap_or_default();
        let observed = match Observer::of(words.as_ref(), &[]) {
            Ok(observer) => Some(observer),
            Err(sorry) => {
                judge(&sorry);
                None
            }
        };
        if input.len().is_multiple_of(COMPLETED_EVERY) {
            completed(path);
        }
        match Route::parse(path) {
            Ok(route) => {
                written(&route);
                for observer in observed.into_iter().chain([Observer::default(), keeper()]) {
                    asked(&route, given.clone(), &observer);
                }
            }
            Err(sorry) => judge(&sorry),
        }
    }
);

/// Few words, none of them missing, and few neighbours.
fn judge(sorry: &Sorry) {
    let mut said = format!("{sorry}{}{}{}", sorry.code(), sorry.why(), sorry.tries());
    for error in sorry.errors() {
        said.push_str(&error.pointer);
        said.push_str(&error.message);
    }
    said.extend(sorry.related().iter().map(String::as_str));
    assert!(said.len() < SORRY_MAX, "{} bytes to say no: {said}", said.len());
    assert!(sorry.related().len() <= OFFERED, "{:?}", sorry.related());
    assert!(!sorry.why().is_empty() && !sorry.tries().is_empty(), "{sorry:?}");
}

fn written(route: &Route) {
    let text = route.to_string();
    match Route::parse(&text) {
        Ok(again) => assert_eq!(*route, again, "{text}"),
        // Names in full may make a text too long that was just short enough.
        Err(sorry) => assert!(text.len() > PATH_MAX, "{text}: {sorry}"),
    }
}

/// As a runtime asks: stage after stage, each given what the one before it said.
fn asked(route: &Route, mut given: Map<String, Value>, observer: &Observer) {
    let mut said = Value::Null;
    for (n, stage) in route.stages().iter().enumerate() {
        if let Err(sorry) = stage.afford(observer) {
            return judge(&sorry);
        }
        if n > 0 {
            stage.give(&mut given, said);
        }
        let before = Value::Object(given.clone());
        said = match stage.request(std::mem::take(&mut given), observer) {
            Ok(Request::Said(said)) => said,
            Ok(_) => before,
            Err(sorry) => return judge(&sorry),
        };
        if let Err(sorry) = stage.judge(&said) {
            return judge(&sorry);
        }
    }
}

fn completed(text: &str) {
    let live = [Live { agent: "scribe", commands: vec!["write", "summarise"] }];
    let found = complete(text, &live, Some("scribe"));
    assert!(found.len() <= COMPLETIONS_MAX, "{found:?}");
}

/// Whoever looks after things, as an agent.
fn keeper() -> Observer {
    let observer = Observer::of(None, &[Scope::Admin]).unwrap_or_default();
    AgentId::parse("scribe").map_or(observer.clone(), |agent| observer.as_agent(agent))
}

/// Writes what to begin with, where a folder for it is named.
fn seed() {
    let (Some(folder), Some(words)) = (env::var_os("SEEDS"), env::var_os("WORDS")) else { return };
    let seeds: BTreeSet<_> = beginnings().collect();
    for (n, seed) in seeds.iter().enumerate() {
        // Without its seeds a run is worth little: it is better to see why.
        fs::write(File::new(&folder).join(format!("seed-{n:03}")), seed).expect("the seeds can be written");
    }
    let names = seeds.iter().flat_map(|seed| seed.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
    let marks = [">>", "[entropy=", "[phase=", "@span=", "@dot=", "@law_check=true", "]", ".", "{\"", "\":"];
    let all: BTreeSet<_> = names.filter(|name| name.len() > 1).chain(marks).chain(PHASES).collect();
    let lines: Vec<_> = all.iter().map(|word| format!("\"{}\"", word.replace('"', "\\\""))).collect();
    fs::write(words, lines.join("\n")).expect("the words can be written");
}

fn beginnings() -> impl Iterator<Item = String> {
    let given = Aspect::ALL.iter().map(|aspect| {
        let arguments = aspect.row().arguments.iter().map(|a| (a.name.to_owned(), fitting(a)));
        input(&aspect.path(), "", &Value::Object(arguments.collect()).to_string())
    });
    let clauses = CLAUSES.iter().map(|clause| format!("void.entropy.oblique{clause}"));
    let routes = [
        "world.agent.scribe.write >> void.gratitude.thank >> concept.identity",
        "void.entropy.sample >> void.entropy.pressure[law_check=true]",
        "world.agent.void.parse",
        "void.metabolism.tihte",
        "self.parse",
        "world.agent",
        "time.flies.manifest",
        "Void.entropy",
        "void..sip",
        "wörld.terrarium",
        ">>",
    ];
    let observers = [
        r#"{"archetype":"guest"}"#,
        r#"{"archetype":"architect","agent":"scribe","capabilities":["keep"]}"#,
        r#"{"archetype":"Nobody"}"#,
    ];
    let observed = observers.map(|words| input("world.purgatory.gc", words, "{}"));
    Path::all().chain(given).chain(clauses).chain(routes.map(str::to_owned)).chain(observed)
}

/// An input of these parts.
fn input(path: &str, words: &str, given: &str) -> String {
    format!("{path}{BETWEEN}{words}{BETWEEN}{given}")
}

/// A value that an argument takes.
fn fitting(argument: &Argument) -> Value {
    match argument.kind {
        Kind::Number(least, _) => least.into(),
        Kind::Whole(least, _) => least.into(),
        Kind::Text(_) if argument.name == "token" => "sem-00000000000000000000000000000001".into(),
        Kind::Text(_) => "scribe".into(),
        Kind::Texts => vec!["yes", "no"].into(),
        Kind::Choice(words) => words[0].into(),
        Kind::Any => Value::Bool(true),
    }
}
