//! Builds the guest whose attacks its settings choose.

fn main() {
    component_builder::build("hostile-plugin", "plugin", "hostile.wasm");
}
