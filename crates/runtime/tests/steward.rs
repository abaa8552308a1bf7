//! The steward under the runtime, with real processes: what was approved runs, contained, once; what was not does not.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]
#![expect(clippy::print_stderr, reason = "a test that this machine cannot make says so")]

use serde_json::{Value, json};
use std::{path::Path, time::Duration};
use terrarium_core::ledger::Actor;
use terrarium_runtime::{
    AgentHandle, Call, Failure, Registry, Reply, Store, Tasks, Terms,
    agent::{Agent as _, Reentry, Step, StepCx},
    agents::steward,
};
use wire::{
    AgentId, SemaphoreCard,
    semaphore::{Answer, Decision, Door, Reason, Severity, TokenStatus, Verdict},
};

struct Garden {
    registry: Registry,
    steward: AgentHandle,
}

fn garden(folder: &Path) -> Garden {
    let registry = Registry::start(Tasks::default(), Some(Store::open(folder).unwrap().0)).unwrap();
    let id = AgentId::parse("steward").unwrap();
    let steward = registry.plant(id, steward::profile(), steward::factory(folder.join("steward"))).unwrap();
    Garden { registry, steward }
}

impl Garden {
    async fn ask(&self, input: Value) -> (SemaphoreCard, Call) {
        let mut call = self.steward.perturb(input, Terms::default()).unwrap();
        match call.next().await {
            Some(Reply::Asked(card)) => (*card, call),
            other => panic!("it did not ask: {other:?}"),
        }
    }

    async fn decide(&self, card: &SemaphoreCard, input: &str) {
        let answer = Answer { human_input: json!(input), note: None };
        let actor = Actor { by: "ann".into(), door: Door::Rest };
        self.registry.purgatory().resolve(None, card.id.clone(), answer, actor).await.unwrap();
    }

    /// The report of a snippet that was approved.
    async fn approved(&self, input: Value) -> Value {
        let (card, call) = self.ask(input).await;
        self.decide(&card, steward::APPROVE).await;
        call.answer().await.unwrap()
    }
}

/// Runs the test on a fresh folder.
macro_rules! with_garden {
    ($garden:ident) => {
        let folder = tempfile::tempdir().unwrap();
        let $garden = garden(folder.path());
    };
}

/// Whether a process with this in its command line is there.
fn lives(mark: &str) -> bool {
    std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(mark)
    })
}

