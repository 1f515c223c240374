//! Builds the plugins that the tests load.

fn main() {
    component_builder::build("repair-plugin", "../repair-plugin", "repair.wasm");
    component_builder::build("echo-plugin", "../echo-plugin", "echo.wasm");
}
