//! Reading the ledger: lists, one question with its trail, and whether the log is whole. Uses connections of its own, so
//! that no reader keeps the owner from writing.

use super::{Purgatory, PurgatoryError};
use rusqlite::{Connection, OpenFlags, OptionalExtension, params_from_iter, types::Value as Sql};
use std::path::Path;
use terrarium_core::ledger::{self, Token};
use wire::{
    AgentId, TokenId,
    semaphore::{AuditEntry, Reason, Severity, TokenRecord, TokenStatus},
};

/// Most questions on one page of a list.
pub const PAGE_MAX: usize = 500;

/// Which questions.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this agent.
    pub agent: Option<AgentId>,
    /// In one of these states; any where it is empty.
    pub status: Vec<TokenStatus>,
    /// At least this severe.
    pub severity: Option<Severity>,
    /// For this reason.
    pub reason: Option<Reason>,
    /// After this place in the list: a [`Page::next`].
    pub after: Option<u64>,
    /// At most so many, and at most [`PAGE_MAX`].
    pub limit: usize,
}

/// Part of a list, newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The questions, without their trails.
    pub tokens: Vec<TokenRecord>,
    /// Where the next page begins, if there is one.
    pub next: Option<u64>,
}

/// One line of the log, and the question it is about as it stands now.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its number. Ascending, without holes until the oldest are forgotten.
    pub seq: i64,
    /// What happened.
    pub entry: AuditEntry,
    /// The question; nothing where it is forgotten.
    pub token: Option<TokenRecord>,
}

/// What was found in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Lines read.
    pub lines: u64,
    /// The first line that does not fit the one before it, and why.
    pub broken: Option<(i64, String)>,
    /// The hash of the last line: write it down elsewhere to be sure that nothing was cut off.
    pub head: String,
}

impl Purgatory {
    /// A list.
    ///
    /// # Errors
    /// [`PurgatoryError::Store`].
    pub async fn list(&self, filter: Filter) -> Result<Page, PurgatoryError> {
        self.read(move |db| list(db, &filter)).await
    }

