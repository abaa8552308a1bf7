//! Agents made of functions and of other agents: `Pure` and `Then`, the arrows of the laws that a flux keeps.

use super::{Agent, AgentError, Step, StepCx};
use serde_json::Value;

/// A function of one value as an agent. Its error is the step's.
pub struct Pure<F>(pub F);

impl<F> Agent for Pure<F>
where
    F: FnMut(Value) -> Result<Value, AgentError> + Send + 'static,
{
    type Item = Value;

    async fn step(&mut self, item: Value, _: &mut StepCx) -> Result<Step, AgentError> {
        (self.0)(item).map(Step::Result)
    }

    async fn perturbed(&mut self, input: Value, cx: &mut StepCx) -> Result<Step, AgentError> {
        self.step(input, cx).await
    }
}

/// One agent after another in one step: what the first says is what the second works on. A pipeline does the same with a
/// task, a mirror and a buffer for each.
pub struct Then<F, G>(pub F, pub G);

impl<F: Agent, G: Agent<Item = Value>> Agent for Then<F, G> {
    type Item = F::Item;

    async fn step(&mut self, item: F::Item, cx: &mut StepCx) -> Result<Step, AgentError> {
        match self.0.step(item, cx).await? {
            Step::Result(value) => self.1.step(value, cx).await,
            other => Ok(other),
        }
    }

    async fn perturbed(&mut self, input: Value, cx: &mut StepCx) -> Result<Step, AgentError> {
        match self.0.perturbed(input, cx).await? {
            Step::Result(value) => self.1.step(value, cx).await,
            other => Ok(other),
        }
    }
}
