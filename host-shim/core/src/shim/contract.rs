//! The plugin contract (`wit/`) as Rust types.

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "outcrop:provider/bedrock-plugin",
    imports: { default: trappable },
    with: {
        "outcrop:provider/bedrock-bridge.call": crate::bridge::call::Call,
    },
});

pub(crate) use self::exports::outcrop::provider::provider as guest;
pub(crate) use self::outcrop::provider::{bedrock_bridge, log, memory, types};
