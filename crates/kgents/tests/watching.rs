//! What needs no token: agents, snapshots, help, completions; and how kgents ends when it cannot do what was asked.

mod support;

use support::{Garden, TOKEN, kgents};

#[test]
fn agents_are_a_table_for_people_and_json_for_programs() {
    let garden = Garden::start();
    let told = garden.kgents(&["agents"]);
    assert_eq!((told.code, told.err.as_str()), (0, ""), "{told:?}");
    let lines: Vec<&str> = told.out.lines().collect();
    assert!(lines[0].starts_with("AGENT    STATE"), "{told:?}");
    assert!(lines[1].starts_with("scholar  ● flowing"), "{told:?}");
    assert!(lines[1].ends_with("Answers what it is asked."), "{told:?}");

    let agents = garden.kgents(&["--json", "agents"]).json();
    assert_eq!(agents["agents"][0]["agent_id"], "scholar");
    assert_eq!(agents["agents"][0]["commands"][0], "parse");
}

#[test]
fn a_narrow_terminal_gets_a_narrow_table() {
    let garden = Garden::start();
    let told = garden.kgents_with(&["agents"], &[("COLUMNS", "40")], "");
    assert!(told.out.lines().all(|line| line.chars().count() <= 40), "{}", told.out);
    assert!(told.out.contains("● flowing"));
}

#[test]
fn colours_are_for_terminals_and_for_who_insists() {
    let garden = Garden::start();
    let has_colours =
        |environment: &[(&str, &str)]| garden.kgents_with(&["agents"], environment, "").out.contains('\u{1b}');
    assert!(!has_colours(&[]));
    assert!(has_colours(&[("CLICOLOR_FORCE", "1")]));
    assert!(!has_colours(&[("NO_COLOR", "1")]));
    let help = kgents(&["--help"], &[("NO_COLOR", "1")], "");
    assert!(!help.out.contains('\u{1b}'));
}

#[test]
fn a_snapshot_shows_state_gauges_and_the_newest_events() {
    let garden = Garden::start();
    let told = garden.kgents(&["snapshot", "scholar"]);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.out.starts_with("scholar  ● flowing\npressure "), "{told:?}");
    assert!(told.out.contains("agent_started"), "{told:?}");
    assert_eq!(garden.kgents(&["snapshot", "scholar", "--events", "0"]).out.lines().count(), 3);
    let json = garden.kgents(&["snapshot", "scholar", "--json"]).json();
    assert_eq!(json["agent_id"], "scholar");
    assert!(json["history"].is_array());
}

#[test]
fn an_unknown_agent_is_an_error_with_the_nearest_name() {
    let garden = Garden::start();
    let told = garden.kgents(&["snapshot", "scholr"]);
    assert_eq!((told.code, told.out.as_str()), (1, ""));
    assert!(told.err.starts_with("error: ") && told.err.contains("scholar") && told.err.contains("try: "), "{told:?}");
    let error = garden.kgents(&["snapshot", "scholr", "--json"]).error();
    assert_eq!(error["code"], "agent_not_found");
    assert_eq!(error["hint"], "`kgents agents` lists every agent");
}

#[test]
fn a_gateway_that_is_not_there_is_named_with_how_to_start_one() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{free}");
    for words in [&["agents"][..], &["perturb", "scholar", "hello"], &["call", "scholar", "parse", "x"]] {
        let told = kgents(words, &[("TERRARIUM_URL", &url)], "");
        assert_eq!(told.code, 1, "{told:?}");
        assert!(told.err.contains(&free.to_string()) && told.err.contains("refused"), "{told:?}");
        assert!(told.err.contains("`terrarium`") && told.err.contains("--server"), "{told:?}");
    }
}

#[test]
fn a_wrong_command_line_is_2_and_help_is_0() {
    for words in [
        &[][..],
        &["water"],
        &["snapshot"],
        &["snapshot", "Not An Id"],
        &["perturb", "x", "y", "--priority", "151"],
        &["perturb", "x", "y", "--timeout", "soon"],
        &["call"],
        &["agents", "--server", "gopher://x"],
        &["agents", "--token", "a", "--token-file", "b"],
        &["agents", "--token", "with a space"],
        &["completions", "cmd.exe"],
    ] {
        let told = kgents(words, &[], "");
        assert_eq!((told.code, told.out.as_str()), (2, ""), "{words:?}: {told:?}");
        assert!(!told.err.is_empty());
    }
    for words in [&["--help"][..], &["--version"], &["call", "--help"], &["help", "perturb"], &["snapshot", "-h"]] {
        let told = kgents(words, &[], "");
        assert_eq!((told.code, told.err.as_str()), (0, ""), "{words:?}: {told:?}");
        assert!(told.out.contains("kgents"), "{told:?}");
    }
}

