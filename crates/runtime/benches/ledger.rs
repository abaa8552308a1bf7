//! Questions stored per second, each on the disk before it is acknowledged, beside bare SQLite commits in the same run.
//!
//! The reference is what one careful program would do: one row, one transaction, `synchronous=FULL`. The purgatory does
//! more per question (the card, a line of the hash-chained log) and may put many that come together into one transaction.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement fails by panicking and prints its result")]

use futures::future::join_all;
use std::time::Instant;
use terrarium_core::ledger::Actor;
use terrarium_runtime::{Registry, Store, Tasks};
use wire::{AgentId, Ask, semaphore::Door};

const QUESTIONS: usize = 2_000;
/// How many wait for their acknowledgement at once.
const TOGETHER: [usize; 3] = [1, 8, 64];

fn bare(folder: &std::path::Path) -> f64 {
    let db = rusqlite::Connection::open(folder.join("bare.sqlite")).unwrap();
    db.pragma_update(None, "journal_mode", "WAL").unwrap();
    db.pragma_update(None, "synchronous", "FULL").unwrap();
    db.execute_batch("CREATE TABLE question (id INTEGER PRIMARY KEY, body TEXT)").unwrap();
    let body = "x".repeat(400);
    let began = Instant::now();
    for _ in 0..QUESTIONS {
        db.prepare_cached("INSERT INTO question (body) VALUES (?1)").unwrap().execute([&body]).unwrap();
    }
    QUESTIONS as f64 / began.elapsed().as_secs_f64()
}

async fn ours(garden: &Registry, together: usize) -> f64 {
    let began = Instant::now();
    let workers = (0..together).map(|_| async {
        for _ in 0..QUESTIONS / together {
            let ask = Ask { prompt: "Deploy to production?".into(), ..Ask::default() };
            let actor = Actor { by: "ci".into(), door: Door::Rest };
            garden.purgatory().eject(AgentId::parse("ci").unwrap(), ask, None, actor).await.unwrap();
        }
    });
    join_all(workers).await;
    (QUESTIONS / together * together) as f64 / began.elapsed().as_secs_f64()
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let garden = Registry::start(Tasks::default(), Some(Store::open(folder.path()).unwrap().0)).unwrap();
    println!("{:>34} {:>12} {:>8}", "stored and synced", "per second", "ratio");
    for together in TOGETHER {
        let reference = bare(tempfile::tempdir().unwrap().path());
        let ours = ours(&garden, together).await;
        println!("{:>34} {reference:>12.0} {:>8}", "bare commits", "1.00x");
        println!("{:>34} {ours:>12.0} {:>7.2}x", format!("questions, {together} at once"), ours / reference);
    }
}
