//! W3 and W4: one publisher and many subscribers, many producers and one consumer.
//!
//! SPDX-License-Identifier: MIT

use crate::{expect, figure, mailbox, per_second, runtime, scaled};
use crate::{Address, Event, Mailbox, Outcome, Workers, MAILBOX_SIZE};
use std::sync::Arc;
use std::thread;
use std::time::Instant;
use tokio::sync::mpsc;

const SUBSCRIBERS: u64 = 100;
const PUBLISHES: u64 = 50_000;
const PRODUCERS: u64 = 8;
const PRODUCED: u64 = 500_000;
const PRODUCED_BY_THREADS: u64 = 60_000;

/// Publishes `count` events to all subscribers; `follows` says whether an event is the next one.
fn out<T: Clone + Send + Sync + 'static>(
    workers: Workers,
    count: u64,
    make: impl Fn(u64) -> T + Send + 'static,
    follows: impl Fn(&T, u64) -> bool + Clone + Send + 'static,
) -> Outcome {
    let runtime = runtime(workers);
    let mut subscribers = Vec::new();
    let mut addresses = Vec::new();
    for _ in 0..SUBSCRIBERS {
        let (address, mut mailbox) = mpsc::channel::<T>(MAILBOX_SIZE);
        let follows = follows.clone();
        addresses.push(address);
        subscribers.push(runtime.spawn(async move {
            let mut in_order = 0;
            while let Some(event) = mailbox.recv().await {
                if follows(&event, in_order) {
                    in_order += 1;
                }
            }
            (in_order, Instant::now())
        }));
    }
    let publisher = runtime.spawn(async move {
        let start = Instant::now();
        for seq in 0..count {
            let event = make(seq);
            for address in &addresses {
                // A subscriber that is gone shows in its count.
                let _ = address.send(event.clone()).await;
            }
        }
        start
    });

    let start = runtime.block_on(publisher).expect("the publisher ends");
    let mut end = start;
    for subscriber in subscribers {
        let (in_order, ended) = runtime.block_on(subscriber).expect("a subscriber ends");
        expect("events in order at a subscriber", in_order, count)?;
        end = end.max(ended);
    }
    let rate = per_second(count * SUBSCRIBERS, end - start);
    Ok(vec![figure("deliveries", "/s", rate)])
}

pub fn out_small(workers: Workers, scale: f64) -> Outcome {
    let make = |seq| Event { seq, value: 1 };
    out(workers, scaled(PUBLISHES, scale), make, |event, seq| event.seq == seq)
}

/// The payload is written once, and all receivers read it in place.
pub fn out_shared(size: usize, scale: f64) -> Outcome {
    let payload: Arc<[u8]> = (0..size).map(|i| i as u8).collect();
    let last = payload[size - 1];
    out(
        Workers::One,
        scaled(PUBLISHES, scale),
        move |seq| (seq, payload.clone()),
        move |(at, payload), seq| *at == seq && payload.len() == size && payload[size - 1] == last,
    )
}

/// `value` is the producer, `seq` counts per producer.
async fn consumer(mut mailbox: Mailbox) -> ([u64; PRODUCERS as usize], Instant) {
    let mut in_order = [0; PRODUCERS as usize];
    while let Some(event) = mailbox.recv().await {
        let next = &mut in_order[event.value as usize];
        if event.seq == *next {
            *next += 1;
        }
    }
    (in_order, Instant::now())
}

/// `produce` starts a producer, that has its address and its number.
fn fan_in(workers: Workers, count: u64, produce: impl Fn(&tokio::runtime::Runtime, Address, u64, u64)) -> Outcome {
    let runtime = runtime(workers);
    let (address, mailbox) = mailbox();
    let consumer = runtime.spawn(consumer(mailbox));
    let start = Instant::now();
    for producer in 0..PRODUCERS {
        produce(&runtime, address.clone(), producer, count);
    }
    drop(address);
    let (arrived, end) = runtime.block_on(consumer).expect("the consumer ends");
    for in_order in arrived {
        expect("events in order from a producer", in_order, count)?;
    }
    Ok(vec![figure("events", "/s", per_second(count * PRODUCERS, end - start))])
}

pub fn in_from_actors(workers: Workers, scale: f64) -> Outcome {
    fan_in(workers, scaled(PRODUCED, scale), |runtime, address, value, count| {
        runtime.spawn(async move {
            for seq in 0..count {
                let _ = address.send(Event { seq, value }).await;
            }
        });
    })
}

pub fn in_from_threads(scale: f64) -> Outcome {
    fan_in(Workers::One, scaled(PRODUCED_BY_THREADS, scale), |_, address, value, count| {
        thread::spawn(move || {
            for seq in 0..count {
                let _ = address.blocking_send(Event { seq, value });
            }
        });
    })
}
