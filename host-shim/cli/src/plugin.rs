//! `outcrop plugin`: what a component is, which are loaded, which one is meant.

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use anstyle::Style;
use comfy_table::Table;
use outcrop::config::{self as configuration, KeyPath, MAIN_PROVIDER};
use outcrop::{Inspection, Plugin, PluginInfo, PluginState, SignatureState};
use serde_json::json;

use crate::args::HostArgs;
use crate::failure::Failure;
use crate::output::Channel;
use crate::output::style::{BOLD, DIM, RED, YELLOW};
use crate::{config, host, input, models};

/// Bytes of a component that is looked at; no host loads as much unless it is told to.
const MOST_BYTES: u64 = 64 << 20;

/// Shows what a component is made of, and whether it fits.
pub(crate) fn inspect(file: &Path, json: bool) -> Result<ExitCode, Failure> {
    let inspection = outcrop::inspect(&input::file_up_to(file, MOST_BYTES)?).map_err(Failure::run)?;
    let mut out = Channel::stdout();
    if json {
        out.line(&serde_json::to_string_pretty(&inspection).map_err(io::Error::from)?)?;
    } else {
        show(&mut out, &inspection)?;
    }
    out.flush()?;
    Ok(if inspection.fits() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Shows which plugins are loaded, and how they stand.
pub(crate) fn list(args: &HostArgs, json: bool) -> Result<ExitCode, Failure> {
    let plugins = host::build(args)?.plugins();
    let mut out = Channel::stdout();
    if json {
        let all = json!({ "count": plugins.len(), "plugins": plugins });
        out.line(&serde_json::to_string_pretty(&all).map_err(io::Error::from)?)?;
    } else {
        models::show_table(&mut out, table(&plugins))?;
        for plugin in &plugins {
            tell(&mut out, plugin)?;
        }
    }
    out.flush()?;
    let all_work = plugins
        .iter()
        .all(|plugin| matches!(plugin.state, PluginState::Ready | PluginState::Troubled { .. }));
    Ok(if all_work { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn table(plugins: &[PluginInfo]) -> Table {
    let mut table = Table::new();
    table.set_header([
        "PLUGIN",
        "COMPONENT",
        "CONTRACT",
        "DIGEST",
        "SIGNATURE",
        "BEDROCK",
        "STREAMS",
        "STATE",
    ]);
    for plugin in plugins {
        let component = match &plugin.file {
            Some(file) => file.display().to_string(),
            None if plugin.bundled => "bundled".to_owned(),
            None => "given by the program".to_owned(),
        };
        let state = match &plugin.state {
            PluginState::Ready => "ready",
            PluginState::Troubled { .. } => "troubled",
            PluginState::Quarantined { .. } => "quarantined",
            PluginState::Refused { .. } => "refused",
            _ => "",
        };
        let signature = match plugin.signature {
            SignatureState::Verified => "verified",
            _ => "not asked",
        };
        table.add_row([
            plugin.prefix.as_str(),
            &component,
            plugin.contract.as_deref().unwrap_or("-"),
            // Enough to tell two apart; `--json` has all of it.
            plugin.digest.as_deref().map_or("-", |digest| &digest[..digest.len().min(SHORT_DIGEST)]),
            signature,
            plugin.bedrock.as_deref().unwrap_or("no"),
            &format!("{} of {}", plugin.streams, plugin.limits.streams),
            state,
        ]);
    }
    table
}

/// `sha256:` and twelve digits.
const SHORT_DIGEST: usize = 19;

/// Says what is wrong with a plugin.
fn tell<W: Write>(out: &mut Channel<W>, plugin: &PluginInfo) -> io::Result<()> {
    let (style, what) = match &plugin.state {
        PluginState::Refused { reason } => (RED, reason.clone()),
        PluginState::Troubled { failures, reason } => {
            (YELLOW, format!("it failed {failures} times in a row ({reason})"))
        }
        PluginState::Quarantined { failures, reason, pause } if pause.is_zero() => (
            YELLOW,
            format!("it failed {failures} times in a row ({reason}); the next stream tries whether it works"),
        ),
        PluginState::Quarantined { failures, reason, pause } => (
            RED,
            format!(
                "it failed {failures} times in a row ({reason}); left alone for another {:.0} s",
                pause.as_secs_f64().ceil()
            ),
        ),
        _ => return Ok(()),
    };
    out.write(style, &format!("{}:", plugin.name))?;
    out.line(&format!(" {what}"))
}

/// Writes a plugin's digest into the configuration.
pub(crate) fn pin(asked: Option<&Path>, name: &str, file: Option<&Path>) -> Result<ExitCode, Failure> {
    let name = configuration::normal_name(name);
    if !configuration::is_name(&name) {
        return Err(Failure::usage(format!(
            "a plugin cannot be named {name:?}: letters, digits and . _ - begin model ids"
        )));
    }
    let config = config::load(asked)?;
    let entry = config.plugins.iter().find(|entry| entry.name == name);
    let named = entry.and_then(|entry| entry.file.clone());
    let Some(path) = file.map(Path::to_owned).or_else(|| named.clone()) else {
        let problem = if name == MAIN_PROVIDER {
            "the bundled component of amazon-bedrock is part of this program, and needs no pin".to_owned()
        } else {
            format!("there is no plugin {name} with a file in the configuration")
        };
        return Err(Failure::usage_with_remedy(
            problem,
            format!("name its file: outcrop plugin pin {name} FILE"),
        ));
    };
    let bytes = input::file(&path)?;
    let mut plugin = Plugin::file(&name, &path).allow_unpinned();
    if let Some(entry) = entry {
        plugin = entry.public_key.iter().fold(plugin, Plugin::signed_by);
        plugin = entry.signature.iter().fold(plugin, Plugin::signature);
    }
    let digest = plugin.check(&bytes).map_err(Failure::run)?;
    let inspection = outcrop::inspect(&bytes).map_err(Failure::run)?;
    if !inspection.fits() {
        let problems = inspection.problems.join("; ");
        return Err(Failure::usage(format!("{} does not fit the contract: {problems}", path.display())));
    }

    let entries = KeyPath::default().key("plugins").key("entries");
    let added = entries.key(&name).key("digest");
    let written = match file {
        Some(file) if named.as_deref() != Some(file) => Some(absolute(file)?),
        _ => None,
    };
    config::change(asked, std::slice::from_ref(&added), |document| {
        let all = document.get(&entries).unwrap_or_default();
        let written_as = |known: &&String| configuration::normal_name(known) == name;
        let spelled = all.as_object().and_then(|all| all.keys().find(written_as));
        let key = entries.key(spelled.unwrap_or(&name));
        // Both at once: an entry without its file is wrong.
        let mut entry = document.get(&key).unwrap_or_else(|| json!({}));
        if let Some(file) = &written {
            entry["file"] = file.as_str().into();
        }
        entry["digest"] = digest.as_str().into();
        document.set(&key, &entry)
    })?;
    let mut out = Channel::stdout();
    out.line(&digest)?;
    if let Some(old) = entry.and_then(|entry| entry.digest.as_deref()).filter(|old| *old != digest) {
        Channel::stderr().styled_line(DIM, &format!("it was {old}"))?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn show<W: Write>(out: &mut Channel<W>, inspection: &Inspection) -> io::Result<()> {
    let modules: Vec<_> = inspection.core_modules.iter().map(usize::to_string).collect();
    let contract = inspection.contract.as_deref().unwrap_or("none that is known");
    out.line(&format!("digest:       {}", inspection.digest))?;
    out.line(&format!("size:         {} bytes", inspection.size_bytes))?;
    out.line(&format!("core modules: {} bytes", modules.join(" + ")))?;
    out.line(&format!("contract:     {contract}"))?;
    items(out, BOLD, "imports", &inspection.imports)?;
    items(out, BOLD, "exports", &inspection.exports)?;
    if inspection.fits() {
        out.line("It fits the contract.")
    } else {
        items(out, RED, "It does not fit the contract", &inspection.problems)
    }
}

fn items<W: Write>(out: &mut Channel<W>, style: Style, title: &str, items: &[String]) -> io::Result<()> {
    out.write(style, &format!("{title}:"))?;
    if items.is_empty() {
        return out.line(" none");
    }
    out.line("")?;
    items.iter().try_for_each(|item| out.line(&format!("  {item}")))
}

fn absolute(file: &Path) -> Result<String, Failure> {
    let path =
        std::path::absolute(file).map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    path.to_str().map(str::to_owned).ok_or_else(|| {
        Failure::usage(format!("the path {} is no text, and cannot be written down", path.display()))
    })
}
