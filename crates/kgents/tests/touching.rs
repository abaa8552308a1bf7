//! What needs a token: giving an agent work over its socket, and calling its commands.

mod support;

use serde_json::json;
use support::Garden;

#[test]
fn an_input_is_answered_and_text_that_is_json_is_sent_as_such() {
    let garden = Garden::start();
    let told = garden.kgents(&["perturb", "scholar", "{\"a\": [1]}"]);
    assert_eq!((told.code, told.err.as_str()), (0, ""), "{told:?}");
    assert_eq!(told.json(), json!({ "heard": { "a": [1] } }));
    assert!(told.out.contains("\n  \"heard\": {\n"), "pretty: {told:?}");
    assert_eq!(garden.kgents(&["perturb", "scholar", "hello"]).json()["heard"], "hello");
    assert_eq!(garden.kgents(&["perturb", "scholar", "42", "--raw"]).json()["heard"], "42");
    assert_eq!(garden.kgents(&["perturb", "scholar", "42"]).json()["heard"], 42);
}

#[test]
fn an_input_may_come_on_standard_input() {
    let garden = Garden::start();
    let token = [("TERRARIUM_TOKEN", support::TOKEN)];
    for words in [&["perturb", "scholar", "-"][..], &["perturb", "scholar"]] {
        assert_eq!(garden.kgents_with(words, &token, "hello\n").json()["heard"], "hello");
    }
    assert_eq!(garden.kgents_with(&["perturb", "scholar", "-", "--raw"], &token, "hello\n").json()["heard"], "hello\n");
    let told = garden.kgents_with(&["perturb", "scholar"], &token, &"x".repeat(1024 * 1024 + 1));
    assert_eq!(told.code, 1);
    assert!(told.err.contains("longer than an input may be"), "{told:?}");
}

#[test]
fn a_streamed_answer_is_printed_once() {
    let garden = Garden::start();
    let told = garden.kgents(&["perturb", "scholar", "count"]);
    assert_eq!((told.code, told.out.as_str()), (0, "one, two\n"), "{told:?}");
    let lines = garden.kgents(&["perturb", "scholar", "count", "--json"]);
    let types: Vec<String> = lines
        .out
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(types, ["accepted", "chunk", "chunk", "result"], "{lines:?}");
}

#[test]
fn what_the_agent_says_no_to_is_1_and_no_answer_in_time_is_4() {
    let garden = Garden::start();
    let told = garden.kgents(&["perturb", "scholar", "fail"]);
    assert_eq!((told.code, told.out.as_str()), (1, ""));
    assert!(told.err.contains("that is too hard") && told.err.contains("try: ask something easier"), "{told:?}");
    assert_eq!(garden.kgents(&["perturb", "scholar", "fail", "--json"]).error()["code"], "too_hard");
    let told = garden.kgents(&["perturb", "scholar", "ponder", "--timeout", "50ms"]);
    assert_eq!(told.code, 4, "{told:?}");
    let told = garden.kgents(&["call", "--timeout", "50ms", "scholar", "ponder"]);
    assert_eq!(told.code, 4, "{told:?}");
    let told = garden.kgents(&["call", "scholar", "fail"]);
    assert_eq!(told.code, 1);
    assert!(told.err.contains("there is no model to ask") && told.err.contains("set one up"), "{told:?}");
}

#[test]
fn a_question_is_not_taken_for_an_answer() {
    let garden = Garden::start();
    let told = garden.kgents(&["call", "scholar", "delete"]);
    assert_eq!((told.code, told.out.as_str()), (4, ""), "{told:?}");
    assert!(told.err.contains("Delete all of it?") && told.err.contains("sem-"), "{told:?}");
    assert_eq!(garden.kgents(&["call", "scholar", "delete", "--json"]).error()["code"], "asked");
    let shown = garden.kgents(&["snapshot", "scholar"]);
    assert!(shown.out.contains("? Delete all of it?") && shown.out.contains("semaphore_ejected"), "{shown:?}");
}

#[test]
fn without_a_good_token_it_is_3() {
    let garden = Garden::start();
    let cases =
        [(&[][..], "need"), (&[("TERRARIUM_TOKEN", "trm_not-a-token-of-this-gateway")], "not, or no longer, good")];
    for (environment, why) in cases {
        for words in [&["perturb", "scholar", "hello"][..], &["call", "scholar", "join", "a", "1"]] {
            let told = garden.kgents_with(words, environment, "");
            assert_eq!((told.code, told.out.as_str()), (3, ""), "{words:?}: {told:?}");
            assert!(told.err.contains(why) && told.err.contains("TERRARIUM_TOKEN"), "{told:?}");
        }
    }
}

#[test]
fn an_unknown_agent_is_told_with_the_nearest_name_on_a_socket_too() {
    let garden = Garden::start();
    let told = garden.kgents(&["perturb", "scholr", "hello"]);
    assert_eq!(told.code, 1);
    assert!(told.err.contains("scholar"), "{told:?}");
}

