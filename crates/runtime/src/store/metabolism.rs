//! What of the garden's metabolism survives a restart: one row, in the words of `core`.

use super::{Store, StoreError};
use rusqlite::OptionalExtension;

pub(super) const TABLES: &str =
    "CREATE TABLE metabolism (one INTEGER PRIMARY KEY CHECK (one = 1), body TEXT NOT NULL);";

impl Store {
    /// What was kept last.
    pub(crate) fn metabolism(&self) -> Result<Option<String>, StoreError> {
        Ok(self.lock().query_row("SELECT body FROM metabolism", [], |row| row.get(0)).optional()?)
    }

    /// Keeps this instead.
    pub(crate) fn keep_metabolism(&self, body: &str) -> Result<(), StoreError> {
        self.lock().execute("INSERT OR REPLACE INTO metabolism VALUES (1, ?1)", [body])?;
        Ok(())
    }
}
