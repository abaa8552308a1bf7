//! What the doors of purgatory take and give besides the questions themselves. Sent and read by the gateway and whoever
//! asks or answers over REST.

use crate::semaphore::{SemaphoreCard, TokenRecord};
use serde::{Deserialize, Serialize};

/// The header that makes asking the same question twice harmless.
pub const KEY_HEADER: &str = "idempotency-key";
/// The header of an answer that was given before, to the same key.
pub const REPLAYED_HEADER: &str = "idempotency-replayed";
/// Longest wait for a decision in one request, in seconds.
pub const WAIT_MAX_S: u64 = 60;
/// Wait where none is asked for, in seconds.
pub const WAIT_DEFAULT_S: u64 = 55;

/// `POST /api/purgatory/{agent}`: the question as it was stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// What is shown.
    #[serde(flatten)]
    pub card: SemaphoreCard,
    /// Where it is, as a path of this gateway.
    pub url: String,
}

/// `GET /api/purgatory/{agent}/pending`: what waits, most urgent first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PendingList {
    /// The questions.
    pub pending: Vec<SemaphoreCard>,
    /// How many there are.
    pub count: usize,
}

/// `GET /api/purgatory`: part of a list, newest first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TokenPage {
    /// The questions, without their trails.
    pub tokens: Vec<TokenRecord>,
    /// `cursor` of the next page, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Body of `cancel`; may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
