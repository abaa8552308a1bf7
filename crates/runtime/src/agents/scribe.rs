//! The agent that writes, with a language model behind any endpoint that speaks OpenAI's chat protocol.
//!
//! It owns its commands, its settings and the order of a call; `context` owns what the model is told of the conversation,
//! `asking` how it asks a person, `model` the call to the endpoint, `failure` what can go wrong there. It never shows its
//! key, never repeats a call that the endpoint has taken, and never calls unless it is asked to. Without an endpoint it is
//! there all the same and says so.

mod asking;
mod config;
mod context;
mod dreamer;
mod failure;
mod guard;
mod model;

pub use asking::Asks;
pub use context::ContextPressure;
pub use dreamer::Dreamer;
pub use secrecy::SecretString as Secret;

use crate::agent::{Agent, AgentError, Factory, Profile, Question, Reentry, Step, StepCx, no_source};
use asking::{ASKS_MAX, Draft};
use context::{Context, Role};
use model::{Answer, Message, Model, Offer};
use prism::{CallCx, JsonSchema, exposed};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::convert::Infallible;
use terrarium_core::flux::FluxConfig;

/// Tokens a model is taken to have room for, where the settings do not say.
pub const DEFAULT_WINDOW_TOKENS: u32 = 8192;
/// What the model is told to be, where the settings do not say.
pub const DEFAULT_PROMPT: &str = "You are the scribe of a terrarium of software agents. Answer briefly and plainly. Say so \
                                  when you do not know.";
/// Longest prompt, in characters. Far more than most models take.
pub const PROMPT_MAX: usize = 200_000;
/// How long a call may take where its caller says nothing, in milliseconds.
const CALL_TIMEOUT_MS: u64 = 600_000;
/// Share of the window that may be filled before old turns are compressed.
const COMPRESS_ABOVE: f64 = 0.7;

/// Where the model is and how it is spoken to.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The endpoint up to and without `/chat/completions`. `None`: there is no model.
    pub url: Option<String>,
    /// What the endpoint asks for as a bearer token, if anything.
    pub key: Option<Secret>,
    /// The model's name, as the endpoint calls it.
    pub model: String,
    /// What the model is told to be.
    pub system_prompt: String,
    /// Tokens the model has room for, question and answer together.
    pub context_window_tokens: u32,
    /// Whether the model may ask a person.
    pub asks: Asks,
}

impl Settings {
    /// No model, and everything else as it is without being set.
    #[must_use]
    pub fn without_model() -> Self {
        Self {
            url: None,
            key: None,
            model: String::new(),
            system_prompt: DEFAULT_PROMPT.to_owned(),
            context_window_tokens: DEFAULT_WINDOW_TOKENS,
            asks: Asks::default(),
        }
    }
}

/// Its limits: a model takes longer than other agents, and asks to be heard to the end.
#[must_use]
pub fn limits() -> FluxConfig {
    FluxConfig { perturbation_timeout_ms: CALL_TIMEOUT_MS, ..FluxConfig::default() }
}

/// Who it is.
#[must_use]
pub fn profile(settings: &Settings) -> Profile {
    let description = match &settings.url {
        Some(_) => format!("Writes with the language model {}.", settings.model),
        None => "Would write with a language model, but none is set up: TERRARIUM_LLM_URL names one.".to_owned(),
    };
    Profile { genus: "scribe", description }
}

/// Makes the agent. Each making begins a new conversation.
#[must_use]
pub fn factory(settings: Settings) -> Factory<Scribe> {
    Box::new(move || Ok((Scribe::new(&settings)?, no_source())))
}

/// Writes with a language model, and remembers the conversation as far as the model has room for it.
#[derive(Debug)]
pub struct Scribe {
    model: Option<Model>,
    system_prompt: String,
    context: Context,
    asks: Asks,
}

/// What an answer comes to.
enum Outcome {
    Written(Box<Written>),
    /// The model wants to ask a person first.
    Asks(Box<Question>),
}

/// What `write` answers.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
pub struct Written {
    /// What the model wrote.
    pub text: String,
    /// The model's name, as the endpoint gives it.
    pub model: String,
    /// What it cost.
    pub tokens: Tokens,
    /// The conversation afterwards.
    pub context: State,
    /// What people were asked, what happened to older parts of the conversation, and why the answer ends where it ends;
    /// often nothing.
    pub notes: Vec<String>,
}

/// Tokens of one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
pub struct Tokens {
    /// Read by the model.
    pub input: u64,
    /// Written by it.
    pub output: u64,
    /// Who counted.
    pub counted_by: Counted,
}

