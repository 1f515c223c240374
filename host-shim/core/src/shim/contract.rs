//! The plugin contract (`wit/`) as Rust types: the whole of it, though of the exports only the provider must be
//! there.

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "outcrop:provider/full-bedrock-plugin",
    imports: { default: trappable },
    with: {
        "outcrop:provider/bedrock-bridge.call": crate::bridge::call::Call,
    },
});

pub(crate) use self::exports::outcrop::provider::{inspector, provider as guest, token_counter};
pub(crate) use self::outcrop::provider::{bedrock_bridge, log, memory, types};
