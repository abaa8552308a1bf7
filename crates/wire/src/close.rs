//! WebSocket close codes and what a client should do about each. Sent by the gateway, obeyed by our clients.

/// Why the gateway closed a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseCode {
    /// Nothing more will come.
    Done,
    /// A client frame was larger than allowed.
    FrameTooLarge,
    /// The gateway is stopping.
    Draining,
    /// No or no sufficient token.
    Unauthorised,
    /// This web page's origin is not on the list.
    OriginRefused,
    /// No agent of that name.
    AgentNotFound,
    /// The client took nothing for too long.
    TooSlow,
    /// The agent was removed.
    AgentRemoved,
    /// The gateway has as many observers as it may.
    TooMany,
}

/// What a client does after a close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reconnect {
    /// Come back with the last position, after a full-jitter back-off.
    Yes,
    /// Coming back would end the same way.
    No,
}

impl CloseCode {
    /// Every code.
    pub const ALL: [Self; 9] = [
        Self::Done,
        Self::FrameTooLarge,
        Self::Draining,
        Self::Unauthorised,
        Self::OriginRefused,
        Self::AgentNotFound,
        Self::TooSlow,
        Self::AgentRemoved,
        Self::TooMany,
    ];

    /// The number on the wire.
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::Done => 1000,
            Self::FrameTooLarge => 1009,
            Self::Draining => 1012,
            Self::Unauthorised => 4001,
            Self::OriginRefused => 4003,
            Self::AgentNotFound => 4004,
            Self::TooSlow => 4008,
            Self::AgentRemoved => 4010,
            Self::TooMany => 4029,
        }
    }

    /// The words that go with it, under 123 bytes as the protocol asks.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::FrameTooLarge => "frame too large: observers send at most 4096 bytes",
            Self::Draining => "the gateway is stopping; reconnect with since",
            Self::Unauthorised => "a token is needed",
            Self::OriginRefused => "this page's origin is not allowed",
            Self::AgentNotFound => "Agent not found",
            Self::TooSlow => "too slow; reconnect with since",
            Self::AgentRemoved => "the agent was removed",
            Self::TooMany => "too many observers; try again later",
        }
    }

    /// Whether to come back after this close. Any code that is not in the table, an abnormal end included, means yes.
    #[must_use]
    pub fn reconnect(code: u16) -> Reconnect {
        match Self::ALL.into_iter().find(|c| c.code() == code) {
            None | Some(Self::Draining | Self::TooSlow | Self::TooMany) => Reconnect::Yes,
            Some(
                Self::Done
                | Self::FrameTooLarge
                | Self::Unauthorised
                | Self::OriginRefused
                | Self::AgentNotFound
                | Self::AgentRemoved,
            ) => Reconnect::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_fit_a_close_frame() {
        assert!(CloseCode::ALL.iter().all(|c| c.reason().len() <= 123));
    }

    #[test]
    fn a_network_that_broke_is_worth_another_try_and_a_refusal_is_not() {
        assert_eq!(CloseCode::reconnect(1006), Reconnect::Yes);
        assert_eq!(CloseCode::reconnect(1012), Reconnect::Yes);
        assert_eq!(CloseCode::reconnect(4004), Reconnect::No);
    }
}
