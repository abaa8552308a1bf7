//! The command line as far as it is known before a gateway is asked: verbs and options. What comes after the name of an
//! agent's command is read by [`crate::spec`].

mod paths;
mod questions;

pub(crate) use paths::{DreamArgs, ObliqueArgs, PathArgs, TitheArgs, json_or_text, with_verb};
pub(crate) use questions::{
    AskArgs, AsksArgs, AsksVerb, CancelArgs, ListArgs, Named, ResolveArgs, ShowArgs, WatchArgs,
};

use crate::{out::Form, text};
use clap::{Args, Parser, Subcommand};
use std::{convert::Infallible, ffi::OsString, fmt, path::PathBuf, str::FromStr, time::Duration};
use wire::{AgentId, perturb::PRIORITY_MAX};

const AFTER: &str = "\
Environment:
  TERRARIUM_URL         the gateway's address, where --server does not say another
  TERRARIUM_TOKEN       the token, where neither --token-file nor --token is given
  NO_COLOR              no colour, whatever the terminal can do

Exit status: 0 done, 1 failed, 2 the command line does not fit, 3 not allowed, or a no,\n4 no answer in time, 130 interrupted.";

/// Watch and use the agents of a Terrarium gateway.
#[derive(Debug, Parser)]
#[command(name = "kgents", version, arg_required_else_help = true, after_help = AFTER)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What every verb takes.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The gateway's address [default: $TERRARIUM_URL, or http://127.0.0.1:8080]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) server: Option<String>,
    /// A file with the token in it
    #[arg(long, global = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub(crate) token_file: Option<PathBuf>,
    /// The token itself; other users of this machine can see it here, so better use $TERRARIUM_TOKEN or --token-file
    #[arg(long, global = true, value_name = "TOKEN", conflicts_with = "token_file")]
    pub(crate) token: Option<Secret>,
    /// Print JSON, as the gateway says it; errors too
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// List the agents and how they are
    Agents,
    /// Show one agent: its state, its gauges, what it said last
    Snapshot(SnapshotArgs),
    /// Give an agent something to work on and print its answer as it comes
    Perturb(PerturbArgs),
    /// Call one of an agent's commands
    Call(CallArgs),
    /// Ask a person something and wait for the answer, so that a script can go on or not
    #[command(after_help = questions::ASK_EXAMPLES)]
    Ask(AskArgs),
    /// The questions that wait for a person: list, show, answer, withdraw or watch them
    Asks(AsksArgs),
    /// Follow a path of AGENTESE, such as void.entropy.pressure; the word `path` may be left out
    Path(PathArgs),
    /// Let pressure off the garden's engine
    Tithe(TitheArgs),
    /// A strategy, for nothing
    Oblique(ObliqueArgs),
    /// A dream of the garden's: its model's where there is one, else a strategy
    Dream(DreamArgs),
    /// Print a script that teaches a shell to complete kgents, names of live agents and their commands included
    #[command(after_help = "For example, in ~/.bashrc:\n  source <(kgents completions bash)")]
    Completions(CompletionsArgs),
}

#[derive(Debug, Args)]
pub(crate) struct SnapshotArgs {
    /// Whose
    pub(crate) agent: AgentId,
    /// How many of the newest events to show; with --json there are always all
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    pub(crate) events: usize,
}

#[derive(Debug, Args)]
pub(crate) struct PerturbArgs {
    /// To whom
    pub(crate) agent: AgentId,
    /// JSON, or else a text; - reads standard input, which is also the default where that is not a terminal
    pub(crate) input: Option<String>,
    /// How urgent it is, 0 to 150, higher first [default: 100]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u8).range(0..=i64::from(PRIORITY_MAX)))]
    pub(crate) priority: Option<u8>,
    /// When to give up, such as 30s or 5m, an hour at most [default: the agent's own limit]
    #[arg(long, value_name = "TIME", value_parser = text::duration)]
    pub(crate) timeout: Option<Duration>,
    /// Send the input as a text, just as it stands, even where it is JSON
    #[arg(long)]
    pub(crate) raw: bool,
}

/// Without a command: lists what the agent can do.
///
/// `kgents call AGENT COMMAND --help` tells what a command takes. Options of kgents itself, such as --server, stand before
/// the command; --json may stand anywhere.
#[derive(Debug, Args)]
#[command(
    disable_help_flag = true,
    override_usage = "kgents call [OPTIONS] <AGENT> [COMMAND] [ARGUMENTS]...",
    after_help = "For example:\n  kgents call grammar\n  kgents call grammar parse --help\n  kgents call grammar parse 'Create a calendar'"
)]
pub(crate) struct CallArgs {
    /// Whose command
    pub(crate) agent: Option<AgentId>,
    /// When to give up, such as 30s or 5m, an hour at most [default: the agent's own limit]
    #[arg(long, value_name = "TIME", value_parser = text::duration)]
    pub(crate) timeout: Option<Duration>,
    /// Print help: of an agent's commands, of one of them, or this
    #[arg(long, short)]
    pub(crate) help: bool,
    /// The command, and what it takes
    #[arg(value_name = "COMMAND", trailing_var_arg = true, allow_hyphen_values = true, num_args = 0..)]
    pub(crate) words: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// Which shell
    #[arg(value_parser = crate::cmd::completions::SHELLS)]
    pub(crate) shell: String,
}

/// A token on its way from the command line to the header. Never shown.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for Secret {
    type Err = Infallible;
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Options {
    /// The form of what is printed.
    pub(crate) fn form(&self) -> Form {
        if self.json { Form::Json } else { Form::Text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_token_is_not_in_what_is_shown_for_debugging() {
        let cli = Cli::try_parse_from(["kgents", "agents", "--token", "trm_hush"]).unwrap();
        assert!(!format!("{cli:?}").contains("hush"));
    }

    #[test]
    fn what_follows_a_command_is_left_to_the_command() {
        let line =
            ["kgents", "call", "--timeout", "3s", "grammar", "--json", "parse", "--help", "--limit=-3", "--", "x"];
        let cli = Cli::try_parse_from(line).unwrap();
        let Verb::Call(call) = cli.verb else { panic!("not a call") };
        assert!(cli.options.json && !call.help && call.timeout == Some(Duration::from_secs(3)));
        assert_eq!(call.words, ["parse", "--help", "--limit=-3", "--", "x"]);
        let Verb::Call(call) = Cli::try_parse_from(["kgents", "call", "grammar", "--help"]).unwrap().verb else {
            panic!("not a call")
        };
        assert!(call.help && call.words.is_empty());
    }
}
