//! The one way to the terminal: results to stdout, everything else to stderr, in the form that was asked for.
//!
//! What other programs wrote is made harmless for a terminal and left as it is for a pipe.

use crate::{error::Error, json, text};
use anstyle::{AnsiColor, Style};
use clap::builder::StyledStr;
use serde::Serialize;
use serde_json::Value;
use std::{
    cell::Cell,
    env,
    fmt::Write as _,
    io::{self, IsTerminal as _, Write as _},
};

/// Bold.
pub(crate) const STRONG: Style = Style::new().bold();
/// Less important than the rest.
pub(crate) const QUIET: Style = Style::new().dimmed();
/// Something is wrong.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// Something may be wrong.
pub(crate) const ODD: Style = AnsiColor::Yellow.on_default();
/// All is well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();

/// The form of what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// For people.
    Text,
    /// For programs: JSON, one value a line.
    Json,
}

/// Where results and remarks go.
#[derive(Debug)]
pub(crate) struct Out {
    form: Cell<Form>,
    terminal: bool,
    remarks: Remarks,
    colour: Hue,
    error_colour: Hue,
}

/// Whether a stream shows colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hue {
    Colour,
    Plain,
}

/// Whether warnings and notes are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remarks {
    Made,
    Kept,
}

impl Out {
    pub(crate) fn new(form: Form) -> Self {
        // Knows NO_COLOR, CLICOLOR_FORCE, TERM and what is not a terminal.
        let hue = |choice| if choice == anstream::ColorChoice::Never { Hue::Plain } else { Hue::Colour };
        Self {
            form: Cell::new(form),
            remarks: Remarks::Made,
            terminal: io::stdout().is_terminal(),
            colour: hue(anstream::AutoStream::choice(&io::stdout())),
            error_colour: hue(anstream::AutoStream::choice(&io::stderr())),
        }
    }

    /// One that warns nobody.
    pub(crate) fn silent(form: Form) -> Self {
        Self { remarks: Remarks::Kept, ..Self::new(form) }
    }

    /// The form that was asked for.
    pub(crate) fn form(&self) -> Form {
        self.form.get()
    }

    /// Takes another form from now on: `--json` may stand where it is not read at once.
    pub(crate) fn take_form(&self, form: Form) {
        self.form.set(form);
    }

