//! Builds the bundled plugin, so that `cargo build` is all it takes.

fn main() {
    component_builder::build("amazon-bedrock-plugin", "../../plugin", "amazon_bedrock.wasm");
}
