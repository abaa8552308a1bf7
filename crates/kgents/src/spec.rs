//! From an agent's commands to a command line and back: what each takes becomes options, and what was typed becomes
//! arguments.

use crate::{
    error::Error,
    schema::Kind,
    text::{harmless, line},
};
use clap::{
    Arg, ArgAction, ArgMatches, Command,
    builder::{PossibleValue, PossibleValuesParser},
    error::ErrorKind,
};
use prism::Arguments;
use serde_json::Value;
use std::{
    collections::BTreeSet,
    ffi::{OsStr, OsString},
};
use wire::{AgentId, CommandSpec, Scope};

/// The id of the words that stand without an option's name. No argument has it: theirs begin with `=`.
const WORDS: &str = "words";
/// The id of our own option on every command.
const JSON: &str = "json";

/// What was typed.
#[derive(Debug)]
pub(crate) struct Typed {
    /// The command.
    pub(crate) name: String,
    /// Its arguments, checked.
    pub(crate) arguments: Arguments,
}

/// An argument as a command line sees it.
struct Argument<'a> {
    name: &'a str,
    kind: Kind,
    about: &'a str,
    default: Option<&'a Value>,
    required: bool,
}

/// The command line of an agent: each of its commands is a subcommand.
pub(crate) fn command_line(agent: &AgentId, specs: &[CommandSpec]) -> Command {
    let invoked = format!("kgents call {agent}");
    let mut known = BTreeSet::new();
    let subcommands =
        specs.iter().filter(|spec| known.insert(spec.name.as_str())).map(|spec| subcommand(&invoked, spec));
    let subcommands: Vec<Command> = subcommands.collect();
    Command::new(agent.to_string())
        .bin_name(&invoked)
        .no_binary_name(true)
        .disable_help_subcommand(true)
        .subcommand_required(true)
        .subcommand_value_name("COMMAND")
        .subcommand_help_heading("Commands")
        .about(format!("What {agent} can do"))
        .after_help(format!("`{invoked} COMMAND --help` tells what a command takes."))
        .subcommands(subcommands)
}

/// Reads what was typed after the agent's name.
pub(crate) fn read(agent: &AgentId, specs: &[CommandSpec], words: &[OsString]) -> Result<Typed, Error> {
    let mut whole = command_line(agent, specs);
    let matches = whole.try_get_matches_from_mut(words).map_err(beside_the_point)?;
    let known = matches.subcommand().and_then(|(name, m)| Some((specs.iter().find(|spec| spec.name == name)?, m)));
    let Some((spec, matches)) = known else {
        return Err(Error::usage(whole, ErrorKind::MissingSubcommand, "a command is missing"));
    };
    let typed = typed(spec, matches).map_err(|stray| {
        let subcommand = whole.find_subcommand(&spec.name).cloned().unwrap_or_default();
        Error::usage(subcommand, ErrorKind::UnknownArgument, format!("there is no place for {stray:?}"))
    })?;
    let command = format!("kgents call {agent} {}", spec.name);
    let arguments = prism::from_words(spec, &typed).map_err(|errors| Error::Arguments { command, errors })?;
    Ok(Typed { name: spec.name.clone(), arguments })
}

/// Whether kgents' own `--json` stands among what was typed after the agent's name, which is asked before the rest is read:
/// what is wrong with the rest is told in that form, too.
pub(crate) fn asks_for_json(specs: &[CommandSpec], words: &[OsString]) -> bool {
    let spec = words
        .first()
        .and_then(|word| word.to_str())
        .and_then(|name| specs.iter().find(|spec| spec.name == name || spec.aliases.iter().any(|alias| alias == name)));
    !spec.is_some_and(|spec| takes(spec, JSON)) && is_given(words.iter().map(OsString::as_os_str))
}

/// Whether `--json` stands among some words, before a `--`.
pub(crate) fn is_given<'a>(words: impl Iterator<Item = &'a OsStr>) -> bool {
    let mut before = words.take_while(|word| *word != "--");
    before.any(|word| word == "--json")
}

/// The name of an argument as an option has it, without the dashes before it.
pub(crate) fn flag(name: &str) -> String {
    name.replace('_', "-")
}

