//! `kgents asks`: the questions that wait for a person, for whoever answers them.

mod card;
mod find;
mod list;
mod resolve;
mod watch;

use crate::{
    cli::{AsksArgs, AsksVerb, CancelArgs, ListArgs, Options, ShowArgs},
    error::Error,
    out::{Form, GOOD, Out},
    reach,
};
use wire::semaphore::TokenRecord;

pub(crate) async fn run(args: &AsksArgs, options: &Options, out: &Out) -> Result<(), Error> {
    match &args.verb {
        None => list::run(&ListArgs::default(), options, out).await,
        Some(AsksVerb::List(args)) => list::run(args, options, out).await,
        Some(AsksVerb::Show(args)) => show(args, options, out).await,
        Some(AsksVerb::Resolve(args)) => resolve::run(args, options, out).await,
        Some(AsksVerb::Cancel(args)) => cancel(args, options, out).await,
        Some(AsksVerb::Watch(args)) => watch::run(args, options, out).await,
    }
}

async fn show(args: &ShowArgs, options: &Options, out: &Out) -> Result<(), Error> {
    let client = reach::client(options, out)?;
    let (agent, token) = find::find(&client, &args.id).await?;
    let record = client.question(&agent, &token).await?;
    if out.form() == Form::Json {
        return out.json(&record);
    }
    let colour = out.colour();
    let lines = card::question(&record, colour).into_iter().chain(card::trail(&record, colour));
    lines.into_iter().try_for_each(|line| out.say(&line))
}

async fn cancel(args: &CancelArgs, options: &Options, out: &Out) -> Result<(), Error> {
    let client = reach::client(options, out)?;
    let (agent, token) = find::find(&client, &args.id).await?;
    let record = client.cancel(&agent, &token, args.reason.clone()).await?;
    done(&record, "cancelled", out)
}

/// That something was done to a question.
fn done(record: &TokenRecord, what: &str, out: &Out) -> Result<(), Error> {
    match out.form() {
        Form::Json => out.json(record),
        Form::Text => out.say(&format!("{}  {}", out.styled(GOOD, what), record.card.id)),
    }
}
