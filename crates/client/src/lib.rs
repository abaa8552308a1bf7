//! Typed HTTP and WebSocket client of a Terrarium gateway. Asks once and says what came back; reconnecting is the
//! caller's decision, with [`wire::CloseCode::reconnect`] as advice.

mod beam;
mod error;
mod http;
mod observe;
mod questions;
mod socket;

pub use beam::{Beam, BeamReplies, BeamSender};
pub use error::Error;
pub use http::Client;
pub use observe::{GardenOptions, Observation, ObserveOptions};
pub use questions::QuestionFilter;
