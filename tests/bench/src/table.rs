//! The table.

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use crate::clients::Kind;
use crate::measure::{Figures, Measure, median};
use crate::outside;
use crate::rows::Row;

/// What one client came to on one row of one run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Sample {
    pub(crate) run: u32,
    pub(crate) row: Row,
    pub(crate) client: Kind,
    pub(crate) figures: Figures,
}

/// The table: a line for each measure of each row, with medians over the runs.
pub(crate) fn render(samples: &[Sample]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    let clients = [("a", Kind::Outcrop), ("a1", Kind::Shared), ("b", Kind::Sdk), ("c", Kind::Hyper)];
    let mut header = vec!["streams".to_owned(), "measure".to_owned()];
    header.extend(clients.map(|(letter, kind)| format!("({letter}) {}", kind.title())));
    header.extend(["a/b", "a1/b", "a/c"].map(str::to_owned));
    table.set_header(header);
    for row in rows(samples) {
        for (place, measure) in row.measures().iter().enumerate() {
            let title = if place == 0 { row.title() } else { "" };
            let mut line = vec![title.to_owned(), measure.title().to_owned()];
            let [a, a1, b, c] = clients.map(|(_, kind)| values(samples, row, kind, *measure));
            line.extend([&a, &a1, &b, &c].map(|values| figure(median(values))));
            line.extend([ratio(&a, &b), ratio(&a1, &b), ratio(&a, &c)]);
            table.add_row(line);
        }
    }
    for column in table.column_iter_mut().skip(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}

/// The table of the clients in other languages, and of the Rust API among them.
pub(crate) fn render_outside(samples: &[Sample], outside: &[outside::Sample]) -> String {
    const MEASURES: [Measure; 3] = [Measure::Cpu, Measure::Wall, Measure::Memory];
    let values = |row: Row, client: &str, measure: Measure| -> Vec<f64> {
        if client == outside::RUST {
            return values(samples, row, Kind::Outcrop, measure);
        }
        let of_it = outside.iter().filter(|sample| sample.row == row && sample.client == client);
        of_it.map(|sample| measure.of(&sample.figures)).collect()
    };
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    let mut header = vec!["streams", "client"];
    header.extend(MEASURES.map(Measure::title));
    header.push("CPU beside");
    table.set_header(header);
    for row in rows(samples).into_iter().filter(|row| outside::ROWS.contains(row)) {
        let clients = outside::CLIENTS.iter().map(|client| (client.title, client.beside));
        let mut title = row.title();
        for (client, beside) in std::iter::once((outside::RUST, None)).chain(clients) {
            let cpu = values(row, client, Measure::Cpu);
            if cpu.is_empty() {
                continue;
            }
            let mut line = vec![std::mem::take(&mut title).to_owned(), client.to_owned()];
            line.extend(MEASURES.map(|measure| figure(median(&values(row, client, measure)))));
            let beside = beside.map(|other| (other, values(row, other, Measure::Cpu)));
            line.push(match beside.filter(|(_, other)| !other.is_empty()) {
                Some((other, values)) => format!("{} of {other}", ratio(&cpu, &values)),
                None => String::new(),
            });
            table.add_row(line);
        }
    }
    for column in table.column_iter_mut().skip(2).take(MEASURES.len()) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}

/// The rows that were measured, in the order in which they were.
fn rows(samples: &[Sample]) -> Vec<Row> {
    let mut rows = Vec::new();
    for sample in samples {
        if !rows.contains(&sample.row) {
            rows.push(sample.row);
        }
    }
    rows
}

/// One value for each run, in the order of the runs.
fn values(samples: &[Sample], row: Row, client: Kind, measure: Measure) -> Vec<f64> {
    let of_it = samples.iter().filter(|sample| sample.row == row && sample.client == client);
    of_it.map(|sample| measure.of(&sample.figures)).collect()
}

/// The median of the runs' ratios, and their range where there are several.
fn ratio(values: &[f64], to: &[f64]) -> String {
    let ratios: Vec<f64> = values.iter().zip(to).map(|(value, to)| value / to).collect();
    let middle = figure(median(&ratios));
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let most = ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    match ratios.len() {
        0 | 1 => middle,
        _ => format!("{middle} ({} to {})", figure(least), figure(most)),
    }
}

/// A number with about three digits that matter; nothing where nothing was measured.
fn figure(value: f64) -> String {
    match value.abs() {
        none if none.is_nan() => String::new(),
        large if large >= 100.0 => format!("{value:.0}"),
        middling if middling >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_of_the_same_run() {
        assert_eq!(ratio(&[2.0], &[4.0]), "0.50");
        assert_eq!(ratio(&[1.0, 6.0, 2.0], &[1.0, 2.0, 1.0]), "2.00 (1.00 to 3.00)");
    }

    #[test]
    fn numbers_have_three_digits() {
        assert_eq!([figure(1234.5), figure(12.34), figure(0.987)], ["1234", "12.3", "0.99"]);
    }

    #[test]
    fn clients_in_other_languages_stand_beside_their_peers() {
        let figures =
            |cpu| Figures { cpu_us_per_event: cpu, wall_ms: 250.0, peak_mb: 30.0, first_text_us: f64::NAN };
        let row = Row::Coalesced1;
        let samples = [Sample { run: 0, row, client: Kind::Outcrop, figures: figures(2.0) }];
        let outside =
            [("Outcrop, C", 3.0), ("boto3", 40.0), ("Outcrop, Python", 10.0), ("Outcrop, Node", 9.0)]
                .map(|(client, cpu)| outside::Sample { run: 0, row, client, figures: figures(cpu) });
        let text = render_outside(&samples, &outside);
        let line = |client: &str| text.lines().find(|line| line.contains(client)).expect("a line").trim_end();
        assert!(line("Outcrop, C").ends_with("1.50 of Outcrop, Rust"), "{text}");
        assert!(line("Outcrop, Python").ends_with("0.25 of boto3"), "{text}");
        // Nobody to stand beside was measured.
        assert!(line("Outcrop, Node").ends_with("30.0"), "{text}");
        assert!(!text.contains("asyncio"), "{text}");
    }

    #[test]
    fn each_measure_has_a_line() {
        let figures =
            |cpu| Figures { cpu_us_per_event: cpu, wall_ms: 250.0, peak_mb: 30.0, first_text_us: 160.0 };
        let clients = [(Kind::Outcrop, 1.0), (Kind::Shared, 0.8), (Kind::Sdk, 2.0), (Kind::Hyper, 0.5)];
        let samples = clients.map(|(client, cpu)| Sample {
            run: 0,
            row: Row::Coalesced1,
            client,
            figures: figures(cpu),
        });
        let text = render(&samples);
        let words: Vec<&str> =
            text.lines().find(|l| l.contains("CPU")).expect("a line").split_whitespace().collect();
        assert!(words.ends_with(&["1.00", "0.80", "2.00", "0.50", "0.50", "0.40", "2.00"]), "{text}");
        let text = render(&[samples[0].clone(), samples[2].clone()]);
        assert!(!text.contains("NaN"), "{text}");
        assert_eq!(text.lines().filter(|line| line.contains("coalesced")).count(), 1, "{text}");
    }
}
