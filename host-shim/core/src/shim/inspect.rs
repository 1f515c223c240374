//! Says what a component is made of, and whether it fits the contract.

use serde::Serialize;
use wit_parser::WorldKey;
use wit_parser::decoding::{DecodedWasm, decode};

use super::complexity;
use crate::digest::digest;
use crate::limits::COMPILE_WORK;
use crate::{Error, ErrorClass, Result};

/// The contract's package, and the version that this host speaks.
const PACKAGE: &str = "outcrop:provider";
const VERSION: (u64, u64) = (0, 1);
/// The interfaces that a plugin may import.
const GRANTED: &[&str] = &["types", "log", "memory", "bedrock-bridge"];
/// The interface that a plugin must export.
const REQUIRED: &str = "provider";

/// What a component is made of.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Inspection {
    /// Its digest, by which it is pinned.
    pub digest: String,
    /// Bytes of the file.
    pub size_bytes: usize,
    /// Bytes of each core module in it.
    pub core_modules: Vec<usize>,
    /// Interfaces it imports.
    pub imports: Vec<String>,
    /// Interfaces it exports.
    pub exports: Vec<String>,
    /// The contract's version that it was built for.
    pub contract: Option<String>,
    /// Why it does not fit the contract; empty where it does.
    pub problems: Vec<String>,
}

impl Inspection {
    /// Whether a host would load it.
    pub fn fits(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Takes a component apart. Nothing in it is run or compiled.
///
/// # Errors
///
/// [`ErrorClass::InvalidRequest`] where the bytes are no WebAssembly component.
pub fn inspect(bytes: &[u8]) -> Result<Inspection> {
    let not = |what: String| {
        Error::new(ErrorClass::InvalidRequest, what)
            .with_remedy("a plugin is a WebAssembly component that exports outcrop:provider/provider")
    };
    if wasmparser::Parser::is_core_wasm(bytes) {
        return Err(not("this is a core WebAssembly module, not a component".to_owned()));
    }
    if !wasmparser::Parser::is_component(bytes) {
        return Err(not("this is no WebAssembly component".to_owned()));
    }
    let decoded = decode(bytes).map_err(|error| not(format!("the component cannot be read: {error:#}")))?;
    let DecodedWasm::Component(resolve, world) = decoded else {
        return Err(not("this is a WIT package, not a component".to_owned()));
    };
    let world = &resolve.worlds[world];
    let name = |key: &WorldKey| resolve.name_world_key(key);
    let imports: Vec<_> = world.imports.keys().map(name).collect();
    let exports: Vec<_> = world.exports.keys().map(name).collect();

    let mut problems = Vec::new();
    let mut contract = None;
    for import in &imports {
        match ours(import) {
            // What another version has more of is no offence of its own.
            Some((interface, version)) if !is_ours(version) || GRANTED.contains(&interface) => {
                contract = Some(version.to_owned());
                check_version(version, &mut problems);
            }
            _ => problems.push(format!("it imports {import}, which no host grants")),
        }
    }
    let provider = exports.iter().find_map(|export| ours(export).filter(|(name, _)| *name == REQUIRED));
    match provider {
        Some((_, version)) => {
            contract = Some(version.to_owned());
            check_version(version, &mut problems);
        }
        None => problems.push(format!("it does not export {PACKAGE}/{REQUIRED}")),
    }
    let work = complexity::of_component(bytes);
    if work > COMPILE_WORK {
        problems
            .push(format!("its code would take too long to compile ({work} where {COMPILE_WORK} may be)"));
    }
    Ok(Inspection {
        digest: digest(bytes),
        size_bytes: bytes.len(),
        core_modules: core_modules(bytes),
        imports,
        exports,
        contract,
        problems,
    })
}

/// The interface and version of a name of our package.
fn ours(name: &str) -> Option<(&str, &str)> {
    let rest = name.strip_prefix(PACKAGE)?.strip_prefix('/')?;
    Some(rest.split_once('@').unwrap_or((rest, "")))
}

/// The major and minor number of a version.
fn numbers(version: &str) -> Option<(u64, u64)> {
    let mut numbers = version.split('.').map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

fn is_ours(version: &str) -> bool {
    numbers(version) == Some(VERSION)
}

/// Tells of another version once, however many interfaces have it.
fn check_version(version: &str, problems: &mut Vec<String>) {
    let (major, minor) = VERSION;
    let problem = match numbers(version) {
        Some(VERSION) => return,
        None => format!("it was built for a version of the contract that cannot be read: {version:?}"),
        Some(other) => {
            let (age, remedy) =
                if other < VERSION { ("older", "rebuild the plugin") } else { ("newer", "update the host") };
            format!(
                "it was built for version {version} of the contract, which is {age} than this host's \
                 ({major}.{minor}): {remedy}"
            )
        }
    };
    if !problems.contains(&problem) {
        problems.push(problem);
    }
}

fn core_modules(bytes: &[u8]) -> Vec<usize> {
    wasmparser::Parser::new(0)
        .parse_all(bytes)
        .filter_map(|payload| match payload {
            Ok(wasmparser::Payload::ModuleSection { unchecked_range, .. }) => {
                Some((unchecked_range.end - unchecked_range.start) as usize)
            }
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_component_is_told_apart() {
        for (bytes, part) in [
            (&b"\0asm\x01\0\0\0"[..], "core WebAssembly module"),
            (b"hello", "no WebAssembly component"),
            (b"", "no WebAssembly component"),
            (b"\0asm\x0d\0\x01\0\xff\xff", "cannot be read"),
        ] {
            let error = inspect(bytes).expect_err("no plugin");
            assert!(error.message.contains(part), "{error}");
        }
    }

    #[test]
    fn versions_are_older_or_newer() {
        let problem = |version: &str| {
            let mut problems = Vec::new();
            check_version(version, &mut problems);
            check_version(version, &mut problems);
            assert!(problems.len() < 2, "told once: {problems:?}");
            problems.pop().unwrap_or_default()
        };
        assert_eq!(problem("0.1.0"), "");
        assert_eq!(problem("0.1.7"), "");
        assert!(problem("0.0.9").contains("older"));
        assert!(problem("0.2.0").contains("newer"));
        assert!(problem("1.0.0").contains("newer"));
        assert!(problem("x").contains("cannot be read"));
    }
}
