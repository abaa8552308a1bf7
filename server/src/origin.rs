//! Who may talk to us from a browser: the names we answer to, and the origins that may open sockets.
//!
//! A page of another site can make a browser connect to loopback, and with DNS rebinding even under a name of its own.
//! So the `Host` has to be a name of this machine, and the `Origin` of a socket has to be that host or a configured one.
//!
//! Beyond loopback, the address that was dialled is a name of this machine, too: rebinding works with names, and a number
//! in `Host` is the number the browser connected to. A DNS name has to be configured, because who owns it is not ours to
//! guess.

use crate::{error::Error, serve::Peer, state::Shared};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::net::{IpAddr, Ipv6Addr};

/// The names and origins that are ours.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    host: IpAddr,
    origins: Vec<String>,
}

impl Policy {
    pub(crate) fn new(host: IpAddr, origins: &[String]) -> Self {
        Self { host, origins: origins.to_vec() }
    }

    /// Whether a `Host` names this gateway, on a connection to this address of ours.
    pub(crate) fn knows_host(&self, host: &str, dialled: Option<IpAddr>) -> bool {
        let name = name_of(host).to_ascii_lowercase();
        let bare = name.trim_matches(['[', ']']);
        let ip = bare.parse::<IpAddr>().ok().or_else(|| bare.parse::<Ipv6Addr>().ok().map(IpAddr::V6));
        name == "localhost"
            || name.ends_with(".localhost")
            || ip.map(|ip| ip.to_canonical()).is_some_and(|ip| {
                ip.is_loopback() || (!ip.is_unspecified() && (ip == self.host || Some(ip) == dialled))
            })
            || self.origins.iter().any(|o| authority_of(o).is_some_and(|a| name_of(a) == name))
    }

    /// Whether a request may open a socket: programs send no `Origin`, our own page sends our own.
    pub(crate) fn allows_socket(&self, headers: &HeaderMap, dialled: Option<IpAddr>) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else { return true };
        let Ok(origin) = origin.to_str().map(str::to_ascii_lowercase) else { return false };
        if self.origins.contains(&origin) {
            return true;
        }
        let host = headers.get(header::HOST).and_then(|h| h.to_str().ok()).map(str::to_ascii_lowercase);
        host.is_some_and(|host| self.knows_host(&host, dialled) && authority_of(&origin) == Some(&host))
    }

    /// Whether a request may change something on the word of a cookie. A page of ours that sends no referrer sends the
    /// origin `null` with its forms; then the browser's own word counts, which no page can forge.
    pub(crate) fn allows_write(&self, headers: &HeaderMap, dialled: Option<IpAddr>) -> bool {
        let origin = headers.get(header::ORIGIN);
        match headers.get("sec-fetch-site") {
            Some(site) if origin.is_none_or(|o| o == "null") => site == "same-origin" || site == "none",
            _ => self.allows_socket(headers, dialled),
        }
    }
}

/// Middleware: refuses requests that were meant for another host.
pub(crate) async fn check_host(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    match request.headers().get(header::HOST) {
        // A browser cannot leave it out, so nobody can be tricked with a request that has none.
        None => next.run(request).await,
        Some(host) => match host.to_str() {
            Ok(host) if shared.policy.knows_host(host, Peer::of(request.extensions()).local) => next.run(request).await,
            _ => Error::ForeignHost { host: String::from_utf8_lossy(host.as_bytes()).into_owned() }.into_response(),
        },
    }
}

/// `host:port` of an origin.
fn authority_of(origin: &str) -> Option<&str> {
    origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"))
}

/// A host without its port.
fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) && !name.ends_with(':') => {
            name
        }
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Policy {
        Policy::new(IpAddr::from([127, 0, 0, 1]), &["https://garden.example.org".to_owned()])
    }

    #[test]
    fn only_names_of_this_machine_are_ours() {
        for ours in ["localhost", "LOCALHOST:8080", "127.0.0.1:1", "127.0.0.2", "[::1]:8080", "[::1]", "a.localhost:80"]
        {
            assert!(policy().knows_host(ours, None), "{ours}");
        }
        assert!(policy().knows_host("garden.example.org", None));
        for foreign in
            ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example", "", "8.8.8.8"]
        {
            assert!(!policy().knows_host(foreign, None), "{foreign}");
        }
    }

    #[test]
    fn beyond_loopback_the_address_that_was_dialled_is_ours_and_no_other() {
        let everywhere = Policy::new(IpAddr::from([0, 0, 0, 0]), &[]);
        let dialled = Some(IpAddr::from([192, 168, 1, 2]));
        assert!(everywhere.knows_host("192.168.1.2:8080", dialled));
        assert!(everywhere.knows_host("[::ffff:192.168.1.2]", dialled));
        for foreign in ["192.168.1.3", "0.0.0.0:8080", "[::]", "machine.local", "192.168.1.2.evil.example"] {
            assert!(!everywhere.knows_host(foreign, dialled), "{foreign}");
        }
        assert!(!everywhere.knows_host("192.168.1.2", None));
    }

    #[test]
    fn a_write_on_a_cookie_needs_our_own_origin_or_the_browsers_word_for_it() {
        let ask = |origin: &str, site: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "127.0.0.1:8080".parse().unwrap());
            for (name, value) in [("origin", origin), ("sec-fetch-site", site)] {
                if !value.is_empty() {
                    headers.insert(name, value.parse().unwrap());
                }
            }
            policy().allows_write(&headers, None)
        };
        assert!(ask("http://127.0.0.1:8080", "") && ask("http://127.0.0.1:8080", "same-origin"));
        assert!(ask("null", "same-origin") && ask("", "same-origin") && ask("", "none"));
        assert!(ask("", ""), "a program");
        for (origin, site) in [
            ("null", ""),
            ("null", "cross-site"),
            ("", "cross-site"),
            ("", "same-site"),
            ("http://evil.example", "same-origin"),
            ("http://127.0.0.1:8081", "same-site"),
        ] {
            assert!(!ask(origin, site), "{origin} {site}");
        }
    }

    #[test]
    fn a_socket_needs_our_own_origin_or_none() {
        let ask = |origin: &str, host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            if !origin.is_empty() {
                headers.insert(header::ORIGIN, origin.parse().unwrap());
            }
            policy().allows_socket(&headers, None)
        };
        assert!(ask("", "127.0.0.1:8080"));
        assert!(ask("http://127.0.0.1:8080", "127.0.0.1:8080"));
        assert!(ask("https://garden.example.org", "127.0.0.1:8080"));
        for (origin, host) in [
            ("http://127.0.0.1:8081", "127.0.0.1:8080"),
            ("http://evil.example", "127.0.0.1:8080"),
            ("http://evil.example:8080", "evil.example:8080"),
            ("null", "127.0.0.1:8080"),
            ("https://garden.example.org.evil.example", "127.0.0.1:8080"),
        ] {
            assert!(!ask(origin, host), "{origin} at {host}");
        }
    }
}
