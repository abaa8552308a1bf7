//! What is configured about webhooks: targets, their secret, in what form and from which severity on they are told.

use super::sign::SigningKey;
use reqwest::Url;
use sha2::{Digest as _, Sha256};
use std::fmt;
use wire::semaphore::Severity;

/// Most targets.
pub const TARGETS_MAX: usize = 32;

/// The settings.
#[derive(Debug, Clone, Default)]
pub struct WebhookSettings {
    /// Who is told.
    pub urls: Vec<WebhookUrl>,
    /// What messages are signed with. Slack takes no signatures.
    pub key: Option<SigningKey>,
    /// In what form.
    pub format: WebhookFormat,
    /// Whether targets may be at private addresses.
    pub private: bool,
    /// From which severity on.
    pub severity: Severity,
}

/// In what form targets are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WebhookFormat {
    /// Slack's addresses as Slack wants it, others in JSON.
    #[default]
    Auto,
    /// JSON.
    Json,
    /// As Slack wants it. Others, such as Mattermost, take that, too.
    Slack,
}

/// A target. Its path may be a secret, as Slack's are, so it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl(Url);

impl WebhookUrl {
    /// Reads an http or https address with a host.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text.trim()).ok()?;
        let fits = matches!(url.scheme(), "http" | "https") && url.has_host();
        fits.then_some(Self(url))
    }

    pub(super) fn url(&self) -> &Url {
        &self.0
    }

    /// The form that this target gets.
    pub(crate) fn format(&self, asked: WebhookFormat) -> WebhookFormat {
        let slack = self.0.host_str().is_some_and(|h| h == "hooks.slack.com" || h == "hooks.slack-gov.com");
        match asked {
            WebhookFormat::Auto if slack => WebhookFormat::Slack,
            WebhookFormat::Auto => WebhookFormat::Json,
            asked => asked,
        }
    }

    /// What names it on disk, which does not give it away.
    pub(super) fn id(&self) -> String {
        Sha256::digest(self.0.as_str()).iter().map(|b| format!("{b:02x}")).collect()
    }
}

/// Scheme and host, and no more.
impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme(), self.0.host_str().unwrap_or(""))?;
        self.0.port().map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}/…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slack_is_known_by_its_address_and_no_address_is_given_away() {
        let slack = WebhookUrl::parse("https://hooks.slack.com/services/T0/B0/secret").unwrap();
        assert_eq!(slack.format(WebhookFormat::Auto), WebhookFormat::Slack);
        assert_eq!(slack.format(WebhookFormat::Json), WebhookFormat::Json);
        assert!(!format!("{slack} {slack:?} {}", slack.id()).contains("secret"));
        let own = WebhookUrl::parse("http://example.org:81/hook?key=secret").unwrap();
        assert_eq!(
            (own.to_string().as_str(), own.format(WebhookFormat::Auto)),
            ("http://example.org:81", WebhookFormat::Json)
        );
        for no in ["", "example.org", "ftp://example.org", "file:///etc", "mailto:me@example.org"] {
            assert!(WebhookUrl::parse(no).is_none(), "{no}");
        }
    }
}
