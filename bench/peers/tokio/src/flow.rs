//! W1, W2 and W7: events that go from one actor to the next.
//!
//! SPDX-License-Identifier: MIT

use crate::{expect, figure, mailbox, per_second, run_on, runtime, scaled};
use crate::{Address, Event, Mailbox, Outcome, Workers};
use std::thread;
use std::time::{Duration, Instant};

const ROUNDS: u64 = 2_000_000;
const ROUNDS_TWO: u64 = 100_000;
const FLOW_EVENTS: u64 = 4_000_000;
const WORKING_EVENTS: u64 = 100_000;
const STAGES: u64 = 3;
const STAGE_WORK: Duration = Duration::from_micros(2);

/// Returns how many it has sent back.
async fn ponger(mut pings: Mailbox, pongs: Address) -> u64 {
    let mut count = 0;
    while let Some(event) = pings.recv().await {
        count += 1;
        if pongs.send(event).await.is_err() {
            break;
        }
    }
    count
}

/// Returns how many came back in order, and how long it took.
async fn pinger(rounds: u64, pings: Address, mut pongs: Mailbox) -> (u64, Duration) {
    let start = Instant::now();
    let mut in_order = 0;
    for seq in 0..rounds {
        if pings.send(Event { seq, value: 1 }).await.is_err() {
            break;
        }
        match pongs.recv().await {
            Some(event) if event.seq == seq => in_order += 1,
            _ => break,
        }
    }
    (in_order, start.elapsed())
}

fn round_trip(rounds: u64, ponged: u64, pinged: (u64, Duration)) -> Outcome {
    let (in_order, took) = pinged;
    expect("pings", ponged, rounds)?;
    expect("pongs in order", in_order, rounds)?;
    Ok(vec![figure("round_trip", "ns", took.as_nanos() as f64 / rounds as f64)])
}

pub fn ping_pong_one(scale: f64) -> Outcome {
    let rounds = scaled(ROUNDS, scale);
    let (pings_tx, pings_rx) = mailbox();
    let (pongs_tx, pongs_rx) = mailbox();
    let (ponged, pinged) = run_on(Workers::One, async {
        let ponger = tokio::spawn(ponger(pings_rx, pongs_tx));
        let pinger = tokio::spawn(pinger(rounds, pings_tx, pongs_rx));
        let pinged = pinger.await.expect("the pinger ends");
        (ponger.await.expect("the ponger ends"), pinged)
    });
    round_trip(rounds, ponged, pinged)
}

pub fn ping_pong_two(scale: f64) -> Outcome {
    let rounds = scaled(ROUNDS_TWO, scale);
    let (pings_tx, pings_rx) = mailbox();
    let (pongs_tx, pongs_rx) = mailbox();
    let other = thread::spawn(|| run_on(Workers::One, ponger(pings_rx, pongs_tx)));
    let pinged = run_on(Workers::One, pinger(rounds, pings_tx, pongs_rx));
    round_trip(rounds, other.join().expect("the ponger ends"), pinged)
}

async fn stage(mut from: Mailbox, to: Address, work: fn()) {
    while let Some(event) = from.recv().await {
        work();
        let event = Event { seq: event.seq, value: event.value + 1 };
        if to.send(event).await.is_err() {
            break;
        }
    }
}

async fn source(count: u64, to: Address) -> Instant {
    let start = Instant::now();
    for seq in 0..count {
        if to.send(Event { seq, value: 0 }).await.is_err() {
            break;
        }
    }
    start
}

/// Returns how many came in order, and when the last one did.
async fn sink(mut from: Mailbox) -> (u64, Instant) {
    let mut in_order = 0;
    while let Some(event) = from.recv().await {
        if event.seq == in_order && event.value == STAGES {
            in_order += 1;
        }
    }
    (in_order, Instant::now())
}

/// Sends events through the stages, each of which calls `work` for each event.
fn flow(workers: Workers, count: u64, work: fn()) -> Result<Duration, String> {
    let runtime = runtime(workers);
    let (first, mut last) = mailbox();
    for _ in 0..STAGES {
        let (to, next) = mailbox();
        runtime.spawn(stage(last, to, work));
        last = next;
    }
    let sink = runtime.spawn(sink(last));
    let source = runtime.spawn(source(count, first));
    let start = runtime.block_on(source).expect("the source ends");
    let (in_order, end) = runtime.block_on(sink).expect("the sink ends");
    expect("events in order at the sink", in_order, count)?;
    Ok(end - start)
}

pub fn pipeline(workers: Workers, scale: f64) -> Outcome {
    let count = scaled(FLOW_EVENTS, scale);
    let rate = per_second(count, flow(workers, count, || ())?);
    let hop = 1e9 / rate / (STAGES + 1) as f64;
    Ok(vec![figure("events", "/s", rate), figure("hop", "ns", hop)])
}

pub fn working_pipeline(workers: Workers, scale: f64) -> Outcome {
    let count = scaled(WORKING_EVENTS, scale);
    let took = flow(workers, count, || {
        let start = Instant::now();
        while start.elapsed() < STAGE_WORK {}
    })?;
    Ok(vec![figure("events", "/s", per_second(count, took))])
}
