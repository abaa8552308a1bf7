//! What shells ask while somebody types: the words that may come next, live agents and their commands among them.
//!
//! A shell that was taught by `kgents completions` starts kgents with `COMPLETE` set and the words so far after `--`.
//! Never reports a failure: who presses Tab wants a word or nothing.

use crate::{
    cli::{Cli, Options, PathArgs},
    error::Error,
    out::{Form, Out},
    reach, spec,
};
use clap::{Arg, Args as _, Command, CommandFactory as _, FromArgMatches as _};
use clap_complete::{
    CompleteEnv,
    engine::{ArgValueCandidates, CompletionCandidate},
};
use client::Client;
use std::{env, ffi::OsString, future::Future, time::Duration};
use terrarium_core::logos::complete::{self as logos, Live};
use wire::{AgentId, AgentSummary};

/// How long the gateway may take to answer somebody who pressed Tab.
const PATIENCE: Duration = Duration::from_secs(1);
/// Options that are followed by a word of their own.
const WITH_VALUE: [&str; 4] = ["--server", "--token", "--token-file", "--timeout"];

/// Answers a shell, if that is who asks.
pub(crate) fn answer() -> Result<bool, Error> {
    let here = env::current_dir().ok();
    Ok(CompleteEnv::with_factory(|| command(&typed())).bin("kgents").try_complete(env::args_os(), here.as_deref())?)
}

/// The words so far, without the program's name.
fn typed() -> Vec<OsString> {
    env::args_os().skip_while(|word| word != "--").skip(2).collect()
}

/// The command line, with what only the gateway knows filled in.
fn command(typed: &[OsString]) -> Command {
    let line = Cli::command();
    let bare = bare(typed);
    if let Some(first) = bare.first()
        && !line.get_subcommands().any(|verb| verb.get_name().starts_with(first))
    {
        return with_paths(line, first, typed);
    }
    let Some(verb @ ("snapshot" | "perturb" | "call" | "path")) = bare.first().copied() else { return line };
    let Some(client) = client(typed) else { return line };
    let agents = ask(client.agents()).unwrap_or_default();
    if verb == "path" {
        let paths = paths(bare.get(1).copied().unwrap_or_default(), &agents);
        let name = |arg: Arg| match arg.get_id().as_str() {
            "path" => arg.add(ArgValueCandidates::new({
                let paths = paths.clone();
                move || paths.iter().map(candidate).collect()
            })),
            "agent" => arg.add(candidates(&agents)),
            _ => arg,
        };
        return line.mut_subcommand(verb, |verb| verb.mut_args(name));
    }
    if verb != "call" {
        // `mut_arg` would put the argument behind the others.
        let name = |arg: Arg| if arg.get_id() == "agent" { arg.add(candidates(&agents)) } else { arg };
        return line.mut_subcommand(verb, |verb| verb.mut_args(name));
    }
    let named = bare.get(1).and_then(|word| AgentId::parse(word).ok());
    line.mut_subcommand("call", |call| {
        // Each agent is a verb of its own here, and each of its commands one below it.
        let subcommands = agents.into_iter().map(|agent| {
            let specs =
                if named.as_ref() == Some(&agent.agent_id) { ask(client.commands(&agent.agent_id)) } else { None };
            spec::command_line(&agent.agent_id, &specs.unwrap_or_default()).about(agent.description)
        });
        let subcommands: Vec<Command> = subcommands.collect();
        let hidden = |arg: Arg| if arg.is_positional() { arg.hide(true) } else { arg };
        call.mut_args(hidden).subcommands(subcommands).disable_help_subcommand(true)
    })
}

/// The command line with paths as verbs, because the word `path` may be left out: those that go on from a first word that
/// no verb begins with, or, behind that word, just the one it is.
fn with_paths(line: Command, first: &str, typed: &[OsString]) -> Command {
    let agents = client(typed).and_then(|client| ask(client.agents())).unwrap_or_default();
    let is_last = typed.last().is_some_and(|word| word == first);
    let found = if is_last { paths(first, &agents) } else { vec![first.to_owned()] };
    let options = PathArgs::augment_args(Command::new("path"));
    let options = options.get_arguments().filter(|arg| !arg.is_positional());
    let name = |arg: &Arg| if arg.get_id() == "agent" { arg.clone().add(candidates(&agents)) } else { arg.clone() };
    let options: Vec<_> = options.map(name).collect();
    line.subcommands(found.into_iter().map(|path| {
        let about = logos::explain(&path).unwrap_or_default();
        Command::new(path).about(about).args(&options)
    }))
}

/// The words that are neither options nor their values.
fn bare(typed: &[OsString]) -> Vec<&str> {
    let mut words = typed.iter().filter_map(|word| word.to_str());
    let mut bare = Vec::new();
    while let Some(word) = words.next() {
        if WITH_VALUE.contains(&word) {
            words.next();
        } else if !word.starts_with('-') {
            bare.push(word);
        }
    }
    bare
}

/// The client that the words so far ask for. Options after the name of an agent's command are that command's own, so
/// they say nothing about gateways and tokens.
fn client(typed: &[OsString]) -> Option<Client> {
    let mut given: Vec<OsString> = vec!["kgents".into()];
    let mut words = typed.iter();
    let mut seen = 0;
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        seen += usize::from(!text.starts_with('-'));
        if seen > 2 {
            break;
        }
        if WITH_VALUE.contains(&text.as_ref()) {
            given.extend([word.clone(), words.next()?.clone()]);
        } else if WITH_VALUE.iter().any(|option| text.strip_prefix(option).is_some_and(|rest| rest.starts_with('='))) {
            given.push(word.clone());
        }
    }
    let timeout = Arg::new("timeout").long("timeout");
    let line = Options::augment_args(Command::new("kgents")).arg(timeout);
    let options = Options::from_arg_matches(&line.try_get_matches_from(given).ok()?).ok()?;
    reach::client(&options, &Out::silent(Form::Json)).ok()
}

fn candidates(agents: &[AgentSummary]) -> ArgValueCandidates {
    let agents = agents.to_vec();
    ArgValueCandidates::new(move || {
        let candidate = |agent: &AgentSummary| {
            let about = format!("{} {}", agent.state, crate::text::line(&agent.description));
            CompletionCandidate::new(agent.agent_id.to_string()).help(Some(about.into()))
        };
        agents.iter().map(candidate).collect()
    })
}

/// Paths that go on from a beginning, those of live agents included.
fn paths(beginning: &str, agents: &[AgentSummary]) -> Vec<String> {
    let mut live = Vec::new();
    for AgentSummary { agent_id, commands, .. } in agents {
        live.push(Live { agent: agent_id.as_str(), commands: commands.iter().map(String::as_str).collect() });
    }
    logos::complete(beginning, &live, None)
}

fn candidate(path: &String) -> CompletionCandidate {
    CompletionCandidate::new(path).help(logos::explain(path).map(Into::into))
}

fn ask<T>(question: impl Future<Output = Result<T, client::Error>>) -> Option<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    runtime.block_on(async { tokio::time::timeout(PATIENCE, question).await.ok()?.ok() })
}
