//! What must survive a restart, in one SQLite file: gauge history here, tokens and sessions in [`keys`], how far
//! each webhook has come in `outbox`, the state of the garden's engine in `metabolism`, what a person decided about an
//! agent in fever in `rein`.
//!
//! Write-ahead log with `synchronous=NORMAL`: gauge history may lose its last seconds when the machine dies, never its
//! shape. A file that cannot be read is set aside under another name and reported, never overwritten. What must not lose
//! even a second is written through a handle of its own, see [`Store::beside`].

pub mod keys;
mod metabolism;
mod outbox;
mod rein;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use terrarium_core::series::{COARSE_POINTS, COARSE_STEP_S, FINE_POINTS, FINE_STEP_S};
use wire::{AgentId, Flow, Gauges, MetricPoint, QueuePressure, Temperature, Timestamp};

/// The file's name in the data folder.
pub const FILE: &str = "terrarium.sqlite";
/// What makes the tables, one step per version, oldest first. The number of steps taken is kept in `user_version`: a file
/// with fewer is brought forward, one with more was written by a newer Terrarium and is refused. A step that has been
/// released is never edited; a change is a new step.
const STEPS: [&str; 6] = [GAUGES, keys::TABLES, LEDGER_TABLES, outbox::TABLES, metabolism::TABLES, rein::TABLES];
/// How long to wait for a lock that another process holds, such as a backup.
pub(crate) const BUSY: Duration = Duration::from_secs(5);

/// The store. A cheap handle; clones are the same file. Its calls block: call them off the async threads.
#[derive(Debug, Clone)]
pub struct Store {
    connection: Arc<Mutex<Connection>>,
    folder: Arc<Path>,
}

