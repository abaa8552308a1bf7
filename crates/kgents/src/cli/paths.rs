//! The command line of paths: `kgents void.entropy.pressure`, and the verbs of the void.

use clap::Args;
use serde_json::Value;
use std::ffi::OsString;
use wire::AgentId;

/// What a path begins with.
const CONTEXTS: [&str; 5] = ["world", "self", "concept", "void", "time"];
/// Options of kgents that take a value, before a verb.
const WITH_VALUE: [&str; 3] = ["--server", "--token-file", "--token"];

#[derive(Debug, Args)]
#[command(
    after_help = "For example:\n  kgents void.entropy.pressure\n  kgents world.agent.grammar.parse --arg text='Call Ann'\n  \
                        kgents 'void.entropy.oblique >> void.gratitude.thank'\n  kgents void.entropy.help"
)]
pub(crate) struct PathArgs {
    /// The path, or several with >> between them, as one word of the shell
    pub(crate) path: String,
    /// An argument; the value is JSON, or else a text. May be given several times
    #[arg(long = "arg", value_name = "NAME=VALUE", value_parser = argument)]
    pub(crate) arguments: Vec<(String, Value)>,
    /// The agent that `self` means
    #[arg(long, value_name = "AGENT")]
    pub(crate) agent: Option<AgentId>,
    /// What kind of observer to be [default: what follows from the token]
    #[arg(long = "as", value_name = "ARCHETYPE")]
    pub(crate) archetype: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct TitheArgs {
    /// How much pressure to let off
    #[arg(long, value_name = "NUMBER", default_value_t = 0.1, value_parser = amount)]
    pub(crate) amount: f64,
    /// Only say how the engine is
    #[arg(long, conflicts_with = "amount")]
    pub(crate) status: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ObliqueArgs {
    /// What chooses it, 0 to 1 [default: chance]
    #[arg(long, value_name = "NUMBER", value_parser = amount)]
    pub(crate) seed: Option<f64>,
}

#[derive(Debug, Args)]
pub(crate) struct DreamArgs {
    /// What to dream of: JSON, or else a text
    pub(crate) context: Option<String>,
}

/// The line with the verb `path` put in where its first word is a path. Everything else is left as it is, so that clap can
/// say what is wrong with it.
pub(crate) fn with_verb(line: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut line: Vec<_> = line.into_iter().collect();
    let mut at = 1;
    while let Some(word) = line.get(at) {
        let word = word.to_string_lossy();
        if WITH_VALUE.contains(&word.as_ref()) {
            at += 2;
        } else if word.starts_with('-') {
            at += 1;
        } else {
            let first = word.split(['.', ' ', '[', '@', '>']).next().unwrap_or_default();
            let is_path = CONTEXTS.contains(&first.to_ascii_lowercase().as_str());
            if is_path {
                line.insert(at, "path".into());
            }
            break;
        }
    }
    line
}

/// JSON, or else a text.
pub(crate) fn json_or_text(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

fn argument(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("an argument is NAME=VALUE")?;
    Ok((name.to_owned(), json_or_text(value)))
}

fn amount(text: &str) -> Result<f64, String> {
    let amount = text.parse::<f64>().ok().filter(|n| n.is_finite() && *n >= 0.0);
    amount.ok_or_else(|| "it has to be a number that is not negative".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(words: &[&str]) -> Vec<String> {
        with_verb(words.iter().map(OsString::from)).iter().map(|w| w.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_path_needs_no_verb_and_nothing_else_is_touched() {
        assert_eq!(put(&["kgents", "void.entropy.fever"]), ["kgents", "path", "void.entropy.fever"]);
        let options = ["kgents", "--server", "void.example", "--json", "self.parse", "--arg", "a=b"];
        assert_eq!(put(&options)[4..6], ["path", "self.parse"]);
        for line in [&["kgents", "agents"][..], &["kgents"], &["kgents", "call", "void"], &["kgents", "--help"]] {
            assert_eq!(put(line), line);
        }
    }
}