/// Options of kgents itself are not known after a command; whoever puts one there is told where it goes.
fn beside_the_point(mut error: clap::Error) -> Error {
    use clap::error::{ContextKind, ContextValue};
    let ours = |text: &str| ["--server", "--token", "--token-file", "--timeout"].contains(&text);
    if let Some(ContextValue::String(given)) = error.get(ContextKind::InvalidArg)
        && error.kind() == ErrorKind::UnknownArgument
        && ours(given)
    {
        let tip = format!("{given} is an option of kgents itself, and goes before the command");
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    Error::from(error)
}

fn subcommand(invoked: &str, spec: &CommandSpec) -> Command {
    let arguments = arguments(spec);
    let mut after = String::new();
    if !spec.examples.is_empty() {
        after.push_str("For example:\n");
        for example in &spec.examples {
            after.push_str(&format!("  {invoked} {} {}\n", spec.name, line(example)));
        }
        after.push('\n');
    }
    after.push_str(match spec.scope {
        Scope::Observe => "It changes nothing.",
        Scope::Perturb => "It needs a token with the scope perturb.",
        Scope::Resolve => "It needs a token with the scope resolve.",
        Scope::Admin => "It needs a token with the scope admin.",
    });
    let mut command = Command::new(spec.name.clone())
        .about(harmless(&spec.help).into_owned())
        .long_about(match spec.description.as_str() {
            "" => harmless(&spec.help).into_owned(),
            more => harmless(&format!("{}\n\n{more}", spec.help)).into_owned(),
        })
        .hide(spec.hidden)
        .visible_aliases(spec.aliases.clone())
        .override_usage(usage(invoked, spec, &arguments))
        .after_help(after)
        .args(arguments.iter().map(Argument::option));
    if arguments.iter().any(Argument::may_be_bare) {
        // Not shown: the usage line and the options say it.
        command = command.arg(Arg::new(WORDS).num_args(0..).hide(true).allow_negative_numbers(true));
    }
    if takes(spec, "help") {
        command =
            command.disable_help_flag(true).arg(Arg::new("=-h").short('h').help("Print help").action(ArgAction::Help));
    }
    if !takes(spec, JSON) {
        let json =
            Arg::new(JSON).long(JSON).action(ArgAction::SetTrue).help("Print JSON, as the gateway says it; errors too");
        command = command.arg(json);
    }
    command
}

fn usage(invoked: &str, spec: &CommandSpec, arguments: &[Argument<'_>]) -> String {
    let mut usage = format!("{invoked} {}", spec.name);
    for argument in arguments {
        let (name, word) = (flag(argument.name), argument.kind.word());
        let many = if argument.kind.is_list() { "..." } else { "" };
        usage.push_str(&match (argument.may_be_bare(), argument.required, argument.kind.is_flag()) {
            (true, ..) => format!(" <{}>{many}", name.to_uppercase()),
            (_, true, _) => format!(" --{name}=<true|false>"),
            (_, false, true) => format!(" [--{name}]"),
            (_, false, false) => format!(" [--{name} <{word}>]{many}"),
        });
    }
    usage
}

/// What a command takes, in the order of declaration.
fn arguments(spec: &CommandSpec) -> Vec<Argument<'_>> {
    let Some(properties) = spec.arguments.get("properties").and_then(Value::as_object) else { return Vec::new() };
    let texts = |key: &str| -> Vec<&str> {
        let list = spec.arguments.get(key).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    };
    let required = texts("required");
    let names = texts("x-order").into_iter().chain(properties.keys().map(String::as_str));
    let mut known = BTreeSet::new();
    // An option that cannot be typed, or that looks like another one, would only confuse; REST takes every name.
    let typable = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
    };
    names
        .filter(|name| typable(name) && known.insert(flag(name)))
        .filter_map(|name| {
            let (name, schema) = properties.get_key_value(name)?;
            Some(Argument {
                name,
                kind: Kind::of(schema, &spec.arguments),
                about: schema.get("description").and_then(Value::as_str).unwrap_or_default(),
                default: schema.get("default").filter(|value| !value.is_null()),
                required: required.contains(&name.as_str()),
            })
        })
        .collect()
}

fn takes(spec: &CommandSpec, option: &str) -> bool {
    arguments(spec).iter().any(|argument| flag(argument.name) == option)
}

/// The words by name, as typed. `Err` with a word that has no place.
fn typed(spec: &CommandSpec, matches: &ArgMatches) -> Result<Vec<(String, String)>, String> {
    let arguments = arguments(spec);
    let mut typed = Vec::new();
    for argument in &arguments {
        for value in matches.get_many::<String>(&argument.id()).into_iter().flatten() {
            typed.push((argument.name.to_owned(), value.clone()));
        }
    }
    let given: BTreeSet<String> = typed.iter().map(|(name, _)| name.clone()).collect();
    let mut free = arguments.iter().filter(|a| a.may_be_bare() && !given.contains(a.name)).peekable();
    let words = matches.try_get_many::<String>(WORDS).ok().flatten().into_iter().flatten();
    for word in words {
        let Some(argument) = free.peek() else { return Err(word.clone()) };
        typed.push((argument.name.to_owned(), word.clone()));
        // A list takes all that follow.
        if !argument.kind.is_list() {
            free.next();
        }
    }
    Ok(typed)
}

impl Argument<'_> {
    /// Its id within clap, which no id of ours can be.
    fn id(&self) -> String {
        format!("={}", self.name)
    }

    /// Whether it may be given without its name, in its turn.
    fn may_be_bare(&self) -> bool {
        self.required && !self.kind.is_flag()
    }

    fn option(&self) -> Arg {
        let long = flag(self.name);
        let mut option = Arg::new(self.id())
            .long(long.clone())
            .value_name(self.kind.word())
            .help(self.help())
            .help_heading("Arguments")
            .action(ArgAction::Append)
            .allow_negative_numbers(true);
        if long != self.name {
            option = option.alias(self.name.to_owned());
        }
        if self.kind.is_flag() {
            return option
                .value_name("true|false")
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true")
                .hide_possible_values(true);
        }
        let choices = self.kind.word_choices();
        if !choices.is_empty() && !self.kind.is_list() {
            let values = choices.iter().map(|(value, about)| PossibleValue::new(value.clone()).help(line(about)));
            option = option.value_parser(PossibleValuesParser::new(values)).value_name(flag(self.name).to_uppercase());
        }
        option
    }

    fn help(&self) -> String {
        let mut notes = Vec::new();
        if self.required {
            notes.push("required".to_owned());
        }
        if self.kind.is_list() {
            notes.push("may be repeated".to_owned());
        }
        notes.extend(self.kind.range());
        if let Some(default) = self.default {
            let shown = default.as_str().map_or_else(|| default.to_string(), str::to_owned);
            notes.push(format!("default: {shown}"));
        }
        let notes: String = notes.iter().map(|note| format!(" [{note}]")).collect();
        harmless(&format!("{}{notes}", self.about)).trim_start().to_owned()
    }
}