/// One agent's sample: the reading, and the 15-second point it closed, if it did.
#[derive(Debug, Clone)]
pub(crate) struct Sampled {
    pub(crate) agent: AgentId,
    pub(crate) fine: MetricPoint,
    pub(crate) coarse: Option<MetricPoint>,
}

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite says no.
    #[error("{path}: {error}", path = .path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What it says.
        error: rusqlite::Error,
    },
    /// Written by a newer Terrarium.
    #[error("{path} was written by a newer Terrarium (tables {found}, this one knows {known}); upgrade, or choose another --data folder", path = .path.display(), known = STEPS.len())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
    },
    /// A question or a change that SQLite refused, on a file that is open.
    #[error("the store does not answer: {0}")]
    Query(#[from] rusqlite::Error),
    /// It is damaged and could not be set aside.
    #[error("{path} is damaged and cannot be set aside: {error}", path = .path.display())]
    Stuck {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
}

impl Store {
    /// Opens the file in `folder`, or makes it. A damaged one is set aside; its new name is returned and should be told.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(folder: &Path) -> Result<(Self, Option<PathBuf>), StoreError> {
        let path = folder.join(FILE);
        let failed = |error| StoreError::Sqlite { path: path.clone(), error };
        match connect(&path).and_then(sound) {
            Ok(connection) => Ok((Self::over(connection, &path)?, None)),
            Err(error) if is_damage(&error) => {
                let aside = set_aside(&path)?;
                let connection = connect(&path).map_err(failed)?;
                Ok((Self::over(connection, &path)?, Some(aside)))
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// A further handle on the file, made if it is missing, for whoever works beside its owner: another process, or a part
    /// of the gateway whose changes must survive the machine's death (`synchronous=FULL`). Sets nothing aside.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn beside(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(FILE);
        let failed = |error| StoreError::Sqlite { path: path.clone(), error };
        let connection = connect(&path).map_err(failed)?;
        connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
        Self::over(connection, &path)
    }

    fn over(mut connection: Connection, path: &Path) -> Result<Self, StoreError> {
        let failed = |error| StoreError::Sqlite { path: path.to_owned(), error };
        if let Some(found) = bring_forward(&mut connection).map_err(failed)? {
            return Err(StoreError::Newer { path: path.to_owned(), found });
        }
        let folder = path.parent().unwrap_or(Path::new(".")).into();
        Ok(Self { connection: Arc::new(Mutex::new(connection)), folder })
    }

    /// The data folder it is in.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Keeps samples, and drops what has grown too old, in one transaction.
    pub(crate) fn keep(&self, samples: &[Sampled], now: Timestamp) -> rusqlite::Result<()> {
        let mut connection = self.lock();
        let transaction = connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached(INSERT)?;
            for sample in samples {
                write(&mut insert, &sample.agent, FINE_STEP_S, &sample.fine)?;
                if let Some(point) = &sample.coarse {
                    write(&mut insert, &sample.agent, COARSE_STEP_S, point)?;
                }
            }
            let mut forget = transaction.prepare_cached("DELETE FROM gauge WHERE step_s = ?1 AND ts <= ?2")?;
            for (step_s, points) in KEPT {
                forget.execute(params![step_s, oldest(now, step_s, points)])?;
            }
        }
        transaction.commit()
    }

    /// The history of an agent at one resolution, oldest first.
    pub(crate) fn history(&self, agent: &AgentId, step_s: u32, now: Timestamp) -> rusqlite::Result<Vec<MetricPoint>> {
        let points = KEPT.iter().find(|(step, _)| *step == step_s).map_or(0, |(_, points)| *points);
        let connection = self.lock();
        let mut select = connection.prepare_cached(SELECT)?;
        let rows = select.query_map(params![agent.as_str(), step_s, oldest(now, step_s, points)], |row| {
            let gauges = |from: usize| -> rusqlite::Result<Gauges> {
                Ok(Gauges {
                    pressure: row.get::<_, Option<f64>>(from)?.and_then(QueuePressure::new),
                    flow: row.get::<_, Option<f64>>(from + 1)?.and_then(Flow::new),
                    temperature: row.get::<_, Option<f64>>(from + 2)?.and_then(Temperature::new),
                })
            };
            let spread = step_s == COARSE_STEP_S;
            Ok(MetricPoint {
                ts: Timestamp::from_millis(row.get(0)?),
                mean: gauges(1)?,
                min: if spread { Some(gauges(4)?) } else { None },
                max: if spread { Some(gauges(7)?) } else { None },
            })
        })?;
        rows.collect()
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Questions that wait for a person, and the log of all decisions: see [`crate::purgatory`].
pub(crate) const LEDGER_TABLES: &str = "
    CREATE TABLE question (
        id TEXT NOT NULL UNIQUE, agent TEXT NOT NULL, status TEXT NOT NULL, severity TEXT NOT NULL, reason TEXT NOT NULL,
        created INTEGER NOT NULL, moved INTEGER NOT NULL, line INTEGER NOT NULL, body TEXT NOT NULL,
        key TEXT, asked TEXT NOT NULL
    );
    CREATE UNIQUE INDEX question_key ON question (agent, key) WHERE key IS NOT NULL;
    CREATE INDEX question_status ON question (status, moved);
    CREATE INDEX question_agent ON question (agent);
    CREATE TABLE audit (
        seq INTEGER PRIMARY KEY, token TEXT NOT NULL, at INTEGER NOT NULL, line TEXT NOT NULL, hash TEXT NOT NULL
    );
    CREATE INDEX audit_token ON audit (token);
    CREATE TABLE audit_anchor (seq INTEGER PRIMARY KEY, hash TEXT NOT NULL);";
const GAUGES: &str = "
    CREATE TABLE gauge (
        agent TEXT NOT NULL, step_s INTEGER NOT NULL, ts INTEGER NOT NULL,
        pressure REAL, flow REAL, temperature REAL,
        pressure_min REAL, flow_min REAL, temperature_min REAL,
        pressure_max REAL, flow_max REAL, temperature_max REAL,
        PRIMARY KEY (agent, step_s, ts)
    ) WITHOUT ROWID;
    CREATE INDEX gauge_age ON gauge (step_s, ts);";
const INSERT: &str = "INSERT OR REPLACE INTO gauge VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
const SELECT: &str = "SELECT ts, pressure, flow, temperature, pressure_min, flow_min, temperature_min, pressure_max,
    flow_max, temperature_max FROM gauge WHERE agent = ?1 AND step_s = ?2 AND ts > ?3 ORDER BY ts";
/// How many points of each step are kept.
const KEPT: [(u32, usize); 2] = [(FINE_STEP_S, FINE_POINTS), (COARSE_STEP_S, COARSE_POINTS)];

fn oldest(now: Timestamp, step_s: u32, points: usize) -> i64 {
    now.as_millis() - i64::from(step_s) * 1000 * i64::try_from(points).unwrap_or(i64::MAX / 100_000)
}

fn write(
    insert: &mut rusqlite::CachedStatement<'_>,
    agent: &AgentId,
    step_s: u32,
    point: &MetricPoint,
) -> rusqlite::Result<()> {
    let (min, max) = (point.min.unwrap_or_default(), point.max.unwrap_or_default());
    let [p, f, t] = plain(&point.mean);
    let ([p0, f0, t0], [p1, f1, t1]) = (plain(&min), plain(&max));
    let ts = point.ts.as_millis();
    insert.execute(params![agent.as_str(), step_s, ts, p, f, t, p0, f0, t0, p1, f1, t1])?;
    Ok(())
}

fn plain(g: &Gauges) -> [Option<f64>; 3] {
    [g.pressure.map(QueuePressure::get), g.flow.map(Flow::get), g.temperature.map(Temperature::get)]
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    Ok(connection)
}

/// Reads the whole file, so that damage is found at the start and not by whoever needs the damaged page. Once, by the
/// file's owner: it takes about a second for each few hundred megabytes.
fn sound(connection: Connection) -> rusqlite::Result<Connection> {
    let verdict: Option<String> = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).optional()?;
    match verdict.as_deref() {
        Some("ok") | None => Ok(connection),
        Some(words) => Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT),
            Some(words.to_owned()),
        )),
    }
}

