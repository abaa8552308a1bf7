//! Typed HTTP and WebSocket client of a Terrarium gateway.
