//! W5 and W10: many actors.
//!
//! SPDX-License-Identifier: MIT

use crate::{expect, figure, mailbox, per_second, run_on, runtime, scaled};
use crate::{Address, Event, Mailbox, Outcome, Workers};
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::Notify;

const IDLE_ACTORS: u64 = 1_000_000;
const IDLE_STATE: f64 = 8.0;
const CROWD: u64 = 1_000;
const TOKEN_ROUNDS: u64 = 5_000;
const PINGS_EACH: u64 = 2_000;

/// Tells when a number of actors have come to a point.
struct Gate {
    missing: AtomicU64,
    open: Notify,
}

impl Gate {
    fn new(actors: u64) -> Arc<Gate> {
        Arc::new(Gate { missing: AtomicU64::new(actors), open: Notify::new() })
    }

    fn pass(&self) {
        // Releases what the actor has done, and acquires what the others have.
        if self.missing.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.open.notify_one();
        }
    }
}

/// The second field of statm, in pages.
fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("statm is there");
    let pages: u64 = statm.split(' ').nth(1).and_then(|field| field.parse().ok()).expect("statm has its fields");
    // SAFETY: sysconf has no preconditions.
    pages * unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as u64
}

pub fn idle(scale: f64) -> Outcome {
    let count = scaled(IDLE_ACTORS, scale);
    run_on(Workers::Two, async {
        // Written to, so that these pages are not counted as the actors'.
        let mut addresses: Vec<Option<Address>> = Vec::new();
        addresses.resize_with(count as usize, || None);
        let events = Arc::new(AtomicU64::new(0));
        let (started, stopped) = (Gate::new(count), Gate::new(count));
        let before = resident_bytes();

        let begin = Instant::now();
        for address in &mut addresses {
            let (to, mut mailbox) = mailbox();
            let (started, stopped, events) = (started.clone(), stopped.clone(), events.clone());
            *address = Some(to);
            tokio::spawn(async move {
                let mut handled = 0_u64;
                started.pass();
                while mailbox.recv().await.is_some() {
                    handled += 1;
                }
                events.fetch_add(handled, Ordering::Relaxed);
                drop(mailbox);
                stopped.pass();
            });
        }
        started.open.notified().await;
        let start_took = begin.elapsed();
        let memory = resident_bytes().saturating_sub(before);

        let begin = Instant::now();
        drop(addresses);
        stopped.open.notified().await;
        let stop_took = begin.elapsed();
        expect("events at idle actors", events.load(Ordering::Relaxed), 0)?;
        Ok(vec![
            figure("memory", "B", memory as f64 / count as f64 - IDLE_STATE),
            figure("start", "actors/s", per_second(count, start_took)),
            figure("stop", "actors/s", per_second(count, stop_took)),
        ])
    })
}

// The kind of an event, in `value`.
const TOKEN: u64 = 0;
const PING: u64 = 1;
const PONG: u64 = 2;
const STOP: u64 = 3;

/// As many tokens as actors, so that a mailbox can hold them all and no send ever waits.
pub fn ring(workers: Workers, scale: f64) -> Outcome {
    let rounds = scaled(TOKEN_ROUNDS, scale);
    crowd(workers, CROWD * rounds, Event { seq: rounds, value: TOKEN }, |index, addresses, mut mailbox, done| {
        let next = addresses[(index + 1) % addresses.len()].clone();
        async move {
            let mut hops = 0;
            while let Some(event) = mailbox.recv().await {
                if event.value == STOP {
                    break;
                }
                hops += 1;
                if event.seq == 1 {
                    done.pass();
                } else {
                    let _ = next.send(Event { seq: event.seq - 1, ..event }).await;
                }
            }
            hops
        }
    })
}

struct Random(u64);

impl Random {
    /// Another actor's index.
    fn other_than(&mut self, index: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (index + 1 + (self.0 % (CROWD - 1)) as usize) % CROWD as usize
    }
}

/// Each actor has one ping in flight, to another one at random; `seq` is the sender. At most 999
/// pings and a pong are in a mailbox then, and no send ever waits. The pong that begins an actor's
/// work answers no ping, and is not a hop.
pub fn mesh(workers: Workers, scale: f64) -> Outcome {
    let count = scaled(PINGS_EACH, scale);
    crowd(workers, 2 * CROWD * count, Event { seq: 0, value: PONG }, move |index, addresses, mut mailbox, done| {
        let seq = index as u64;
        let mut random = Random(seq.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1);
        async move {
            let mut hops = 0;
            let mut pongs = 0;
            while let Some(event) = mailbox.recv().await {
                match event.value {
                    STOP => break,
                    PING => {
                        hops += 1;
                        let _ = addresses[event.seq as usize].send(Event { seq, value: PONG }).await;
                    }
                    _ if pongs == count => {
                        hops += 1;
                        done.pass();
                    }
                    _ => {
                        hops += (pongs > 0) as u64;
                        pongs += 1;
                        let other = random.other_than(index);
                        let _ = addresses[other].send(Event { seq, value: PING }).await;
                    }
                }
            }
            hops
        }
    })
}

/// Starts actors of `make`, each with a first event, until all have passed the gate.
fn crowd<A>(
    workers: Workers,
    expected_hops: u64,
    first: Event,
    make: impl Fn(usize, Arc<Vec<Address>>, Mailbox, Arc<Gate>) -> A,
) -> Outcome
where
    A: Future<Output = u64> + Send + 'static,
{
    let runtime = runtime(workers);
    let (addresses, mailboxes): (Vec<_>, Vec<_>) = (0..CROWD).map(|_| mailbox()).unzip();
    let addresses = Arc::new(addresses);
    let done = Gate::new(CROWD);
    let actors: Vec<_> = mailboxes
        .into_iter()
        .enumerate()
        .map(|(index, mailbox)| runtime.spawn(make(index, addresses.clone(), mailbox, done.clone())))
        .collect();

    let (hops, took) = runtime.block_on(async {
        let start = Instant::now();
        for address in addresses.iter() {
            let _ = address.send(first).await;
        }
        done.open.notified().await;
        let took = start.elapsed();

        let mut hops = 0;
        for (address, actor) in addresses.iter().zip(actors) {
            let _ = address.send(Event { seq: 0, value: STOP }).await;
            hops += actor.await.expect("an actor ends");
        }
        (hops, took)
    });
    expect("hops", hops, expected_hops)?;
    Ok(vec![figure("hops", "/s", per_second(hops, took))])
}