/// Who counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// The endpoint did.
    Endpoint,
    /// Nobody did; this is an estimate from the number of characters.
    Estimate,
}

/// The conversation, measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[schemars(crate = "prism::schemars")]
pub struct State {
    /// Tokens the model has room for.
    pub window_tokens: u64,
    /// Tokens the conversation takes, by estimate.
    pub used_tokens: u64,
    /// Used by window, 0 to 1. Above 0.7 the oldest turns are compressed before the next one.
    pub pressure: ContextPressure,
    /// Questions with their answers that are remembered word for word.
    pub turns: usize,
    /// Whether older ones are remembered as a summary.
    pub summarised: bool,
}

/// Writes with a language model.
#[exposed]
impl Scribe {
    /// Writes an answer to a prompt, as a part of the conversation so far.
    ///
    /// The answer is streamed piece by piece. It is remembered; a call that fails is not. The model may ask a person first;
    /// the answer then goes on when somebody has answered.
    #[expose(examples("--prompt 'Name three words for calm'"))]
    async fn write(
        &mut self,
        /// What to write about, at most 200,000 characters.
        prompt: String,
        /// What the model is told to be, for this call only.
        system: Option<String>,
        cx: &mut dyn CallCx,
    ) -> Result<Option<Written>, AgentError> {
        Ok(match self.answer(prompt, system, cx).await? {
            Outcome::Written(written) => Some(*written),
            Outcome::Asks(question) => {
                cx.ask(question.ask, question.frozen);
                None
            }
        })
    }

    /// How full the conversation is.
    #[expose(reads)]
    fn context(&self) -> State {
        self.context.state(&self.system_prompt)
    }

    /// Begins the conversation anew.
    #[expose]
    fn forget(&mut self) -> State {
        self.context.forget();
        self.context.state(&self.system_prompt)
    }
}

impl Scribe {
    fn new(settings: &Settings) -> Result<Self, AgentError> {
        let model =
            settings.url.as_deref().map(|url| Model::new(url, settings.key.clone(), &settings.model)).transpose()?;
        let context = Context::new(settings.context_window_tokens.into());
        Ok(Self { model, system_prompt: settings.system_prompt.clone(), context, asks: settings.asks })
    }

    async fn answer(
        &mut self,
        prompt: String,
        system: Option<String>,
        cx: &mut dyn CallCx,
    ) -> Result<Outcome, AgentError> {
        if self.model.is_none() {
            return Err(no_model());
        }
        self.context.fits(system.as_ref().unwrap_or(&self.system_prompt), &prompt)?;
        self.go_on(Draft::new(prompt, system), cx).await
    }

    /// Has the model write on, until it has finished or wants to ask somebody.
    async fn go_on(&mut self, mut draft: Draft, cx: &mut dyn CallCx) -> Result<Outcome, AgentError> {
        let model = self.model.as_ref().ok_or_else(no_model)?;
        let system = draft.system.clone().unwrap_or_else(|| self.system_prompt.clone());
        if self.context.pressure_with(&system, &draft.prompt).value() > COMPRESS_ABOVE {
            draft.notes.extend(compress(model, &mut self.context, &system, &draft.prompt, cx).await);
        }
        loop {
            let mut messages = self.context.messages(&system, &draft.prompt);
            messages.extend(draft.messages());
            let offer = match self.asks {
                _ if draft.exchanges.len() >= ASKS_MAX => Offer::NoMore,
                Asks::WhenUnsure => Offer::Asking,
                // One that was put aside before it was settled that nobody is asked.
                Asks::Never if !draft.exchanges.is_empty() => Offer::NoMore,
                Asks::Never => Offer::Nothing,
            };
            let answer = model.answer(&messages, offer, |words| cx.chunk(Value::String(words))).await;
            let Answer { text, usage, model: name, cut, call } = match answer {
                Err(error) if offer == Offer::Asking && draft.exchanges.is_empty() && refuses_tools(&error) => {
                    self.asks = Asks::Never;
                    draft.notes.push("The model cannot use tools, so it asks nobody.".to_owned());
                    continue;
                }
                answer => answer?,
            };
            let tokens = self.context.tokens(&messages, &text, usage);
            cx.tokens(tokens.input, tokens.output);
            draft.spent(tokens);
            draft.text.push_str(&text);
            let name = name.unwrap_or_else(|| model.name().to_owned());
            if let Some(call) = call {
                // Where it makes no sense, the model is told so, and goes on.
                if let Some(ask) = draft.call(text, call, &name) {
                    return Ok(Outcome::Asks(Box::new(draft.question(ask)?)));
                }
                continue;
            }
            draft.notes.extend(cut);
            let Draft { prompt, text, notes, .. } = draft;
            self.context.remember(prompt, text.clone());
            let tokens = draft.tokens.unwrap_or(tokens);
            let context = self.context.state(&self.system_prompt);
            return Ok(Outcome::Written(Box::new(Written { text, model: name, tokens, context, notes })));
        }
    }
}

