//! W6: the time from send to handle, at a given pace, from a thread to a runtime on another one.
//!
//! SPDX-License-Identifier: MIT

use crate::{expect, figure, mailbox, run_on, scaled};
use crate::{Address, Event, Outcome, Workers};
use std::thread;
use std::time::{Duration, Instant};

const SHORTEST_SLEEP: Duration = Duration::from_micros(200);

/// What the whole process has used, of all its threads.
fn cpu_time() -> Duration {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: getrusage fills in the struct, and zeroes are a valid one.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
        usage.assume_init()
    };
    let of = |time: libc::timeval| Duration::new(time.tv_sec as u64, time.tv_usec as u32 * 1_000);
    of(usage.ru_utime) + of(usage.ru_stime)
}

/// A sender that falls behind catches up. It sleeps between two events where the period allows it,
/// and else spins: no timer keeps a period of 10 us.
fn sender(count: u64, period: Duration, origin: Instant, to: Address) {
    let start = Instant::now();
    for seq in 0..count {
        let due = start + period * seq as u32;
        if period > SHORTEST_SLEEP {
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        while Instant::now() < due {
            std::hint::spin_loop();
        }
        let value = origin.elapsed().as_nanos() as u64;
        let _ = to.blocking_send(Event { seq, value });
    }
}

pub fn paced(events: u64, period_us: u64, scale: f64) -> Outcome {
    let count = scaled(events, scale);
    let (to, mut mailbox) = mailbox();
    let mut samples = vec![Duration::MAX; count as usize];
    let mut in_order = 0;
    let origin = Instant::now();
    let cpu = cpu_time();
    let sender = thread::spawn(move || sender(count, Duration::from_micros(period_us), origin, to));
    run_on(Workers::One, async {
        while let Some(event) = mailbox.recv().await {
            if event.seq == in_order {
                samples[in_order as usize] = origin.elapsed() - Duration::from_nanos(event.value);
                in_order += 1;
            }
        }
    });
    let took = origin.elapsed();
    let cpu = cpu_time() - cpu;
    sender.join().expect("the sender ends");
    expect("events in order", in_order, count)?;

    samples.sort_unstable();
    let at = |permille: usize| samples[(samples.len() - 1) * permille / 1_000].as_nanos() as f64 / 1e3;
    Ok(vec![
        figure("p50", "us", at(500)),
        figure("p99", "us", at(990)),
        figure("p999", "us", at(999)),
        figure("cpu", "s", cpu.as_secs_f64() / took.as_secs_f64()),
    ])
}
