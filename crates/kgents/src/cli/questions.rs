//! The command line of questions: `ask` puts one, `asks` is for who answers them.

use crate::text;
use clap::{Args, Subcommand, builder::PossibleValuesParser, builder::TypedValueParser};
use std::{path::PathBuf, str::FromStr, time::Duration};
use wire::{
    AgentId,
    semaphore::{OnTimeout, Reason, Severity, TokenStatus, WORD_MAX},
};

/// Who asks, where nobody is named.
const ASKER: &str = "kgents";
/// Fewest characters of an id that name a question.
const BEGINNING_MIN: usize = 4;
/// Characters of an id behind its `sem-`.
const DIGITS: usize = 32;

pub(crate) const ASK_EXAMPLES: &str = "\
For example:
  kgents ask 'Deploy 1.4.2?' --options yes,no --timeout 2h && ./deploy.sh
  colour=$(kgents ask 'Which colour?' --options red,green)

The answer goes to stdout. Exit status: 0 for an answer that does not mean no, 3 for one that does and for a question that
was cancelled, 4 when nobody answered in time, 130 when interrupted; 1 and 2 are errors, as ever. Where one of the options
means yes (yes, approve, allow, ok, proceed, true, continue), every other answer is a no.

While the gateway is away the question is asked, or waited for, until it is back. After an interruption the same command
with the --key that was printed goes on waiting for the same question.";

