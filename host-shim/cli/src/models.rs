//! `outcrop models list`.

use std::process::ExitCode;

use anstyle::Style;
use comfy_table::{CellAlignment, Table, presets};
use outcrop::{Error, ErrorClass, Model, Models};

use crate::args::HostArgs;
use crate::failure::{self, Failure};
use crate::host;
use crate::output::Channel;
use crate::output::style::BOLD;

/// Lists the models, and says what could not be listed.
pub(crate) fn list(host: &HostArgs, json: bool) -> Result<ExitCode, Failure> {
    let runtime = host::runtime()?;
    let listed = runtime.block_on(async { host::build(host)?.models().await.map_err(Failure::run) });
    runtime.shutdown_background();
    let Models { models, mut problems, .. } = listed?;

    let mut out = Channel::stdout();
    if json {
        out.line(&serde_json::to_string_pretty(&models).map_err(std::io::Error::from)?)?;
    } else if !models.is_empty() {
        let table = table(&models);
        let (head, rows) = table.split_once('\n').unwrap_or((&table, ""));
        out.styled_line(BOLD, head)?;
        out.write(Style::new(), rows)?;
        out.line("")?;
    }
    out.flush()?;

    if models.is_empty() && problems.is_empty() {
        problems.push(
            Error::new(ErrorClass::ModelNotFound, "no models are on offer")
                .with_remedy("another --region or --profile may have some"),
        );
    }
    for problem in &problems {
        failure::report(&mut Channel::stderr(), problem);
    }
    Ok(if models.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn table(models: &[Model]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(["ID", "NAME", "INPUT", "CONTEXT", "OUTPUT", "$/M IN", "$/M OUT", "ABILITIES"]);
    table.add_rows(models.iter().map(row));
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if (3..=6).contains(&index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

fn row(model: &Model) -> [String; 8] {
    let about = if model.limits_known { "" } else { "~" };
    let (input, output) = match &model.pricing {
        Some(pricing) => (price(pricing.input), price(pricing.output)),
        None => Default::default(),
    };
    [
        model.id.clone(),
        model.name.clone(),
        model.input.join(" "),
        format!("{about}{}", tokens(model.context_window)),
        format!("{about}{}", tokens(model.max_output_tokens)),
        input,
        output,
        model.abilities.iter().filter_map(|ability| short(ability)).collect::<Vec<_>>().join(" "),
    ]
}

/// An ability in a word; none for what is told with another or goes without saying.
fn short(ability: &str) -> Option<&str> {
    match ability {
        "tools-while-streaming" | "tool-choice" | "system-prompt" => None,
        "prompt-caching" => Some("caching"),
        "structured-output" => Some("schema"),
        word => Some(word),
    }
}

fn tokens(number: u32) -> String {
    match number {
        0..1_000 => number.to_string(),
        1_000..1_000_000 => format!("{}K", number / 1_000),
        _ if number % 1_000_000 < 100_000 => format!("{}M", number / 1_000_000),
        _ => format!("{:.1}M", f64::from(number) / 1_000_000.0),
    }
}

/// Dollars to the cent, and further where less than a cent would be lost.
fn price(dollars: f64) -> String {
    let exact = format!("{dollars:.4}");
    let short = exact.trim_end_matches('0');
    let decimals = short.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    format!("{dollars:.*}", decimals.max(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_in_short() {
        let cases = [
            (512, "512"),
            (8_192, "8K"),
            (128_000, "128K"),
            (1_000_000, "1M"),
            (1_048_576, "1M"),
            (2_500_000, "2.5M"),
        ];
        for (number, short) in cases {
            assert_eq!(tokens(number), short);
        }
    }

    #[test]
    fn prices_keep_what_counts() {
        let cases = [
            (3.0, "3.00"),
            (0.035, "0.035"),
            (0.14, "0.14"),
            (0.0875, "0.0875"),
            (75.0, "75.00"),
            (0.0, "0.00"),
        ];
        for (dollars, written) in cases {
            assert_eq!(price(dollars), written);
        }
    }
}
