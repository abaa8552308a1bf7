//! Questions from a shell: asked, waited for through restarts and interruptions, answered, withdrawn, watched.

mod support;

use serde_json::{Value, json};
use support::{Garden, Going, TOKEN, Told};

const DEPLOY: [&str; 4] = ["ask", "Deploy?", "--options", "yes,no"];

fn asked(garden: &Garden, words: &[&str]) -> (Going, String) {
    let mut going = garden.spawn(words);
    let id = going.question();
    (going, id)
}

fn answered(garden: &Garden, words: &[&str], answer: &str) -> Told {
    let (going, id) = asked(garden, words);
    let told = garden.kgents(&["asks", "resolve", &id, answer]);
    assert_eq!((told.code, told.err.as_str()), (0, ""), "{told:?}");
    going.told()
}

#[test]
fn a_yes_is_0_a_no_is_3_and_any_other_answer_is_printed() {
    let garden = Garden::start();
    let told = answered(&garden, &DEPLOY, "yes");
    assert_eq!((told.code, told.out.as_str()), (0, "yes\n"), "{told:?}");
    let told = answered(&garden, &DEPLOY, "no");
    assert_eq!((told.code, told.out.as_str()), (3, "no\n"), "{told:?}");
    let told = answered(&garden, &["ask", "Which colour?", "--options", "red, green"], "green");
    assert_eq!((told.code, told.out.as_str()), (0, "green\n"), "{told:?}");
    let told = answered(&garden, &["ask", "Anything else?"], "No, that is all");
    assert_eq!(told.code, 3, "{told:?}");
    let told = answered(&garden, &["ask", "Deploy?", "--options", "yes,later"], "later");
    assert_eq!(told.code, 3, "not the yes that could have been given: {told:?}");
}

#[test]
fn in_json_all_of_the_outcome_is_said() {
    let garden = Garden::start();
    let words = ["ask", "Where?", "--json", "--agent", "ci", "--key", "release 7"];
    let (going, id) = asked(&garden, &words);
    garden.kgents(&["asks", "resolve", &id, "staging", "--note", "not Friday"]);
    let outcome = going.told().json();
    assert_eq!(
        (&outcome["id"], &outcome["agent_id"], &outcome["key"]),
        (&json!(id), &json!("ci"), &json!("release 7"))
    );
    assert_eq!((&outcome["outcome"], &outcome["means"]), (&json!("answered"), &json!("other")));
    assert_eq!((&outcome["answer"], &outcome["note"]), (&json!("staging"), &json!("not Friday")));
}

#[test]
fn a_question_nobody_answers_ends_as_it_was_told_to() {
    let garden = Garden::start();
    for (way, code, outcome) in [("void", 4, "voided"), ("deny", 3, "denied"), ("proceed", 0, "proceed")] {
        let told = garden.kgents(&[&DEPLOY[..], &["--timeout", "100ms", "--on-timeout", way, "--json"]].concat());
        assert_eq!((told.code, &told.json()["outcome"]), (code, &json!(outcome)), "{told:?}");
    }
    let told = garden.kgents(&[&DEPLOY[..], &["--timeout", "100ms"]].concat());
    assert_eq!((told.code, told.out.as_str()), (4, ""), "{told:?}");
    assert!(told.err.contains("nobody answered in time"), "{told:?}");
}

#[test]
fn a_cancelled_question_is_3_and_says_who_and_why() {
    let garden = Garden::start();
    let (going, id) = asked(&garden, &DEPLOY);
    let told = garden.kgents(&["asks", "cancel", &id, "--reason", "no longer needed"]);
    assert_eq!(told.code, 0, "{told:?}");
    let told = going.told();
    assert_eq!((told.code, told.out.as_str()), (3, ""), "{told:?}");
    assert!(told.err.contains("cancelled by") && told.err.contains("no longer needed"), "{told:?}");
    let told = garden.kgents(&["asks", "resolve", &id, "yes"]);
    assert_eq!(told.code, 1, "{told:?}");
    assert!(told.err.contains("cancelled") && told.err.contains("asks show"), "{told:?}");
}

#[test]
fn who_waits_goes_on_waiting_through_a_restart_of_the_gateway() {
    let garden = Garden::start();
    let (mut going, id) = asked(&garden, &DEPLOY);
    let garden = garden.restart(|| {
        going.remark("trying again");
    });
    let told = garden.kgents(&["asks", "resolve", &id, "yes"]);
    assert_eq!(told.code, 0, "{told:?}");
    let told = going.told();
    assert_eq!((told.code, told.out.as_str()), (0, "yes\n"), "{told:?}");
}