/// Takes the steps that are missing, all or none, and alone: another process may be opening the file, too. The version of
/// a file that has more steps than we know, which is left as it is.
fn bring_forward(connection: &mut Connection) -> rusqlite::Result<Option<i64>> {
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    let version = |c: &Connection| c.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0));
    let found = version(connection)?;
    if found >= known {
        return Ok((found > known).then_some(found));
    }
    let alone = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let taken = usize::try_from(version(&alone)?).unwrap_or(0);
    for step in STEPS.iter().skip(taken) {
        alone.execute_batch(step)?;
    }
    alone.pragma_update(None, "user_version", known)?;
    alone.commit()?;
    Ok(None)
}

fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase))
}

/// Moves the file and its companions out of the way, to the first free `….damaged-N`.
fn set_aside(path: &Path) -> Result<PathBuf, StoreError> {
    let stuck = |error| StoreError::Stuck { path: path.to_owned(), error };
    let named = |n: u32| path.with_file_name(format!("{FILE}.damaged-{n}"));
    let aside = (1..).map(named).find(|p| !p.exists()).unwrap_or_else(|| named(0));
    std::fs::rename(path, &aside).map_err(stuck)?;
    for companion in ["-wal", "-shm"] {
        let with = |p: &Path| PathBuf::from(format!("{}{companion}", p.display()));
        if with(path).exists() {
            std::fs::rename(with(path), with(&aside)).map_err(stuck)?;
        }
    }
    Ok(aside)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(ts: i64) -> MetricPoint {
        let mean = Gauges::new(1.0, f64::NAN, 0.25);
        MetricPoint { ts: Timestamp::from_millis(ts), mean, min: None, max: None }
    }

    fn sampled(ts: i64) -> Sampled {
        let spread = MetricPoint { min: Some(Gauges::new(0.0, 0.0, 0.0)), max: Some(Gauges::default()), ..point(ts) };
        Sampled { agent: AgentId::parse("a").unwrap(), fine: point(ts), coarse: Some(spread) }
    }

    #[test]
    fn history_comes_back_after_reopening_holes_included() {
        let folder = tempfile::tempdir().unwrap();
        let now = Timestamp::from_millis(1_000_000);
        let sample = sampled(999_000);
        let (store, aside) = Store::open(folder.path()).unwrap();
        assert!(aside.is_none());
        store.keep(std::slice::from_ref(&sample), now).unwrap();
        drop(store);
        let (store, _) = Store::open(folder.path()).unwrap();
        assert_eq!(store.history(&sample.agent, 1, now).unwrap(), [sample.fine]);
        assert_eq!(store.history(&sample.agent, 15, now).unwrap(), [sample.coarse.unwrap()]);
    }

    #[test]
    fn what_is_too_old_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(folder.path()).unwrap();
        let now = Timestamp::from_millis(100_000_000);
        store.keep(&[sampled(1_000), sampled(99_999_000)], now).unwrap();
        let agent = AgentId::parse("a").unwrap();
        assert_eq!(store.history(&agent, 15, now).unwrap().len(), 1);
        let rows: i64 = store.lock().query_row("SELECT count(*) FROM gauge", [], |r| r.get(0)).unwrap();
        assert_eq!(rows, 2);
    }

    #[test]
    fn a_damaged_file_is_set_aside_and_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let rubbish = b"this is not a database, whatever its name says".repeat(100);
        std::fs::write(folder.path().join(FILE), &rubbish).unwrap();
        let (_store, aside) = Store::open(folder.path()).unwrap();
        assert_eq!(std::fs::read(aside.unwrap()).unwrap(), rubbish);
    }

    #[test]
    fn a_file_of_the_first_version_is_brought_forward_with_what_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let now = Timestamp::from_millis(1_000_000);
        let sample = sampled(999_000);
        let old = connect(&folder.path().join(FILE)).unwrap();
        old.execute_batch(GAUGES).unwrap();
        old.pragma_update(None, "user_version", 1).unwrap();
        drop(old);
        let (store, _) = Store::open(folder.path()).unwrap();
        store.keep(std::slice::from_ref(&sample), now).unwrap();
        let beside = Store::beside(folder.path()).unwrap();
        assert_eq!(beside.history(&sample.agent, 1, now).unwrap(), [sample.fine]);
        assert_eq!(beside.keys().unwrap(), []);
    }

    #[test]
    fn a_newer_file_is_refused_and_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = Store::open(folder.path()).unwrap();
        store.lock().pragma_update(None, "user_version", 99).unwrap();
        drop(store);
        assert!(matches!(Store::open(folder.path()), Err(StoreError::Newer { found: 99, .. })));
    }
}