#[test]
fn a_command_takes_its_arguments_by_name_and_the_required_ones_in_their_turn() {
    let garden = Garden::start();
    let parsed = |words: &[&str]| {
        let told = garden.kgents(&[&["call", "scholar"], words].concat());
        assert_eq!((told.code, told.err.as_str()), (0, ""), "{words:?}: {told:?}");
        told.json()
    };
    let plain = json!({ "words": ["Delete", "it"], "when": null, "loud": false, "leave_out": null, "shape": null });
    assert_eq!(parsed(&["parse", "Delete it"]), plain);
    assert_eq!(parsed(&["read", "--text", "Delete it"]), plain, "by an alias");
    let all = ["parse", "--limit", "1", "--when=past", "--loud", "--leave-out", "a", "--leave_out", "b"];
    let full = parsed(&[&all[..], &["--shape", "{\"depth\": 3}", "Delete it"]].concat());
    let wanted =
        json!({ "words": ["Delete"], "when": "past", "loud": true, "leave_out": ["a", "b"], "shape": { "depth": 3 } });
    assert_eq!(full, wanted);
    assert_eq!(parsed(&["parse", "x", "--loud=false"])["loud"], false);
    assert_eq!(parsed(&["parse", "--", "--loud"])["words"], json!(["--loud"]));

    assert_eq!(garden.kgents(&["call", "scholar", "join", "a", "1", "-2", "3"]).out, "a: [1, -2, 3]\n");
    assert_eq!(garden.kgents(&["call", "scholar", "join", "--rest", "1", "a"]).out, "a: [1]\n");
    assert_eq!(garden.kgents(&["call", "scholar", "join", "a", "1", "--json"]).json(), json!({ "result": "a: [1]" }));
    assert_eq!(garden.kgents(&["--json", "call", "scholar", "join", "a", "1"]).json(), json!({ "result": "a: [1]" }));
}

#[test]
fn arguments_that_do_not_fit_are_2_and_each_is_told_as_an_option() {
    let garden = Garden::start();
    for (words, part) in [
        (&["parse"][..], "--text"),
        (&["parse", "x", "--limit", "many"], "--limit"),
        (&["parse", "x", "--when", "past-perfect"], "past, present"),
        (&["parse", "x", "--colour", "red"], "--colour"),
        (&["parse", "x", "y"], "y"),
        (&["parse", "x", "--shape", "{}"], "--shape"),
        (&["prase", "x"], "parse"),
        (&["parse", "x", "--server", "http://127.0.0.1:1"], "before the command"),
    ] {
        let told = garden.kgents(&[&["call", "scholar"], words].concat());
        assert_eq!((told.code, told.out.as_str()), (2, ""), "{words:?}: {told:?}");
        assert!(told.err.contains(part), "{words:?}: {told:?}");
    }
    let error = garden.kgents(&["call", "scholar", "parse", "x", "--limit", "many", "--json"]).error();
    assert_eq!((&error["code"], &error["errors"][0]["pointer"]), (&json!("arguments_invalid"), &json!("/limit")));
    let error = garden.kgents(&["call", "scholar", "parse", "x", "--colour", "red", "--json"]).error();
    assert_eq!(error["code"], "usage");
    assert!(error["message"].as_str().unwrap().contains("--colour"), "{error}");
}

#[test]
fn help_of_a_command_has_types_defaults_choices_and_examples() {
    let garden = Garden::start();
    let told = garden.kgents_with(&["call", "scholar", "parse", "--help"], &[("COLUMNS", "120")], "");
    assert_eq!((told.code, told.err.as_str()), (0, ""), "{told:?}");
    for part in [
        "Reads a sentence: what is to be done.",
        "Only English, so far.",
        "Usage: kgents call scholar parse <TEXT> [--limit <INTEGER>] [--when <past|present>] [--loud]",
        "--text <TEXT>",
        "The sentence. [required]",
        "How many words at most. [default: 10]",
        "- past:",
        "It is over.",
        "[may be repeated]",
        "--shape <JSON>",
        "kgents call scholar parse --limit 3 'Delete it'",
        "It changes nothing.",
    ] {
        assert!(told.out.contains(part), "{part}\n{}", told.out);
    }
    for words in [&["call", "scholar"][..], &["call", "scholar", "--help"]] {
        let told = garden.kgents(words);
        assert_eq!((told.code, told.err.as_str()), (0, ""), "{told:?}");
        assert!(told.out.contains("join") && told.out.contains("Says one text after the other."), "{told:?}");
    }
    let specs = garden.kgents(&["call", "scholar", "--json"]).json();
    assert_eq!(specs["commands"][0]["name"], "parse");
}

#[test]
fn an_agents_commands_and_their_options_complete() {
    let garden = Garden::start();
    let next = |words: &[&str]| {
        let index = words.len().to_string();
        let line = [&["--", "kgents"], words].concat();
        let told = garden.kgents_with(
            &line,
            &[("COMPLETE", "bash"), ("_CLAP_COMPLETE_INDEX", &index), ("_CLAP_IFS", "\n")],
            "",
        );
        told.out.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(next(&["call", "scholar", "p"]), ["parse", "ponder"]);
    assert_eq!(next(&["call", "scholar", "parse", "--le"]), ["--leave-out"]);
    assert_eq!(next(&["call", "scholar", "parse", "--when", "pa"]), ["past"]);
}
