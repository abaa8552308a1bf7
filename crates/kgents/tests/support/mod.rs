//! A gateway of its own for each test, with an agent that knows a few things, and the real binary to ask it with. In the
//! one form of module file that cargo does not take for a test of its own.

#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "each test file uses its own part of this, and a test may fail"
)]

use prism::{CallCx, CallError, JsonSchema, exposed};
use runtime::agent::{Agent, AgentError, Profile, Step, StepCx, no_source};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use server::{Config, Gateway, auth::AdminToken};
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio},
};
use tempfile::TempDir;
use tokio::{net::TcpListener, runtime::Runtime};
use wire::AgentId;

/// A token that may do everything.
pub(crate) const TOKEN: &str = "trm_a-token-for-tests-that-may-do-everything";

pub(crate) struct Garden {
    runtime: Runtime,
    gateway: Gateway,
    folder: TempDir,
}

/// Answers what it is asked.
struct Scholar;

/// When something happens.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
#[serde(rename_all = "snake_case")]
enum Tense {
    /// It is over.
    Past,
    /// It goes on.
    Present,
}

#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
struct Shape {
    depth: u8,
}

#[exposed]
impl Scholar {
    /// Reads a sentence: what is to be done.
    ///
    /// Only English, so far.
    #[expose(examples("'Create a calendar'", "--limit 3 'Delete it'"), aliases("read"), reads)]
    fn parse(
        &self,
        /// The sentence.
        text: String,
        #[arg(default = 10, help = "How many words at most.")] limit: u32,
        /// When it happens.
        when: Option<Tense>,
        #[arg(default, help = "In capitals.")] loud: bool,
        /// Words to leave out.
        leave_out: Option<Vec<String>>,
        shape: Option<Shape>,
    ) -> Value {
        let words: Vec<&str> = text.split_whitespace().take(limit as usize).collect();
        json!({ "words": words, "when": when, "loud": loud, "leave_out": leave_out, "shape": shape })
    }

    /// Says one text after the other.
    #[expose]
    fn join(&self, first: String, rest: Vec<i64>) -> String {
        format!("{first}: {rest:?}")
    }

    /// Fails.
    #[expose]
    fn fail(&self) -> Result<(), CallError> {
        Err(CallError::failed("no_model", "there is no model to ask").hint("set one up"))
    }

    /// Asks a person first.
    #[expose]
    async fn delete(&mut self, cx: &mut dyn CallCx) {
        let ask = json!({ "prompt": "Delete all of it?", "reason": "approval_needed" });
        cx.ask(serde_json::from_value(ask).unwrap(), Value::Null);
    }

    /// Never answers.
    #[expose]
    async fn ponder(&mut self) {
        std::future::pending().await
    }
}

impl Agent for Scholar {
    type Item = Value;

    async fn step(&mut self, item: Value, _: &mut StepCx) -> Result<Step, AgentError> {
        Ok(Step::Result(item))
    }

    async fn perturbed(&mut self, input: Value, cx: &mut StepCx) -> Result<Step, AgentError> {
        match input.as_str() {
            Some("count") => {
                cx.chunk(json!("one, "));
                cx.chunk(json!("two"));
                Ok(Step::Result(json!("one, two")))
            }
            Some("fail") => Err(AgentError::new("too_hard", "that is too hard").hint("ask something easier")),
            Some("ponder") => std::future::pending().await,
            _ => Ok(Step::Result(json!({ "heard": input }))),
        }
    }

    fn exposed(&mut self) -> Option<&mut dyn prism::Exposed> {
        Some(self)
    }
}

impl Garden {
    pub(crate) fn start() -> Self {
        Self::start_with(|_| {})
    }