#[test]
fn a_token_is_never_printed_and_a_careless_one_is_warned_of() {
    let garden = Garden::start();
    let told = garden.kgents_with(&["agents", "--token", TOKEN], &[], "");
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.err.starts_with("warning: a token on the command line"), "{told:?}");
    let help = kgents(&["--help"], &[("TERRARIUM_TOKEN", TOKEN)], "");
    let wrong = kgents(&["agents", "--token", "trm_hush hush"], &[], "");
    for told in [&told, &help, &wrong] {
        assert!(!told.out.contains("trm_a-token") && !told.err.contains("trm_a-token") && !told.err.contains("hush"));
    }
    let file = garden.file("token", &format!("{TOKEN}\n"));
    assert_eq!(garden.kgents_with(&["agents", "--token-file", &file], &[], "").err, "");
    let told = garden.kgents_with(&["agents", "--token-file", "/nowhere/token"], &[], "");
    assert_eq!(told.code, 1);
    assert!(told.err.contains("/nowhere/token"), "{told:?}");
}

#[cfg(unix)]
#[test]
fn a_token_file_that_others_may_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt as _;
    let garden = Garden::start();
    let file = garden.file("token", TOKEN);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let told = garden.kgents_with(&["agents", "--token-file", &file], &[], "");
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.err.contains("chmod 600"), "{told:?}");
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    use std::process::{Command, Stdio};
    let garden = Garden::start();
    let mut child = Command::new(env!("CARGO_BIN_EXE_kgents"))
        .args(["agents", "--server", &garden.url()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn shells_learn_to_complete_agents_commands_and_options() {
    let garden = Garden::start();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = kgents(&["completions", shell], &[], "");
        assert!(script.code == 0 && script.out.contains("kgents"), "{script:?}");
    }
    let next = |words: &[&str]| {
        let index = words.len().to_string();
        let line = [&["--", "kgents"], words].concat();
        let told = garden.kgents_with(
            &line,
            &[("COMPLETE", "bash"), ("_CLAP_COMPLETE_INDEX", &index), ("_CLAP_IFS", "\n")],
            "",
        );
        assert_eq!((told.code, told.err.as_str()), (0, ""), "{told:?}");
        told.out.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(next(&["sn"]), ["snapshot"]);
    assert_eq!(next(&["snapshot", ""])[0], "scholar");
    assert_eq!(next(&["perturb", "sch"]), ["scholar"]);
    assert_eq!(next(&["call", "sch"]), ["scholar"]);
    assert_eq!(next(&["path", "void.entropy.ti"]), ["void.entropy.tithe"]);
    assert!(next(&["path", "world.agent.sch"]).contains(&"world.agent.scholar.parse".to_owned()));
    assert_eq!(next(&["path", ""])[..4], ["concept.", "self.", "void.", "world."]);
    // The word `path` may be left out, and verbs come first.
    assert_eq!(next(&["void.entropy.ti"]), ["void.entropy.tithe"]);
    assert_eq!(next(&["--json", "world.agent.scholar.pa"]), ["world.agent.scholar.parse"]);
    assert_eq!(
        next(&["void.entropy.sample >> world.agent.scholar.pa"]),
        ["void.entropy.sample >> world.agent.scholar.parse"]
    );
    assert!(next(&["vo"]).contains(&"void.entropy.fever".to_owned()));
    assert_eq!(next(&["world.agent.scholar.parse", "--ar"]), ["--arg"]);
    assert_eq!(next(&["self.parse", "--agent", "sch"]), ["scholar"]);
    assert_eq!(next(&["path", "self.parse", "--agent", "sch"]), ["scholar"]);
    assert_eq!(next(&["c"]), ["call", "completions"]);
    assert!(next(&["call", ""]).iter().all(|word| word == "scholar" || word.starts_with("--")));
}

#[test]
fn completion_without_a_gateway_is_silent() {
    let environment = [("COMPLETE", "bash"), ("_CLAP_COMPLETE_INDEX", "2"), ("TERRARIUM_URL", "http://127.0.0.1:1")];
    let told = kgents(&["--", "kgents", "snapshot", "s"], &environment, "");
    assert_eq!((told.code, told.out.trim(), told.err.as_str()), (0, "", ""));
}
