//! The clients, and how they are driven: all in the same way.

mod hyper;
mod outcrop;
mod sdk;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::measure::{Figures, Meter};
use crate::rows::{DELTA_BYTES, Row, Shape};

pub(crate) const REGION: &str = "us-east-1";
/// The model asked: one of the simulator's listing that needs no profile.
pub(crate) const MODEL: &str = "amazon.nova-lite-v1:0";
pub(crate) const PROMPT: &str = "Say something long.";
/// Longer than any row takes, even unoptimised: a client that hangs is to fail.
const PATIENCE: Duration = Duration::from_secs(300);
/// Threads live as long as the process: with a thread its CPU time would be lost.
const THREAD_KEEP_ALIVE: Duration = Duration::from_secs(24 * 3600);

/// What the streams go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// Outcrop's Rust API, with the sandbox
    Outcrop,
    /// The same, all streams in one instance of the plugin
    Shared,
    /// aws-sdk-bedrockruntime, typed
    Sdk,
    /// A bare hyper client that counts bytes
    Hyper,
}

impl Kind {
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Outcrop => "Outcrop",
            Self::Shared => "one instance",
            Self::Sdk => "AWS SDK",
            Self::Hyper => "hyper",
        }
    }
}

/// Something that can ask for one answer and read it to its end.
trait Client: Clone + Send + Sync + 'static {
    /// Asks for an answer, and counts what comes.
    fn stream(&self) -> impl Future<Output = Result<Answer>> + Send;
}

/// What came of one stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Answer {
    /// Text deltas.
    deltas: usize,
    /// Bytes of text.
    bytes: usize,
    /// From asking to the first text.
    first_text: Option<Duration>,
}

impl Answer {
    /// Counts a text delta; `asked` tells how long ago the stream was asked for.
    fn text(&mut self, bytes: usize, asked: impl FnOnce() -> Duration) {
        self.deltas += 1;
        self.bytes += bytes;
        self.first_text.get_or_insert_with(asked);
    }
}

/// Measures a client on a row. This process is to do nothing else.
pub(crate) fn run(kind: Kind, row: Row, endpoint: &str) -> Result<Figures> {
    let shape = row.shape();
    let measured = async {
        match kind {
            Kind::Outcrop | Kind::Shared => {
                measure(outcrop::Outcrop::new(kind, &shape, endpoint).await?, &shape).await
            }
            Kind::Sdk => measure(sdk::Sdk::new(endpoint).await, &shape).await,
            Kind::Hyper => measure(hyper::Hyper::new(endpoint).await?, &shape).await,
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .thread_keep_alive(THREAD_KEEP_ALIVE)
        .build()?;
    let measured = runtime.block_on(async { tokio::time::timeout(PATIENCE, measured).await });
    measured.with_context(|| format!("no end after {} s", PATIENCE.as_secs()))?
}

/// Compiles Outcrop's plugin for this row.
pub(crate) fn prepare(row: Row) -> Result<()> {
    outcrop::host(Kind::Outcrop, &row.shape()).build()?;
    Ok(())
}

async fn measure(client: impl Client, shape: &Shape) -> Result<Figures> {
    streams(&client, &shape.warm_up()).await?;
    let meter = Meter::start()?;
    let first_texts = streams(&client, shape).await?;
    meter.stop(shape.events(), &first_texts)
}

/// Runs all streams of a shape, checks each, and gives the time to its first text.
async fn streams(client: &impl Client, shape: &Shape) -> Result<Vec<Duration>> {
    let left = Arc::new(AtomicUsize::new(shape.streams));
    let mut workers = JoinSet::new();
    for _ in 0..shape.at_once.min(shape.streams) {
        let (client, left, deltas) = (client.clone(), left.clone(), shape.deltas);
        workers.spawn(async move {
            let mut first_texts = Vec::new();
            while take_one(&left) {
                let answer = client.stream().await?;
                let whole = answer.deltas == deltas && answer.bytes == deltas * DELTA_BYTES;
                ensure!(whole, "{deltas} deltas of {DELTA_BYTES} bytes were sent: {answer:?}");
                first_texts.push(answer.first_text.context("no time of the first text")?);
            }
            Ok(first_texts)
        });
    }
    let mut first_texts = Vec::with_capacity(shape.streams);
    while let Some(worker) = workers.join_next().await {
        first_texts.extend(worker??);
    }
    ensure!(first_texts.len() == shape.streams, "{} of {} streams", first_texts.len(), shape.streams);
    Ok(first_texts)
}

fn take_one(left: &AtomicUsize) -> bool {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}