/// Whether an endpoint has no use of tools. It says so in words of its own.
fn refuses_tools(error: &AgentError) -> bool {
    error.kind == "model_refused" && error.message.to_ascii_lowercase().contains("tool")
}

/// An outcome, as the runtime takes it.
fn step(outcome: Outcome) -> Result<Step, AgentError> {
    let failed = |e: serde_json::Error| AgentError::new("unsendable", format!("the answer could not be sent: {e}"));
    Ok(match outcome {
        Outcome::Written(written) => Step::Result(serde_json::to_value(written).map_err(failed)?),
        Outcome::Asks(question) => Step::Yield(question),
    })
}

/// Makes room: the oldest turns become a summary, or, if that fails, are forgotten. Says what it did.
async fn compress(
    model: &Model,
    context: &mut Context,
    system: &str,
    prompt: &str,
    cx: &mut dyn CallCx,
) -> Option<String> {
    let old = context.oldest(system, prompt);
    if old.turns == 0 {
        return None;
    }
    let turns = old.turns;
    let ask = [Message::new(Role::System, context::SUMMARISE.to_owned()), Message::new(Role::User, old.transcript)];
    let summary = model.answer(&ask, Offer::Nothing, |_| {}).await;
    let summary = summary.and_then(|answer| {
        let tokens = context.tokens(&ask, &answer.text, answer.usage);
        cx.tokens(tokens.input, tokens.output);
        context.summarise(turns, answer.text).map_err(|why| AgentError::new("model_gibberish", why))
    });
    Some(match summary {
        Ok(()) => format!("The {turns} oldest turns were summarised, because the conversation filled its window."),
        Err(error) => {
            context.drop_oldest(turns);
            format!(
                "The {turns} oldest turns were forgotten, because the conversation filled its window and they could not be \
                     summarised: {error}."
            )
        }
    })
}

impl Agent for Scribe {
    type Item = Infallible;

    async fn step(&mut self, never: Infallible, _cx: &mut StepCx) -> Result<Step, AgentError> {
        match never {}
    }

    /// A text, or an object with a `prompt`, is answered as by `write`.
    async fn perturbed(&mut self, input: Value, cx: &mut StepCx) -> Result<Step, AgentError> {
        let (prompt, system) = prompt_of(input)?;
        step(self.answer(prompt, system, cx).await?)
    }

    /// Writes on, with what somebody answered.
    async fn resume(&mut self, reentry: Reentry, cx: &mut StepCx) -> Result<Step, AgentError> {
        let Reentry { card, frozen, decision } = reentry;
        step(self.go_on(Draft::resumed(frozen, &card.prompt, &decision)?, cx).await?)
    }

    fn exposed(&mut self) -> Option<&mut dyn prism::Exposed> {
        Some(self)
    }
}

/// The prompt of an input, and its system prompt if it has one.
fn prompt_of(input: Value) -> Result<(String, Option<String>), AgentError> {
    let wrong =
        || AgentError::new("no_prompt", "scribe writes about a text").hint("send a text, or {\"prompt\": \"…\"}");
    match input {
        Value::String(prompt) => Ok((prompt, None)),
        Value::Object(mut fields) => match (fields.remove("prompt"), fields.remove("system")) {
            (Some(Value::String(prompt)), None | Some(Value::Null)) => Ok((prompt, None)),
            (Some(Value::String(prompt)), Some(Value::String(system))) => Ok((prompt, Some(system))),
            _ => Err(wrong()),
        },
        _ => Err(wrong()),
    }
}

fn no_model() -> AgentError {
    AgentError::new("no_model", "there is no language model to write with").hint(
        "start the gateway with TERRARIUM_LLM_URL (and TERRARIUM_LLM_KEY, TERRARIUM_LLM_MODEL) set to an endpoint that speaks \
         OpenAI's chat protocol, for example http://127.0.0.1:11434/v1 for Ollama. What works without one: the agent \
         `grammar` reads and checks English",
    )
}

#[cfg(test)]
mod tests;