    pub(crate) fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let runtime = Runtime::new().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::bare(folder.path().join("data"));
        config.admin = Some(AdminToken::new(TOKEN).unwrap());
        change(&mut config);
        let gateway = runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let gateway = Gateway::start(config, listener).await.unwrap();
            let profile = Profile { genus: "scholar", description: "Answers what it is asked.".to_owned() };
            let factory = || Ok((Scholar, no_source()));
            gateway.registry().plant(AgentId::parse("scholar").unwrap(), profile, Box::new(factory)).unwrap();
            gateway
        });
        Self { runtime, gateway, folder }
    }

    /// Ends the gateway, does something meanwhile, and starts another on the same folder and port.
    pub(crate) fn restart(self, meanwhile: impl FnOnce()) -> Self {
        let Self { runtime, gateway, folder } = self;
        let address = gateway.addr();
        runtime.block_on(gateway.shutdown()).unwrap();
        meanwhile();
        let mut config = Config::bare(folder.path().join("data"));
        config.admin = Some(AdminToken::new(TOKEN).unwrap());
        let gateway = runtime.block_on(async {
            let listener = TcpListener::bind(address).await.unwrap();
            Gateway::start(config, listener).await.unwrap()
        });
        Self { runtime, gateway, folder }
    }

    /// kgents as a process that goes on while the test does other things.
    pub(crate) fn spawn(&self, words: &[&str]) -> Going {
        Going::start(&self.url(), words)
    }

    pub(crate) fn url(&self) -> String {
        self.gateway.url()
    }

    /// A file in the test's own folder, which only its owner may read.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        path.to_str().unwrap().to_owned()
    }

    /// kgents, told of this gateway and of a token that may do everything.
    pub(crate) fn kgents(&self, words: &[&str]) -> Told {
        self.kgents_with(words, &[("TERRARIUM_TOKEN", TOKEN)], "")
    }

    /// kgents, told of this gateway and of nothing else.
    pub(crate) fn kgents_with(&self, words: &[&str], environment: &[(&str, &str)], input: &str) -> Told {
        let url = self.url();
        let mut all = vec![("TERRARIUM_URL", url.as_str())];
        all.extend(environment);
        kgents(words, &all, input)
    }
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Told {
    /// The one JSON value on stdout.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// The error that `--json` leaves on stderr.
    pub(crate) fn error(&self) -> Value {
        serde_json::from_str::<Value>(&self.err).unwrap_or_else(|e| panic!("{e}: {self:?}"))["error"].clone()
    }
}

/// kgents while it runs. Ended with the test.
pub(crate) struct Going {
    child: Child,
    out: BufReader<ChildStdout>,
    err: BufReader<ChildStderr>,
    seen: String,
}

impl Going {
    pub(crate) fn start(url: &str, words: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_kgents"))
            .args(words)
            .env_clear()
            .envs([("TERRARIUM_URL", url), ("TERRARIUM_TOKEN", TOKEN)])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let err = BufReader::new(child.stderr.take().unwrap());
        Self { child, out, err, seen: String::new() }
    }

    /// The next line of stdout; empty at its end.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line
    }

    /// The next line of stderr with this in it.
    pub(crate) fn remark(&mut self, part: &str) -> String {
        loop {
            let mut line = String::new();
            let read = self.err.read_line(&mut line).unwrap();
            self.seen.push_str(&line);
            assert!(read > 0, "it ended without {part:?}: {}", self.seen);
            if line.contains(part) {
                return line;
            }
        }
    }

    /// The id of the question, once it is asked.
    pub(crate) fn question(&mut self) -> String {
        let line = self.remark("sem-");
        let start = line.find("sem-").unwrap();
        line[start..start + "sem-".len() + 32].to_owned()
    }

    /// What Ctrl-C does.
    #[cfg(unix)]
    pub(crate) fn interrupt(&self) {
        let sent = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits for its end.
    pub(crate) fn told(mut self) -> Told {
        let (mut out, mut err) = (String::new(), std::mem::take(&mut self.seen));
        self.out.read_to_string(&mut out).unwrap();
        self.err.read_to_string(&mut err).unwrap();
        Told { code: self.child.wait().unwrap().code().unwrap(), out, err }
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        // It has usually ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The real binary, with this environment only.
pub(crate) fn kgents(words: &[&str], environment: &[(&str, &str)], input: &str) -> Told {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kgents"))
        .args(words)
        .env_clear()
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads nothing closes its end early, which is no failure of the test.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    Told {
        code: status.code().unwrap(),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
    }
}
