//! One parser per kind of value. Each says what it wants, gives an example, and knows nothing of where the value stands.

use super::{LogFormat, MAX_HISTORY, Observe};
use crate::webhooks::{
    settings::{WebhookFormat, WebhookUrl},
    sign::SigningKey,
};
use runtime::agents::scribe::Asks;
use std::{fmt::Display, net::IpAddr, ops::RangeInclusive, path::PathBuf, str::FromStr};
use terrarium_core::metabolism::{rein::PolicyFor, velocity::LimitFor};
use wire::{metabolism::VelocityRule, semaphore::Severity};

/// Why a value does not do: it "is not {wants}; for example {example}".
pub(super) struct Wrong {
    pub(super) wants: String,
    pub(super) example: String,
}

fn not_a<T>(wants: impl Into<String>, example: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong { wants: wants.into(), example: example.into() })
}

pub(super) fn host(text: &str) -> Result<IpAddr, Wrong> {
    match text {
        "localhost" => Ok(IpAddr::from([127, 0, 0, 1])),
        _ => text
            .trim_matches(['[', ']'])
            .parse()
            .or_else(|_| not_a("an address; an address is an IP number or localhost", "127.0.0.1")),
    }
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

pub(super) fn asks(text: &str) -> Result<Asks, Wrong> {
    match text {
        "never" => Ok(Asks::Never),
        "when_unsure" => Ok(Asks::WhenUnsure),
        _ => not_a("a policy; the policies are never and when_unsure", "when_unsure"),
    }
}

pub(super) fn policy(text: &str) -> Result<PolicyFor, Wrong> {
    text.parse().or_else(|_| {
        not_a("a fever policy; the policies are note, throttle and ask, alone or as agent=ask", "scribe=ask")
    })
}

pub(super) fn limit(text: &str) -> Result<LimitFor, Wrong> {
    text.parse().or_else(|_| {
        let rules = VelocityRule::ALL.map(VelocityRule::as_str).join(", ");
        not_a(
            format!("a velocity limit; a limit is rule=number (0 for none), and the rules are {rules}"),
            "tokens_per_minute=50000",
        )
    })
}

pub(super) fn observe(text: &str) -> Result<Observe, Wrong> {
    match text {
        "public" => Ok(Observe::Public),
        "token" => Ok(Observe::Token),
        _ => not_a("a policy; the policies are public and token", "public"),
    }
}

pub(super) fn history(text: &str) -> Result<usize, Wrong> {
    number(text, 0..=MAX_HISTORY, "a number of events", "100")
}

pub(super) fn max_observers(text: &str) -> Result<usize, Wrong> {
    number(text, 1..=1_000_000, "a number of observers", "100000")
}

pub(super) fn perturb_rate(text: &str) -> Result<u32, Wrong> {
    number(text, 0..=100_000, "a number of perturbations a second (0 for no limit)", "10")
}

pub(super) fn perturb_burst(text: &str) -> Result<u32, Wrong> {
    number(text, 1..=100_000, "a number of perturbations", "20")
}

pub(super) fn endpoint(text: &str) -> Result<String, Wrong> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.contains(char::is_whitespace) => Ok(text.to_owned()),
        _ => not_a("an http or https address", "http://127.0.0.1:11434/v1"),
    }
}

pub(super) fn words(text: &str) -> Result<String, Wrong> {
    if text.trim().is_empty() { not_a("words; it is empty", "llama3.2") } else { Ok(text.trim().to_owned()) }
}

pub(super) fn tokens(text: &str) -> Result<u32, Wrong> {
    number(text, 512..=10_000_000, "a number of tokens", "8192")
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

/// How to make a secret for webhooks.
pub(super) const SECRET_EXAMPLE: &str = "TERRARIUM_WEBHOOK_SECRET=\"whsec_$(head -c 32 /dev/urandom | base64)\"";

pub(super) fn webhook(text: &str) -> Result<WebhookUrl, Wrong> {
    WebhookUrl::parse(text).map_or_else(|| not_a("an http or https address", "https://example.org/hook"), Ok)
}

pub(super) fn webhook_secret(text: &str) -> Result<SigningKey, Wrong> {
    let wants = "a signing secret; a secret is whsec_ and 24 to 64 bytes in base64";
    SigningKey::parse(text).map_or_else(|| not_a(wants, SECRET_EXAMPLE), Ok)
}

pub(super) fn webhook_format(text: &str) -> Result<WebhookFormat, Wrong> {
    match text {
        "auto" => Ok(WebhookFormat::Auto),
        "json" => Ok(WebhookFormat::Json),
        "slack" => Ok(WebhookFormat::Slack),
        _ => not_a("a form of message; the forms are auto, json and slack", "auto"),
    }
}

pub(super) fn severity(text: &str) -> Result<Severity, Wrong> {
    let known = Severity::ALL.into_iter().find(|s| s.as_str() == text);
    known.map_or_else(|| not_a("a severity; the severities are info, warning and critical", "warning"), Ok)
}

fn number<N: FromStr + PartialOrd + Display>(
    text: &str,
    range: RangeInclusive<N>,
    what: &str,
    example: &str,
) -> Result<N, Wrong> {
    match text.parse() {
        Ok(n) if range.contains(&n) => Ok(n),
        _ => not_a(format!("{what} from {} to {}", range.start(), range.end()), example),
    }
}
