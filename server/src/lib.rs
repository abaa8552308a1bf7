//! The gateway: URLs, sockets, server-side rendering. Binary terrarium.
