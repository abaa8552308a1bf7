//! `kgents PATH`: a path of AGENTESE, followed by the gateway.

use crate::{
    cli::{Options, PathArgs},
    error::Error,
    out::{Form, Out},
    reach,
};
use serde_json::Value;
use wire::agentese::{Agentese, Answered, ObserverWords};

pub(crate) async fn run(args: &PathArgs, options: &Options, out: &Out) -> Result<(), Error> {
    let observer =
        ObserverWords { archetype: args.archetype.clone(), agent: args.agent.clone(), ..ObserverWords::default() };
    let observer = Some(observer).filter(|observer| *observer != ObserverWords::default());
    let args = Agentese { path: args.path.clone(), observer, args: args.arguments.iter().cloned().collect() };
    let result = reach::client(options, out)?.agentese(&args).await?;
    match out.form() {
        Form::Json => out.json(&Answered { result }),
        Form::Text => out.answer(&result),
    }
}

/// Asks for one path with these arguments.
pub(crate) async fn ask(
    path: &str,
    arguments: impl IntoIterator<Item = (&'static str, Value)>,
    options: &Options,
    out: &Out,
) -> Result<Value, Error> {
    let args = arguments.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let call = Agentese { path: path.to_owned(), observer: None, args };
    Ok(reach::client(options, out)?.agentese(&call).await?)
}
