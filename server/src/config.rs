//! What the gateway is told: flags, `TERRARIUM_<KEY>` variables, a TOML file, defaults, in this order of precedence.
//!
//! All four go through the same parsers, so a bad value reads the same wherever it stands. Adding a key: a row in
//! [`KEYS`], a field in [`Config`] and its parser in [`Config::build`]; the docs table is `terrarium config`.

mod parse;
mod source;

pub use source::{Flags, Setting, Settings, Source};

use crate::{
    auth::{
        AdminToken,
        tokens::{TokenError, VARIABLE},
    },
    webhooks::settings::{TARGETS_MAX, WebhookFormat, WebhookSettings},
};
use runtime::agents::scribe;
use std::{net::IpAddr, path::PathBuf};
use terrarium_core::metabolism::{rein::Policies, velocity::Limits};

/// Every key, in the order `terrarium config` prints them.
pub const KEYS: [&str; 29] = [
    "host",
    "port",
    "data",
    "watch",
    "tail",
    "host_agent",
    "grammar_agent",
    "scribe_agent",
    "steward_agent",
    "llm_url",
    "llm_key",
    "llm_model",
    "llm_prompt",
    "llm_context",
    "scribe_asks",
    "observe",
    "history",
    "origins",
    "max_observers",
    "perturb_rate",
    "perturb_burst",
    "fever_policies",
    "velocity_limits",
    "webhooks",
    "webhook_secret",
    "webhook_format",
    "webhook_private",
    "webhook_severity",
    "log",
];

/// Port when none is given.
pub const DEFAULT_PORT: u16 = 8080;
/// Events replayed to a new observer when neither it nor the configuration says otherwise.
pub const DEFAULT_HISTORY: usize = 100;
/// Most events that may be asked for as history.
pub const MAX_HISTORY: usize = 4096;
/// Observers at one time when the configuration does not say otherwise.
pub const DEFAULT_MAX_OBSERVERS: usize = 100_000;

/// Perturbations a second per client when the configuration does not say otherwise.
pub const DEFAULT_PERTURB_RATE: u32 = 10;
/// Perturbations at once per client when the configuration does not say otherwise.
pub const DEFAULT_PERTURB_BURST: u32 = 20;

/// A validated configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address to listen on. Beyond loopback the gateway starts only if somebody has a token.
    pub host: IpAddr,
    /// Port to listen on; 0 takes a free one.
    pub port: u16,
    /// Folder for everything that must survive.
    pub data: PathBuf,
    /// Folder for the `files` agent to watch.
    pub watch: Option<PathBuf>,
    /// Files for `tail` agents to follow.
    pub tail: Vec<PathBuf>,
    /// Whether this machine itself is an agent.
    pub host_agent: bool,
    /// Whether the agent that reads English is planted.
    pub grammar_agent: bool,
    /// Whether the agent that writes is planted. It is also where no model is set up, and says so.
    pub scribe_agent: bool,
    /// The language model it writes with.
    pub scribe: scribe::Settings,
    /// Whether the agent is planted that runs snippets after a person approved them.
    pub steward_agent: bool,
    /// Who may watch.
    pub observe: Observe,
    /// Events replayed to a new observer.
    pub history: usize,
    /// Web origins besides our own that may open sockets; their hosts are accepted as `Host`, too.
    pub origins: Vec<String>,
    /// Observers at one time.
    pub max_observers: usize,
    /// Perturbations a second per client; 0 where there is no limit.
    pub perturb_rate: u32,
    /// Perturbations at once per client.
    pub perturb_burst: u32,
    /// What is done about an agent that runs a fever.
    pub policies: Policies,
    /// How fast an agent may go before that is a fever.
    pub limits: Limits,
    /// Who outside is told of questions.
    pub webhooks: WebhookSettings,
    /// How the log is written.
    pub log: LogFormat,
    /// The token of the environment. Not a key: a secret belongs neither on a command line nor into `terrarium config`.
    pub admin: Option<AdminToken>,
}

/// Who may watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observe {
    /// Whoever can reach the gateway.
    Public,
    /// Whoever has a token with the scope `observe`.
    Token,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Why a configuration is refused. Every message names the key, where it stands, and what would do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A value that does not fit its key.
    #[error("{key}: {value:?} (from {source}) is not {wants}; for example {example}", source = .from)]
    BadValue {
        /// The key.
        key: &'static str,
        /// What was given.
        value: String,
        /// Where it stands.
        from: String,
        /// What the key takes, as in "is not …".
        wants: String,
        /// A value that would do.
        example: String,
    },
    /// A key that another one needs.
    #[error("{key} is missing: {with} is set; for example {example}")]
    Missing {
        /// The key.
        key: &'static str,
        /// The key that needs it.
        with: &'static str,
        /// A value that would do.
        example: &'static str,
    },
    /// A key in the file that does not exist.
    #[error("{key}: {file} names a key that does not exist{}", did_you_mean(*near))]
    UnknownKey {
        /// The key.
        key: String,
        /// The file.
        file: String,
        /// The key that was probably meant.
        near: Option<&'static str>,
    },
    /// A list that is too long.
    #[error("{key}: there are more than {most}")]
    TooMany {
        /// The key.
        key: &'static str,
        /// How many it takes.
        most: usize,
    },
    /// The token of the environment is too easy to guess. Not shown, because it is a secret all the same.
    #[error("{}", TokenError::TooWeak)]
    WeakToken,
    /// The file cannot be read or is not TOML.
    #[error("config: {file} {why}")]
    File {
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
    /// The platform has no data folder for this user.
    #[error("data: this system names no data folder for this user; say where with --data DIR or TERRARIUM_DATA")]
    NoDataFolder,
}

