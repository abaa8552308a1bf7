//! The agent that watches the machine it runs on: processor, memory, disk, network and the busiest processes.
//!
//! It owns the samples it takes through `sysinfo` and the shape of what it says about them. It never reads a command line
//! or an environment, because those hold secrets and readings may be seen by anyone who may watch.

use crate::agent::{Agent, AgentError, Factory, Profile, Source, Step, StepCx};
use futures::stream;
use serde_json::{Value, json};
use std::{
    cmp::Reverse,
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};
use sysinfo::{DiskRefreshKind, Disks, Networks, ProcessRefreshKind, ProcessesToUpdate, System};
use tokio::time::{MissedTickBehavior, interval};

/// Time between two samples of the processor, which set the temperature.
const SAMPLE_EVERY: Duration = Duration::from_secs(1);
/// One reading is said for this many samples.
const SAMPLES_PER_READING: u64 = 2;
/// The list of processes is read once in this many readings, because it costs more than all the rest together.
const READINGS_PER_PROCESS_LIST: u64 = 5;
/// Share of the newest sample in the temperature. With 0.6, full load shows as 0.84 after two samples.
const NEWEST_SHARE: f64 = 0.6;
/// Processes in a reading.
const BUSIEST: usize = 5;
/// Mounts in a reading, largest first.
const MOUNTS_MAX: usize = 16;

/// Who it is.
#[must_use]
pub fn profile() -> Profile {
    Profile {
        genus: "host",
        description: "This machine: processor, memory, disk, network and its busiest processes.".to_owned(),
    }
}

/// Makes the agent with a source that ticks once a second.
#[must_use]
pub fn factory() -> Factory<Host> {
    Box::new(|| Ok((Host::default(), ticks())))
}

/// Says a reading every two seconds. Its temperature is the load of all processors together, smoothed.
///
/// The first item only primes the counters, because a rate takes two samples; the second brings the first reading.
#[derive(Default)]
pub struct Host {
    /// `None` before the first step and while a sample is being taken.
    sampler: Option<Sampler>,
    samples: u64,
    heat: Option<f64>,
}

/// It is time for a sample.
#[derive(Debug, Clone, Copy)]
pub struct Tick;

impl Agent for Host {
    type Item = Tick;

    async fn step(&mut self, _: Tick, cx: &mut StepCx) -> Result<Step, AgentError> {
        let Some(mut sampler) = self.sampler.take() else {
            self.sampler = Some(off_the_runtime(Sampler::new).await?);
            self.samples = 0;
            return Ok(Step::Quiet);
        };
        self.samples += 1;
        let reading_due = self.samples % SAMPLES_PER_READING == 1;
        let (sampler, load, reading) = off_the_runtime(move || {
            let load = sampler.load();
            let reading = reading_due.then(|| sampler.reading());
            (sampler, load, reading)
        })
        .await?;
        self.sampler = Some(sampler);

        let heat = self.heat.map_or(load, |before| before + (load - before) * NEWEST_SHARE);
        self.heat = Some(heat);
        cx.temperature(heat);
        Ok(reading.map_or(Step::Quiet, Step::Result))
    }
}

/// Ticks at once and then every [`SAMPLE_EVERY`]; a late step delays the ticks after it instead of making them hurry.
fn ticks() -> Source<Tick> {
    Box::pin(stream::unfold(None, |clock| async {
        let mut clock = clock.unwrap_or_else(|| {
            let mut clock = interval(SAMPLE_EVERY);
            clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
            clock
        });
        clock.tick().await;
        Some((Ok(Tick), Some(clock)))
    }))
}

/// Runs blocking work where it holds nobody up.
async fn off_the_runtime<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, AgentError> {
    let failed = |e| AgentError::new("reading_failed", format!("the machine could not be read: {e}"));
    tokio::task::spawn_blocking(work).await.map_err(failed)
}

/// The counters as last read. Every method here may block on the system.
struct Sampler {
    system: System,
    disks: Disks,
    networks: Networks,
    last_reading: Instant,
    readings: u64,
}

