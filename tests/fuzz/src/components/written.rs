//! Components of random code: the contract's world around a module that wasm-smith wrote.

use std::sync::LazyLock;

use arbitrary::Unstructured;
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{ManglingAndAbi, Resolve, WorldId};

/// The contract, and the world that a plugin is built for.
static WORLD: LazyLock<(Resolve, WorldId)> = LazyLock::new(|| {
    let mut resolve = Resolve::default();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit");
    let (package, _) = resolve.push_dir(folder).expect("the contract is read");
    let world = resolve.select_world(&[package], Some("full-bedrock-plugin")).expect("its world is there");
    (resolve, world)
});

/// A module with the world's imports and exports, whose functions trap.
static SHAPE: LazyLock<Vec<u8>> =
    LazyLock::new(|| dummy_module(&WORLD.0, WORLD.1, ManglingAndAbi::Standard32));

/// A component made of it.
pub(super) static DUMMY: LazyLock<Vec<u8>> = LazyLock::new(|| of_module(SHAPE.clone()).expect("a component"));

/// A component of random code with the contract's imports and exports.
pub(super) fn component(input: &mut Unstructured<'_>) -> Option<Vec<u8>> {
    let config = wasm_smith::Config {
        module_shape: Some(SHAPE.clone()),
        simd_enabled: false,
        relaxed_simd_enabled: false,
        threads_enabled: false,
        memory64_enabled: false,
        exceptions_enabled: false,
        gc_enabled: false,
        tail_call_enabled: false,
        custom_page_sizes_enabled: false,
        wide_arithmetic_enabled: false,
        max_memories: 1,
        max_instructions: 200,
        ..wasm_smith::Config::default()
    };
    let mut module = wasm_smith::Module::new(config, input).ok()?;
    // A loop without end costs its whole time limit; one in eight may show that it is met.
    if input.ratio(7, 8).unwrap_or(true) {
        module.ensure_termination(10_000).ok()?;
    }
    of_module(module.to_bytes())
}

/// A module with the contract's metadata, as a component; none where it is no module of that world.
fn of_module(mut module: Vec<u8>) -> Option<Vec<u8>> {
    embed_component_metadata(&mut module, &WORLD.0, WORLD.1, StringEncoding::UTF8).ok()?;
    ComponentEncoder::default().module(&module).ok()?.encode().ok()
}