    /// One question with its trail.
    ///
    /// # Errors
    /// [`PurgatoryError::Store`].
    pub async fn inspect(&self, id: &TokenId) -> Result<Option<TokenRecord>, PurgatoryError> {
        let id = id.clone();
        self.read(move |db| {
            let Some(token) = find(db, &id)? else { return Ok(None) };
            let mut select = db.prepare("SELECT line FROM audit WHERE token = ?1 ORDER BY seq")?;
            let lines = select.query_map([id.as_str()], |r| r.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
            let audit = lines.iter().filter_map(|l| serde_json::from_str::<AuditEntry>(l).ok()).collect();
            Ok(Some(TokenRecord { audit, ..token.record() }))
        })
        .await
    }

    /// The number of the last line of the log; 0 where there is none yet.
    ///
    /// # Errors
    /// [`PurgatoryError::Store`].
    pub async fn last_line(&self) -> Result<i64, PurgatoryError> {
        let last =
            "SELECT max(coalesce((SELECT max(seq) FROM audit), 0), coalesce((SELECT max(seq) FROM audit_anchor), 0))";
        self.read(move |db| db.query_row(last, [], |r| r.get(0))).await
    }

    /// The lines of the log after this number, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`PurgatoryError::Store`].
    pub async fn lines_after(&self, seq: i64, limit: usize) -> Result<Vec<Line>, PurgatoryError> {
        self.read(move |db| lines_after(db, seq, limit)).await
    }

    pub(super) async fn find(&self, id: &TokenId) -> Result<Option<Token>, PurgatoryError> {
        let id = id.clone();
        self.read(move |db| find(db, &id)).await
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, PurgatoryError> {
        let Some(file) = self.inner.file.clone() else {
            return Err(PurgatoryError::Store("this gateway keeps its questions in memory only".to_owned()));
        };
        let read = tokio::task::spawn_blocking(move || {
            let db = connect(&file)?;
            read(&db)
        });
        match read.await {
            Ok(result) => result.map_err(|e| PurgatoryError::Store(e.to_string())),
            Err(_) => Err(PurgatoryError::Stopping),
        }
    }
}

/// Reads the whole log of a file and checks the chain.
///
/// # Errors
/// What SQLite says.
pub fn verify(file: &Path) -> rusqlite::Result<Verified> {
    let db = connect(file)?;
    let anchor = db
        .query_row("SELECT seq, hash FROM audit_anchor ORDER BY seq DESC LIMIT 1", [], |r| {
            Ok((r.get::<_, i64>(0)?, r.get::<_, String>(1)?))
        })
        .optional()?;
    let (mut expected, mut head) = anchor.map_or((1, String::new()), |(seq, hash)| (seq + 1, hash));
    let mut lines = 0;
    let mut select = db.prepare("SELECT seq, line, hash FROM audit ORDER BY seq")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (seq, line, hash): (i64, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let wrong = if seq != expected {
            Some(format!("line {expected} is missing"))
        } else if ledger::chain(&head, &line) != hash {
            Some("the line or the one before it was changed".to_owned())
        } else {
            None
        };
        if let Some(wrong) = wrong {
            return Ok(Verified { lines, broken: Some((seq, wrong)), head });
        }
        (expected, head) = (seq + 1, hash);
        lines += 1;
    }
    Ok(Verified { lines, broken: None, head })
}

/// Every line of the log, as it is stored, with its hash.
///
/// # Errors
/// What SQLite says, or what `visit` does.
pub fn export(file: &Path, mut visit: impl FnMut(i64, &str, &str) -> std::io::Result<()>) -> rusqlite::Result<()> {
    let db = connect(file)?;
    let mut select = db.prepare("SELECT seq, line, hash FROM audit ORDER BY seq")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (seq, line, hash): (i64, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        visit(seq, &line, &hash).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
    }
    Ok(())
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let db = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(crate::store::BUSY)?;
    Ok(db)
}

fn find(db: &Connection, id: &TokenId) -> rusqlite::Result<Option<Token>> {
    let mut select = db.prepare_cached("SELECT body FROM question WHERE id = ?1")?;
    let body: Option<String> = select.query_row([id.as_str()], |r| r.get(0)).optional()?;
    Ok(body.and_then(|b| serde_json::from_str(&b).ok()))
}

fn lines_after(db: &Connection, seq: i64, limit: usize) -> rusqlite::Result<Vec<Line>> {
    let mut select = db.prepare(
        "SELECT audit.seq, audit.line, question.body FROM audit LEFT JOIN question ON question.id = audit.token
         WHERE audit.seq > ?1 ORDER BY audit.seq LIMIT ?2",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = select.query_map([seq, limit], |r| {
        Ok((r.get::<_, i64>(0)?, r.get::<_, String>(1)?, r.get::<_, Option<String>>(2)?))
    })?;
    let mut lines = Vec::new();
    for row in rows {
        let (seq, line, body) = row?;
        let entry = serde_json::from_str(&line)
            .map_err(|e| rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, Box::new(e)))?;
        let token = body.and_then(|b| serde_json::from_str::<Token>(&b).ok()).map(Token::record);
        lines.push(Line { seq, entry, token });
    }
    Ok(lines)
}

fn list(db: &Connection, filter: &Filter) -> rusqlite::Result<Page> {
    let mut sql = "SELECT rowid, body FROM question WHERE 1".to_owned();
    let mut values: Vec<Sql> = Vec::new();
    let mut narrow = |sql: &mut String, part: &str, value: Sql| {
        sql.push_str(part);
        values.push(value);
    };
    if let Some(agent) = &filter.agent {
        narrow(&mut sql, " AND agent = ?", agent.to_string().into());
    }
    if let Some(reason) = filter.reason {
        narrow(&mut sql, " AND reason = ?", reason.as_str().to_owned().into());
    }
    if let Some(after) = filter.after {
        narrow(&mut sql, " AND rowid < ?", i64::try_from(after).unwrap_or(i64::MAX).into());
    }
    let among = |words: Vec<&str>| words.iter().map(|w| format!("'{w}'")).collect::<Vec<_>>().join(", ");
    if !filter.status.is_empty() {
        let words = filter.status.iter().map(|s| s.as_str()).collect();
        sql.push_str(&format!(" AND status IN ({})", among(words)));
    }
    if let Some(least) = filter.severity {
        let words = Severity::ALL.into_iter().filter(|s| *s >= least).map(Severity::as_str).collect();
        sql.push_str(&format!(" AND severity IN ({})", among(words)));
    }
    let limit = filter.limit.clamp(1, PAGE_MAX);
    sql.push_str(&format!(" ORDER BY rowid DESC LIMIT {}", limit + 1));
    let mut select = db.prepare(&sql)?;
    let rows = select.query_map(params_from_iter(values), |r| Ok((r.get::<_, i64>(0)?, r.get::<_, String>(1)?)))?;
    let mut found = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).and_then(|(rowid, _)| u64::try_from(*rowid).ok());
    let tokens = found.iter().filter_map(|(_, body)| serde_json::from_str(body).ok()).map(Token::record).collect();
    Ok(Page { tokens, next })
}