/// Waits until no process with this in its command line is there.
async fn dies(mark: &str) {
    while lives(mark) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A number of seconds to sleep that names this process and place.
fn mark(place: u32) -> String {
    format!("{}.{}{place}", 3000 + place, std::process::id())
}

#[tokio::test]
async fn the_question_shows_all_of_the_snippet_and_what_keeps_it_in() {
    with_garden!(garden);
    let code = "echo one\n# and the last line";
    let (card, _call) = garden.ask(json!({"shell": code, "timeout_s": 7})).await;
    assert_eq!((card.reason, card.severity), (Reason::SensitiveAction, Severity::Warning));
    assert_eq!(card.options, [steward::DENY, steward::APPROVE]);
    let context = card.context.unwrap();
    assert_eq!(
        (&context["code"], &context["language"], &context["timeout_s"]),
        (&json!(code), &json!("shell"), &json!(7))
    );
    assert!(context["containment"]["network"].is_string(), "{context}");
}

#[tokio::test]
async fn what_is_approved_runs_and_its_output_is_streamed() {
    with_garden!(garden);
    let (card, mut call) = garden.ask(json!("echo one; echo two >&2; sleep 0.2; echo three; exit 3")).await;
    garden.decide(&card, "approve").await;
    let mut chunks = Vec::new();
    let report = loop {
        match call.next().await.unwrap() {
            Reply::Chunk(chunk) => chunks.push(chunk),
            Reply::End(report) => break report.unwrap(),
            Reply::Asked(card) => panic!("{card:?}"),
        }
    };
    assert!(chunks.contains(&json!({"stdout": "one\n"})), "{chunks:?}");
    assert!(chunks.contains(&json!({"stderr": "two\n"})), "{chunks:?}");
    assert!(chunks.contains(&json!({"stdout": "three\n"})), "{chunks:?}");
    assert_eq!((&report["ran"], &report["by"], &report["exit_code"]), (&json!(true), &json!("ann"), &json!(3)));
    assert_eq!((&report["stdout"], &report["stderr"]), (&json!("one\nthree\n"), &json!("two\n")));
    assert_eq!(
        (&report["timed_out"], &report["truncated"], &report["signal"]),
        (&json!(false), &json!(false), &Value::Null)
    );
    assert_eq!(report["containment"], card.context.unwrap()["containment"]);
}

#[tokio::test]
async fn python_runs_and_its_errors_name_their_lines() {
    with_garden!(garden);
    let report = garden.approved(json!({"python": "print(6 * 7)\nraise ValueError('no')"})).await;
    assert_eq!((&report["stdout"], &report["exit_code"]), (&json!("42\n"), &json!(1)), "{report}");
    assert!(report["stderr"].as_str().unwrap().contains("snippet.py\", line 2"), "{report}");
}

#[tokio::test]
async fn the_command_asks_as_an_input_does() {
    with_garden!(garden);
    let run = garden.steward.commands().find(|command| command.name == "run").unwrap();
    let arguments = json!({"code": "echo hi", "timeout_s": 5}).as_object().unwrap().clone();
    let mut call = garden.steward.call(run, prism::check(run, arguments).unwrap(), Terms::default()).unwrap();
    let Some(Reply::Asked(card)) = call.next().await else { panic!("it did not ask") };
    garden.decide(&card, "approve").await;
    assert_eq!(call.answer().await.unwrap()["stdout"], "hi\n");
}

#[tokio::test]
async fn what_is_denied_leaves_no_trace() {
    with_garden!(garden);
    let witness = tempfile::tempdir().unwrap();
    let file = witness.path().join("ran");
    let (card, call) = garden.ask(json!({"shell": format!("touch {}", file.display())})).await;
    garden.decide(&card, "deny").await;
    let report = call.answer().await.unwrap();
    assert_eq!((&report["ran"], &report["by"]), (&json!(false), &json!("ann")));
    assert!(!file.exists());
}

#[tokio::test]
async fn what_is_no_snippet_is_not_asked_about() {
    with_garden!(garden);
    for (input, kind) in [
        (json!(7), "no_snippet"),
        (json!("  \n"), "no_snippet"),
        (json!({"shell": "a", "python": "b"}), "no_snippet"),
        (json!({"shell": "a", "timeout": 5}), "no_snippet"),
        (json!({"shell": "a", "timeout_s": 601}), "bad_timeout"),
        (json!("x".repeat(steward::CODE_MAX + 1)), "snippet_too_long"),
    ] {
        let failure = garden.steward.perturb(input.clone(), Terms::default()).unwrap().answer().await.unwrap_err();
        assert!(matches!(&failure, Failure::Step(e) if e.kind == kind && e.hint.is_some()), "{input}: {failure:?}");
    }
    assert_eq!(garden.registry.purgatory().waiting(), 0);
}

#[tokio::test]
async fn at_the_time_out_the_whole_tree_dies() {
    with_garden!(garden);
    let mark = mark(1);
    let code = format!("sleep {mark} & (sleep {mark} & sleep {mark}) & echo begun; sleep {mark}");
    let report = garden.approved(json!({"shell": code, "timeout_s": 1})).await;
    assert_eq!((&report["timed_out"], &report["stdout"]), (&json!(true), &json!("begun\n")), "{report}");
    dies(&format!("sleep\0{mark}")).await;
}

#[tokio::test]
async fn what_a_snippet_leaves_running_dies_with_it() {
    with_garden!(garden);
    let mark = mark(2);
    let report = garden.approved(json!({"shell": format!("sleep {mark} & echo done")})).await;
    assert_eq!((&report["exit_code"], &report["stdout"]), (&json!(0), &json!("done\n")));
    dies(&format!("sleep\0{mark}")).await;
}

#[tokio::test]
async fn a_process_that_leaves_its_group_dies_where_there_is_a_namespace() {
    with_garden!(garden);
    let mark = mark(3);
    let report = garden.approved(json!({"shell": format!("setsid sleep {mark} & sleep 0.3; echo done")})).await;
    if report["containment"]["processes"] == "own_namespace" {
        dies(&format!("sleep\0{mark}")).await;
    } else {
        eprintln!("skipped: this machine gives no process namespaces, and the report says so");
    }
}

#[tokio::test]
async fn a_fork_bomb_is_held_and_ends() {
    with_garden!(garden);
    let (card, call) =
        garden.ask(json!({"shell": "f() { f 2>/dev/null | f 2>/dev/null & }; f; sleep 60", "timeout_s": 2})).await;
    let limit = card.context.as_ref().unwrap()["containment"]["limits"]["processes"].clone();
    if !limit.is_u64() {
        eprintln!("skipped: processes cannot be limited on this machine, and the question says so");
        return;
    }
    garden.decide(&card, "approve").await;
    let report = call.answer().await.unwrap();
    assert_eq!(report["ran"], true);
    assert_eq!(garden.approved(json!("echo alive")).await["stdout"], "alive\n");
}

#[tokio::test]
async fn much_output_is_cut_and_said_to_be() {
    with_garden!(garden);
    let report = garden.approved(json!("head -c 400000 /dev/zero | tr '\\0' x")).await;
    assert_eq!((&report["truncated"], &report["exit_code"]), (&json!(true), &json!(0)));
    assert_eq!(report["stdout"].as_str().unwrap().len(), steward::OUTPUT_MAX);
}

#[tokio::test]
async fn a_snippet_sees_nothing_of_the_gateways_environment_and_its_folder_is_removed() {
    with_garden!(garden);
    let report = garden.approved(json!({"python": "import os\nprint(' '.join(sorted(os.environ)))\nprint(os.getcwd())\nopen('kept', 'w').write('x')"})).await;
    let said = report["stdout"].as_str().unwrap();
    let (names, home) = said.trim().split_once('\n').unwrap_or_else(|| panic!("{report}"));
    let known = ["HOME", "LANG", "OLDPWD", "PATH", "PWD", "SHLVL", "TMPDIR", "_"];
    assert!(names.split(' ').all(|name| known.contains(&name)), "{names}");
    assert!(home.contains("terrarium-run-"), "{home}");
    while Path::new(home).parent().unwrap().exists() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn there_is_no_network_where_the_kernel_allows_to_shut_it_off() {
    with_garden!(garden);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let code = format!(
        "import socket\ntry:\n  socket.create_connection(('127.0.0.1', {port}), 2)\n  print('open')\nexcept OSError:\n  print('shut')"
    );
    let report = garden.approved(json!({"python": code})).await;
    let said = if report["containment"]["network"] == "none" { "shut\n" } else { "open\n" };
    assert_eq!(report["stdout"], said, "what is said of the network is so: {report}");
}

#[tokio::test]
async fn limits_are_those_that_were_shown() {
    with_garden!(garden);
    let code = "ulimit -t; ulimit -v; ulimit -n; ulimit -c; grep -c NoNewPrivs:.1 /proc/self/status";
    let report = garden.approved(json!({"shell": code, "timeout_s": 9})).await;
    let limits = &report["containment"]["limits"];
    if limits.is_null() {
        eprintln!("skipped: this machine has no way to limit, and the report says so");
        return;
    }
    let memory = limits["memory_bytes"].as_u64().unwrap() / 1024;
    let rights = u8::from(report["containment"]["may_gain_rights"] == false);
    assert_eq!(report["stdout"], format!("9\n{memory}\n{}\n0\n{rights}\n", limits["open_files"]), "{report}");
}

#[tokio::test]
async fn a_caller_who_cancels_ends_the_run() {
    with_garden!(garden);
    let mark = mark(4);
    let (card, mut call) = garden.ask(json!({"shell": format!("echo begun; sleep {mark}")})).await;
    garden.decide(&card, "approve").await;
    assert_eq!(call.next().await, Some(Reply::Chunk(json!({"stdout": "begun\n"}))));
    call.canceller().cancel();
    assert_eq!(call.next().await, Some(Reply::End(Err(Failure::Cancelled))));
    dies(&format!("sleep\0{mark}")).await;
    assert_eq!(garden.approved(json!("echo next")).await["stdout"], "next\n");
    let record = garden.registry.purgatory().inspect(&card.id).await.unwrap().unwrap();
    assert_eq!(record.status, TokenStatus::Delivered);
}

#[tokio::test]
async fn a_caller_who_leaves_changes_nothing() {
    with_garden!(garden);
    let (card, call) = garden.ask(json!("echo all the same")).await;
    drop(call);
    garden.decide(&card, "approve").await;
    while garden.registry.purgatory().inspect(&card.id).await.unwrap().unwrap().status != TokenStatus::Delivered {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let said = serde_json::to_string(&garden.steward.snapshot(usize::MAX).history).unwrap();
    assert!(said.contains("all the same\\n"), "{said}");
}

#[tokio::test]
async fn when_the_gateway_stops_the_run_ends_and_is_not_begun_again() {
    let folder = tempfile::tempdir().unwrap();
    let first = garden(folder.path());
    let mark = mark(5);
    let (card, mut call) = first.ask(json!({"shell": format!("echo begun; sleep {mark}")})).await;
    first.decide(&card, "approve").await;
    assert_eq!(call.next().await, Some(Reply::Chunk(json!({"stdout": "begun\n"}))));
    first.registry.shutdown(Duration::from_secs(20)).await.unwrap();
    dies(&format!("sleep\0{mark}")).await;
    drop((first, call));

    let second = garden(folder.path());
    while second.registry.purgatory().inspect(&card.id).await.unwrap().unwrap().status != TokenStatus::Delivered {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let said = serde_json::to_string(&second.steward.snapshot(usize::MAX).history).unwrap();
    assert!(said.contains(r#""ran":"before""#), "{said}");
    assert!(!said.contains("begun"), "{said}");
}

#[tokio::test]
async fn one_approval_is_one_run() {
    let folder = tempfile::tempdir().unwrap();
    let (card, first) = {
        let garden = garden(folder.path());
        let (card, call) = garden.ask(json!("echo once; exit 2")).await;
        garden.decide(&card, "approve").await;
        (card, call.answer().await.unwrap())
    };
    assert_eq!(first["exit_code"], 2);
    // As if the gateway had died before it could write down that the answer was worked on.
    let (mut again, _) = steward::factory(folder.path().join("steward"))().unwrap();
    let decision = Decision {
        verdict: Verdict::Answered,
        human_input: json!("approve"),
        by: "ann".into(),
        at: card.created_at,
        note: None,
    };
    let reentry = Reentry { card, frozen: Value::Null, decision };
    let Step::Result(report) = again.resume(reentry, &mut StepCx::default()).await.unwrap() else { panic!() };
    assert_eq!((&report["ran"], &report["outcome"]["exit_code"]), (&json!("before"), &json!(2)));
    assert_eq!(report.get("stdout"), None);
}

#[tokio::test]
async fn what_is_contained_otherwise_than_was_shown_does_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let garden = garden(folder.path());
    let (mut card, _call) = garden.ask(json!("echo hi")).await;
    card.context.as_mut().unwrap()["containment"]["files"] = json!("none");
    let decision = Decision {
        verdict: Verdict::Answered,
        human_input: json!("approve"),
        by: "ann".into(),
        at: card.created_at,
        note: None,
    };
    let (mut steward, _) = steward::factory(folder.path().join("steward"))().unwrap();
    let reentry = Reentry { card, frozen: Value::Null, decision };
    let Step::Result(report) = steward.resume(reentry, &mut StepCx::default()).await.unwrap() else { panic!() };
    assert_eq!((&report["ran"], &report["by"]), (&json!(false), &json!("steward")));
}
