//! The rules, pure and synchronous: no task, no clock, no randomness, no I/O. `now` and `seed` are arguments.
//!
//! | file | rule |
//! |---|---|
//! | [`asked`] | the questions a window knows, and which one is urgent |
//! | [`leaning`] | which answer permits least |
//! | [`shown`] | what a person sees of a question, piece by piece |
//! | [`literal`] | what an agent wrote, with nothing hidden |
//! | [`diff`] | which lines changed |
//! | [`ledger`] | the life of a question that waits for a person |
//! | [`lifecycle`] | which state may follow which |
//! | [`meter`] | pressure, flow and temperature from what an agent did |
//! | [`alert`] | fever on and off, with hysteresis |
//! | [`breaker`] | when to stop sampling something that fails |
//! | [`series`] | gauge history: 1 s × 15 min and 15 s × 24 h |
//! | [`flux`] | an agent's limits, its priorities, whose turn it is |
//! | [`calls`] | what a person sent to an agent, and what became of it |
//! | [`form`] | a form from a JSON Schema |
//! | [`metabolism`] | the garden's engine, its fevers, and the void |
//! | [`logos`] | AGENTESE: a path, who may follow it, and what it asks for |
//! | [`near`] | the words most like a word |
//! | [`restart`] | how often a dead agent may come back, and when |
//! | [`view`] | one fold of the event stream for every window |
//! | [`field`] | the density field: which cell shows which shade |
//! | [`spark`] | sparklines |
//! | [`order`] | things in order, with one sort for all |
//!
//! The same code runs in the gateway and in the browser.

pub mod alert;
pub mod asked;
pub mod breaker;
pub mod calls;
pub mod diff;
pub mod field;
pub mod flux;
pub mod form;
pub mod leaning;
pub mod ledger;
pub mod lifecycle;
pub mod literal;
pub mod logos;
pub mod metabolism;
pub mod meter;
pub mod near;
pub mod order;
pub mod restart;
pub mod series;
pub mod shown;
pub mod spark;
pub mod view;
