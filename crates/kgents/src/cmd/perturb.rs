//! `kgents perturb`: gives an agent an input over its socket, and prints what comes back as it comes.

use crate::{
    cli::{Options, PerturbArgs},
    error::Error,
    out::{Form, Out},
    reach,
};
use client::{Beam, Client};
use serde_json::Value;
use std::{
    io::{self, IsTerminal as _, Read as _},
    time::Duration,
};
use wire::{AgentId, CallId, CloseCode, Perturb, PerturbReply, SemaphoreCard, perturb::INPUT_MAX};

/// What the gateway may take beyond the time-out it was given, before this end gives up as well.
const GRACE: Duration = Duration::from_secs(5);
/// The name of the one input on this socket.
const ID: i64 = 1;
/// Most bytes of streamed text that are kept, to see whether the whole answer only repeats it.
const STREAMED_MAX: usize = 1024 * 1024;

pub(crate) async fn run(args: &PerturbArgs, options: &Options, out: &Out) -> Result<(), Error> {
    let input = Perturb {
        id: Some(CallId::Number(ID)),
        data: input(args)?,
        priority: args.priority,
        timeout_ms: args.timeout.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
    };
    let client = reach::client(options, out)?;
    let asked = ask(&client, &args.agent, &input, out);
    match args.timeout {
        Some(time) => tokio::time::timeout(time + GRACE, asked).await.map_err(|_| Error::TimedOut(time))?,
        None => asked.await,
    }
}

/// What is to be worked on, from the command line or standard input.
fn input(args: &PerturbArgs) -> Result<Value, Error> {
    let text = match args.input.as_deref() {
        Some("-") => standard_input()?,
        Some(text) => text.to_owned(),
        None if io::stdin().is_terminal() => {
            let hint = format!("`kgents perturb {} 'some text'`, or - to type it and end with Ctrl-D", args.agent);
            return Err(Error::Usage { message: "there is nothing to work on".to_owned(), hint });
        }
        None => standard_input()?,
    };
    if args.raw {
        return Ok(Value::from(text));
    }
    let text = text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    match serde_json::from_str(text) {
        Ok(Value::Null) => {
            let message = "the input is null, which is nothing to work on".to_owned();
            Err(Error::Usage { message, hint: "use --raw to send it as a text".to_owned() })
        }
        Ok(value) => Ok(value),
        Err(_) => Ok(Value::from(text)),
    }
}

fn standard_input() -> Result<String, Error> {
    let failed = |why: String| Error::Read { what: "standard input".to_owned(), why };
    let mut text = String::new();
    let limit = u64::try_from(INPUT_MAX).unwrap_or(u64::MAX);
    io::stdin().lock().take(limit + 1).read_to_string(&mut text).map_err(|e| failed(e.to_string()))?;
    if text.len() > INPUT_MAX {
        return Err(failed(format!("it is longer than an input may be, {INPUT_MAX} bytes")));
    }
    Ok(text)
}

async fn ask(client: &Client, agent: &AgentId, input: &Perturb, out: &Out) -> Result<(), Error> {
    let mut beam = client.perturb(agent).await?;
    // A gateway that refuses the socket closes it: why, is in the close code, which comes out below.
    let sent = beam.send(input).await;
    let mut printer = Printer { out, streamed: Some(String::new()) };
    loop {
        match beam.next().await {
            Some(Ok(reply)) => {
                if printer.reply(reply)? {
                    beam.close().await;
                    return Ok(());
                }
            }
            Some(Err(error)) => return Err(error.into()),
            None => return Err(closed(client, agent, &beam, sent).await),
        }
    }
}

/// Why the socket ended too early. A close code is only a number, so where REST would refuse as well, it is asked for its
/// words: the names most like an unknown agent's, and what is wrong with a token.
async fn closed(client: &Client, agent: &AgentId, beam: &Beam, sent: Result<(), client::Error>) -> Error {
    let code = beam.close_code();
    let has_words = [CloseCode::AgentNotFound, CloseCode::Unauthorised].into_iter().any(|c| Some(c.code()) == code);
    if has_words && let Err(error) = client.agent(agent).await {
        return error.into();
    }
    match (code, sent) {
        (None, Err(error)) => error.into(),
        (code, _) => Error::Closed(code),
    }
}

/// That the agent waits for a person, and with what question.
fn asked(card: &SemaphoreCard) -> String {
    format!("the agent asked a person, and waits for the answer: {} ({})", card.prompt, card.id)
}

/// What of the answer has been printed.
struct Printer<'a> {
    out: &'a Out,
    /// The text that came in parts; `None` where it is longer than is kept, or not all text.
    streamed: Option<String>,
}

impl Printer<'_> {
    /// Prints a reply. Whether it was the last.
    fn reply(&mut self, reply: PerturbReply) -> Result<bool, Error> {
        if self.out.form() == Form::Json && !matches!(reply, PerturbReply::Error { .. } | PerturbReply::Busy { .. }) {
            self.out.json(&reply)?;
            return Ok(matches!(reply, PerturbReply::Result { .. }));
        }
        match reply {
            PerturbReply::Accepted { queue_depth, .. } if queue_depth > 1 => {
                self.out.note(&format!("{} others are before this one", queue_depth - 1));
            }
            PerturbReply::Accepted { .. } | PerturbReply::Resolved { .. } => {}
            PerturbReply::Chunk { data, .. } => self.chunk(&data)?,
            PerturbReply::Semaphore { token, .. } => {
                self.out.note(&asked(&token));
            }
            PerturbReply::Result { result, .. } => {
                self.result(&result)?;
                return Ok(true);
            }
            PerturbReply::Error { error, .. } => {
                self.end_line()?;
                return Err(Error::Said(error));
            }
            PerturbReply::Busy { retry_after_ms, .. } => return Err(Error::Busy { retry_after_ms }),
        }
        Ok(false)
    }

    fn chunk(&mut self, data: &Value) -> Result<(), Error> {
        let Value::String(part) = data else {
            self.end_line()?;
            self.streamed = None;
            return self.out.answer(data);
        };
        if let Some(streamed) = &mut self.streamed {
            streamed.push_str(part);
            if streamed.len() > STREAMED_MAX {
                self.streamed = None;
            }
        }
        self.out.part(part)
    }

    /// The whole answer, unless it has been seen already in parts.
    fn result(&mut self, result: &Value) -> Result<(), Error> {
        self.end_line()?;
        let seen = self.streamed.as_deref().filter(|streamed| !streamed.is_empty());
        if seen.is_some() && seen == result.as_str() {
            return Ok(());
        }
        self.out.answer(result)
    }

    fn end_line(&self) -> Result<(), Error> {
        match &self.streamed {
            Some(streamed) if streamed.is_empty() || streamed.ends_with('\n') => Ok(()),
            Some(_) => self.out.part("\n"),
            None => Ok(()),
        }
    }
}
