//! What `wit-bindgen` makes of the contract in `wit/`: the types that the rest of the crate works
//! with, and the imports and exports that [`crate::component`] joins to it.

#![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated; documented in wit/")]

wit_bindgen::generate!({
    world: "full-bedrock-plugin",
    path: "../wit",
    additional_derives: [PartialEq],
    default_bindings_module: "crate::bindings",
});
