//! Making, listing and revoking tokens, on the data folder itself: beside a running gateway or without one.

use super::secret;
use runtime::{
    Store, StoreError, clock,
    store::keys::{Hash, KeyId, KeyKind, KeyRecord, Revoked},
};
use std::{fs, io, path::Path};
use wire::{Scope, Timestamp};

/// The variable with a token of every scope that is never stored.
pub const VARIABLE: &str = "TERRARIUM_ADMIN_TOKEN";
/// Fewest characters of that token: people choose it, and it opens everything.
const ADMIN_MIN: usize = 16;
/// Most characters of a token's name.
const NAME_MAX: usize = 64;

/// The environment's token. Only its hash is kept, so that nothing can print it.
#[derive(Debug, Clone, Copy)]
pub struct AdminToken(Hash);

/// A token that was just made. The secret is not kept anywhere: this is the moment to show it.
#[derive(Debug)]
pub struct Created {
    /// What is kept of it.
    pub record: KeyRecord,
    /// What its holder sends.
    pub secret: String,
}

/// Why a token was not made, listed or revoked.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The data folder cannot be made.
    #[error("data: the folder {folder} cannot be used: {error}; choose another with --data DIR")]
    Folder {
        /// The folder.
        folder: String,
        /// What the system says.
        error: io::Error,
    },
    /// The store in it.
    #[error("data: {0}")]
    Store(#[from] StoreError),
    /// A name nobody could read in a list.
    #[error("name: {0:?} is not a name of 1 to {NAME_MAX} visible characters; for example --name laptop")]
    Name(String),
    /// A word that is no scope.
    #[error("scope: {0:?} is not a scope; the scopes are observe, perturb, resolve and admin, separated by commas")]
    Scope(String),
    /// A text that is no time from now.
    #[error("expires: {0:?} is not a time from now such as 30d, 12h or 90m")]
    Expires(String),
    /// No token of that id.
    #[error("there is no token {0:?} in this data folder; `terrarium token list` shows every one")]
    Unknown(String),
    /// An environment's token that is too easy to guess.
    #[error(
        "{VARIABLE}: a token needs at least {ADMIN_MIN} visible characters without spaces; make one with \
         `openssl rand -hex 32`"
    )]
    TooWeak,
}

impl AdminToken {
    /// A token from the environment.
    ///
    /// # Errors
    /// [`TokenError::TooWeak`].
    pub fn new(text: &str) -> Result<Self, TokenError> {
        let visible = text.bytes().all(|b| b.is_ascii_graphic());
        if visible && text.len() >= ADMIN_MIN { Ok(Self(secret::hash(text))) } else { Err(TokenError::TooWeak) }
    }

    pub(super) fn is(&self, text: &str) -> bool {
        secret::same(&secret::hash(text), &self.0)
    }
}

/// Makes a token. `scopes` are words separated by commas, `expires` a time from now such as `30d`.
///
/// # Errors
/// [`TokenError`].
pub fn create(folder: &Path, name: &str, scopes: &str, expires: Option<&str>) -> Result<Created, TokenError> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_MAX || name.chars().any(char::is_control) {
        return Err(TokenError::Name(name.to_owned()));
    }
    let words = scopes.split(',').map(str::trim);
    let mut scopes = words
        .map(|word| Scope::parse(word).ok_or_else(|| TokenError::Scope(word.to_owned())))
        .collect::<Result<Vec<_>, _>>()?;
    scopes.sort_unstable();
    scopes.dedup();
    let created = clock::wall();
    let end = |text: &str| from_now(text, created).ok_or_else(|| TokenError::Expires(text.to_owned()));
    let expires = expires.map(end).transpose()?;
    let minted = secret::mint();
    let record = KeyRecord {
        id: minted.id,
        kind: KeyKind::Token,
        name: name.to_owned(),
        scopes,
        created,
        last_used: None,
        expires,
        revoked: None,
    };
    open(folder)?.add_key(&record, &minted.hash)?;
    Ok(Created { record, secret: format!("{}{}", secret::PREFIX, minted.text) })
}

