//! The rows of the table: which streams, and how many at once.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::clients::Kind;
use crate::measure::Measure;

/// Bytes of text in a delta.
pub(crate) const DELTA_BYTES: usize = 20;
/// Streams before those that count: connections, caches and the allocator settle.
const WARM_UP_STREAMS: usize = 20;

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Row {
    /// 200 streams of 1,000 deltas, each stream one write, one stream at a time
    #[value(name = "coalesced-1")]
    #[serde(rename = "coalesced-1")]
    Coalesced1,
    /// The same, 16 at a time
    #[value(name = "coalesced-16")]
    #[serde(rename = "coalesced-16")]
    Coalesced16,
    /// 200 streams of 1,000 deltas, one write a frame, one stream at a time
    #[value(name = "frames-1")]
    #[serde(rename = "frames-1")]
    Frames1,
    /// The same, 16 at a time
    #[value(name = "frames-16")]
    #[serde(rename = "frames-16")]
    Frames16,
    /// 300 streams of 10 deltas: from asking to the first text, on a warm connection
    FirstText,
    /// 1,000 streams at once, 100 deltas each, one every 20 ms
    #[value(name = "paced-1000")]
    #[serde(rename = "paced-1000")]
    Paced1000,
    /// 5,000 streams at once, 100 deltas each, one every 100 ms
    #[value(name = "paced-5000")]
    #[serde(rename = "paced-5000")]
    Paced5000,
}

/// The streams of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) streams: usize,
    pub(crate) at_once: usize,
    /// Text deltas in a stream.
    pub(crate) deltas: usize,
    /// What the simulator answers with.
    pub(crate) scenario: String,
}

impl Row {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Coalesced1 => "coalesced, 1 at a time",
            Self::Coalesced16 => "coalesced, 16 at a time",
            Self::Frames1 => "one write a frame, 1 at a time",
            Self::Frames16 => "one write a frame, 16 at a time",
            Self::FirstText => "first text, warm connection",
            Self::Paced1000 => "1,000 at once, a delta every 20 ms",
            Self::Paced5000 => "5,000 at once, a delta every 100 ms",
        }
    }

    pub(crate) fn shape(self) -> Shape {
        match self {
            Self::Coalesced1 => Shape::new(200, 1, 1000, "writes=coalesced"),
            Self::Coalesced16 => Shape::new(200, 16, 1000, "writes=coalesced"),
            Self::Frames1 => Shape::new(200, 1, 1000, "writes=frame"),
            Self::Frames16 => Shape::new(200, 16, 1000, "writes=frame"),
            Self::FirstText => Shape::new(300, 1, 10, "writes=frame"),
            Self::Paced1000 => Shape::new(1000, 1000, 100, "writes=frame every=20"),
            Self::Paced5000 => Shape::new(5000, 5000, 100, "writes=frame every=100"),
        }
    }

    /// Who is measured on the row. Whether streams share an instance is told apart where there are many at once.
    pub(crate) fn clients(self) -> &'static [Kind] {
        match self {
            Self::Paced1000 | Self::Paced5000 => &[Kind::Outcrop, Kind::Shared, Kind::Sdk, Kind::Hyper],
            _ => &[Kind::Outcrop, Kind::Sdk, Kind::Hyper],
        }
    }

    /// What the table says of the row, the most telling first.
    pub(crate) fn measures(self) -> &'static [Measure] {
        match self {
            Self::FirstText => &[Measure::FirstText, Measure::Cpu, Measure::Wall, Measure::Memory],
            Self::Paced1000 | Self::Paced5000 => &[Measure::Cpu, Measure::Memory, Measure::Wall],
            _ => &[Measure::Cpu, Measure::Wall, Measure::Memory],
        }
    }
}

impl Shape {
    fn new(streams: usize, at_once: usize, deltas: usize, more: &str) -> Self {
        let scenario = format!("long deltas={deltas} bytes={DELTA_BYTES} {more}");
        Self { streams, at_once, deltas, scenario }
    }

    /// The streams that go before.
    pub(crate) fn warm_up(&self) -> Self {
        Self { streams: WARM_UP_STREAMS, ..self.clone() }
    }

    /// Text deltas in all streams.
    pub(crate) fn events(&self) -> usize {
        self.streams * self.deltas
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_simulator_knows_every_scenario() {
        for row in Row::value_variants() {
            let scenario = bedrock_sim::Scenario::named(&row.shape().scenario);
            assert!(scenario.is_ok(), "{row:?}: {scenario:?}");
        }
    }

    #[test]
    fn names_are_the_same_in_arguments_and_json() {
        for row in Row::value_variants() {
            let name = row.to_possible_value().expect("a name");
            let json = serde_json::to_value(row).expect("JSON");
            assert_eq!(json, name.get_name());
        }
    }
}
