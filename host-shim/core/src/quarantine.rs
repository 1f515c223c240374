//! A plugin that fails again and again is left alone for a while.
//!
//! What is known of it is kept in a small file beside the caches, so that a program that starts anew, or a command
//! that lives for one answer, knows it too. The file is replaced in one step: whoever reads it, also after a crash,
//! finds the old record or the new one.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::{Error, ErrorClass, Result};

/// Failures in a row before the first pause. One or two can be the fault of a single odd request, which its caller
/// repeats; with one answer between them the plugin works.
const FAILURES_IN_A_ROW: u32 = 3;
/// The first pause: longer than the retries of a caller that does not look at what went wrong, and short enough for
/// one that does. Each pause after it is twice as long.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// No pause is longer: whoever has mended what was wrong around the plugin waits no longer than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// Failures that are further apart than this are not repeated ones.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(3600);
/// Bytes of a record. A file that is larger is none.
const MOST_BYTES: u64 = 4096;
/// Bytes of the reason that is kept.
const REASON_BYTES: usize = 400;

/// What is known of a plugin's failures.
#[derive(Debug)]
pub(crate) struct Quarantine {
    name: String,
    digest: Digest,
    file: Option<PathBuf>,
    /// Whether there is any record: the only thing that an honest plugin's streams look at.
    is_troubled: AtomicBool,
    /// Failures since the start.
    failures: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    record: Record,
    /// Whether a stream is under way that will tell whether the plugin works again.
    is_probing: bool,
}

/// What the file holds. Times are milliseconds since the Unix epoch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    digest: String,
    failures: u32,
    pauses: u32,
    paused_until: u64,
    last_failure: u64,
    reason: String,
}

/// How a plugin stands that has failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) failures: u32,
    pub(crate) reason: String,
    /// What is left of the pause; zero where it is over and no stream has shown yet that the plugin works.
    pub(crate) pause: Duration,
    /// Whether there was a pause at all.
    pub(crate) is_quarantined: bool,
}

/// The leave to begin a stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leave {
    is_probe: bool,
    /// Failures when it began.
    failures: u64,
}

impl Quarantine {
    /// What the folder's file knows of this plugin. Without a folder nothing is kept.
    pub(crate) fn open(name: &str, digest: Digest, folder: Option<&Path>) -> Self {
        let file = folder.map(|folder| folder.join(format!("{name}.json")));
        let record = file.as_deref().and_then(read).filter(|record| record.digest == digest.text());
        Self {
            name: name.to_owned(),
            digest,
            file,
            is_troubled: AtomicBool::new(record.is_some()),
            failures: AtomicU64::new(0),
            state: Mutex::new(State { record: record.unwrap_or_default(), is_probing: false }),
        }
    }

    /// Whether a stream may begin. After a pause one may, and the others wait for how it ends.
    pub(crate) fn admit(&self) -> Result<Leave> {
        self.admit_at(now())
    }

    /// Whether anything else may be asked of the plugin.
    pub(crate) fn check(&self) -> Result<()> {
        match self.trouble() {
            Some(trouble) if !trouble.pause.is_zero() => Err(self.refused(&trouble)),
            _ => Ok(()),
        }
    }

    /// The plugin did what ends an instance.
    pub(crate) fn failed(&self, reason: &str) {
        self.failed_at(now(), reason);
    }

    /// A stream has ended. Where the plugin has not failed meanwhile, it works.
    pub(crate) fn ended(&self, leave: Leave) {
        if self.is_troubled.load(Ordering::Acquire) && self.failures.load(Ordering::Acquire) == leave.failures
        {
            self.clear_at(now());
        }
    }

    /// A stream is gone, however it went.
    pub(crate) fn leave(&self, leave: Leave) {
        if leave.is_probe {
            self.lock().is_probing = false;
        }
    }

    /// How the plugin stands, if it has failed of late.
    pub(crate) fn trouble(&self) -> Option<Trouble> {
        if !self.is_troubled.load(Ordering::Acquire) {
            return None;
        }
        self.lock().record.trouble(now())
    }

