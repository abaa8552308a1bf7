//! Agents in a row: what one says is what the next works on. Each is an agent like any other, with a mirror of its own.
//!
//! Between two stages stands a bounded buffer. With the policy `block` a slow stage makes the ones before it wait, back to
//! the source.

use crate::{
    agent::{Agent, AgentError, Factory, Profile},
    handle::AgentHandle,
    pipe::{Inlet, Outlet, pipe},
    registry::{PlantError, Planting, Registry},
};
use serde_json::Value;
use std::ops::BitOr;
use terrarium_core::flux::FluxConfig;
use wire::AgentId;

type Plant = Box<dyn FnOnce(&Registry, Option<Inlet>, Option<Outlet>) -> Result<AgentHandle, PlantError> + Send>;

/// A stage that is not planted yet, or several of them: `first | second | third`.
pub struct Stages {
    stages: Vec<(FluxConfig, Plant)>,
}

impl Stages {
    /// The first stage: an agent with a source of its own.
    pub fn source<A: Agent>(id: AgentId, profile: Profile, factory: Factory<A>, config: FluxConfig) -> Self {
        let limits = config.clone();
        let plant: Plant = Box::new(move |registry, _, outlet| {
            registry.plant_before(id, profile, factory, Planting::with(limits), outlet)
        });
        Self { stages: vec![(config, plant)] }
    }

    /// A further stage: an agent that works on what the one before it says.
    pub fn stage<A: Agent<Item = Value>>(
        id: AgentId,
        profile: Profile,
        mut make: impl FnMut() -> Result<A, AgentError> + Send + 'static,
        config: FluxConfig,
    ) -> Self {
        let limits = config.clone();
        let plant: Plant = Box::new(move |registry, inlet, outlet| {
            let factory: Factory<A> = Box::new(move || {
                let source = inlet.as_ref().map_or_else(crate::agent::no_source, Inlet::source);
                Ok((make()?, source))
            });
            registry.plant_before(id, profile, factory, Planting::with(limits), outlet)
        });
        Self { stages: vec![(config, plant)] }
    }
}

impl BitOr for Stages {
    type Output = Self;

    fn bitor(mut self, mut next: Self) -> Self {
        self.stages.append(&mut next.stages);
        self
    }
}

/// Planted stages, first to last.
#[derive(Debug)]
pub struct Pipeline {
    stages: Vec<AgentHandle>,
}

impl Pipeline {
    /// Its agents, first to last.
    #[must_use]
    pub fn stages(&self) -> &[AgentHandle] {
        &self.stages
    }

    /// Stops the last stage first, so that none works for a next one that is gone.
    pub async fn stop(&self) {
        for stage in self.stages.iter().rev() {
            stage.stop().await;
        }
    }
}

impl Registry {
    /// Plants the stages and joins them.
    ///
    /// # Errors
    /// The first stage that cannot be planted; those before it are stopped and removed.
    pub async fn lay(&self, stages: Stages) -> Result<Pipeline, PlantError> {
        let mut planted: Vec<AgentHandle> = Vec::new();
        let mut inlet = None;
        let mut stages = stages.stages.into_iter().peekable();
        while let Some((config, plant)) = stages.next() {
            let (outlet, next) = match stages.peek() {
                Some(_) if config.check().is_ok() => {
                    let (outlet, next) = pipe(config.buffer_size, config.drop_policy);
                    (Some(outlet), Some(next))
                }
                _ => (None, None),
            };
            match plant(self, std::mem::replace(&mut inlet, next), outlet) {
                Ok(handle) => planted.push(handle),
                Err(error) => {
                    for handle in planted.iter().rev() {
                        self.remove(handle.id()).await;
                    }
                    return Err(error);
                }
            }
        }
        Ok(Pipeline { stages: planted })
    }
}
