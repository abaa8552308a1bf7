//! The agent that runs snippets, each only after a person has seen it whole and approved it.
//!
//! It owns the question, the limits and what is said of a run; `containment` owns what keeps a snippet in, `run` one run of
//! it, `record` that no approval is used twice. It never runs what was not shown, letter for letter, and never with less
//! containment than was shown.

mod containment;
mod output;
mod record;
mod run;

pub use containment::{Containment, Files, Limits, Network, Processes, User};
pub use record::{Before, BeforeWord, Outcome};
pub use run::{Ended, Language, OUTPUT_MAX};

use crate::agent::{Agent, AgentError, Factory, Profile, Question, Reentry, Step, StepCx, no_source};
use containment::Plan;
use prism::{CallCx, JsonSchema, exposed};
use record::Record;
use run::Snippet;
use serde::Serialize;
use serde_json::{Value, json};
use std::{convert::Infallible, path::PathBuf};
use wire::{
    Ask,
    semaphore::{Decision, Reason, Severity, Verdict},
};

/// Longest snippet, in bytes. It has to be read by a person.
pub const CODE_MAX: usize = 64 * 1024;
/// How long a snippet may run where nobody says, in seconds.
pub const TIMEOUT_DEFAULT_S: u32 = 60;
/// How long it may run at most, in seconds. The steward does nothing else meanwhile.
pub const TIMEOUT_MAX_S: u32 = 600;
/// The answer that lets a snippet run. Every other one does not.
pub const APPROVE: &str = "approve";
/// The answer that does not.
pub const DENY: &str = "deny";

/// Who it is.
#[must_use]
pub fn profile() -> Profile {
    Profile {
        genus: "steward",
        description: "Runs shell and Python snippets, each after a person approved it.".to_owned(),
    }
}

/// Makes the agent. What it has run it remembers in `folder`, which it makes.
#[must_use]
pub fn factory(folder: PathBuf) -> Factory<Steward> {
    Box::new(move || Ok((Steward { record: Record::open(folder.clone())?, plan: None }, no_source())))
}

/// Runs snippets that were approved.
#[derive(Debug)]
pub struct Steward {
    record: Record,
    /// How snippets are kept in here. Tried out when first needed.
    plan: Option<Plan>,
}

/// What became of a snippet.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
#[serde(untagged)]
pub enum Report {
    /// It ran.
    Ran(Box<Ran>),
    /// It did not run.
    NotRan(NotRan),
    /// It ran before, for the same approval, and does not run again.
    RanBefore(Before),
}

/// A run.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
pub struct Ran {
    /// `true`.
    ran: bool,
    /// Who approved it.
    by: String,
    /// How it ended, and what it wrote.
    #[serde(flatten)]
    ended: Ended,
    /// What kept it in.
    containment: Containment,
}

/// No run.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
pub struct NotRan {
    /// `false`.
    ran: bool,
    /// Who decided that.
    by: String,
    /// Why, in words.
    why: String,
}

/// Runs snippets that were approved.
#[exposed]
impl Steward {
    /// Asks a person whether a snippet may run, and runs it if so.
    ///
    /// The person sees the whole snippet, how long it may take, and what keeps it in. What it writes is streamed as
    /// `{"stdout": …}` and `{"stderr": …}`; the answer has all of it, up to 256 KiB.
    #[expose(examples("--code 'df -h'", "--code 'print(6 * 7)' --language python --timeout_s 10"))]
    async fn run(
        &mut self,
        /// The snippet, at most 64 KiB.
        code: String,
        /// What it is written in.
        #[arg(default = Language::Shell)]
        language: Language,
        /// How long it may run, in seconds, at most 600.
        #[arg(default = 60)]
        timeout_s: u32,
        cx: &mut dyn CallCx,
    ) -> Result<Option<Report>, AgentError> {
        let question = self.question(Snippet { language, code, timeout_s }).await?;
        cx.ask(question.ask, question.frozen);
        Ok(None)
    }

    /// What keeps a snippet in on this machine. It is tried out, not guessed.
    #[expose(reads)]
    async fn containment(&mut self) -> Result<Containment, AgentError> {
        Ok(self.plan().await?.containment(TIMEOUT_DEFAULT_S))
    }
}

impl Steward {
    async fn plan(&mut self) -> Result<Plan, AgentError> {
        if let Some(plan) = &self.plan {
            return Ok(plan.clone());
        }
        let plan = containment::find().await?;
        self.plan = Some(plan.clone());
        Ok(plan)
    }