/// Every token, the newest first.
///
/// # Errors
/// [`TokenError`].
pub fn list(folder: &Path) -> Result<Vec<KeyRecord>, TokenError> {
    Ok(open(folder)?.keys()?)
}

/// Ends a token and its sessions. A running gateway follows within a second.
///
/// # Errors
/// [`TokenError::Unknown`], or the store's.
pub fn revoke(folder: &Path, id: &str) -> Result<Revoked, TokenError> {
    // Whoever has the whole token at hand may give that: the id is a part of it.
    let bare = id.strip_prefix(secret::PREFIX).unwrap_or(id);
    let bare = bare.split_once('_').map_or(bare, |(id, _)| id);
    let unknown = || TokenError::Unknown(bare.to_owned());
    let key = KeyId::parse(bare).ok_or_else(unknown)?;
    match open(folder)?.revoke_key(&key, clock::wall())? {
        Revoked::Unknown => Err(unknown()),
        revoked => Ok(revoked),
    }
}

fn open(folder: &Path) -> Result<Store, TokenError> {
    let unusable = |error| TokenError::Folder { folder: folder.display().to_string(), error };
    fs::create_dir_all(folder).map_err(unusable)?;
    Ok(Store::beside(folder)?)
}

/// `30d`, `12h`, `90m` from a moment on.
fn from_now(text: &str, now: Timestamp) -> Option<Timestamp> {
    let (number, unit) = text.split_at(text.len().checked_sub(1).filter(|at| text.is_char_boundary(*at))?);
    let minutes = match unit {
        "d" => 24 * 60,
        "h" => 60,
        "m" => 1,
        _ => return None,
    };
    let ms = number.parse::<u32>().ok().filter(|n| *n > 0).map(|n| i64::from(n) * minutes * 60_000)?;
    Some(Timestamp::from_millis(now.as_millis() + ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_made_is_refused_with_what_could() {
        let folder = tempfile::tempdir().unwrap();
        let why = |name: &str, scopes: &str, expires: Option<&str>| {
            create(folder.path(), name, scopes, expires).unwrap_err().to_string()
        };
        assert!(why("", "observe", None).contains("--name laptop"));
        assert!(why("a\nb", "observe", None).contains("name"));
        assert!(why("a", "observe,admim", None).contains("\"admim\""));
        assert!(why("a", "", None).contains("the scopes are"));
        for bad in ["", "d", "30", "-1d", "0d", "1y", "99999999999d", "1ü"] {
            assert!(why("a", "observe", Some(bad)).contains("30d"), "{bad}");
        }
        assert!(list(folder.path()).unwrap().is_empty());
    }

    #[test]
    fn a_token_is_made_listed_without_its_secret_and_revoked_by_id_or_whole() {
        let folder = tempfile::tempdir().unwrap();
        let made = create(folder.path(), " laptop ", "perturb, observe,perturb", Some("2h")).unwrap();
        assert!(made.secret.starts_with(&format!("trm_{}_", made.record.id.as_str())));
        let listed = list(folder.path()).unwrap();
        assert_eq!(listed, std::slice::from_ref(&made.record));
        assert_eq!(listed[0].scopes, [Scope::Observe, Scope::Perturb]);
        assert_eq!(listed[0].expires.unwrap().millis_since(listed[0].created), 7_200_000);
        assert!(matches!(revoke(folder.path(), &made.secret).unwrap(), Revoked::Now(_)));
        assert!(matches!(revoke(folder.path(), made.record.id.as_str()).unwrap(), Revoked::Before(_)));
        for nobody in ["", "trm_", "beefbeef"] {
            assert!(matches!(revoke(folder.path(), nobody), Err(TokenError::Unknown(_))), "{nobody}");
        }
    }

    #[test]
    fn a_token_from_the_environment_is_never_shown() {
        let admin = AdminToken::new("correct-horse-battery").unwrap();
        assert!(admin.is("correct-horse-battery") && !admin.is("correct-horse-batterz"));
        assert!(!format!("{admin:?}").contains("correct"));
        assert!(AdminToken::new("short").is_err());
        assert!(AdminToken::new("with spaces in between it").is_err());
    }
}