    fn admit_at(&self, now: u64) -> Result<Leave> {
        let failures = self.failures.load(Ordering::Acquire);
        if !self.is_troubled.load(Ordering::Acquire) {
            return Ok(Leave { is_probe: false, failures });
        }
        let mut state = self.lock();
        let Some(trouble) = state.record.trouble(now).filter(|trouble| trouble.is_quarantined) else {
            return Ok(Leave { is_probe: false, failures });
        };
        if !trouble.pause.is_zero() || state.is_probing {
            return Err(self.refused(&trouble));
        }
        state.is_probing = true;
        Ok(Leave { is_probe: true, failures })
    }

    fn failed_at(&self, now: u64, reason: &str) {
        self.failures.fetch_add(1, Ordering::AcqRel);
        let mut state = self.lock();
        let State { record, is_probing } = &mut *state;
        match record.trouble(now) {
            // It began before the pause, and tells nothing new.
            Some(trouble) if !trouble.pause.is_zero() => return,
            Some(_) => {}
            None => *record = Record { digest: self.digest.text().to_owned(), ..Record::default() },
        }
        record.failures = record.failures.saturating_add(1);
        record.last_failure = now;
        record.reason = reason[..reason.floor_char_boundary(REASON_BYTES)].to_owned();
        if record.failures >= FAILURES_IN_A_ROW {
            let pause = pause(record.pauses);
            record.pauses = record.pauses.saturating_add(1);
            record.paused_until = now.saturating_add(millis(pause));
            *is_probing = false;
            tracing::warn!(plugin = self.name, "quarantined for {} s: {reason}", pause.as_secs());
        }
        self.is_troubled.store(true, Ordering::Release);
        self.keep(Some(record));
    }

    fn clear_at(&self, now: u64) {
        let mut state = self.lock();
        // A stream that began before the pause does not end it.
        if state.record.trouble(now).is_some_and(|trouble| !trouble.pause.is_zero()) {
            return;
        }
        *state = State::default();
        self.is_troubled.store(false, Ordering::Release);
        self.keep(None);
    }

    fn refused(&self, trouble: &Trouble) -> Error {
        let Trouble { failures, reason, pause, .. } = trouble;
        let name = &self.name;
        let what = if pause.is_zero() {
            "one stream is trying whether it works again".to_owned()
        } else {
            format!("it is left alone for another {:.1} s", pause.as_secs_f64())
        };
        let mut error = Error::new(
            ErrorClass::Internal,
            format!(
                "the plugin {name} is quarantined: it failed {failures} times in a row ({reason}); {what}"
            ),
        )
        .with_remedy("wait, or replace the plugin; `outcrop plugin list` shows how it stands")
        .retryable();
        error.retry_after = Some(*pause).filter(|pause| !pause.is_zero());
        error
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the record, or takes it away. That it cannot be kept is no reason to fail.
    fn keep(&self, record: Option<&Record>) {
        let Some(file) = &self.file else { return };
        let kept = match record {
            Some(record) => write(file, record),
            None => std::fs::remove_file(file),
        };
        if let Err(error) = kept
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::debug!("{} is not kept: {error}", file.display());
        }
    }
}

impl Record {
    fn trouble(&self, now: u64) -> Option<Trouble> {
        let is_old = now.saturating_sub(self.last_failure) > millis(FORGOTTEN_AFTER);
        // A clock that was set back does not make a pause longer.
        let pause = Duration::from_millis(self.paused_until.saturating_sub(now)).min(LONGEST_PAUSE);
        (self.failures > 0 && !is_old).then(|| Trouble {
            failures: self.failures,
            reason: self.reason.clone(),
            pause,
            is_quarantined: self.pauses > 0,
        })
    }
}

/// The pause after so many.
fn pause(pauses: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(pauses)).min(LONGEST_PAUSE)
}

