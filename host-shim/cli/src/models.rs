//! `outcrop models`: what is on offer, and what is known of it.

use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anstyle::Style;
use comfy_table::{CellAlignment, Table, presets};
use outcrop::{Error, ErrorClass, LeftOut, Model, Models};
use serde_json::{Value, json};

use crate::args::{HostArgs, ModelsListArgs};
use crate::failure::{self, Failure};
use crate::host;
use crate::output::Channel;
use crate::output::style::{BOLD, DIM};

/// How long a command that has said everything stays for the sake of the next one: longer than a
/// connection may take to be made, so that a failure is remembered too.
const REFRESH_PATIENCE: Duration = Duration::from_secs(15);

/// Lists the models, and says what could not be listed.
pub(crate) fn list(host: &HostArgs, args: &ModelsListArgs) -> Result<ExitCode, Failure> {
    let runtime = host::runtime()?;
    let ended = runtime.block_on(async {
        let host = host::build(host)?;
        let listed = if args.refresh { host.refresh_models().await } else { host.models().await };
        let mut listed = listed.map_err(Failure::run)?;
        listed.models.retain(|model| is_asked_for(&args.provider, &model.vendor, &model.id));
        listed.left_out.retain(|model| is_asked_for(&args.provider, &model.vendor, &model.id));
        print(&listed, args)?;
        let mut problems = std::mem::take(&mut listed.problems);
        tell(&problems);
        if listed.models.is_empty() && problems.is_empty() {
            let what = if args.provider.is_empty() { "models" } else { "models of this provider" };
            let problem = Error::new(ErrorClass::ModelNotFound, format!("no {what} are on offer"))
                .with_remedy("`--all` says why; another --region or --profile may have some");
            problems.push(problem);
            tell(&problems);
        }
        if listed.is_stale {
            let note = format!("listed {} ago; refreshing for the next time", age(listed.fetched_at));
            // Nobody may be reading that, and the refresh is worth it all the same.
            drop(Channel::stderr().styled_line(DIM, &note));
            let news = tokio::time::timeout(REFRESH_PATIENCE, host.refreshed()).await.unwrap_or_default();
            tell(news.iter().filter(|problem| problems.iter().all(|told| told.message != problem.message)));
        }
        Ok(if listed.models.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    });
    runtime.shutdown_background();
    ended
}

fn print(listed: &Models, args: &ModelsListArgs) -> Result<(), Failure> {
    let Models { models, left_out, .. } = listed;
    let mut out = Channel::stdout();
    if args.json {
        let mut all = json!({
            "count": models.len(),
            "models": models,
            "problems": listed.problems,
            "fetchedAt": listed.fetched_at,
            "isStale": listed.is_stale,
        });
        if args.all {
            all["leftOut"] = json!(left_out);
        }
        out.line(&serde_json::to_string_pretty(&all).map_err(std::io::Error::from)?)?;
    } else if args.plain {
        let ids = models.iter().map(|model| &model.id);
        let others = left_out.iter().filter(|_| args.all).map(|model| &model.id);
        for id in ids.chain(others) {
            out.line(id)?;
        }
    } else {
        if !models.is_empty() {
            show_table(&mut out, table(models))?;
        }
        if args.all && !left_out.is_empty() {
            out.line("")?;
            show_table(&mut out, reasons(left_out))?;
        }
    }
    out.flush()?;
    Ok(())
}

/// A table with its head in bold.
pub(crate) fn show_table<W: std::io::Write>(out: &mut Channel<W>, mut table: Table) -> std::io::Result<()> {
    table.load_style(presets::NOTHING);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let text = table.trim_fmt();
    let (head, rows) = text.split_once('\n').unwrap_or((&text, ""));
    out.styled_line(BOLD, head)?;
    out.write(Style::new(), rows)?;
    out.line("")
}

fn tell<'a>(problems: impl IntoIterator<Item = &'a Error>) {
    for problem in problems {
        failure::report(&mut Channel::stderr(), problem);
    }
}

/// Whether one of these names is a model's maker, or the word that its ids begin with.
fn is_asked_for(providers: &[String], vendor: &str, id: &str) -> bool {
    let begins = |name: &str| {
        let place = id.to_lowercase().find(&format!("{name}.")).unwrap_or(usize::MAX);
        place == 0 || id.as_bytes().get(place.wrapping_sub(1)).is_some_and(|before| b"/.".contains(before))
    };
    providers.is_empty()
        || providers
            .iter()
            .map(|name| name.trim().to_lowercase())
            .any(|name| vendor.to_lowercase() == name || begins(&name))
}

