//! `kgents call`: an agent's commands as if they were kgents' own. What they take is asked of the gateway each time.

use crate::{
    cli::{CallArgs, Cli, Options},
    error::Error,
    out::{Form, Out},
    reach, spec,
};
use clap::{CommandFactory as _, error::ErrorKind};
use wire::{command::CommandList, perturb::Invoked};

pub(crate) async fn run(args: &CallArgs, options: &Options, out: &Out) -> Result<(), Error> {
    let Some(agent) = &args.agent else { return without_agent(args, out) };
    let client = reach::client(options, out)?;
    let specs = client.commands(agent).await?;
    if args.help || args.words.is_empty() {
        if out.form() == Form::Json {
            return out.json(&CommandList { commands: specs });
        }
        if specs.is_empty() {
            out.note(&format!("{agent} has no commands; `kgents perturb {agent}` may have an answer"));
            return Ok(());
        }
        return out.help(&spec::command_line(agent, &specs).render_long_help());
    }
    if spec::asks_for_json(&specs, &args.words) {
        out.take_form(Form::Json);
    }
    if specs.is_empty() {
        let hint = format!("`kgents perturb {agent}` may have an answer");
        return Err(Error::Usage { message: format!("{agent} has no commands"), hint });
    }
    let typed = spec::read(agent, &specs, &args.words)?;
    let asked = client.call(agent, &typed.name, typed.arguments);
    let result = match args.timeout {
        Some(time) => tokio::time::timeout(time, asked).await.map_err(|_| Error::TimedOut(time))??,
        None => asked.await?,
    };
    match out.form() {
        Form::Json => out.json(&Invoked { result }),
        Form::Text => out.answer(&result),
    }
}

/// Help of the verb itself, or that an agent is missing.
fn without_agent(args: &CallArgs, out: &Out) -> Result<(), Error> {
    let mut line = Cli::command();
    line.build();
    let call = line.find_subcommand("call").cloned().unwrap_or(line);
    if args.help {
        return out.help(&call.clone().render_long_help());
    }
    Err(Error::usage(call, ErrorKind::MissingRequiredArgument, "an agent is missing; `kgents agents` lists them"))
}
