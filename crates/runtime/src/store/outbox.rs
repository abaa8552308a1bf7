//! How far each webhook has come in the log of decisions. The log itself is the outbox: a line is written together with the
//! change it tells of, and a webhook's place moves on only when its target has taken the line.

use super::{Store, StoreError};
use rusqlite::params;

pub(super) const TABLES: &str = "CREATE TABLE webhook (target TEXT NOT NULL PRIMARY KEY, line INTEGER NOT NULL);";

impl Store {
    /// The last line of the log that this target has taken, or `first` where the target is new.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub fn outbox_place(&self, target: &str, first: i64) -> Result<i64, StoreError> {
        let db = self.lock();
        db.execute("INSERT OR IGNORE INTO webhook (target, line) VALUES (?1, ?2)", params![target, first])?;
        Ok(db.query_row("SELECT line FROM webhook WHERE target = ?1", [target], |r| r.get(0))?)
    }

    /// This target has taken everything up to this line.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub fn outbox_taken(&self, target: &str, line: i64) -> Result<(), StoreError> {
        self.lock().execute("UPDATE webhook SET line = ?2 WHERE target = ?1 AND line < ?2", params![target, line])?;
        Ok(())
    }

    /// Forgets targets that are not among these, so that one which comes back begins anew.
    ///
    /// # Errors
    /// [`StoreError::Query`].
    pub fn outbox_keep(&self, targets: &[&str]) -> Result<(), StoreError> {
        let mut db = self.lock();
        let transaction = db.transaction()?;
        let known: Vec<String> = {
            let mut select = transaction.prepare("SELECT target FROM webhook")?;
            select.query_map([], |r| r.get(0))?.collect::<rusqlite::Result<_>>()?
        };
        for gone in known.iter().filter(|known| !targets.contains(&known.as_str())) {
            transaction.execute("DELETE FROM webhook WHERE target = ?1", [gone])?;
        }
        transaction.commit()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_moves_forward_only_and_goes_with_its_target() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(folder.path()).unwrap();
        assert_eq!(store.outbox_place("a", 7).unwrap(), 7);
        store.outbox_taken("a", 9).unwrap();
        store.outbox_taken("a", 8).unwrap();
        drop(store);
        let (store, _) = Store::open(folder.path()).unwrap();
        assert_eq!(store.outbox_place("a", 1).unwrap(), 9);
        store.outbox_keep(&["b"]).unwrap();
        assert_eq!(store.outbox_place("a", 30).unwrap(), 30);
    }
}