fn age(since: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    match now.saturating_sub(since) {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

/// Shows what is known of one model.
pub(crate) fn show(host: &HostArgs, id: &str, json: bool) -> Result<ExitCode, Failure> {
    let runtime = host::runtime()?;
    let ended = runtime.block_on(async {
        let host = host::build(host)?;
        // What Bedrock says of it, where nothing is cached. What cannot be had is told; the table remains.
        match host.models().await {
            Ok(listed) => tell(&listed.problems),
            Err(error) => failure::report(&mut Channel::stderr(), &error),
        }
        let known = host.explain_model(id).map_err(Failure::run)?;
        let nobody_knows = ["listing", "profile", "configured"].iter().all(|source| known[source].is_null())
            && known["family"] == "unknown";
        if nobody_knows {
            let problem = Error::new(ErrorClass::ModelNotFound, format!("nothing is known of {id}"))
                .with_remedy("`outcrop models list --all` shows what there is");
            return Err(Failure::run(problem));
        }
        let mut out = Channel::stdout();
        if json {
            out.line(&serde_json::to_string_pretty(&known).map_err(std::io::Error::from)?)?;
        } else {
            explain(&mut out, id, &known)?;
        }
        out.flush()?;
        // For the next command.
        tokio::time::timeout(REFRESH_PATIENCE, host.refreshed()).await.map(drop).unwrap_or_default();
        Ok(ExitCode::SUCCESS)
    });
    runtime.shutdown_background();
    ended
}

fn explain<W: std::io::Write>(out: &mut Channel<W>, id: &str, known: &Value) -> std::io::Result<()> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    };
    out.styled_line(BOLD, id)?;
    for rewrite in known["rewrites"].as_array().into_iter().flatten() {
        out.line(&format!("{} ({})", text(&rewrite["detail"]), text(&rewrite["rule"])))?;
    }
    let about = |name: &str| text(&known[name]);
    out.line(&format!(
        "base model {}, family {}, table of {}",
        about("baseModel"),
        about("family"),
        about("tableAsOf")
    ))?;
    out.line("")?;
    let mut table = Table::new();
    table.set_header(["FACT", "VALUE", "FROM"]);
    for (name, fact) in known["facts"].as_object().into_iter().flatten() {
        table.add_row([in_words(name), text(&fact["value"]), text(&fact["from"])]);
    }
    show_table(out, table)?;
    if !known["configured"].is_null() {
        out.line(&format!("\nconfigured params: {}", known["configured"]))?;
    }
    Ok(())
}

/// `maxOutputTokens` as `max output tokens`.
fn in_words(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

fn table(models: &[Model]) -> Table {
    let mut table = Table::new();
    table.set_header([
        "ID",
        "NAME",
        "INPUT",
        "CONTEXT",
        "OUTPUT",
        "$/M IN",
        "$/M OUT",
        "ABILITIES",
        "SOURCE",
    ]);
    table.add_rows(models.iter().map(row));
    for column in table.column_iter_mut().skip(3).take(4) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn reasons(left_out: &[LeftOut]) -> Table {
    let mut table = Table::new();
    table.set_header(["NOT ON OFFER", "NAME", "REASON", "WHY"]);
    table.add_rows(left_out.iter().map(|model| [&model.id, &model.name, &model.reason, &model.detail]));
    table
}

fn row(model: &Model) -> [String; 9] {
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
        source(&model.origin).to_owned(),
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

/// Where an offer comes from, in a word.
fn source(origin: &str) -> &str {
    match origin {
        "foundation-model" => "model",
        "system-profile" => "profile",
        "application-profile" => "own-profile",
        word => word,
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
    fn a_provider_is_a_maker_or_the_beginning_of_an_id() {
        for (name, vendor, id, is) in [
            ("Anthropic", "Anthropic", "amazon-bedrock/us.anthropic.claude-sonnet-5", true),
            ("anthropic", "somebody", "amazon-bedrock/us.anthropic.claude-sonnet-5", true),
            ("mistral", "Mistral AI", "amazon-bedrock/mistral.pixtral-large-2502-v1:0", true),
            ("amazon", "Anthropic", "amazon-bedrock/us.anthropic.claude-sonnet-5", false),
            ("thropic", "Anthropic", "amazon-bedrock/us.anthropic.claude-sonnet-5", false),
        ] {
            assert_eq!(is_asked_for(&[name.to_owned()], vendor, id), is, "{name}");
        }
        assert!(is_asked_for(&[], "anybody", "any"));
    }

    #[test]
    fn facts_have_names_for_people() {
        assert_eq!(in_words("maxOutputTokens"), "max output tokens");
        assert_eq!(in_words("cacheWrite1hPrice"), "cache write1h price");
    }

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