    /// The columns that a line may take; as many as it likes where stdout is no terminal and `$COLUMNS` says nothing.
    pub(crate) fn columns(&self) -> usize {
        let said = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0);
        let seen = || terminal_size::terminal_size().map_or(80, |(width, _)| usize::from(width.0));
        said.unwrap_or_else(|| if self.terminal { seen() } else { usize::MAX })
    }

    /// A text in a style, where stdout shows one.
    pub(crate) fn styled(&self, style: Style, text: &str) -> String {
        styled(self.colour, style, text)
    }

    /// Whether stdout shows colours.
    pub(crate) fn colour(&self) -> Hue {
        self.colour
    }

    /// Whether stderr shows colours.
    pub(crate) fn aside_colour(&self) -> Hue {
        self.error_colour
    }

    /// One line of ours.
    pub(crate) fn say(&self, line: &str) -> Result<(), Error> {
        write(&format!("{line}\n"))
    }

    /// One line of JSON.
    pub(crate) fn json(&self, value: &impl Serialize) -> Result<(), Error> {
        let line = serde_json::to_string(value).map_err(|e| Error::System(e.into()))?;
        write(&format!("{line}\n"))
    }

    /// A part of a text that comes in parts, at once and without a line's end.
    pub(crate) fn part(&self, part: &str) -> Result<(), Error> {
        write(&self.fit(part))
    }

    /// A text of ours as it stands.
    pub(crate) fn raw(&self, text: &str) -> Result<(), Error> {
        write(text)
    }

    /// Help that clap wrote.
    pub(crate) fn help(&self, help: &StyledStr) -> Result<(), Error> {
        match self.colour {
            Hue::Colour => write(&help.ansi().to_string()),
            Hue::Plain => write(&help.to_string()),
        }
    }

    /// What an agent answered: a text as it stands, anything else as JSON that people can read.
    pub(crate) fn answer(&self, value: &Value) -> Result<(), Error> {
        match value {
            Value::String(text) => write(&format!("{}\n", self.fit(text))),
            Value::Null => Ok(()),
            value => write(&format!("{}\n", self.fit_json(&json::pretty(value, self.colour)))),
        }
    }

    /// A remark.
    pub(crate) fn note(&self, remark: &str) {
        if self.form() == Form::Text && self.remarks == Remarks::Made {
            // A remark that cannot be made is not worth failing for.
            let _ = writeln!(io::stderr(), "{}", styled(self.error_colour, QUIET, &text::harmless(remark)));
        }
    }

    /// A remark about something that takes long; as JSON where that was asked for.
    pub(crate) fn progress(&self, remark: &str) {
        match self.form() {
            Form::Text => self.note(remark),
            Form::Json => {
                let _ = writeln!(io::stderr(), "{}", serde_json::json!({ "note": { "message": remark } }));
            }
        }
    }

    /// A part of a conversation with somebody at a terminal, beside the results. Harmless already.
    pub(crate) fn aside(&self, text: &str) {
        let mut stderr = io::stderr();
        let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
    }

    /// A warning.
    pub(crate) fn warn(&self, warning: &str) {
        if self.remarks == Remarks::Kept {
            return;
        }
        let _ = writeln!(io::stderr(), "{} {}", styled(self.error_colour, ODD, "warning:"), text::harmless(warning));
    }

    /// What went wrong, in words; as JSON where that was asked for.
    pub(crate) fn error(&self, error: &Error) {
        let json = self.form() == Form::Json;
        if let Some(clap) = error.as_clap().filter(|clap| !json || !clap.use_stderr()) {
            let _ = clap.print();
            return;
        }
        if error.ending() == crate::error::Ending::Done {
            return;
        }
        let told = error.told();
        let mut words = String::new();
        if json {
            let _ = serde_json::to_string(&serde_json::json!({ "error": told })).map(|line| words.push_str(&line));
        } else {
            let _ = write!(words, "{} {}", styled(self.error_colour, BAD, "error:"), text::harmless(&told.message));
            for wrong in &told.errors {
                let place = place(&wrong.pointer);
                let _ = write!(words, "\n  {}{}", text::line(&place), text::harmless(&wrong.message));
            }
            if !told.related.is_empty() {
                let _ = write!(words, "\n  near: {}", text::harmless(&told.related.join(", ")));
            }
            if let Some(hint) = &told.hint {
                let _ = write!(words, "\n  {} {}", styled(self.error_colour, GOOD, "try:"), text::harmless(hint));
            }
        }
        let _ = writeln!(io::stderr(), "{words}");
    }

    fn fit<'a>(&self, text: &'a str) -> std::borrow::Cow<'a, str> {
        if self.terminal { text::harmless(text) } else { text.into() }
    }

    /// JSON has escaped what is dangerous in a text, except for controls beyond ASCII; our own colours stay.
    fn fit_json(&self, text: &str) -> String {
        if !self.terminal {
            return text.to_owned();
        }
        text.split('\u{1b}').map(text::harmless).collect::<Vec<_>>().join("\u{1b}")
    }
}

/// Where a field error is, as an option: `/when/0` is `--when, at /0`.
fn place(pointer: &str) -> String {
    let mut parts = pointer.trim_start_matches('/').splitn(2, '/');
    let name = parts.next().unwrap_or_default().replace("~1", "/").replace("~0", "~");
    match (name.as_str(), parts.next()) {
        // What somebody answers to a question has no option: it is the answer.
        ("" | "human_input", None) | ("", Some(_)) => String::new(),
        // An argument of a path.
        ("args", Some(name)) => format!("--arg {name}: "),
        ("human_input", Some(deeper)) => format!("at /{deeper}: "),
        (name, None) => format!("--{}: ", crate::spec::flag(name)),
        (name, Some(deeper)) => format!("--{}, at /{deeper}: ", crate::spec::flag(name)),
    }
}

/// A text in a style, where one is shown.
pub(crate) fn styled(hue: Hue, style: Style, text: &str) -> String {
    match hue {
        Hue::Colour => format!("{style}{text}{style:#}"),
        Hue::Plain => text.to_owned(),
    }
}

fn write(text: &str) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Error::System)
}
