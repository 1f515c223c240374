//! Hostile plugins are contained: each ends in an error that names it and what it did, or does no harm; the host
//! and its other streams go on; memory and time on the processor stay bounded. Prints one table.

mod attacks;
mod components;
mod figures;
mod log;
mod raw;
mod scenes;
mod stage;

use std::time::Duration;

use attacks::{Attack, Expected};
use comfy_table::Table;
use comfy_table::presets::ASCII_MARKDOWN;
use stage::{Outcome, Stage};

/// Resident memory that an attack may take up for its time, in KiB: an instance's 64 MiB, what crosses in one
/// call, and an answer, each while it is copied.
const MOST_AT_PEAK: u64 = 320 << 10;
/// What may be left of it when it is over: the allocator gives not everything back at once, and wasmtime's cache packs
/// code that is often used more tightly in the background, which takes some 80 MiB each time.
const MOST_LEFT: u64 = 192 << 10;
/// What may be left of all of them together.
const MOST_LEFT_OF_ALL: u64 = 192 << 10;
/// Threads of the runtime's that wait for something to block on.
const MOST_THREADS: usize = 16;
/// Connections to the simulator that wait for the next request.
const MOST_FILES: usize = 32;
/// Time on the processor for one attack, with the stream beside it and the compiler, which is not optimised here.
const MOST_CPU: Duration = Duration::from_secs(20);

const ATTACKS: [&[Attack]; 5] =
    [attacks::IN_EACH_EXPORT, attacks::ANSWERS, attacks::CALLS, raw::RAW, raw::FILES];

#[test]
fn hostile_plugins_are_contained() {
    figures::count_panics();
    log::keep();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let stage = Stage::new().await;
        let mut record = Record::new();
        // Names only those that are to be played.
        let only = std::env::var("OUTCROP_ATTACK").unwrap_or_default();
        for attack in ATTACKS.iter().copied().flatten().filter(|attack| attack.name.contains(&only)) {
            record.row(attack.name, || stage.run(attack), &stage).await;
        }
        for (name, _, scene) in scenes::SCENES.iter().filter(|(name, _, _)| name.contains(&only)) {
            record.row(name, || scene(&stage), &stage).await;
        }
        record.finish();
    });
}

/// The list of attacks in the read-me is this one; `OUTCROP_UPDATE=1` writes it anew.
#[test]
fn the_list_of_attacks_is_up_to_date() {
    const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    const BEGIN: &str = "| attack | what must come of it |\n|---|---|\n";
    let attacks = ATTACKS.iter().copied().flatten().map(|attack| {
        let must = match attack.expected {
            Expected::Fault(class, words) => format!("`{class}`, which names the plugin: ... {words} ..."),
            Expected::Told(class, words) => format!("`{class}`: ... {words} ..."),
            Expected::Harmless("") => "an answer without text".to_owned(),
            Expected::Harmless(text) => format!("harmless: {text}"),
        };
        format!("| `{}` | {must} |\n", attack.name)
    });
    let scenes = scenes::SCENES.iter().map(|(name, what, _)| format!("| `{name}` | {what} |\n"));
    let list: String = attacks.chain(scenes).collect();
    let text = std::fs::read_to_string(PATH).expect("the read-me");
    let (about, known) = text.split_once(BEGIN).expect("a table at the end of the read-me");
    if std::env::var_os("OUTCROP_UPDATE").is_some() {
        std::fs::write(PATH, [about, BEGIN, &list].concat()).expect("written");
    } else {
        assert!(known == list, "tests/hostile/README.md lists other attacks: run this with OUTCROP_UPDATE=1");
    }
}

/// The table, and what is wrong in it.
struct Record {
    table: Table,
    wrong: Vec<String>,
    first_memory: u64,
    threads: usize,
    files: usize,
}

impl Record {
    fn new() -> Self {
        let mut table = Table::new();
        table.load_style(ASCII_MARKDOWN);
        table.set_header(["attack", "outcome", "MiB before", "at most", "after", "CPU s", "other streams"]);
        Self {
            table,
            wrong: Vec::new(),
            first_memory: figures::memory().now,
            threads: figures::threads(),
            files: figures::open_files(),
        }
    }