#[test]
fn a_question_is_asked_as_soon_as_there_is_a_gateway() {
    let garden = Garden::start();
    let url = garden.url();
    let mut going = None;
    let garden = garden.restart(|| {
        let mut early = Going::start(&url, &DEPLOY);
        early.remark("trying again");
        going = Some(early);
    });
    let mut going = going.unwrap();
    let id = going.question();
    garden.kgents(&["asks", "resolve", &id, "no"]);
    assert_eq!(going.told().code, 3);
}

#[cfg(unix)]
#[test]
fn an_interruption_leaves_the_question_and_its_key_finds_it_again() {
    let garden = Garden::start();
    let (going, id) = asked(&garden, &DEPLOY);
    going.interrupt();
    let told = going.told();
    assert_eq!((told.code, told.out.as_str()), (130, ""), "{told:?}");
    assert!(told.err.contains(&format!("kgents asks cancel {id}")), "{told:?}");
    let after = told.err.rsplit("--key ").next().unwrap();
    let key = after.split_whitespace().next().unwrap();
    assert_eq!(garden.kgents(&["asks", "show", &id, "--json"]).json()["status"], "pending");

    let again = [&DEPLOY[..], &["--key", key]].concat();
    let (going, same) = asked(&garden, &again);
    assert_eq!(same, id);
    garden.kgents(&["asks", "resolve", &id, "yes"]);
    assert_eq!(going.told().code, 0);
    // The answer is there for whoever asks the same once more.
    assert_eq!(garden.kgents(&again).out, "yes\n");
    let told = garden.kgents(&["ask", "Delete?", "--key", key]);
    assert_eq!(told.code, 2, "{told:?}");
    assert!(told.err.contains("another question"), "{told:?}");
}

