//! Everything that crosses a socket: ids, events, gauges, commands, errors, routes.