impl Sampler {
    /// Reads everything once, so that the next reading has something to compare with.
    fn new() -> Self {
        // `sysinfo` would otherwise keep a file open for every process of the machine.
        sysinfo::set_open_files_limit(0);
        let mut sampler = Self {
            system: System::new(),
            disks: Disks::new_with_refreshed_list_specifics(disk_numbers()),
            networks: Networks::new_with_refreshed_list(),
            last_reading: Instant::now(),
            readings: 0,
        };
        sampler.system.refresh_cpu_usage();
        sampler.refresh_processes();
        sampler
    }

    /// Load of all processors together since the last call, 0 to 1.
    fn load(&mut self) -> f64 {
        self.system.refresh_cpu_usage();
        share(self.system.global_cpu_usage())
    }

    /// Everything that is said, with rates since the last reading. The processors are as of the last [`Self::load`].
    fn reading(&mut self) -> Value {
        self.system.refresh_memory();
        self.disks.refresh_specifics(true, disk_numbers());
        self.networks.refresh(true);
        if self.readings.is_multiple_of(READINGS_PER_PROCESS_LIST) {
            self.refresh_processes();
        }
        self.readings += 1;
        let seconds = self.last_reading.elapsed().as_secs_f64();
        self.last_reading = Instant::now();

        let load = System::load_average();
        let processes = self.busiest();
        json!({
            "summary": self.summary(&processes),
            "cpu": {
                "total": share(self.system.global_cpu_usage()),
                "per_core": self.system.cpus().iter().map(|cpu| share(cpu.cpu_usage())).collect::<Vec<_>>(),
            },
            "memory": {
                "used_bytes": self.system.used_memory(),
                "total_bytes": self.system.total_memory(),
                "swap_used_bytes": self.system.used_swap(),
                "swap_total_bytes": self.system.total_swap(),
            },
            "load": {
                "one": rounded(load.one, 2),
                "five": rounded(load.five, 2),
                "fifteen": rounded(load.fifteen, 2),
            },
            "disk": self.disk(seconds),
            "network": self.network(seconds),
            "processes": processes,
        })
    }

    /// For the person who reads the stream.
    fn summary(&self, processes: &[Value]) -> String {
        let gigabytes = |bytes: u64| bytes as f64 / 1e9;
        let (used, total) = (gigabytes(self.system.used_memory()), gigabytes(self.system.total_memory()));
        let cpu = self.system.global_cpu_usage();
        let busiest = processes.first().and_then(|process| process["name"].as_str()).unwrap_or("nothing");
        format!("processors {cpu:.0} %, memory {used:.1} of {total:.1} GB, busiest is {busiest}")
    }

    fn disk(&self, seconds: f64) -> Value {
        // One device may be mounted many times, as containers do; it is counted once, at its shortest mount point.
        let mut devices = BTreeMap::new();
        for disk in self.disks.list().iter().filter(|disk| disk.total_space() > 0) {
            let kept = devices.entry(disk.name()).or_insert(disk);
            if length(disk.mount_point()) < length(kept.mount_point()) {
                *kept = disk;
            }
        }
        let read = devices.values().map(|disk| disk.usage().read_bytes).sum();
        let written = devices.values().map(|disk| disk.usage().written_bytes).sum();
        let mut disks: Vec<_> = devices.into_values().collect();
        disks.sort_by_key(|disk| Reverse(disk.total_space()));
        let mounts = disks.iter().take(MOUNTS_MAX).map(|disk| {
            json!({
                "mount": disk.mount_point().to_string_lossy(),
                "used_bytes": disk.total_space().saturating_sub(disk.available_space()),
                "total_bytes": disk.total_space(),
            })
        });
        json!({
            "read_bytes_per_s": per_second(read, seconds),
            "written_bytes_per_s": per_second(written, seconds),
            "mounts": mounts.collect::<Vec<_>>(),
        })
    }

    /// Every interface but the loopback, whose traffic never leaves the machine.
    fn network(&self, seconds: f64) -> Value {
        let outside = || self.networks.iter().filter(|(name, _)| *name != "lo" && *name != "lo0").map(|(_, data)| data);
        json!({
            "received_bytes_per_s": per_second(outside().map(|data| data.received()).sum(), seconds),
            "sent_bytes_per_s": per_second(outside().map(|data| data.transmitted()).sum(), seconds),
        })
    }