    /// Runs an attack beside an honest stream.
    async fn row<F: Future<Output = Outcome>>(
        &mut self,
        name: &str,
        attack: impl FnOnce() -> F,
        stage: &Stage,
    ) {
        figures::forget_peak();
        let (before, cpu) = (figures::memory().now, figures::cpu());
        let bystander = stage.bystander();
        let outcome = attack().await;
        let unharmed = bystander.await.unwrap_or_else(|error| Err(error.to_string()));
        let (after, cpu) = (figures::memory(), figures::cpu().saturating_sub(cpu));

        let mut wrong = |what: String| self.wrong.push(format!("{name}: {what}"));
        if let Err(problem) = &outcome.verdict {
            wrong(problem.clone());
        }
        if let Err(problem) = &unharmed {
            wrong(format!("the stream beside it: {problem}"));
        }
        stage.check_sent().into_iter().for_each(&mut wrong);
        if outcome.streams_left != 0 {
            wrong(format!("{} streams are left", outcome.streams_left));
        }
        for (what, used, most) in [
            ("at its peak", after.peak.saturating_sub(before), MOST_AT_PEAK),
            ("after it", after.now.saturating_sub(before), MOST_LEFT),
        ] {
            if used > most {
                wrong(format!("{used} KiB more {what}, where {most} are bearable"));
            }
        }
        if cpu > MOST_CPU {
            wrong(format!("{cpu:?} on the processor"));
        }
        let mib = |kib: u64| (kib >> 10).to_string();
        self.table.add_row([
            name.to_owned(),
            outcome.said,
            mib(before),
            mib(after.peak),
            mib(after.now),
            format!("{:.2}", cpu.as_secs_f64()),
            match unharmed {
                Ok(deltas) => format!("whole, {deltas} deltas"),
                Err(_) => "HARMED".to_owned(),
            },
        ]);
    }

    #[expect(clippy::print_stdout, reason = "the table is what this test is for")]
    fn finish(mut self) {
        println!("{}", self.table);
        let left = figures::memory().now.saturating_sub(self.first_memory);
        let (threads, files) = (figures::threads(), figures::open_files());
        println!(
            "{} attacks; memory grew by {} MiB in all, threads from {} to {threads}, open files from {} to {files}",
            self.table.row_iter().count(),
            left >> 10,
            self.threads,
            self.files,
        );
        if left > MOST_LEFT_OF_ALL {
            self.wrong.push(format!("{left} KiB are left of all attacks together"));
        }
        if threads > self.threads + MOST_THREADS || files > self.files + MOST_FILES {
            self.wrong.push("threads or open files are left".to_owned());
        }
        if figures::panics() > 0 {
            self.wrong.push(format!("the host panicked {} times", figures::panics()));
        }
        assert!(self.wrong.is_empty(), "not contained:\n{}", self.wrong.join("\n"));
    }
}

/// Whether what came is what was expected; else both.
fn judge(expected: &Expected, plugin: &str, came: &Result<String, outcrop::Error>) -> Result<(), String> {
    let fits = match (expected, came) {
        (Expected::Fault(class, words), Err(error)) => {
            error.class == *class && error.message.contains(plugin) && error.message.contains(words)
        }
        (Expected::Told(class, words), Err(error)) => {
            error.class == *class && error.message.contains(words) && error.message.len() <= 16 << 10
        }
        (Expected::Harmless(words), Ok(came)) => came == words,
        _ => false,
    };
    let short = |text: &str| text.chars().take(400).collect::<String>();
    match (fits, came) {
        (true, _) => Ok(()),
        (false, Ok(came)) => Err(format!("expected {expected:?}, came {came:?}")),
        (false, Err(error)) => {
            Err(format!("expected {expected:?}, came {} {:?}", error.class, short(&error.message)))
        }
    }
}
