//! Where a value stands: gathers every key from flags, environment, file and defaults, and remembers which one won.

use super::{
    ConfigError, DEFAULT_HISTORY, DEFAULT_MAX_OBSERVERS, DEFAULT_PERTURB_BURST, DEFAULT_PERTURB_RATE, DEFAULT_PORT,
    KEYS, parse,
};
use clap::Args;
use runtime::agents::scribe;
use std::{collections::BTreeMap, fmt, path::Path};
use terrarium_core::near::near;

/// Keys with any number of values.
const LISTS: [&str; 5] = ["tail", "origins", "webhooks", "fever_policies", "velocity_limits"];

/// The flags of `terrarium`. Values are text here: they are validated together with those of the other sources.
#[derive(Debug, Clone, Default, Args)]
pub struct Flags {
    /// Address to listen on [default: 127.0.0.1]
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub host: Option<String>,
    /// Port to listen on; 0 takes a free one [default: 8080]
    #[arg(long, global = true, value_name = "PORT")]
    pub port: Option<String>,
    /// Folder for everything that must survive [default: the platform's data folder]
    #[arg(long, global = true, value_name = "DIR")]
    pub data: Option<String>,
    /// A TOML file with the same keys
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<String>,
    /// Plant an agent that watches this folder
    #[arg(long, global = true, value_name = "DIR")]
    pub watch: Option<String>,
    /// Plant an agent that follows this file; may be given several times
    #[arg(long, global = true, value_name = "FILE")]
    pub tail: Vec<String>,
    /// Do not plant the agent that watches this machine
    #[arg(long, global = true)]
    pub no_host_agent: bool,
    /// Do not plant the agent that reads English
    #[arg(long, global = true)]
    pub no_grammar_agent: bool,
    /// Do not plant the agent that writes with a language model
    #[arg(long, global = true)]
    pub no_scribe_agent: bool,
    /// Do not plant the agent that runs snippets after a person approved them
    #[arg(long, global = true)]
    pub no_steward_agent: bool,
    /// A language model's endpoint that speaks OpenAI's chat protocol; its key goes into TERRARIUM_LLM_KEY
    #[arg(long, global = true, value_name = "URL")]
    pub llm_url: Option<String>,
    /// The model's name, as the endpoint calls it
    #[arg(long, global = true, value_name = "NAME")]
    pub llm_model: Option<String>,
    /// What the model is told to be
    #[arg(long, global = true, value_name = "TEXT")]
    pub llm_prompt: Option<String>,
    /// Tokens the model has room for [default: 8192]
    #[arg(long, global = true, value_name = "TOKENS")]
    pub llm_context: Option<String>,
    /// Whether the model may ask a person: never or when_unsure [default: when_unsure]
    #[arg(long, global = true, value_name = "POLICY")]
    pub scribe_asks: Option<String>,
    /// Who may observe: public or token [default: public]
    #[arg(long, global = true, value_name = "POLICY")]
    pub observe: Option<String>,
    /// Events replayed to a new observer, 0 to 4096 [default: 100]
    #[arg(long, global = true, value_name = "EVENTS")]
    pub history: Option<String>,
    /// A web origin besides our own that may open sockets; may be given several times
    #[arg(long = "origin", global = true, value_name = "ORIGIN")]
    pub origins: Vec<String>,
    /// Observers at one time [default: 100000]
    #[arg(long, global = true, value_name = "N")]
    pub max_observers: Option<String>,
    /// Perturbations a second per client; 0 for no limit [default: 10]
    #[arg(long, global = true, value_name = "N")]
    pub perturb_rate: Option<String>,
    /// Perturbations at once per client [default: 20]
    #[arg(long, global = true, value_name = "N")]
    pub perturb_burst: Option<String>,
    /// What to do about an agent that runs a fever: note, throttle or ask, for all or as agent=ask; several times [default: note]
    #[arg(long = "fever-policy", global = true, value_name = "POLICY")]
    pub fever_policies: Vec<String>,
    /// How fast an agent may go before that is a fever, as rule=number; several times
    #[arg(long = "velocity-limit", global = true, value_name = "LIMIT")]
    pub velocity_limits: Vec<String>,
    /// How the log is written: auto, text or json [default: auto]
    #[arg(long, global = true, value_name = "FORMAT")]
    pub log: Option<String>,
}

