//! What can be done in any export.

use std::hint::black_box;

use crate::guest::exports::outcrop::provider::provider::ResponseStream;
use crate::guest::outcrop::provider::log::{self, Level};
use crate::guest::outcrop::provider::memory::{self, Scope};

pub(crate) fn strike(what: &str) {
    match what {
        "loop" => spin(u64::MAX),
        "trap" => core::arch::wasm32::unreachable(),
        "recursion" => {
            black_box(deeper(1));
        }
        "memory" => eat(u64::MAX),
        "memory-to-the-limit" => eat(56 << 20),
        "handles" => hold_handles(),
        "log-flood" => loop {
            log::write(Level::Error, "a line");
        },
        "log-giant" => log::write(Level::Error, &"x".repeat(40 << 20)),
        "log-forged" => log::write(Level::Error, "honest\n2026-11-21 ERROR outcrop: \u{1b}[31mforged"),
        "memory-flood" => loop {
            memory::remember(&Scope::Model("sim.text-v1:0".to_owned()), "key", "value", u32::MAX);
        },
        "slow" => spin(20_000_000),
        other => panic!("no such attack: {other}"),
    }
}

/// Counts to so many.
fn spin(rounds: u64) {
    let mut round = 0_u64;
    while black_box(round) < rounds {
        round += 1;
    }
}

fn deeper(depth: u64) -> u64 {
    let frame = black_box([depth; 8]);
    black_box(deeper(depth + 1)) + frame[(depth % 8) as usize]
}

/// Takes and touches memory until it has so many bytes.
fn eat(bytes: u64) {
    let mut eaten: Vec<Vec<u8>> = Vec::new();
    while (eaten.len() as u64) << 20 < bytes {
        eaten.push(black_box(vec![0xaa; 1 << 20]));
    }
    // Kept for as long as the instance lives.
    std::mem::forget(eaten);
}

/// Makes resources and drops none.
fn hold_handles() {
    loop {
        std::mem::forget(black_box(ResponseStream::new(crate::guest::idle())));
    }
}

/// Four bytes for each value of dozens.
pub(crate) fn json_bomb() -> String {
    format!("[{}0]", "0,".repeat(4 << 20))
}
