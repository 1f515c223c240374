//! The bundled component imports nothing but the contract.

use wit_parser::decoding::{DecodedWasm, decode};

#[test]
fn the_component_imports_nothing_but_the_contract() {
    let bytes = outcrop::bundled_plugin();
    let DecodedWasm::Component(resolve, world) = decode(bytes).expect("a component") else {
        panic!("a package");
    };
    let world = &resolve.worlds[world];
    let imports: Vec<String> = world.imports.keys().map(|key| resolve.name_world_key(key)).collect();
    for import in &imports {
        assert!(
            ["types", "log", "memory", "bedrock-bridge"]
                .iter()
                .any(|name| *import == format!("outcrop:provider/{name}@0.1.0")),
            "it imports {import}"
        );
    }
    let exports: Vec<String> = world.exports.keys().map(|key| resolve.name_world_key(key)).collect();
    for export in ["provider", "token-counter", "inspector"] {
        assert!(exports.contains(&format!("outcrop:provider/{export}@0.1.0")), "{exports:?}");
    }
    assert!(bytes.len() < 1 << 20, "{} bytes", bytes.len());
}

#[test]
fn nothing_of_the_machine_is_in_the_component() {
    let bytes = outcrop::bundled_plugin();
    let home = std::env::var("CARGO_HOME").or_else(|_| std::env::var("HOME")).expect("a home");
    for path in [home.as_str(), env!("CARGO_MANIFEST_DIR")] {
        let found = bytes.windows(path.len()).any(|window| window == path.as_bytes());
        assert!(!found, "it holds {path}");
    }
}

#[test]
fn the_inspection_says_what_it_is() {
    let inspection = outcrop::inspect(outcrop::bundled_plugin()).expect("a component");
    assert!(inspection.fits(), "{:?}", inspection.problems);
    assert_eq!(inspection.contract.as_deref(), Some("0.1.0"));
    assert!(!inspection.core_modules.is_empty());
}