impl Flags {
    fn value(&self, key: &str) -> Option<Vec<String>> {
        let one = |v: &Option<String>| v.clone().map(|v| vec![v]);
        let many = |v: &Vec<String>| (!v.is_empty()).then(|| v.clone());
        match key {
            "host" => one(&self.host),
            "port" => one(&self.port),
            "data" => one(&self.data),
            "watch" => one(&self.watch),
            "tail" => many(&self.tail),
            "host_agent" => self.no_host_agent.then(|| vec!["false".to_owned()]),
            "grammar_agent" => self.no_grammar_agent.then(|| vec!["false".to_owned()]),
            "scribe_agent" => self.no_scribe_agent.then(|| vec!["false".to_owned()]),
            "steward_agent" => self.no_steward_agent.then(|| vec!["false".to_owned()]),
            "llm_url" => one(&self.llm_url),
            // Not on a command line: everybody on the machine can read those.
            "llm_key" => None,
            "llm_model" => one(&self.llm_model),
            "llm_prompt" => one(&self.llm_prompt),
            "llm_context" => one(&self.llm_context),
            "scribe_asks" => one(&self.scribe_asks),
            "observe" => one(&self.observe),
            "history" => one(&self.history),
            "origins" => many(&self.origins),
            "max_observers" => one(&self.max_observers),
            "perturb_rate" => one(&self.perturb_rate),
            "perturb_burst" => one(&self.perturb_burst),
            "fever_policies" => many(&self.fever_policies),
            "velocity_limits" => many(&self.velocity_limits),
            "log" => one(&self.log),
            _ => None,
        }
    }
}

/// Which source a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Nobody said anything.
    Default,
    /// This file.
    File(String),
    /// `TERRARIUM_<KEY>`.
    Env,
    /// The command line.
    Flag,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(_) => f.write_str("file"),
            Self::Env => f.write_str("env"),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// One effective key.
#[derive(Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub key: &'static str,
    /// Its values as text: one, or for a list any number.
    pub values: Vec<String>,
    /// Where they stand.
    pub source: Source,
}

/// Without the value of a secret.
impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = vec!["…".to_owned()];
        let values = if self.is_secret() && !self.values.is_empty() { &hidden } else { &self.values };
        f.debug_struct("Setting").field("key", &self.key).field("values", values).field("source", &self.source).finish()
    }
}

impl Setting {
    /// Whether its value must not be shown.
    fn is_secret(&self) -> bool {
        // The path of a webhook lets everybody who knows it in, Slack's for one.
        matches!(self.key, "llm_key" | "webhooks" | "webhook_secret")
    }

    /// Where the value stands, in the words the user would look for.
    fn place(&self) -> String {
        match &self.source {
            Source::Default => "the default".to_owned(),
            Source::File(file) => file.clone(),
            Source::Env => env_name(self.key),
            Source::Flag if self.key == "origins" => "--origin".to_owned(),
            Source::Flag if self.key == "fever_policies" => "--fever-policy".to_owned(),
            Source::Flag if self.key == "velocity_limits" => "--velocity-limit".to_owned(),
            Source::Flag if self.key.ends_with("_agent") => format!("--no-{}", self.key.replace('_', "-")),
            Source::Flag => format!("--{}", self.key.replace('_', "-")),
        }
    }

    fn parse_one<T>(&self, text: &str, parser: impl Fn(&str) -> Result<T, parse::Wrong>) -> Result<T, ConfigError> {
        parser(text).map_err(|parse::Wrong { wants, example }| {
            let value = if self.is_secret() { "…".to_owned() } else { text.to_owned() };
            let (key, from) = (self.key, self.place());
            ConfigError::BadValue { key, value, from, wants, example }
        })
    }

    pub(super) fn parse<T>(&self, parser: impl Fn(&str) -> Result<T, parse::Wrong>) -> Result<T, ConfigError> {
        match self.values.as_slice() {
            [one] => self.parse_one(one, parser),
            several => self.parse_one(&several.join(", "), parser),
        }
    }

    pub(super) fn parse_optional<T>(
        &self,
        parser: impl Fn(&str) -> Result<T, parse::Wrong>,
    ) -> Result<Option<T>, ConfigError> {
        if self.values.is_empty() { Ok(None) } else { self.parse(parser).map(Some) }
    }

    pub(super) fn parse_each<T>(
        &self,
        parser: impl Fn(&str) -> Result<T, parse::Wrong>,
    ) -> Result<Vec<T>, ConfigError> {
        self.values.iter().map(|v| self.parse_one(v, &parser)).collect()
    }
}

/// Every effective key with its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings(BTreeMap<&'static str, Setting>);

impl Settings {
    /// Gathers the keys. `env` looks a variable up.
    ///
    /// # Errors
    /// A file that cannot be read, is not TOML, or names a key that does not exist.
    pub fn gather(flags: &Flags, env: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let file_name = flags.config.clone().or_else(|| env("TERRARIUM_CONFIG"));
        let mut file = match &file_name {
            Some(name) => read_file(name)?,
            None => BTreeMap::new(),
        };
        let mut settings = BTreeMap::new();
        for key in KEYS {
            let from_file = file.remove(key);
            let (values, source) = if let Some(values) = flags.value(key) {
                (values, Source::Flag)
            } else if let Some(text) = env(&env_name(key)).filter(|text| !text.is_empty()) {
                (split_env(key, &text), Source::Env)
            } else if let (Some(values), Some(name)) = (from_file, &file_name) {
                (values, Source::File(name.clone()))
            } else {
                (default(key)?, Source::Default)
            };
            settings.insert(key, Setting { key, values, source });
        }
        Ok(Self(settings))
    }

