//! Tokens, and the browser sessions that stand on them, as they are kept on disk.
//!
//! Holds hashes, never a secret: how secrets are made and compared is the gateway's business. A session belongs to one key
//! and ends with it. Times are milliseconds since 1970, as everywhere in the file.

use super::{Store, StoreError};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;
use wire::{Scope, Timestamp};

/// Sessions kept of one key; signing in once more ends the oldest.
pub const SESSIONS_PER_KEY: usize = 32;

/// SHA-256 of a secret.
pub type Hash = [u8; 32];

/// The public part of a token: names it in lists and logs, opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct KeyId(String);

/// Where a key comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// Made with `terrarium token create`.
    Token,
    /// Made by signing in with the link that the gateway prints. Nobody knows a secret for it; it holds a session.
    Link,
    /// Made by signing in with the token from the environment; ends when the gateway does. The same otherwise.
    Environment,
}

/// What is kept of a key besides its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyRecord {
    /// Its public part.
    pub id: KeyId,
    /// Where it comes from.
    pub kind: KeyKind,
    /// What its maker called it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last shown, to the minute.
    pub last_used: Option<Timestamp>,
    /// When it ends by itself.
    pub expires: Option<Timestamp>,
    /// When it was ended.
    pub revoked: Option<Timestamp>,
}

/// A browser's session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// The key it stands on.
    pub key: KeyRecord,
    /// When it ends, unless it is used before.
    pub expires: Timestamp,
}

/// A session that begins.
#[derive(Debug)]
pub struct NewSession<'a> {
    /// Its public part.
    pub id: &'a KeyId,
    /// The hash of its secret.
    pub hash: &'a Hash,
    /// The key it stands on.
    pub key: SessionKey<'a>,
    /// Now.
    pub begins: Timestamp,
    /// When it ends, unless it is used before.
    pub expires: Timestamp,
}

/// The key of a new session.
#[derive(Debug)]
pub enum SessionKey<'a> {
    /// One that is there.
    Kept(&'a KeyId),
    /// One made for this session.
    Made(&'a KeyRecord, &'a Hash),
}

/// What came of revoking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revoked {
    /// It was good until now.
    Now(KeyRecord),
    /// It had been revoked before.
    Before(KeyRecord),
    /// There is none of that id.
    Unknown,
}

impl KeyId {
    /// An id, where the text could be one: 4 to 32 of `a-z0-9`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let legal =
            (4..=32).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        legal.then(|| Self(text.to_owned()))
    }

    /// An id of these, hopefully random, bits.
    #[must_use]
    pub fn from_bits(bits: u64) -> Self {
        Self(format!("{bits:016x}"))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl KeyKind {
    const ALL: [Self; 3] = [Self::Token, Self::Link, Self::Environment];

    fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Link => "link",
            Self::Environment => "environment",
        }
    }
}

impl KeyRecord {
    /// Whether it opens anything at this moment.
    #[must_use]
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && self.expires.is_none_or(|end| now < end)
    }
}

