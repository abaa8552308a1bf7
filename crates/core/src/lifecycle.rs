//! The only judge of an agent's life cycle: which state may follow which.

use wire::FluxState;

/// A step that the life cycle does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an agent that is {from} cannot become {to}")]
pub struct IllegalTransition {
    /// The state it is in.
    pub from: FluxState,
    /// The state that was asked for.
    pub to: FluxState,
}

/// Where a state may lead.
#[must_use]
pub fn successors(from: FluxState) -> &'static [FluxState] {
    use FluxState::{Collapsed, Dormant, Draining, Flowing, Perturbed, Stopped};
    match from {
        Dormant => &[Flowing, Stopped],
        // Back to dormant: it is held.
        Flowing => &[Perturbed, Dormant, Draining, Stopped, Collapsed],
        Perturbed => &[Flowing, Dormant, Draining, Stopped, Collapsed],
        Draining => &[Stopped, Collapsed],
        Stopped => &[Flowing],
        Collapsed => &[],
    }
}

/// Checks one step.
///
/// # Errors
/// [`IllegalTransition`] with both states.
pub fn step(from: FluxState, to: FluxState) -> Result<FluxState, IllegalTransition> {
    if successors(from).contains(&to) { Ok(to) } else { Err(IllegalTransition { from, to }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FluxState::{Collapsed, Dormant, Draining, Flowing, Perturbed, Stopped};

    #[test]
    fn nothing_leaves_collapsed_and_stopped_only_starts_again() {
        assert!(successors(Collapsed).is_empty());
        assert_eq!(successors(Stopped), [Flowing]);
    }

    #[test]
    fn only_dormant_and_stopped_can_start() {
        for from in FluxState::ALL {
            let can_start = matches!(from, Dormant | Stopped | Perturbed);
            assert_eq!(step(from, Flowing).is_ok(), can_start, "{from}");
        }
    }

    #[test]
    fn an_illegal_step_names_both_states() {
        let why = step(Draining, Perturbed).unwrap_err();
        assert_eq!(why.to_string(), "an agent that is draining cannot become perturbed");
        assert!(step(Collapsed, Flowing).is_err() && step(Dormant, Perturbed).is_err());
    }
}
