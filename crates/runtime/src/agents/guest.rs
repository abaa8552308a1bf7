//! An agent that is run elsewhere: it has a name and a mirror here, and asks people through the gateway. What it does, it
//! does where it lives; here it only stands for itself.

use crate::agent::{Agent, AgentError, Factory, Profile, Step, StepCx, no_source};
use std::convert::Infallible;

/// What kind of agent a guest is.
pub(crate) const GENUS: &str = "guest";

/// Someone from elsewhere.
pub(crate) struct Guest;

impl Agent for Guest {
    type Item = Infallible;

    async fn step(&mut self, item: Infallible, _: &mut StepCx) -> Result<Step, AgentError> {
        match item {}
    }
}

pub(crate) fn profile() -> Profile {
    Profile { genus: GENUS, description: "Is run elsewhere, and asks people through this gateway.".to_owned() }
}

pub(crate) fn factory() -> Factory<Guest> {
    Box::new(|| Ok((Guest, no_source())))
}
