//! One parser per kind of value. Each says what it wants, gives an example, and knows nothing of where the value stands.

use super::{LogFormat, MAX_HISTORY};
use std::{net::IpAddr, ops::RangeInclusive, path::PathBuf};

/// Why a value does not do.
pub(super) enum Wrong {
    /// It is something else: "is not {wants}; for example {example}".
    NotA { wants: String, example: String },
    /// It is understood and refused.
    Refused(String),
}

fn not_a<T>(wants: impl Into<String>, example: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong::NotA { wants: wants.into(), example: example.into() })
}

pub(super) fn host(text: &str) -> Result<IpAddr, Wrong> {
    let ip = match text {
        "localhost" => IpAddr::from([127, 0, 0, 1]),
        _ => match text.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(ip) => ip,
            Err(_) => return not_a("an address; an address is an IP number or localhost", "127.0.0.1"),
        },
    };
    if ip.is_loopback() {
        return Ok(ip);
    }
    Err(Wrong::Refused(
        "anyone who could reach that address could watch every agent, because this version has no tokens to keep them \
         out. Listen on 127.0.0.1 or ::1, and reach it from elsewhere through a tunnel such as \
         `ssh -L 8080:127.0.0.1:8080 this-machine`"
            .to_owned(),
    ))
}

pub(super) fn port(text: &str) -> Result<u16, Wrong> {
    text.parse().or_else(|_| not_a("a port; a port is a number from 1 to 65535, or 0 for a free one", "8080"))
}

pub(super) fn path(text: &str) -> Result<PathBuf, Wrong> {
    if text.is_empty() { not_a("a path; it is empty", "/var/lib/terrarium") } else { Ok(PathBuf::from(text)) }
}

pub(super) fn folder(text: &str) -> Result<PathBuf, Wrong> {
    let folder = path(text)?;
    if folder.is_dir() { Ok(folder) } else { not_a("a folder that exists and can be entered", "--watch .") }
}

pub(super) fn switch(text: &str) -> Result<bool, Wrong> {
    match text {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => not_a("true or false", "true"),
    }
}

pub(super) fn observe(text: &str) -> Result<(), Wrong> {
    match text {
        "public" => Ok(()),
        "token" => Err(Wrong::Refused(
            "this version has no tokens, so nobody could observe at all. Leave it at public; the gateway listens on \
             loopback only, so only this machine's users reach it"
                .to_owned(),
        )),
        _ => not_a("a policy; the policies are public and token", "public"),
    }
}

pub(super) fn history(text: &str) -> Result<usize, Wrong> {
    number(text, 0..=MAX_HISTORY, "a number of events", "100")
}

pub(super) fn max_observers(text: &str) -> Result<usize, Wrong> {
    number(text, 1..=1_000_000, "a number of observers", "100000")
}

pub(super) fn origin(text: &str) -> Result<String, Wrong> {
    let wrong = || not_a("a web origin; an origin is a scheme, a host and maybe a port", "https://garden.example.org");
    let Some((scheme, rest)) = text.split_once("://") else { return wrong() };
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    if !matches!(scheme, "http" | "https") || rest.is_empty() || !rest.chars().all(legal) {
        return wrong();
    }
    Ok(text.to_ascii_lowercase())
}

pub(super) fn log(text: &str) -> Result<LogFormat, Wrong> {
    match text {
        "auto" => Ok(LogFormat::Auto),
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => not_a("a log format; the formats are auto, text and json", "auto"),
    }
}

fn number(text: &str, range: RangeInclusive<usize>, what: &str, example: &str) -> Result<usize, Wrong> {
    match text.parse() {
        Ok(n) if range.contains(&n) => Ok(n),
        _ => not_a(format!("{what} from {} to {}", range.start(), range.end()), example),
    }
}