#[test]
fn questions_are_listed_the_most_urgent_first_and_shown_whole() {
    let garden = Garden::start();
    assert_eq!(garden.kgents(&["asks"]).err, "no question waits\n");
    let context = garden.file("diff.txt", "-a\n+b\u{1b}[2J\n");
    let schema = garden.file("schema.json", r#"{"type": "object", "required": ["host"]}"#);
    let (_one, first) = asked(&garden, &["ask", "First?\nReally?", "--context", &context]);
    let words = ["ask", "Second?", "--severity", "critical", "--agent", "ci", "--schema", &schema, "--timeout", "2d"];
    let (_two, second) = asked(&garden, &words);
    let told = garden.kgents(&["asks"]);
    let lines: Vec<&str> = told.out.lines().collect();
    assert_eq!((told.code, lines.len()), (0, 3), "{told:?}");
    assert!(lines[1].contains("Second?") && lines[1].contains("critical") && lines[1].contains("ci"), "{told:?}");
    assert!(lines[2].contains("First? Really?") && !told.out.contains('\u{1b}'), "{told:?}");
    let listed = garden.kgents(&["asks", "list", "--agent", "ci", "--json"]).json();
    assert_eq!((&listed["tokens"][0]["id"], listed["tokens"].as_array().unwrap().len()), (&json!(second), 1));
    assert_eq!(garden.kgents(&["asks", "list", "--severity", "warning", "--json"]).json(), listed);

    let told = garden.kgents(&["asks", "show", &first[..16]]);
    assert!(told.out.contains("│ First?\n│ Really?") && told.out.contains("│ +b\\u{1b}[2J"), "{told:?}");
    assert!(told.out.contains("ejected") && told.out.contains(&first), "{told:?}");

    let told = garden.kgents(&["asks", "resolve", &second, "{\"port\": 1}"]);
    assert_eq!(told.code, 2, "{told:?}");
    assert!(told.err.contains("host") && told.err.contains("asks show"), "{told:?}");
    assert_eq!(garden.kgents(&["asks", "resolve", &second, "not JSON"]).code, 2);
    assert_eq!(garden.kgents(&["asks", "resolve", &second, "{\"host\": \"a\"}"]).code, 0);
    let all = garden.kgents(&["asks", "list", "--all", "--json"]).json();
    assert_eq!(all["tokens"].as_array().unwrap().len(), 2);
    let over = garden.kgents(&["asks", "list", "--status", "resolved,delivered"]);
    assert!(over.out.contains("Second?") && !over.out.contains("First?"), "{over:?}");
}

#[test]
fn who_is_second_is_told_who_was_first() {
    let garden = Garden::start();
    let (going, id) = asked(&garden, &DEPLOY);
    let first = garden.kgents(&["asks", "resolve", &id, "yes", "--json"]).json();
    assert_eq!(first["decision"]["human_input"], "yes");
    going.told();
    assert_eq!(garden.kgents(&["asks", "resolve", &id, "yes"]).code, 0, "the same again is fine");
    let told = garden.kgents(&["asks", "resolve", &id, "no", "--json"]);
    let error = told.error();
    assert_eq!((told.code, &error["code"]), (1, &json!("already_decided")), "{told:?}");
    assert_eq!(error["decision"]["human_input"], "yes");
    let told = garden.kgents(&["asks", "resolve", &id, "maybe"]);
    assert_eq!(told.code, 1, "{told:?}");
}

#[test]
fn without_an_answer_and_a_terminal_nothing_is_asked() {
    let garden = Garden::start();
    let (_going, id) = asked(&garden, &DEPLOY);
    let told = garden.kgents(&["asks", "resolve", &id]);
    assert_eq!((told.code, told.out.as_str()), (2, ""), "{told:?}");
    assert!(told.err.contains("no terminal"), "{told:?}");
    let told = garden.kgents(&["asks", "resolve", &id, "perhaps"]);
    assert_eq!(told.code, 2, "{told:?}");
    assert!(told.err.contains("yes"), "the options are named: {told:?}");
    let told = garden.kgents(&["asks", "show", "sem-00000000"]);
    assert_eq!(told.code, 1, "{told:?}");
    assert!(told.err.contains("asks list --all"), "{told:?}");
    assert_eq!(garden.kgents(&["asks", "show", "sem-xyz"]).code, 2);
}

#[test]
fn an_agents_own_question_is_answered_from_the_shell() {
    let garden = Garden::start();
    assert_eq!(garden.kgents(&["call", "scholar", "delete"]).code, 4);
    let waiting = garden.kgents(&["asks", "list", "--agent", "scholar", "--json"]).json();
    let id = waiting["tokens"][0]["id"].as_str().unwrap();
    assert_eq!(garden.kgents(&["asks", "resolve", id, "keep it"]).code, 0);
    assert_eq!(garden.kgents(&["asks", "show", id, "--json"]).json()["decision"]["human_input"], "keep it");
}

#[test]
fn asking_takes_a_token_and_what_it_takes_is_checked_before() {
    let garden = Garden::start();
    let told = garden.kgents_with(&DEPLOY, &[], "");
    assert_eq!(told.code, 3, "{told:?}");
    assert!(told.err.contains("TERRARIUM_TOKEN"), "{told:?}");
    let wrong: [&[&str]; 5] = [
        &["ask"],
        &["ask", "?", "--timeout", "soon"],
        &["ask", "?", "--severity", "loud"],
        &["ask", "?", "--schema", &garden.file("x.json", "{")],
        &["ask", "?", "--options", "yes,yes"],
    ];
    for words in wrong {
        let told = garden.kgents(words);
        assert_eq!(told.code, 2, "{words:?}: {told:?}");
    }
    assert_eq!(garden.kgents(&["ask", "?", "--context", "/nowhere/diff"]).code, 1);
    assert_eq!(garden.kgents(&["asks"]).err, "no question waits\n");
}

#[test]
fn a_watcher_sees_what_waits_what_comes_and_what_goes_also_after_a_restart() {
    let garden = Garden::start();
    let (_one, first) = asked(&garden, &["ask", "First?", "--agent", "ci"]);
    let mut watch = garden.spawn(&["asks", "watch", "--json"]);
    let mut next = || serde_json::from_str::<Value>(&watch.line()).unwrap();
    let line = next();
    assert_eq!((&line["type"], &line["token"]["id"]), (&json!("pending"), &json!(first)));
    let (_two, second) = asked(&garden, &["ask", "Second?", "--agent", "ci"]);
    let line = next();
    assert_eq!((&line["type"], &line["token"]["id"]), (&json!("semaphore_ejected"), &json!(second)));
    garden.kgents(&["asks", "resolve", &first, "ok"]);
    let line = next();
    assert_eq!((&line["type"], &line["token_id"]), (&json!("semaphore_resolved"), &json!(first)));

    let garden = garden.restart(|| {});
    let (_three, third) = asked(&garden, &["ask", "Third?", "--agent", "ci"]);
    // Whether it is heard of as it comes, or waits already when the watcher is back.
    let id = |line: &Value| line["token"]["id"].clone();
    let line = std::iter::repeat_with(&mut next).find(|line| !id(line).is_null()).unwrap();
    assert_eq!(id(&line), json!(third));
}

#[test]
fn a_watcher_at_a_terminal_reads_a_line_each() {
    let garden = Garden::start();
    let mut watch = garden.spawn(&["asks", "watch"]);
    watch.remark("no question waits yet");
    let (going, id) = asked(&garden, &DEPLOY);
    let line = watch.line();
    assert!(line.starts_with('?') && line.contains("kgents: Deploy?  [yes / no]"), "{line:?}");
    garden.kgents(&["asks", "resolve", &id[..12], "no", "--note", "too late"]);
    let line = watch.line();
    assert!(line.starts_with("answered") && line.contains("no, by") && line.contains("too late"), "{line:?}");
    going.told();
    assert!(!line.contains(TOKEN));
}