    /// Every key, in the order of [`KEYS`].
    pub fn iter(&self) -> impl Iterator<Item = &Setting> {
        KEYS.iter().filter_map(|key| self.0.get(key))
    }

    pub(super) fn get(&self, key: &'static str) -> Setting {
        self.0.get(key).cloned().unwrap_or(Setting { key, values: Vec::new(), source: Source::Default })
    }
}

/// `terrarium config`: every effective key as a line of TOML, with its source as a comment.
impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for setting in self.iter() {
            if setting.is_secret() && !setting.values.is_empty() {
                writeln!(f, "{:<40} # {}", format!("# {} is set and not shown", setting.key), setting.source)?;
                continue;
            }
            let quoted = |v: &String| match setting.key {
                "port" | "history" | "max_observers" | "perturb_rate" | "perturb_burst" | "llm_context" => v.clone(),
                "host_agent" | "grammar_agent" | "scribe_agent" | "steward_agent" | "webhook_private" => v.clone(),
                _ => toml::Value::String(v.clone()).to_string(),
            };
            let value = match (setting.key, setting.values.as_slice()) {
                (key, values) if LISTS.contains(&key) => {
                    format!("[{}]", values.iter().map(quoted).collect::<Vec<_>>().join(", "))
                }
                (_, [value]) => quoted(value),
                _ => "\"\"".to_owned(),
            };
            // A key without a value is shown as a comment, so that the output can be saved and used as a file.
            let hash = if setting.values.is_empty() && !LISTS.contains(&setting.key) { "# " } else { "" };
            writeln!(f, "{:<40} # {}", format!("{hash}{} = {value}", setting.key), setting.source)?;
        }
        Ok(())
    }
}

fn env_name(key: &str) -> String {
    format!("TERRARIUM_{}", key.to_ascii_uppercase())
}

fn split_env(key: &str, text: &str) -> Vec<String> {
    match key {
        "tail" => std::env::split_paths(text).map(|p| p.display().to_string()).filter(|p| !p.is_empty()).collect(),
        list if LISTS.contains(&list) => {
            text.split(',').map(|o| o.trim().to_owned()).filter(|o| !o.is_empty()).collect()
        }
        _ => vec![text.to_owned()],
    }
}

fn default(key: &str) -> Result<Vec<String>, ConfigError> {
    Ok(match key {
        "host" => vec!["127.0.0.1".to_owned()],
        "port" => vec![DEFAULT_PORT.to_string()],
        "data" => {
            let dirs = directories::ProjectDirs::from("", "", "terrarium").ok_or(ConfigError::NoDataFolder)?;
            vec![dirs.data_dir().display().to_string()]
        }
        "host_agent" | "grammar_agent" | "scribe_agent" | "steward_agent" => vec!["true".to_owned()],
        "llm_context" => vec![scribe::DEFAULT_WINDOW_TOKENS.to_string()],
        "scribe_asks" => vec!["when_unsure".to_owned()],
        "observe" => vec!["public".to_owned()],
        "history" => vec![DEFAULT_HISTORY.to_string()],
        "max_observers" => vec![DEFAULT_MAX_OBSERVERS.to_string()],
        "perturb_rate" => vec![DEFAULT_PERTURB_RATE.to_string()],
        "perturb_burst" => vec![DEFAULT_PERTURB_BURST.to_string()],
        "log" | "webhook_format" => vec!["auto".to_owned()],
        "webhook_private" => vec!["false".to_owned()],
        "webhook_severity" => vec!["info".to_owned()],
        _ => Vec::new(),
    })
}

fn read_file(name: &str) -> Result<BTreeMap<String, Vec<String>>, ConfigError> {
    let refuse = |why: String| ConfigError::File { file: name.to_owned(), why };
    let text = std::fs::read_to_string(Path::new(name)).map_err(|e| refuse(format!("cannot be read: {e}")))?;
    let table: toml::Table = text.parse().map_err(|e| refuse(format!("is not TOML: {e}")))?;
    let mut out = BTreeMap::new();
    for (key, value) in table {
        if !KEYS.contains(&key.as_str()) {
            let near = near(&key, KEYS).first().and_then(|near| KEYS.into_iter().find(|key| key == near));
            return Err(ConfigError::UnknownKey { key, file: name.to_owned(), near });
        }
        let values = match value {
            toml::Value::Array(items) => items.into_iter().map(as_text).collect(),
            one => vec![as_text(one)],
        };
        out.insert(key, values);
    }
    Ok(out)
}

fn as_text(value: toml::Value) -> String {
    match value {
        toml::Value::String(text) => text,
        other => other.to_string(),
    }
}
