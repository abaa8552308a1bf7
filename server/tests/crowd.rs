//! Three hundred observers of one agent that says 200 things a second: they come and go at random, a tenth of them never
//! reads, and nobody else misses anything.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail by panicking, as tests do")]

mod support;

use client::{Client, ObserveOptions};
use futures::future::join_all;
use std::time::Duration;
use support::{TestTerrarium, id};
use tokio::time::{MissedTickBehavior, interval, timeout};
use wire::{Event, Frame, Position, frame::Control};

const CLIENTS: u64 = 300;
const STALLED: u64 = 30;
/// Five seconds of them.
const EVENTS: u64 = 1000;
const PERIOD: Duration = Duration::from_millis(5);
/// Far more than it takes; nothing here asserts a time.
const PATIENCE: Duration = Duration::from_secs(120);

/// A small generator (xorshift, Marsaglia 2003), so that a failing run can be run again.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

/// Attaches again and again, each time for a random number of events and now and then from where it left, until it has
/// read the last word. Returns how many times it attached.
async fn watch(client: Client, seed: u64) -> u64 {
    let mut chance = Chance(seed + 1);
    let mut attached = 0;
    let mut left: Option<Position> = None;
    loop {
        let resume = left.take().filter(|_| chance.below(2) == 0);
        let options = ObserveOptions { history: Some(chance.below(100) as usize), since: resume.clone() };
        let mut stream = client.observe(&id("parrot"), &options).await.unwrap();
        attached += 1;
        let stay = if chance.below(3) == 0 { u64::MAX } else { chance.below(300) };
        let mut next = resume.as_ref().map(|p| p.seq.0 + 1);
        let mut read = 0;
        let mut greeted = false;
        while read < stay {
            match stream.next().await.expect("the stream goes on").unwrap() {
                Frame::Control(Control::Hello(hello)) => {
                    assert!(!std::mem::replace(&mut greeted, true), "hello comes once");
                    assert_eq!(hello.recovered, resume.as_ref().map(|_| true));
                }
                Frame::Control(Control::Ping) => {}
                Frame::Event(event) => {
                    assert!(greeted, "hello comes first");
                    assert_eq!(event.seq.0, *next.get_or_insert(event.seq.0), "a hole or a repeat for client {seed}");
                    next = Some(event.seq.0 + 1);
                    read += 1;
                    left = Some(event.position());
                    if matches!(&event.event, Event::Result { data } if *data == EVENTS - 1) {
                        return attached;
                    }
                }
                other => panic!("client {seed} was not slow and got {other:?}"),
            }
        }
        stream.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hundred_come_and_go_and_nobody_misses_anything() {
    let terrarium = TestTerrarium::start().await;
    let voice = terrarium.parrot("parrot");
    let stalled = join_all(
        (0..STALLED)
            .map(|_| async { terrarium.client.observe(&id("parrot"), &ObserveOptions::default()).await.unwrap() }),
    )
    .await;
    let speaking = async {
        let mut tick = interval(PERIOD);
        tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
        // The last one again and again, for those who attach late and without history.
        for n in (0..EVENTS).chain(std::iter::repeat(EVENTS - 1)) {
            tick.tick().await;
            voice.say(n).await;
        }
    };
    let watching = join_all((STALLED..CLIENTS).map(|seed| watch(terrarium.client.clone(), seed)));
    let attached = async {
        tokio::select! { attached = watching => attached, () = speaking => Vec::new() }
    };
    let attached = timeout(PATIENCE, attached).await.expect("it ends");
    assert_eq!(attached.len() as u64, CLIENTS - STALLED);
    assert!(attached.iter().sum::<u64>() > CLIENTS, "they did come and go: {attached:?}");
    assert_eq!(terrarium.gateway.registry().mirror().stats().gaps(), 0);
    drop(stalled);
}