fn now() -> u64 {
    millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// What is no record is none.
fn read(file: &Path) -> Option<Record> {
    use std::io::Read as _;

    let mut text = String::new();
    std::fs::File::open(file).ok()?.take(MOST_BYTES).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn write(file: &Path, record: &Record) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    new.write_all(serde_json::to_string(record)?.as_bytes())?;
    new.persist(file).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u64 = 1_000_000_000_000;
    const SECOND: u64 = 1000;

    fn quarantine(folder: Option<&Path>) -> Quarantine {
        Quarantine::open("echo", Digest::of(b"echo"), folder)
    }

    fn fail(quarantine: &Quarantine, now: u64, times: u32) {
        for _ in 0..times {
            quarantine.failed_at(now, "trapped");
        }
    }

    #[test]
    fn an_answer_between_two_failures_starts_the_count_anew() {
        let quarantine = quarantine(None);
        for _ in 0..10 {
            fail(&quarantine, START, 2);
            let leave = quarantine.admit_at(START).expect("no pause");
            quarantine.ended(leave);
        }
        fail(&quarantine, START, 2);
        quarantine.admit_at(START).expect("no pause");
        // A stream during which the plugin failed is no answer.
        let leave = quarantine.admit_at(START).expect("no pause");
        fail(&quarantine, START, 1);
        quarantine.ended(leave);
        let error = quarantine.admit_at(START + SECOND).expect_err("a pause");
        assert!(error.message.contains("failed 3 times in a row (trapped)"), "{error}");
        assert!(error.message.contains("another 4.0 s"), "{error}");
        assert_eq!(error.retry_after, Some(Duration::from_secs(4)));
        assert!(error.retryable);
    }

    #[test]
    fn pauses_grow_to_a_longest_and_one_stream_probes() {
        let quarantine = quarantine(None);
        fail(&quarantine, START, 2);
        let mut now = START;
        for seconds in [5, 10, 20, 40, 80, 160, 300, 300] {
            fail(&quarantine, now, 1);
            // Those that began before change nothing.
            fail(&quarantine, now, 10);
            assert!(quarantine.admit_at(now + seconds * SECOND - 1).is_err(), "{seconds}");
            now += seconds * SECOND;
            let probe = quarantine.admit_at(now).expect("one may try");
            assert!(probe.is_probe);
            let error = quarantine.admit_at(now).expect_err("only one");
            assert!(error.message.contains("one stream is trying"), "{error}");
            // It went without a word: the next may try.
            quarantine.leave(probe);
            quarantine.admit_at(now).expect("another");
        }
        quarantine.clear_at(now);
        assert!(!quarantine.admit_at(now).expect("it works").is_probe);
        assert_eq!(quarantine.trouble(), None);
    }

    #[test]
    fn a_stream_from_before_the_pause_does_not_end_it() {
        let quarantine = quarantine(None);
        fail(&quarantine, START, 3);
        quarantine.clear_at(START + SECOND);
        assert!(quarantine.admit_at(START + SECOND).is_err());
    }

    #[test]
    fn failures_an_hour_apart_are_not_repeated_ones() {
        let quarantine = quarantine(None);
        for hours in 0..10 {
            fail(&quarantine, START + hours * 3_601 * SECOND, 2);
        }
        quarantine.admit_at(START + 10 * 3_601 * SECOND).expect("no pause");
    }

    #[test]
    fn the_record_outlives_the_process_and_belongs_to_one_component() {
        let folder = tempfile::tempdir().expect("a folder");
        let present = now();
        fail(&quarantine(Some(folder.path())), present, 1);
        fail(&quarantine(Some(folder.path())), present, 1);
        fail(&quarantine(Some(folder.path())), present, 1);
        assert!(quarantine(Some(folder.path())).admit_at(present).is_err());
        let other = Quarantine::open("echo", Digest::of(b"mended"), Some(folder.path()));
        other.admit_at(present).expect("another component");
        // Set back by a day: no longer than the longest.
        let error = quarantine(Some(folder.path())).admit_at(present - 86_400 * SECOND).expect_err("a pause");
        assert_eq!(error.retry_after, Some(LONGEST_PAUSE));

        quarantine(Some(folder.path())).clear_at(present + 5 * SECOND);
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
        for nonsense in ["", "{", "[]", "{\"failures\":-1}", "\u{0}"] {
            std::fs::write(folder.path().join("echo.json"), nonsense).expect("written");
            quarantine(Some(folder.path())).admit_at(present).expect("no record");
        }
    }
}