    /// The question whether a snippet may run.
    async fn question(&mut self, snippet: Snippet) -> Result<Question, AgentError> {
        snippet.check()?;
        let plan = self.plan().await?;
        let Snippet { language, code, timeout_s } = snippet;
        let seconds = if timeout_s == 1 { "second" } else { "seconds" };
        let prompt =
            format!("May this {} snippet run on this machine, for at most {timeout_s} {seconds}?", language.name());
        let containment = plan.containment(timeout_s);
        let context = json!({"code": code, "language": language, "timeout_s": timeout_s, "containment": containment});
        let ask = Ask {
            reason: Reason::SensitiveAction,
            prompt,
            options: vec![DENY.to_owned(), APPROVE.to_owned()],
            severity: Severity::Warning,
            context: Some(context),
            ..Ask::default()
        };
        // Nothing is put aside: what runs is read from what was shown.
        Ok(Question { ask, frozen: Value::Null })
    }

    async fn decided(&mut self, reentry: Reentry, cx: &mut StepCx) -> Result<Report, AgentError> {
        let Reentry { card, decision, .. } = reentry;
        if !approves(&decision) {
            let why = decision.note.unwrap_or_else(|| "it was not approved".to_owned());
            return Ok(Report::NotRan(NotRan { ran: false, by: decision.by, why }));
        }
        let context = card.context.unwrap_or_default();
        let snippet: Snippet = serde_json::from_value(context.clone()).map_err(|e| {
            AgentError::new("unreadable_snippet", format!("the approved question cannot be read: {e}"))
                .hint("ask again")
        })?;
        snippet.check()?;
        let plan = self.plan().await?;
        let containment = plan.containment(snippet.timeout_s);
        if context.get("containment") != serde_json::to_value(&containment).ok().as_ref() {
            let why = "snippets are not kept in here any more as the question said; ask again".to_owned();
            return Ok(Report::NotRan(NotRan { ran: false, by: "steward".to_owned(), why }));
        }
        let workplace = run::Workplace::make(&plan, &snippet)?;
        if let Some(before) = self.record.begin(&card.id, workplace.folder())? {
            return Ok(Report::RanBefore(before));
        }
        let ended = run::run(&plan, &snippet, workplace, |piece| cx.chunk(piece)).await?;
        self.record.ended(&card.id, &ended);
        Ok(Report::Ran(Box::new(Ran { ran: true, by: decision.by, ended, containment })))
    }
}

impl Agent for Steward {
    type Item = Infallible;

    async fn step(&mut self, never: Infallible, _cx: &mut StepCx) -> Result<Step, AgentError> {
        match never {}
    }

    /// A text, or an object with `shell` or `python`, is asked about as by `run`.
    async fn perturbed(&mut self, input: Value, _cx: &mut StepCx) -> Result<Step, AgentError> {
        Ok(Step::Yield(Box::new(self.question(snippet_of(input)?).await?)))
    }

    async fn resume(&mut self, reentry: Reentry, cx: &mut StepCx) -> Result<Step, AgentError> {
        let report = self.decided(reentry, cx).await?;
        let failed = |e: serde_json::Error| AgentError::new("unsendable", format!("the report could not be sent: {e}"));
        Ok(Step::Result(serde_json::to_value(report).map_err(failed)?))
    }

    fn exposed(&mut self) -> Option<&mut dyn prism::Exposed> {
        Some(self)
    }
}

/// Only the one answer, or a go-ahead of the gateway, lets a snippet run.
fn approves(decision: &Decision) -> bool {
    match decision.verdict {
        Verdict::Answered => decision.human_input == APPROVE,
        Verdict::Proceed => true,
        Verdict::Denied => false,
    }
}

/// The snippet of an input.
fn snippet_of(input: Value) -> Result<Snippet, AgentError> {
    let wrong = || {
        AgentError::new("no_snippet", "steward runs snippets").hint(
            "send a text, which is taken as shell, or {\"shell\": \"df -h\"}, or {\"python\": \"print(6 * 7)\"}; \
                   \"timeout_s\" may stand beside it",
        )
    };
    let mut fields = match input {
        Value::String(code) => return Ok(Snippet { language: Language::Shell, code, timeout_s: TIMEOUT_DEFAULT_S }),
        Value::Object(fields) => fields,
        _ => return Err(wrong()),
    };
    let timeout_s = match fields.remove("timeout_s") {
        None => TIMEOUT_DEFAULT_S,
        Some(seconds) => seconds.as_u64().and_then(|s| u32::try_from(s).ok()).ok_or_else(wrong)?,
    };
    let (language, code) = match (fields.remove("shell"), fields.remove("python")) {
        (Some(Value::String(code)), None) => (Language::Shell, code),
        (None, Some(Value::String(code))) => (Language::Python, code),
        _ => return Err(wrong()),
    };
    // What is not understood may have been meant as a limit.
    if fields.is_empty() { Ok(Snippet { language, code, timeout_s }) } else { Err(wrong()) }
}
