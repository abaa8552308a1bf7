//! An agent that has a model used, for tests of what that does.

use prism::exposed;
use runtime::{
    Registry,
    agent::{Agent, AgentError, Profile, Step, StepCx, no_source},
};
use serde_json::{Value, json};
use std::convert::Infallible;

/// Has a model used, as far as anybody can see.
pub(crate) struct Writer;

#[exposed]
impl Writer {
    /// Writes.
    #[expose]
    async fn write(&mut self, tokens: u64, cx: &mut dyn prism::CallCx) -> String {
        cx.tokens(tokens, 0);
        "written".to_owned()
    }

    /// Reads.
    #[expose(reads, aliases("look"))]
    fn read(&self, text: String) -> Value {
        json!({ "read": text })
    }
}

impl Agent for Writer {
    type Item = Infallible;

    async fn step(&mut self, never: Infallible, _: &mut StepCx) -> Result<Step, AgentError> {
        match never {}
    }

    fn exposed(&mut self) -> Option<&mut dyn prism::Exposed> {
        Some(self)
    }
}

/// Plants it under the name `writer`.
pub(crate) fn plant(registry: &Registry) {
    let profile = Profile { genus: "writer", description: "Writes.".to_owned() };
    registry.plant("writer".parse().unwrap(), profile, Box::new(|| Ok((Writer, no_source())))).unwrap();
}
