//! Tasks and handles that keep the rules running: flux, registry, pulse, agents.
