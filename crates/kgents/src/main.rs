//! The `kgents` command: a gateway's agents from the command line. Results go to stdout, everything else to stderr.
//!
//! The only file that knows exit codes: 0 done, 1 failed, 2 the command line does not fit, 3 not allowed or a no, 4 no
//! answer in time, 130 interrupted. Owns nothing that runs: it asks a gateway through `client` and prints what comes back.

mod cli;
mod cmd;
mod complete;
mod error;
mod json;
mod out;
mod reach;
mod schema;
mod spec;
mod table;
mod text;

use crate::{
    cli::{Cli, Verb},
    error::{Ending, Error},
    out::{Form, Out},
};
use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    match complete::answer() {
        Ok(true) => return ExitCode::SUCCESS,
        Ok(false) => {}
        Err(error) => return ended(&Out::new(Form::Text), &error),
    }
    let cli = match Cli::try_parse_from(cli::with_verb(std::env::args_os())) {
        Ok(cli) => cli,
        Err(error) => return ended(&Out::new(form_before_reading()), &Error::from(error)),
    };
    let out = Out::new(cli.options.form());
    match run(&cli, &out) {
        Ok(ending) => code(ending),
        Err(error) => ended(&out, &error),
    }
}

fn run(cli: &Cli, out: &Out) -> Result<Ending, Error> {
    // One command asks one thing: no second thread is of any use.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::System)?;
    let options = &cli.options;
    runtime.block_on(async {
        match &cli.verb {
            Verb::Agents => cmd::agents::run(options, out).await,
            Verb::Snapshot(args) => cmd::snapshot::run(args, options, out).await,
            Verb::Perturb(args) => cmd::perturb::run(args, options, out).await,
            Verb::Call(args) => cmd::call::run(args, options, out).await,
            Verb::Ask(args) => return cmd::ask::run(args, options, out).await,
            Verb::Asks(args) => cmd::asks::run(args, options, out).await,
            Verb::Path(args) => cmd::path::run(args, options, out).await,
            Verb::Tithe(args) => cmd::void::tithe(args, options, out).await,
            Verb::Oblique(args) => cmd::void::oblique(args, options, out).await,
            Verb::Dream(args) => cmd::void::dream(args, options, out).await,
            Verb::Completions(args) => cmd::completions::run(args, out),
        }
        .map(|()| Ending::Done)
    })
}

/// The form of an error about a command line that could not be read.
fn form_before_reading() -> Form {
    let words: Vec<_> = std::env::args_os().collect();
    if spec::is_given(words.iter().map(|word| word.as_os_str())) { Form::Json } else { Form::Text }
}

fn ended(out: &Out, error: &Error) -> ExitCode {
    out.error(error);
    code(error.ending())
}

fn code(ending: Ending) -> ExitCode {
    ExitCode::from(match ending {
        Ending::Done => 0,
        Ending::Failed => 1,
        Ending::Usage => 2,
        Ending::Denied => 3,
        Ending::TimedOut => 4,
        // As shells say it.
        Ending::Interrupted => 130,
    })
}