    /// The busiest processes as last listed: by processor, then by memory.
    fn busiest(&self) -> Vec<Value> {
        let mut processes: Vec<_> = self.system.processes().values().collect();
        processes.sort_by(|a, b| b.cpu_usage().total_cmp(&a.cpu_usage()).then(b.memory().cmp(&a.memory())));
        let describe = |process: &sysinfo::Process| {
            json!({
                "pid": process.pid().as_u32(),
                "name": process.name().to_string_lossy(),
                // A process on several cores may exceed 1.
                "cpu": rounded(f64::from(process.cpu_usage()) / 100.0, 3),
                "memory_bytes": process.memory(),
            })
        };
        processes.into_iter().take(BUSIEST).map(describe).collect()
    }

    fn refresh_processes(&mut self) {
        let numbers = ProcessRefreshKind::nothing().with_cpu().with_memory().without_tasks();
        self.system.refresh_processes_specifics(ProcessesToUpdate::All, true, numbers);
    }
}

fn disk_numbers() -> DiskRefreshKind {
    DiskRefreshKind::nothing().with_storage().with_io_usage()
}

fn length(path: &Path) -> usize {
    path.as_os_str().len()
}

/// Percent to a share, 0 to 1.
fn share(percent: f32) -> f64 {
    rounded(f64::from(percent) / 100.0, 3).clamp(0.0, 1.0)
}

/// Rounds to a number of decimals; what is not finite becomes 0.
fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    if value.is_finite() { (value * scale).round() / scale } else { 0.0 }
}

/// Whole bytes per second; 0 where no time has passed.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is finite and not negative")]
#[expect(clippy::cast_precision_loss, reason = "a rate needs no more than 53 bits")]
fn per_second(bytes: u64, seconds: f64) -> u64 {
    if seconds > 0.0 { (bytes as f64 / seconds).round() as u64 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::StreamExt;

    async fn next_reading(host: &mut Host, source: &mut Source<Tick>, cx: &mut StepCx) -> Value {
        loop {
            let tick = source.next().await.unwrap().unwrap();
            if let Step::Result(reading) = host.step(tick, cx).await.unwrap() {
                return reading;
            }
        }
    }

    fn assert_no_nulls(value: &Value) {
        match value {
            Value::Null => panic!("a number was not finite"),
            Value::Array(items) => items.iter().for_each(assert_no_nulls),
            Value::Object(fields) => fields.values().for_each(assert_no_nulls),
            _ => {}
        }
    }

    #[tokio::test]
    async fn two_readings_are_finite_and_in_range_and_set_the_temperature() {
        let (mut host, mut source) = factory()().unwrap();
        let mut cx = StepCx::default();
        for _ in 0..2 {
            let reading = tokio::time::timeout(Duration::from_secs(10), next_reading(&mut host, &mut source, &mut cx));
            let reading = reading.await.unwrap();
            assert_no_nulls(&reading);
            let total = reading["cpu"]["total"].as_f64().unwrap();
            assert!((0.0..=1.0).contains(&total), "{total}");
            let cores = reading["cpu"]["per_core"].as_array().unwrap();
            assert!(!cores.is_empty());
            assert!(cores.iter().all(|core| (0.0..=1.0).contains(&core.as_f64().unwrap())));
            let memory = &reading["memory"];
            assert!(memory["used_bytes"].as_u64().unwrap() > 0);
            assert!(memory["used_bytes"].as_u64() <= memory["total_bytes"].as_u64());
            assert!(reading["disk"]["read_bytes_per_s"].is_u64() && reading["network"]["sent_bytes_per_s"].is_u64());
            let processes = reading["processes"].as_array().unwrap();
            assert!(!processes.is_empty() && processes.len() <= BUSIEST);
            let names: Vec<_> = processes[0].as_object().unwrap().keys().cloned().collect();
            assert_eq!(names, ["cpu", "memory_bytes", "name", "pid"], "and nothing private");
        }
        assert!(cx.measured.is_some());
    }

    #[test]
    fn numbers_that_make_no_sense_become_zero() {
        assert_eq!(rounded(f64::NAN, 2), 0.0);
        assert_eq!(per_second(100, 0.0), 0);
        assert_eq!(share(f32::INFINITY), 0.0);
        assert_eq!(share(250.0), 1.0);
    }
}
