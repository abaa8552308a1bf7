//! HolographicBuffer: a broadcast log with bounded replay.
