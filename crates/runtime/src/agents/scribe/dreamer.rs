//! Dreams with the scribe's model: one short call, outside of any conversation. Whoever asks has something else to say
//! where it fails.

use super::{
    Settings,
    context::{Context, Role},
    model::{Manner, Message, Model, Offer},
};
use crate::agent::AgentError;
use std::time::Duration;
use terrarium_core::metabolism::{Spent, dream};
use tokio::time::timeout;

/// How long a dream may take. Longer ones are not remembered.
const DREAM_TIMEOUT: Duration = Duration::from_secs(20);

/// A model to dream with.
#[derive(Debug, Clone)]
pub struct Dreamer {
    model: Model,
    window: u64,
}

impl Dreamer {
    /// The model of these settings. `None` where there is none, or none that can be called; the scribe says why.
    #[must_use]
    pub fn new(settings: &Settings) -> Option<Self> {
        let model = Model::new(settings.url.as_deref()?, settings.key.clone(), &settings.model).ok()?;
        let manner = Manner { temperature: dream::TEMPERATURE, tokens_max: dream::TOKENS_MAX };
        Some(Self { model: model.in_manner(manner), window: settings.context_window_tokens.into() })
    }

    /// A dream, and what it cost.
    ///
    /// # Errors
    /// [`AgentError`]: the model could not, or took too long.
    pub(crate) async fn dream(&self, prompt: String) -> Result<(String, Spent), AgentError> {
        let messages = [Message::new(Role::System, dream::SYSTEM.to_owned()), Message::new(Role::User, prompt)];
        let late = |_| AgentError::new("slept_too_long", "the model did not dream in time");
        let answer =
            timeout(DREAM_TIMEOUT, self.model.answer(&messages, Offer::Nothing, |_| {})).await.map_err(late)??;
        let tokens = Context::new(self.window).tokens(&messages, &answer.text, answer.usage);
        Ok((answer.text.trim().to_owned(), Spent { input: tokens.input, output: tokens.output }))
    }
}
