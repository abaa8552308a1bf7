//! Progress a person can follow: one heading per step, the time it took, and a table at the end.

use std::time::{Duration, Instant};

use anyhow::Result;

/// What became of a step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    Passed,
    Failed,
    NotRun,
}

/// One line of the final table.
pub(crate) struct Record {
    pub(crate) name: &'static str,
    pub(crate) outcome: Outcome,
    pub(crate) took: Duration,
}

/// Runs one piece of work between a heading and a time.
pub(crate) fn timed<T>(heading: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("▸ {heading}");
    let start = Instant::now();
    let result = work();
    if result.is_ok() {
        println!("  done in {}", seconds(start.elapsed()));
    }
    result
}

/// The table and, as its last line, exactly `N passed, M failed`.
pub(crate) fn summary(records: &[Record]) -> String {
    let mut text = String::from("\nsummary\n");
    for record in records {
        let (word, time) = match record.outcome {
            Outcome::Passed => ("passed", seconds(record.took)),
            Outcome::Failed => ("FAILED", seconds(record.took)),
            Outcome::NotRun => ("not run", String::from("-")),
        };
        text += &format!("  {:<14} {word:<8} {time:>9}\n", record.name);
    }
    let count = |outcome| records.iter().filter(|record| record.outcome == outcome).count();
    text += &format!("{} passed, {} failed", count(Outcome::Passed), count(Outcome::Failed));
    text
}

/// `4.2 s`, or `3 min 05 s` when that reads better.
pub(crate) fn seconds(time: Duration) -> String {
    if time.as_secs() < 100 {
        format!("{:.1} s", time.as_secs_f64())
    } else {
        format!("{} min {:02} s", time.as_secs() / 60, time.as_secs() % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_ends_with_the_counts_and_leaves_unrun_steps_out_of_them() {
        let record = |name, outcome| Record { name, outcome, took: Duration::from_secs(1) };
        let text = summary(&[
            record("fmt", Outcome::Passed),
            record("clippy", Outcome::Failed),
            record("test", Outcome::NotRun),
        ]);
        assert_eq!(text.lines().last(), Some("1 passed, 1 failed"));
        assert!(text.contains("not run"));
    }

    #[test]
    fn long_times_are_in_minutes() {
        assert_eq!(seconds(Duration::from_secs(185)), "3 min 05 s");
        assert_eq!(seconds(Duration::from_millis(4210)), "4.2 s");
    }
}