fn did_you_mean(near: Option<&'static str>) -> String {
    match near {
        Some(key) => format!("; did you mean {key}?"),
        None => format!("; the keys are {}", KEYS.join(", ")),
    }
}

impl Config {
    /// The configuration of this process: flags over environment over file over defaults.
    ///
    /// # Errors
    /// The first key that has a value it cannot take.
    pub fn load(flags: &Flags) -> Result<(Self, Settings), ConfigError> {
        let settings = Settings::gather(flags, |name| std::env::var(name).ok())?;
        let mut config = Self::build(&settings)?;
        if let Some(text) = std::env::var(VARIABLE).ok().filter(|text| !text.is_empty()) {
            config.admin = Some(AdminToken::new(&text).map_err(|_| ConfigError::WeakToken)?);
        }
        Ok((config, settings))
    }

    /// Validates what was gathered.
    ///
    /// # Errors
    /// The first key that has a value it cannot take.
    pub fn build(settings: &Settings) -> Result<Self, ConfigError> {
        Ok(Self {
            host: settings.get("host").parse(parse::host)?,
            port: settings.get("port").parse(parse::port)?,
            data: settings.get("data").parse(parse::path)?,
            watch: settings.get("watch").parse_optional(parse::folder)?,
            tail: settings.get("tail").parse_each(parse::path)?,
            host_agent: settings.get("host_agent").parse(parse::switch)?,
            grammar_agent: settings.get("grammar_agent").parse(parse::switch)?,
            scribe_agent: settings.get("scribe_agent").parse(parse::switch)?,
            scribe: model(settings)?,
            steward_agent: settings.get("steward_agent").parse(parse::switch)?,
            observe: settings.get("observe").parse(parse::observe)?,
            history: settings.get("history").parse(parse::history)?,
            origins: settings.get("origins").parse_each(parse::origin)?,
            max_observers: settings.get("max_observers").parse(parse::max_observers)?,
            perturb_rate: settings.get("perturb_rate").parse(parse::perturb_rate)?,
            perturb_burst: settings.get("perturb_burst").parse(parse::perturb_burst)?,
            policies: settings.get("fever_policies").parse_each(parse::policy)?.into_iter().fold(
                Policies::default(),
                |mut policies, policy| {
                    policies.set(policy);
                    policies
                },
            ),
            limits: settings.get("velocity_limits").parse_each(parse::limit)?.into_iter().fold(
                Limits::default(),
                |mut limits, limit| {
                    limits.set(limit);
                    limits
                },
            ),
            webhooks: webhooks(settings)?,
            log: settings.get("log").parse(parse::log)?,
            admin: None,
        })
    }

    /// A configuration for tests and embedding: loopback, a free port, this data folder, no agents.
    #[must_use]
    pub fn bare(data: PathBuf) -> Self {
        Self {
            host: IpAddr::from([127, 0, 0, 1]),
            port: 0,
            data,
            watch: None,
            tail: Vec::new(),
            host_agent: false,
            grammar_agent: false,
            scribe_agent: false,
            scribe: scribe::Settings::without_model(),
            steward_agent: false,
            observe: Observe::Public,
            history: DEFAULT_HISTORY,
            origins: Vec::new(),
            max_observers: DEFAULT_MAX_OBSERVERS,
            perturb_rate: DEFAULT_PERTURB_RATE,
            perturb_burst: DEFAULT_PERTURB_BURST,
            policies: Policies::default(),
            limits: Limits::default(),
            webhooks: WebhookSettings::default(),
            log: LogFormat::Auto,
            admin: None,
        }
    }
}

/// The keys about webhooks.
fn webhooks(settings: &Settings) -> Result<WebhookSettings, ConfigError> {
    let webhooks = WebhookSettings {
        urls: settings.get("webhooks").parse_each(parse::webhook)?,
        key: settings.get("webhook_secret").parse_optional(parse::webhook_secret)?,
        format: settings.get("webhook_format").parse(parse::webhook_format)?,
        private: settings.get("webhook_private").parse(parse::switch)?,
        severity: settings.get("webhook_severity").parse(parse::severity)?,
    };
    if webhooks.urls.len() > TARGETS_MAX {
        return Err(ConfigError::TooMany { key: "webhooks", most: TARGETS_MAX });
    }
    let signed = webhooks.urls.iter().any(|url| url.format(webhooks.format) != WebhookFormat::Slack);
    if signed && webhooks.key.is_none() {
        // Whoever gets a message must be able to tell that it is ours.
        let example = parse::SECRET_EXAMPLE;
        return Err(ConfigError::Missing { key: "webhook_secret", with: "webhooks", example });
    }
    Ok(webhooks)
}

/// The keys about the language model.
fn model(settings: &Settings) -> Result<scribe::Settings, ConfigError> {
    let url = settings.get("llm_url").parse_optional(parse::endpoint)?;
    let model = settings.get("llm_model").parse_optional(parse::words)?;
    if url.is_some() && model.is_none() {
        return Err(ConfigError::Missing { key: "llm_model", with: "llm_url", example: "--llm-model llama3.2" });
    }
    let defaults = scribe::Settings::without_model();
    Ok(scribe::Settings {
        url,
        // Any text may be a key. What cannot be sent is refused where it is to be used, without being shown.
        key: settings.get("llm_key").values.first().map(|key| scribe::Secret::from(key.trim())),
        model: model.unwrap_or_default(),
        system_prompt: settings.get("llm_prompt").parse_optional(parse::words)?.unwrap_or(defaults.system_prompt),
        context_window_tokens: settings.get("llm_context").parse(parse::tokens)?,
        asks: settings.get("scribe_asks").parse(parse::asks)?,
    })
}

#[cfg(test)]
mod tests;
