//! The peer "Tokio": tasks and its bounded channels; Debian 12 has tokio 1.24.2 and rustc 1.63.
//!
//! An actor is a task that receives from an `mpsc` channel of its own, its mailbox: 1,024 places,
//! and a send waits when they are taken. Events are structs of 16 bytes, copied into the channel;
//! larger payloads are shared by `Arc`. A channel keeps the order of each sender. (This version has
//! no `recv_many`. Fan-out is a loop over `mpsc`: a `broadcast` channel drops for those who lag.)
//!
//! "one" is the current-thread runtime, "two" the multi-thread runtime with two workers, which
//! places tasks itself. W1/two is two current-thread runtimes, one for each of the two actors.
//!
//! SPDX-License-Identifier: MIT

mod fan;
mod flow;
mod latency;
mod many;

use std::future::Future;
use std::process::ExitCode;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

pub const MAILBOX_SIZE: usize = 1024;

/// The payload of 16 bytes: sinks check that `seq` has no gaps and no repeats.
#[derive(Clone, Copy)]
pub struct Event {
    pub seq: u64,
    pub value: u64,
}

pub type Mailbox = tokio::sync::mpsc::Receiver<Event>;
pub type Address = tokio::sync::mpsc::Sender<Event>;

pub fn mailbox() -> (Address, Mailbox) {
    tokio::sync::mpsc::channel(MAILBOX_SIZE)
}

pub struct Figure {
    pub name: &'static str,
    pub unit: &'static str,
    pub value: f64,
}

pub fn figure(name: &'static str, unit: &'static str, value: f64) -> Figure {
    Figure { name, unit, value }
}

pub type Outcome = Result<Vec<Figure>, String>;

#[derive(Clone, Copy, PartialEq)]
pub enum Workers {
    One,
    Two,
}

/// Runs a future that starts tasks and waits for them. With two workers the caller's thread is a
/// third one: the future itself must not be an actor.
pub fn run_on<F: Future>(workers: Workers, future: F) -> F::Output {
    runtime(workers).block_on(future)
}

pub fn runtime(workers: Workers) -> Runtime {
    match workers {
        Workers::One => Builder::new_current_thread().build(),
        Workers::Two => Builder::new_multi_thread().worker_threads(2).build(),
    }
    .expect("a runtime starts")
}

/// A count of events at a scale, at least one.
pub fn scaled(count: u64, scale: f64) -> u64 {
    ((count as f64 * scale) as u64).max(1)
}

pub fn per_second(count: u64, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

pub fn expect(what: &str, count: u64, expected: u64) -> Result<(), String> {
    if count == expected {
        Ok(())
    } else {
        Err(format!("{count} {what}, expected {expected}"))
    }
}

type Variant = (&'static str, fn(f64) -> Outcome);

const VARIANTS: &[Variant] = &[
    ("W1/one", flow::ping_pong_one),
    ("W1/two", flow::ping_pong_two),
    ("W2/one", |scale| flow::pipeline(Workers::One, scale)),
    ("W2/two", |scale| flow::pipeline(Workers::Two, scale)),
    ("W3/one", |scale| fan::out_small(Workers::One, scale)),
    ("W3/two", |scale| fan::out_small(Workers::Two, scale)),
    ("W3/one-1KiB", |scale| fan::out_shared(1 << 10, scale)),
    ("W3/one-64KiB", |scale| fan::out_shared(64 << 10, scale)),
    ("W4/actors", |scale| fan::in_from_actors(Workers::One, scale)),
    ("W4/actors-two", |scale| fan::in_from_actors(Workers::Two, scale)),
    ("W4/threads", fan::in_from_threads),
    ("W5/idle", many::idle),
    ("W6/100k", |scale| latency::paced(100_000, 10, scale)),
    ("W6/1k", |scale| latency::paced(2_000, 1_000, scale)),
    ("W7/one", |scale| flow::working_pipeline(Workers::One, scale)),
    ("W7/two", |scale| flow::working_pipeline(Workers::Two, scale)),
    ("W10/ring", |scale| many::ring(Workers::One, scale)),
    ("W10/ring-two", |scale| many::ring(Workers::Two, scale)),
    ("W10/mesh", |scale| many::mesh(Workers::One, scale)),
    ("W10/mesh-two", |scale| many::mesh(Workers::Two, scale)),
];

fn run(name: &str, scale: f64) -> Result<(), String> {
    let (_, variant) = VARIANTS.iter().find(|(known, _)| *known == name).ok_or(format!("no variant {name}"))?;
    for figure in variant(scale)? {
        println!("{} {} {:.3}", figure.name, figure.unit, figure.value);
    }
    Ok(())
}

fn command(args: &[&str]) -> Result<(), String> {
    match args {
        ["list"] => VARIANTS.iter().for_each(|(name, _)| println!("{name}")),
        ["about"] => println!(
            "tokio {} ({}): tasks and mpsc channels; mailbox bounded ({MAILBOX_SIZE}), a send waits when it is \
             full and copies 16 bytes, larger payloads shared by Arc; one: current-thread runtime, two: \
             multi-thread runtime with 2 workers, W1/two and W6: a runtime or thread for each actor",
            env!("TOKIO_VERSION"),
            env!("RUSTC_VERSION")
        ),
        ["run", name] => run(name, 1.0)?,
        ["run", name, scale] => run(name, scale.parse().map_err(|_| format!("no scale: {scale}"))?)?,
        _ => return Err("usage: run-peer list | about | run VARIANT [SCALE]".into()),
    }
    Ok(())
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match command(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
