//! The checks with random inputs; `FUZZ_SECONDS` says for how long, for machines on which `make fuzz` finds no
//! nightly compiler. Of an input that breaks a check the smallest is told.
#![expect(clippy::print_stdout, reason = "it says how much it tried")]

use std::time::{Duration, Instant};

use outcrop_fuzz::TARGETS;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Bytes of an input, at most.
const MOST_BYTES: usize = 1024;

/// Plays a target: so many inputs, and again while there is time.
fn play(target: &str, inputs: u32) {
    let (_, check) = TARGETS.iter().find(|(name, _)| *name == target).expect("a target");
    let seconds = std::env::var("FUZZ_SECONDS").map_or(0, |seconds| seconds.parse().expect("a number"));
    let (begun, time) = (Instant::now(), Duration::from_secs(seconds));
    let mut played = 0;
    while played == 0 || begun.elapsed() < time {
        let config = Config { cases: inputs, failure_persistence: None, ..Config::default() };
        let bytes = proptest::collection::vec(any::<u8>(), 0..MOST_BYTES);
        let result = TestRunner::new(config).run(&bytes, |data| {
            check(&data);
            Ok(())
        });
        if let Err(error) = result {
            panic!("{target}: {error}");
        }
        played += u64::from(inputs);
    }
    println!("{target}: {played} random inputs");
}

#[test]
fn frames() {
    play("frames", 300);
}

#[test]
fn answers() {
    play("answers", 300);
}

#[test]
fn configuration() {
    play("configuration", 100);
}

#[test]
fn requests() {
    play("requests", 300);
}

#[test]
fn components() {
    play("components", 20);
}
