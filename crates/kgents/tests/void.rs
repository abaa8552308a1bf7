//! Paths and the void's own verbs from a shell.

mod support;

use serde_json::{Value, json};
use support::Garden;

#[test]
fn a_tithe_is_thanked_in_the_words_of_the_seeds() {
    let garden = Garden::start();
    let told = garden.kgents(&["tithe"]);
    assert_eq!(
        (told.code, told.out.as_str()),
        (0, "Discharged: 0.00\nRemaining: 0.00\nThe river flows.\n"),
        "{told:?}"
    );
    let told = garden.kgents(&["tithe", "--amount", "0.3", "--json"]);
    assert_eq!(told.json(), json!({"discharged": 0.0, "remaining_pressure": 0.0, "gratitude": "The river flows."}));
    let told = garden.kgents(&["tithe", "--status"]);
    assert!(told.code == 0 && told.out.starts_with("Calm\nPressure: 0.00 (0 % of the threshold)"), "{told:?}");
    for amount in ["-1", "NaN", "lots"] {
        assert_eq!(garden.kgents(&["tithe", &format!("--amount={amount}")]).code, 2, "{amount}");
    }
}

#[test]
fn strategies_and_dreams_are_one_line() {
    let garden = Garden::start();
    assert_eq!(garden.kgents(&["oblique", "--seed", "0.5"]).out, "Is it finished?\n");
    assert_eq!(
        garden.kgents(&["oblique", "--json", "--seed", "0"]).json(),
        json!({"strategy": "Honor thy error as a hidden intention."})
    );
    let told = garden.kgents(&["dream", "of rain"]);
    assert!(told.code == 0 && told.out.lines().count() == 1, "{told:?}");
}

#[test]
fn a_path_needs_no_verb() {
    let garden = Garden::start();
    let told = garden.kgents(&["void.entropy.pressure", "--json"]);
    assert_eq!(told.json(), json!({"result": {"pressure": 0.0, "in_fever": false}}));
    let told = garden.kgents(&["world.agent.scholar.parse", "--arg", "text=Call Ann", "--arg", "limit=1", "--json"]);
    assert_eq!(told.json()["result"]["words"], json!(["Call"]), "{told:?}");
    let told = garden.kgents(&["--json", "self.parse", "--agent", "scholar", "--arg", "text=x"]);
    assert_eq!(told.json()["result"]["words"], json!(["x"]), "{told:?}");
    let told = garden.kgents(&["void.entropy.oblique >> world.agent.scholar.parse", "--arg", "seed=0.5", "--json"]);
    assert_eq!(told.json()["result"]["words"], json!(["Is", "it", "finished?"]), "{told:?}");
}

#[test]
fn a_wrong_path_says_what_is_near_and_how_it_ended() {
    let garden = Garden::start();
    let told = garden.kgents(&["void.entropy.tihte"]);
    assert_eq!(told.code, 1, "{told:?}");
    assert!(told.err.contains("near: void.entropy.tithe") && told.err.contains("try:"), "{told:?}");
    assert_eq!(garden.kgents(&["void.entropy.Sip"]).code, 2);
    assert_eq!(garden.kgents(&["self.parse"]).code, 2);
    let told = garden.kgents(&["void.entropy.tithe", "--arg", "amount=-1"]);
    assert!(told.code == 2 && told.err.contains("--arg amount: must be from 0"), "{told:?}");
    assert_eq!(garden.kgents(&["world.purgatory.gc", "--as", "guest"]).code, 3);
    let told = garden.kgents(&["void.entropy.sip", "--arg", "amount=99.9", "--json"]);
    assert_eq!(told.code, 0, "{told:?}");
    let told = garden.kgents(&["void.entropy.sip", "--json"]);
    let error: Value = serde_json::from_str(told.err.lines().last().unwrap()).unwrap();
    assert_eq!((told.code, &error["error"]["code"]), (1, &json!("budget_exhausted")), "{told:?}");
}

#[test]
fn where_no_gateway_runs_that_is_what_is_said() {
    let garden = Garden::start();
    for words in [&["tithe"][..], &["oblique"], &["dream"], &["void.entropy.pressure"]] {
        let told = garden.kgents(&[&["--server", "http://127.0.0.1:9"], words].concat());
        assert!(told.code == 1 && told.err.contains("no answer from http://127.0.0.1:9"), "{told:?}");
        assert!(told.err.contains("terrarium"), "{told:?}");
    }
}