impl Store {
    /// Keeps a new key.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub fn add_key(&self, key: &KeyRecord, hash: &Hash) -> Result<(), StoreError> {
        Ok(insert(&self.lock(), key, hash)?)
    }

    /// Every key, the newest first, revoked ones included.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub fn keys(&self) -> Result<Vec<KeyRecord>, StoreError> {
        let connection = self.lock();
        let mut select =
            connection.prepare_cached(&format!("SELECT {KEY} FROM token t ORDER BY t.created DESC, t.id"))?;
        let keys = select.query_map([], key_of)?.collect::<Result<_, _>>()?;
        Ok(keys)
    }

    /// A key and its hash, good or not.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub fn key(&self, id: &KeyId) -> Result<Option<(KeyRecord, Hash)>, StoreError> {
        let connection = self.lock();
        let mut select = connection.prepare_cached(&format!("SELECT {KEY}, t.hash FROM token t WHERE t.id = ?1"))?;
        Ok(select.query_row([id.as_str()], |row| Ok((key_of(row)?, row.get(8)?))).optional()?)
    }

    /// Ends a key and its sessions.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub fn revoke_key(&self, id: &KeyId, now: Timestamp) -> Result<Revoked, StoreError> {
        let Some((before, _)) = self.key(id)? else { return Ok(Revoked::Unknown) };
        let mut connection = self.lock();
        let both = connection.transaction()?;
        let set = "UPDATE token SET revoked = ?2 WHERE id = ?1 AND revoked IS NULL";
        let changed = both.execute(set, params![id.as_str(), now.as_millis()])?;
        both.execute("DELETE FROM session WHERE token = ?1", [id.as_str()])?;
        both.commit()?;
        Ok(if changed == 0 {
            Revoked::Before(before)
        } else {
            Revoked::Now(KeyRecord { revoked: Some(now), ..before })
        })
    }

    /// Notes that a key was shown.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub fn key_used(&self, id: &KeyId, now: Timestamp) -> Result<(), StoreError> {
        self.lock().execute("UPDATE token SET last_used = ?2 WHERE id = ?1", params![id.as_str(), now.as_millis()])?;
        Ok(())
    }

    /// Keeps a new session, and drops the oldest ones of its key beyond [`SESSIONS_PER_KEY`] and all that have ended.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub fn add_session(&self, new: &NewSession<'_>) -> Result<(), StoreError> {
        let (now, expires) = (new.begins.as_millis(), new.expires.as_millis());
        let mut connection = self.lock();
        let all = connection.transaction()?;
        let key = match new.key {
            SessionKey::Kept(id) => id,
            SessionKey::Made(key, hash) => {
                insert(&all, key, hash)?;
                &key.id
            }
        };
        all.execute(
            "INSERT INTO session (id, token, hash, created, expires) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![new.id.as_str(), key.as_str(), new.hash, now, expires],
        )?;
        all.execute("DELETE FROM session WHERE expires <= ?1", [now])?;
        all.execute(
            "DELETE FROM session WHERE token = ?1 AND id NOT IN
                (SELECT id FROM session WHERE token = ?1 ORDER BY created DESC, rowid DESC LIMIT ?2)",
            params![key.as_str(), SESSIONS_PER_KEY],
        )?;
        all.execute(EMPTY, [])?;
        all.commit()?;
        Ok(())
    }

    /// A session, its key and its hash, good or not.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub fn session(&self, id: &KeyId) -> Result<Option<(SessionRecord, Hash)>, StoreError> {
        let connection = self.lock();
        let mut select = connection.prepare_cached(&format!(
            "SELECT {KEY}, s.hash, s.expires FROM session s JOIN token t ON t.id = s.token WHERE s.id = ?1"
        ))?;
        let found = select.query_row([id.as_str()], |row| {
            Ok((SessionRecord { key: key_of(row)?, expires: time(row.get(9)?) }, row.get(8)?))
        });
        Ok(found.optional()?)
    }

    /// Moves the end of a session.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub fn extend_session(&self, id: &KeyId, expires: Timestamp) -> Result<(), StoreError> {
        self.lock()
            .execute("UPDATE session SET expires = ?2 WHERE id = ?1", params![id.as_str(), expires.as_millis()])?;
        Ok(())
    }

    /// Ends a session, and the key with it where that was made for the session alone.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub fn end_session(&self, id: &KeyId) -> Result<(), StoreError> {
        let mut connection = self.lock();
        let both = connection.transaction()?;
        both.execute("DELETE FROM session WHERE id = ?1", [id.as_str()])?;
        both.execute(EMPTY, [])?;
        both.commit()?;
        Ok(())
    }

    /// What a new life of the gateway begins with: no session of the environment's token, because that may be another one
    /// now or none, and nothing that has ended.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub fn sweep_keys(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut connection = self.lock();
        let all = connection.transaction()?;
        all.execute("DELETE FROM session WHERE token IN (SELECT id FROM token WHERE kind = 'environment')", [])?;
        all.execute("DELETE FROM session WHERE expires <= ?1", [now.as_millis()])?;
        all.execute(EMPTY, [])?;
        all.commit()?;
        Ok(())
    }

    /// A number that changes when another handle has written to the file.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub fn data_version(&self) -> Result<i64, StoreError> {
        Ok(self.lock().query_row("PRAGMA data_version", [], |row| row.get(0))?)
    }
}

pub(super) const TABLES: &str = "
    CREATE TABLE token (
        id TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, scopes TEXT NOT NULL, hash BLOB NOT NULL,
        created INTEGER NOT NULL, last_used INTEGER, expires INTEGER, revoked INTEGER
    );
    CREATE TABLE session (
        id TEXT NOT NULL PRIMARY KEY, token TEXT NOT NULL, hash BLOB NOT NULL,
        created INTEGER NOT NULL, expires INTEGER NOT NULL
    );
    CREATE INDEX session_token ON session (token);";
const KEY: &str = "t.id, t.kind, t.name, t.scopes, t.created, t.last_used, t.expires, t.revoked";
/// Keys that were made for a session that is no more.
const EMPTY: &str = "DELETE FROM token WHERE kind IN ('link', 'environment')
    AND NOT EXISTS (SELECT 1 FROM session WHERE session.token = token.id)";

fn insert(connection: &Connection, key: &KeyRecord, hash: &Hash) -> rusqlite::Result<()> {
    let scopes = key.scopes.iter().map(|s| s.as_str()).collect::<Vec<_>>().join(",");
    let (created, expires) = (key.created.as_millis(), key.expires.map(Timestamp::as_millis));
    connection.execute(
        "INSERT INTO token (id, kind, name, scopes, hash, created, expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![key.id.as_str(), key.kind.as_str(), key.name, scopes, hash, created, expires],
    )?;
    Ok(())
}