#[derive(Debug, Args)]
pub(crate) struct AskArgs {
    /// The question, whole
    pub(crate) prompt: String,
    /// Answers to choose from, such as yes,no; any text where there are none
    #[arg(long, value_name = "WORDS", value_delimiter = ',')]
    pub(crate) options: Vec<String>,
    /// When to give up, such as 30s, 2h or 3d [default: never]
    #[arg(long, value_name = "TIME", value_parser = text::deadline)]
    pub(crate) timeout: Option<Duration>,
    /// What happens then: the question lapses, is answered with a no, with a go-ahead, or becomes critical and waits on
    #[arg(long, value_name = "WAY", value_parser = on_timeout(), default_value = "void")]
    pub(crate) on_timeout: OnTimeout,
    /// Who asks; an agent of that name appears where there is none
    #[arg(long, value_name = "NAME", default_value = ASKER)]
    pub(crate) agent: AgentId,
    /// How much depends on it
    #[arg(long, value_parser = severity(), default_value = "info")]
    pub(crate) severity: Severity,
    /// Why a person is needed [default: by the options]
    #[arg(long, value_parser = reason())]
    pub(crate) reason: Option<Reason>,
    /// What is at stake, shown with the question: JSON, or a file with JSON or a text, such as a diff
    #[arg(long, value_name = "FILE|JSON")]
    pub(crate) context: Option<String>,
    /// A file with the JSON Schema that an answer has to fit
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) schema: Option<PathBuf>,
    /// Names this question for good: whoever asks it again with the same key gets the same answer, so the next release needs
    /// another key [default: random, and printed]
    #[arg(long, value_parser = key)]
    pub(crate) key: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct AsksArgs {
    #[command(subcommand)]
    pub(crate) verb: Option<AsksVerb>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AsksVerb {
    /// List the questions; this is also what happens without a verb
    List(ListArgs),
    /// Show a question, whole, and all that became of it
    Show(ShowArgs),
    /// Answer a question; without an answer, shows it and asks for one
    Resolve(ResolveArgs),
    /// Withdraw a question
    Cancel(CancelArgs),
    /// Show the questions that wait, then new ones as they come, until interrupted
    Watch(WatchArgs),
}

#[derive(Debug, Args, Default)]
pub(crate) struct ListArgs {
    /// Only questions of this agent
    #[arg(long, value_name = "NAME")]
    pub(crate) agent: Option<AgentId>,
    /// Only with one of these statuses [default: pending]
    #[arg(long, value_name = "WORDS", value_delimiter = ',', value_parser = status(), conflicts_with = "all")]
    pub(crate) status: Vec<TokenStatus>,
    /// With any status
    #[arg(long)]
    pub(crate) all: bool,
    /// Only at least as severe
    #[arg(long, value_parser = severity())]
    pub(crate) severity: Option<Severity>,
    /// Only for this reason
    #[arg(long, value_parser = reason())]
    pub(crate) reason: Option<Reason>,
    /// At most so many, the newest
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// Which: its id, or how the id begins
    pub(crate) id: Named,
}

#[derive(Debug, Args)]
pub(crate) struct ResolveArgs {
    /// Which: its id, or how the id begins
    pub(crate) id: Named,
    /// One of the options; JSON where the question has a schema; any text where it has neither
    pub(crate) answer: Option<String>,
    /// A word to go with it
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CancelArgs {
    /// Which: its id, or how the id begins
    pub(crate) id: Named,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct WatchArgs {
    /// Only questions of this agent
    #[arg(long, value_name = "NAME")]
    pub(crate) agent: Option<AgentId>,
}

/// A question by its id or the beginning of it, as `sem-` and hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named(String);

impl Named {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether an id is this one or begins so.
    pub(crate) fn fits(&self, id: &str) -> bool {
        id.starts_with(&self.0)
    }

    /// Whether nothing is left out.
    pub(crate) fn is_whole(&self) -> bool {
        self.0.len() == "sem-".len() + DIGITS
    }
}

impl FromStr for Named {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix("sem-").unwrap_or(text);
        let hexadecimal = digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if hexadecimal && (BEGINNING_MIN..=DIGITS).contains(&digits.len()) {
            Ok(Self(format!("sem-{digits}")))
        } else {
            Err("an id is sem- and 32 hexadecimal digits, of which the first 4 or more are enough".to_owned())
        }
    }
}

fn severity() -> impl TypedValueParser<Value = Severity> {
    words(Severity::ALL, Severity::as_str)
}

fn reason() -> impl TypedValueParser<Value = Reason> {
    words(Reason::ALL, Reason::as_str)
}

fn on_timeout() -> impl TypedValueParser<Value = OnTimeout> {
    words(OnTimeout::ALL, OnTimeout::as_str)
}

fn status() -> impl TypedValueParser<Value = TokenStatus> {
    words(TokenStatus::ALL, TokenStatus::as_str)
}

/// One of some words, which help and shells then know.
fn words<T, const N: usize>(all: [T; N], word: fn(T) -> &'static str) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync + 'static,
{
    PossibleValuesParser::new(all.map(word)).try_map(move |given| {
        let found = all.into_iter().find(|one| word(*one) == given);
        found.ok_or_else(|| format!("{given:?} is none of them"))
    })
}

fn key(text: &str) -> Result<String, String> {
    let plain = text.bytes().all(|b| b.is_ascii_graphic() || b == b' ') && text.trim() == text;
    if plain && (1..=WORD_MAX).contains(&text.len()) {
        Ok(text.to_owned())
    } else {
        Err(format!("a key is made of 1 to {WORD_MAX} plain characters"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_named_by_its_id_or_the_beginning_of_it() {
        let whole = "sem-000000000000000000000000000000ab";
        let named = |text: &str| text.parse::<Named>();
        assert!(named(whole).unwrap().is_whole() && named(whole).unwrap().fits(whole));
        assert_eq!(named("0000"), named("sem-0000"));
        assert!(named("0000").unwrap().fits(whole) && !named("0000").unwrap().is_whole());
        for wrong in ["", "sem-", "sem-123", "sem-12345x", &format!("{whole}0")] {
            assert!(named(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_key_fits_a_header() {
        assert!(key("release 1.4.2").is_ok());
        for wrong in ["", " ", "a\nb", "ü", &"x".repeat(WORD_MAX + 1)] {
            assert!(key(wrong).is_err(), "{wrong}");
        }
    }
}
