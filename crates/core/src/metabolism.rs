//! The garden's metabolism: what work costs, when there is too much of it, and what is done with the surplus.
//!
//! | file | noun |
//! |---|---|
//! | [`engine`] | the engine: a leaky bucket over tokens, with a fever when it runs over |
//! | [`fever`] | a fever, its trigger, its glitch |
//! | [`oblique`] | twenty strategies, and how a seed chooses one |
//! | [`dream`] | what a model is asked when it is to dream |
//! | [`meter`] | what each agent contributes, rolled up to the engine |
//! | [`velocity`] | rules against what runs away: how fast, how often the same, how long alone |
//! | [`rein`] | what is done about an agent in fever, and how freely it may work |
//! | [`pool`] | the entropy pool: grants that are taken once and given back once |
//! | [`capital`] | social capital per account, a log of entries |
//! | [`muses`] | serendipity, gratitude, pataphysics: words for a seed |
//! | [`void`] | all of it behind one request and one answer |
//! | [`amount`] | amounts and moments |
//! | [`dice`] | a deterministic source of seeds |
//!
//! Two pressures must not be mixed up: this one is about *activity*, knows no upper bound, and ends in a fever; the share of
//! a model's context window that is used belongs to the agent that has the window.

pub mod amount;
pub mod capital;
pub mod dice;
pub mod dream;
pub mod engine;
pub mod fever;
pub mod meter;
pub mod muses;
pub mod oblique;
pub mod pool;
pub mod rein;
pub mod velocity;
pub mod void;

pub use amount::{Amount, Moment};
pub use engine::{Engine, Spent, Turn};
pub use fever::{FeverEnd, FeverEvent, Glitch};
pub use meter::Meters;
pub use pool::EntropyPool;
pub use void::{Void, VoidRequest};

#[cfg(test)]
mod tests;
