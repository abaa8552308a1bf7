//! Which agents a person has paused, stopped or let go on, so that a restart does not undo it: a row each, in the words of
//! `core`.

use super::{Store, StoreError};
use rusqlite::{OptionalExtension, params};
use wire::AgentId;

pub(super) const TABLES: &str = "CREATE TABLE rein (agent TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;";

impl Store {
    /// An agent's, if it has one.
    pub(crate) fn rein(&self, agent: &AgentId) -> Result<Option<String>, StoreError> {
        let row = "SELECT body FROM rein WHERE agent = ?1";
        Ok(self.lock().query_row(row, [agent.as_str()], |row| row.get(0)).optional()?)
    }

    /// Keeps this one; drops what was kept where it is nothing.
    pub(crate) fn keep_rein(&self, agent: &AgentId, body: Option<&str>) -> Result<(), StoreError> {
        let connection = self.lock();
        match body {
            Some(body) => {
                connection.execute("INSERT OR REPLACE INTO rein VALUES (?1, ?2)", params![agent.as_str(), body])?
            }
            None => connection.execute("DELETE FROM rein WHERE agent = ?1", [agent.as_str()])?,
        };
        Ok(())
    }
}
