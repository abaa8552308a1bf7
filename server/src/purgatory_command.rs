//! `terrarium purgatory`: checks the log of decisions, or prints it. Reads only, also beside a gateway that runs.

use clap::{Subcommand, ValueEnum};
use runtime::{
    purgatory::{export, verify},
    store::FILE,
};
use serde::de::IgnoredAny;
use std::{
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

/// What to do with the log.
#[derive(Debug, Clone, Subcommand)]
pub enum PurgatoryVerb {
    /// Check that no line of the log was changed, left out or added; exits 1 where one was
    Verify,
    /// Print every line of the log with its hash
    Export {
        /// How
        #[arg(long, value_enum, default_value_t = Format::Jsonl)]
        format: Format,
    },
}

/// How the log is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object a line. A line's hash is SHA-256 over the hash before it, a line break, and the text of its `entry`.
    Jsonl,
}

/// Why the command failed.
#[derive(Debug, thiserror::Error)]
pub enum PurgatoryCommandError {
    /// No store is there.
    #[error("there is no store at {}; say where the data folder is with --data DIR", .0.display())]
    Missing(PathBuf),
    /// It does not answer.
    #[error("{} cannot be read: {why}", file.display())]
    Store {
        /// The file.
        file: PathBuf,
        /// What SQLite says, or what writing did.
        why: String,
    },
    /// Standard output.
    #[error("the answer cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// Runs the command on a data folder. Says whether the log is whole.
///
/// # Errors
/// [`PurgatoryCommandError`].
pub fn run(folder: &Path, verb: &PurgatoryVerb, out: &mut impl Write) -> Result<bool, PurgatoryCommandError> {
    let file = folder.join(FILE);
    if !file.exists() {
        return Err(PurgatoryCommandError::Missing(file));
    }
    let failed = |why: String| PurgatoryCommandError::Store { file: file.clone(), why };
    match verb {
        PurgatoryVerb::Verify => {
            let found = verify(&file).map_err(|e| failed(e.to_string()))?;
            let lines = if found.lines == 1 { "line" } else { "lines" };
            match &found.broken {
                None => {
                    writeln!(out, "{} {lines}, each as it was written.", found.lines)?;
                    if !found.head.is_empty() {
                        writeln!(out, "The last hash is {}", found.head)?;
                    }
                }
                Some((line, why)) => {
                    writeln!(out, "The log is broken at line {line}: {why}. {} {lines} before it fit.", found.lines)?;
                }
            }
            Ok(found.broken.is_none())
        }
        PurgatoryVerb::Export { format: Format::Jsonl } => {
            let mut out = BufWriter::new(out);
            export(&file, |seq, line, hash| {
                // As it stands: another spelling of the same JSON would have another hash. What is no JSON any more, because
                // somebody was at the file, is shown as a text.
                let is_json = serde_json::from_str::<IgnoredAny>(line).is_ok() && !line.contains('\n');
                let entry = if is_json { line.to_owned() } else { serde_json::to_string(line)? };
                let hash = serde_json::to_string(hash)?;
                writeln!(out, "{{\"seq\":{seq},\"hash\":{hash},\"entry\":{entry}}}")
            })
            .map_err(|e| failed(e.to_string()))?;
            out.flush()?;
            Ok(true)
        }
    }
}