/// The columns of [`KEY`]. A scope or a kind that a newer Terrarium wrote gives nothing: it is left out, or is a token.
fn key_of(row: &Row<'_>) -> rusqlite::Result<KeyRecord> {
    let (kind, scopes): (String, String) = (row.get(1)?, row.get(3)?);
    Ok(KeyRecord {
        id: KeyId(row.get(0)?),
        kind: KeyKind::ALL.into_iter().find(|k| k.as_str() == kind).unwrap_or(KeyKind::Token),
        name: row.get(2)?,
        scopes: scopes.split(',').filter_map(Scope::parse).collect(),
        created: time(row.get(4)?),
        last_used: row.get::<_, Option<i64>>(5)?.map(time),
        expires: row.get::<_, Option<i64>>(6)?.map(time),
        revoked: row.get::<_, Option<i64>>(7)?.map(time),
    })
}

fn time(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000_000;

    fn id(text: &str) -> KeyId {
        KeyId::parse(text).unwrap()
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    fn key(name: &str, kind: KeyKind) -> KeyRecord {
        let scopes = vec![Scope::Observe, Scope::Perturb];
        let (id, created, name) = (id(name), at(NOW), name.to_owned());
        KeyRecord { id, kind, name, scopes, created, last_used: None, expires: None, revoked: None }
    }

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::beside(folder.path()).unwrap();
        (folder, store)
    }

    fn begin(store: &Store, session: &str, key: SessionKey<'_>, now: i64) {
        let (id, begins, expires) = (&id(session), at(now), at(now + 1000));
        store.add_session(&NewSession { id, hash: &[8; 32], key, begins, expires }).unwrap();
    }

    #[test]
    fn a_key_comes_back_as_it_was_kept() {
        let (folder, store) = store();
        let kept = KeyRecord { expires: Some(at(NOW + 5)), ..key("alpha", KeyKind::Token) };
        store.add_key(&kept, &[7; 32]).unwrap();
        let other = Store::beside(folder.path()).unwrap();
        assert_eq!(other.key(&kept.id).unwrap(), Some((kept.clone(), [7; 32])));
        assert!(kept.is_good(at(NOW + 4)) && !kept.is_good(at(NOW + 5)));
        store.key_used(&kept.id, at(NOW + 1)).unwrap();
        assert_eq!(other.keys().unwrap()[0].last_used, Some(at(NOW + 1)));
    }

    #[test]
    fn revoking_ends_the_sessions_and_another_handle_is_told() {
        let (folder, store) = store();
        let other = Store::beside(folder.path()).unwrap();
        store.add_key(&key("alpha", KeyKind::Token), &[7; 32]).unwrap();
        begin(&store, "sess", SessionKey::Kept(&id("alpha")), NOW);
        assert!(store.session(&id("sess")).unwrap().is_some());
        let before = store.data_version().unwrap();
        assert!(matches!(other.revoke_key(&id("alpha"), at(NOW + 2)).unwrap(), Revoked::Now(_)));
        assert_ne!(store.data_version().unwrap(), before);
        assert!(store.session(&id("sess")).unwrap().is_none());
        assert!(!store.key(&id("alpha")).unwrap().unwrap().0.is_good(at(NOW + 2)));
        let again = store.revoke_key(&id("alpha"), at(NOW + 3)).unwrap();
        assert!(matches!(again, Revoked::Before(k) if k.revoked == Some(at(NOW + 2))));
        assert_eq!(store.revoke_key(&id("nobody"), at(NOW)).unwrap(), Revoked::Unknown);
    }

    #[test]
    fn a_key_holds_so_many_sessions_and_the_oldest_goes_first() {
        let (_folder, store) = store();
        store.add_key(&key("alpha", KeyKind::Token), &[7; 32]).unwrap();
        for n in 0..=SESSIONS_PER_KEY {
            begin(&store, &format!("sess{n}"), SessionKey::Kept(&id("alpha")), NOW + i64::try_from(n).unwrap());
        }
        assert!(store.session(&id("sess0")).unwrap().is_none());
        assert!(store.session(&id("sess1")).unwrap().is_some());
    }

    #[test]
    fn keys_made_for_a_session_go_with_it_and_those_of_the_environment_with_the_gateway() {
        let (_folder, store) = store();
        for (name, kind) in [("token", KeyKind::Token), ("link", KeyKind::Link), ("environment", KeyKind::Environment)]
        {
            begin(&store, &format!("of{name}"), SessionKey::Made(&key(name, kind), &[7; 32]), NOW);
        }
        let names = || store.keys().unwrap().into_iter().map(|k| k.name).collect::<Vec<_>>();
        store.sweep_keys(at(NOW)).unwrap();
        assert_eq!(names(), ["link", "token"]);
        store.end_session(&id("oflink")).unwrap();
        store.end_session(&id("oftoken")).unwrap();
        assert_eq!(names(), ["token"]);
    }
}
