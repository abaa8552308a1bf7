//! `kgents asks resolve`: answers a question. Who gives no answer is shown the whole question first, and asked for one.

use super::{card, done, find};
use crate::{
    cli::{Options, ResolveArgs},
    error::Error,
    out::Out,
    reach,
};
use serde_json::Value;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _};
use wire::semaphore::{Answer, CONTEXT_MAX, SemaphoreCard, TokenRecord, TokenStatus};

pub(super) async fn run(args: &ResolveArgs, options: &Options, out: &Out) -> Result<(), Error> {
    let person = io::stdin().is_terminal() && io::stderr().is_terminal();
    if args.answer.is_none() && !person {
        let hint =
            format!("`kgents asks show {0}` shows it, `kgents asks resolve {0} ANSWER` answers", args.id.as_str());
        return Err(Error::Usage { message: "there is no answer, and no terminal to ask for one".to_owned(), hint });
    }
    let client = reach::client(options, out)?;
    let (agent, token) = find::find(&client, &args.id).await?;
    let record = client.question(&agent, &token).await?;
    let human_input = match &args.answer {
        Some(given) => read(given, &record.card)?,
        None => ask(&record, out)?,
    };
    let answer = Answer { human_input, note: args.note.clone() };
    let record = client.resolve(&agent, &token, &answer).await?;
    done(&record, "answered", out)
}

/// What was typed, as the question wants it: an option as it stands, JSON where there is a schema, else a text.
fn read(given: &str, card: &SemaphoreCard) -> Result<Value, Error> {
    let option = card.options.iter().any(|option| option == given);
    if option || card.response_schema.is_none() {
        return Ok(Value::from(given));
    }
    serde_json::from_str(given).map_err(|e| Error::Usage {
        message: format!("the answer to this question has to be JSON: {e}"),
        hint: format!("`kgents asks show {}` shows the schema that it has to fit", card.id),
    })
}

fn ask(record: &TokenRecord, out: &Out) -> Result<Value, Error> {
    let card = &record.card;
    for line in card::question(record, out.aside_colour()) {
        out.aside(&format!("{line}\n"));
    }
    if record.status != TokenStatus::Pending {
        let message = format!("the question waits no longer: it is {}", record.status.as_str());
        return Err(Error::Usage { message, hint: "`kgents asks` lists those that wait".to_owned() });
    }
    let wanted = match (card.options.len(), &card.response_schema) {
        (0, None) => "answer".to_owned(),
        (0, Some(_)) => "answer, as JSON".to_owned(),
        (most, _) => format!("answer, or its number (1 to {most})"),
    };
    loop {
        out.aside(&format!("\n{wanted}: "));
        let typed = line()?;
        let typed = typed.trim();
        if typed.is_empty() {
            continue;
        }
        let answer = read(numbered(typed, &card.options).unwrap_or(typed), card);
        let unfit = |value: &Value| {
            let closed = !card.options.is_empty() && card.response_schema.is_none();
            closed && !card.options.iter().any(|option| value.as_str() == Some(option))
        };
        match answer {
            Ok(value) if unfit(&value) => out.aside("that is none of the answers to choose from"),
            Ok(value) => return Ok(value),
            Err(error) => out.aside(&error.told().message),
        }
    }
}

/// The option of that number. An option that is itself that number goes first.
fn numbered<'a>(typed: &str, options: &'a [String]) -> Option<&'a str> {
    if options.iter().any(|option| option == typed) {
        return None;
    }
    let number: usize = typed.parse().ok()?;
    options.get(number.checked_sub(1)?).map(String::as_str)
}

fn line() -> Result<String, Error> {
    let failed = |why: String| Error::Read { what: "the answer".to_owned(), why };
    let mut line = String::new();
    let limit = u64::try_from(CONTEXT_MAX).unwrap_or(u64::MAX);
    let read = io::stdin().lock().take(limit).read_line(&mut line).map_err(|e| failed(e.to_string()))?;
    if read == 0 {
        return Err(failed("the input ended; the question goes on waiting".to_owned()));
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_may_be_named_by_its_number() {
        let options = ["no".to_owned(), "yes".to_owned()];
        assert_eq!(
            (numbered("2", &options), numbered("3", &options), numbered("0", &options)),
            (Some("yes"), None, None)
        );
        let numbers = ["2".to_owned(), "1".to_owned()];
        assert_eq!(numbered("2", &numbers), None, "it is the answer itself");
    }
}
