//! `terrarium token`: makes, lists and revokes tokens, in words for people or as JSON.
//!
//! Works on the data folder, also while a gateway runs on it. Of a new token, the secret alone goes to standard output, so
//! that it can be piped; it is shown this once.

use crate::auth::tokens::{self, TokenError};
use clap::Subcommand;
use runtime::{
    clock,
    store::keys::{KeyKind, KeyRecord, Revoked},
};
use std::{
    io::{self, Write},
    path::Path,
};
use wire::Timestamp;

/// What to do with tokens.
#[derive(Debug, Clone, Subcommand)]
pub enum TokenVerb {
    /// Make a token and print its secret, once
    Create {
        /// What to call it in lists, such as the program or person that gets it
        #[arg(long)]
        name: String,
        /// What it may do: observe, perturb, resolve, admin; separated by commas
        #[arg(long, value_name = "SCOPES")]
        scope: String,
        /// When it ends by itself, such as 30d, 12h or 90m [default: never]
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
    },
    /// Show every token, without secrets
    List {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// End a token and its sessions; a running gateway follows within a second
    Revoke {
        /// Its id, as the list shows it
        id: String,
    },
}

/// Why the command failed.
#[derive(Debug, thiserror::Error)]
pub enum TokenCommandError {
    /// The tokens.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Standard output.
    #[error("the answer cannot be written: {0}")]
    Write(#[from] io::Error),
    /// JSON, which a list of plain fields always is.
    #[error("the list cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Runs the command on a data folder. Results go to `out`, remarks to `remarks`.
///
/// # Errors
/// [`TokenCommandError`].
pub fn run(
    folder: &Path,
    verb: &TokenVerb,
    out: &mut impl Write,
    remarks: &mut impl Write,
) -> Result<(), TokenCommandError> {
    match verb {
        TokenVerb::Create { name, scope, expires } => {
            let made = tokens::create(folder, name, scope, expires.as_deref())?;
            let key = &made.record;
            let end = key.expires.map_or_else(|| "without an end".to_owned(), |end| format!("until {end}"));
            writeln!(remarks, "{:?}, id {}, may {}, {end}.", key.name, key.id.as_str(), scopes(key))?;
            writeln!(remarks, "This is its secret. It is not kept and not shown again:")?;
            writeln!(out, "{}", made.secret)?;
        }
        TokenVerb::List { json: true } => {
            serde_json::to_writer_pretty(&mut *out, &tokens::list(folder)?)?;
            writeln!(out)?;
        }
        TokenVerb::List { json: false } => {
            let keys = tokens::list(folder)?;
            if keys.is_empty() {
                writeln!(remarks, "There are no tokens. Make one: terrarium token create --name me --scope admin")?;
            } else {
                table(&keys, clock::wall(), out)?;
            }
        }
        TokenVerb::Revoke { id } => match tokens::revoke(folder, id)? {
            Revoked::Before(key) => {
                let when = key.revoked.map_or_else(String::new, |t| format!(" at {t}"));
                writeln!(remarks, "{:?} ({}) had been revoked before{when}.", key.name, key.id.as_str())?;
            }
            Revoked::Now(key) => writeln!(remarks, "{:?} ({}) is revoked.", key.name, key.id.as_str())?,
            // Told as an error before.
            Revoked::Unknown => {}
        },
    }
    Ok(())
}

fn table(keys: &[KeyRecord], now: Timestamp, out: &mut impl Write) -> io::Result<()> {
    let head = ["ID", "NAME", "SCOPES", "CREATED", "LAST USED", "STATE"].map(str::to_owned);
    let rows: Vec<[String; 6]> = std::iter::once(head).chain(keys.iter().map(|key| row(key, now))).collect();
    let width = |column: usize| rows.iter().map(|r| r[column].chars().count()).max().unwrap_or(0);
    for row in &rows {
        let cells: Vec<String> = row.iter().enumerate().map(|(n, cell)| format!("{cell:<w$}", w = width(n))).collect();
        writeln!(out, "{}", cells.join("  ").trim_end())?;
    }
    Ok(())
}

fn row(key: &KeyRecord, now: Timestamp) -> [String; 6] {
    let minute =
        |t: Timestamp| t.to_string().get(..16).map_or_else(String::new, |t| format!("{}Z", t.replace('T', " ")));
    let state = match (key.revoked, key.expires) {
        (Some(when), _) => format!("revoked {}", minute(when)),
        (None, Some(end)) if end <= now => format!("expired {}", minute(end)),
        (None, Some(end)) => format!("until {}", minute(end)),
        (None, None) => "good".to_owned(),
    };
    let name = match key.kind {
        KeyKind::Token => key.name.clone(),
        KeyKind::Link | KeyKind::Environment => format!("({})", key.name),
    };
    let used = key.last_used.map_or_else(|| "never".to_owned(), minute);
    [key.id.as_str().to_owned(), name, scopes(key), minute(key.created), used, state]
}

fn scopes(key: &KeyRecord) -> String {
    key.scopes.iter().map(|s| s.as_str()).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(folder: &Path, verb: &TokenVerb) -> (String, String) {
        let (mut out, mut remarks) = (Vec::new(), Vec::new());
        run(folder, verb, &mut out, &mut remarks).unwrap();
        (String::from_utf8(out).unwrap(), String::from_utf8(remarks).unwrap())
    }

    #[test]
    fn the_secret_alone_goes_to_standard_output_and_never_into_a_list() {
        let folder = tempfile::tempdir().unwrap();
        assert!(command(folder.path(), &TokenVerb::List { json: false }).1.contains("terrarium token create"));
        let (name, scope) = ("laptop".to_owned(), "observe,perturb".to_owned());
        let (secret, remarks) = command(folder.path(), &TokenVerb::Create { name, scope, expires: None });
        let secret = secret.trim();
        assert!(secret.starts_with("trm_") && !secret.contains(char::is_whitespace), "{secret}");
        assert!(!remarks.contains(secret) && remarks.contains("observe,perturb"), "{remarks}");
        let (table, _) = command(folder.path(), &TokenVerb::List { json: false });
        let (json, _) = command(folder.path(), &TokenVerb::List { json: true });
        let hidden = secret.rsplit('_').next().unwrap();
        assert!(table.contains("laptop") && !table.contains(hidden), "{table}");
        assert!(json.contains("\"laptop\"") && !json.contains(hidden) && !json.contains("hash"), "{json}");
        let id = table.lines().nth(1).unwrap().split(' ').next().unwrap().to_owned();
        assert!(command(folder.path(), &TokenVerb::Revoke { id: id.clone() }).1.contains("is revoked"));
        assert!(command(folder.path(), &TokenVerb::Revoke { id }).1.contains("before at"));
        assert!(command(folder.path(), &TokenVerb::List { json: false }).0.contains("revoked 20"));
    }
}
