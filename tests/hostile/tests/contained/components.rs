//! Components put together by hand: what a well-formed guest cannot do.
//!
//! A core module in text, whose holes an attack fills, becomes a component of the contract's world; or bytes are
//! added to a good one.

use std::path::Path;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The holes of the module. Each is the body of a function, in WebAssembly text.
#[derive(Clone, Debug)]
pub(crate) struct Module {
    pub(crate) imports: &'static str,
    /// Memory, tables, globals, data, start function.
    pub(crate) fields: &'static str,
    pub(crate) realloc: &'static str,
    pub(crate) configure: &'static str,
    pub(crate) list_models: &'static str,
    pub(crate) after_list_models: &'static str,
    pub(crate) start_stream: &'static str,
    pub(crate) next_chunk: &'static str,
    pub(crate) destructor: &'static str,
}

/// Behaves: gives nothing, and says so.
pub(crate) const GOOD: Module = Module {
    imports: "",
    fields: r#"(memory (export "memory") 2)"#,
    // Never frees; the arguments are the old place, its size, the alignment and the new size.
    realloc: "(local $place i32)
        (local.set $place (i32.and (i32.add (global.get $heap) (i32.const 15)) (i32.const -16)))
        (global.set $heap (i32.add (local.get $place) (local.get 3)))
        (local.get $place)",
    // An answer lies at its place in memory, which is zero: `ok`, and where there is more of it, nothing.
    configure: "(i32.const 1024)",
    list_models: "(i32.const 2048)",
    after_list_models: "",
    start_stream: "(i32.store (i32.const 3080) (call $new (i32.const 1))) (i32.const 3072)",
    // No chunks, and the step `end`.
    next_chunk: "(i32.store8 (i32.const 4112) (i32.const 2)) (i32.const 4096)",
    destructor: "",
};

const VERSION: &str = "0.1.0";

impl Module {
    fn text(&self, version: &str) -> String {
        let provider = format!("outcrop:provider/provider@{version}");
        let Self { imports, fields, realloc, configure, list_models, after_list_models, .. } = self;
        let Self { start_stream, next_chunk, destructor, .. } = self;
        format!(
            r#"(module
                (import "[export]{provider}" "[resource-new]response-stream" (func $new (param i32) (result i32)))
                {imports}
                {fields}
                (global $heap (mut i32) (i32.const 65536))
                (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) {realloc})
                (func (export "{provider}#configure") (param i32 i32) (result i32) {configure})
                (func (export "{provider}#list-models") (result i32) {list_models})
                (func (export "cabi_post_{provider}#list-models") (param i32) {after_list_models})
                (func (export "{provider}#start-stream") (param i32) (result i32) {start_stream})
                (func (export "{provider}#[method]response-stream.next-chunk") (param i32) (result i32) {next_chunk})
                (func (export "{provider}#[dtor]response-stream") (param i32) {destructor}))"#
        )
        .replace("@VERSION", &format!("@{version}"))
    }

    /// The component of the bridge's world.
    pub(crate) fn component(&self) -> Vec<u8> {
        self.in_world(VERSION, "outcrop:provider/bedrock-plugin", |_, wit| wit)
    }

    /// The same for another version of the contract.
    pub(crate) fn for_version(&self, version: &str) -> Vec<u8> {
        self.in_world(version, "outcrop:provider/bedrock-plugin", |_, wit| wit)
    }

    /// The same for a world that imports more; `more` is WIT.
    pub(crate) fn with_imports(&self, more: &str) -> Vec<u8> {
        self.in_world(VERSION, "outcrop:provider/more", |file, wit| match file {
            "worlds.wit" => format!("{wit}\nworld more {{ include bedrock-plugin; {more} }}"),
            _ => wit,
        })
    }

    /// The same for a contract whose interface `log` has one more function.
    pub(crate) fn with_function_in_log(&self, function: &str) -> Vec<u8> {
        self.in_world(VERSION, "outcrop:provider/bedrock-plugin", |file, wit| match file {
            "worlds.wit" => wit.replacen("interface log {", &format!("interface log {{ {function}"), 1),
            _ => wit,
        })
    }

    fn in_world(&self, version: &str, world: &str, change: impl Fn(&str, String) -> String) -> Vec<u8> {
        let mut module = wat::parse_str(self.text(version)).expect("a module");
        let mut resolve = Resolve::default();
        let wit = tempfile::tempdir().expect("a folder");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
        for file in std::fs::read_dir(source).expect("the contract") {
            let file = file.expect("a file");
            let name = file.file_name().into_string().expect("a name");
            let text = std::fs::read_to_string(file.path()).expect("WIT");
            let text = change(&name, text).replace(VERSION, version);
            std::fs::write(wit.path().join(name), text).expect("written");
        }
        let foreign = wit.path().join("deps/wasi");
        std::fs::create_dir_all(&foreign).expect("a folder");
        let environment =
            "package wasi:cli@0.2.0; interface environment { get-arguments: func() -> list<string>; }";
        std::fs::write(foreign.join("cli.wit"), environment).expect("written");
        let (package, _) = resolve.push_dir(wit.path()).expect("a package");
        let world = resolve.select_world(&[package], Some(world)).expect("a world");
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("embedded");
        ComponentEncoder::default().module(&module).and_then(|encoder| encoder.encode()).expect("a component")
    }
}

/// A good component and one more core module in it, which is never instantiated but must be valid.
pub(crate) fn with_module(text: &str) -> Vec<u8> {
    with_section(GOOD.component(), 1, &wat::parse_str(text).expect("a module"))
}

/// A good component with a function of so many loops, each in the one before, around so many locals that all
/// change.
pub(crate) fn with_loops(loops: usize, locals: usize) -> Vec<u8> {
    let body: String = (0..locals)
        .map(|local| {
            format!("(local.set {local} (i32.add (local.get {local}) (i32.load (i32.const {local}))))")
        })
        .collect();
    with_module(&format!(
        "(module (memory 1) (func (local {}) {} {body} {}))",
        "i32 ".repeat(locals),
        "loop ".repeat(loops),
        "(br_if 0 (i32.load (i32.const 8))) end ".repeat(loops),
    ))
}

/// A good component with a function of so many choices in a row, over so many locals.
pub(crate) fn with_choices(choices: usize, locals: usize) -> Vec<u8> {
    let set = |local: usize| format!("(local.set {local} (i32.load (i32.const {local})))");
    let uses: String =
        (0..locals).map(|local| format!("(i32.store (i32.const 0) (local.get {local}))")).collect();
    let body: String = (0..choices)
        .map(|choice| format!("(if (i32.load (i32.const 8)) (then {}))", set(choice % locals)))
        .collect();
    with_module(&format!("(module (memory 1) (func (local {}) {body} {uses}))", "i32 ".repeat(locals)))
}

/// A good component and one more component in it.
pub(crate) fn with_component(text: &str) -> Vec<u8> {
    with_section(GOOD.component(), 4, &wat::parse_str(text).expect("a component"))
}

/// A good component that makes so many more core instances.
pub(crate) fn with_instances(instances: u8) -> Vec<u8> {
    let component = GOOD.component();
    let module = outcrop::inspect(&component).expect("a component").core_modules.len() as u8;
    let component = with_section(component, 1, &wat::parse_str("(module)").expect("a module"));
    // Each: instantiate, the module's number, no arguments.
    let made = std::iter::once(instances).chain((0..instances).flat_map(|_| [0, module, 0]));
    with_section(component, 2, &made.collect::<Vec<u8>>())
}

/// A component with a custom section of so many bytes.
pub(crate) fn of_bytes(bytes: usize) -> Vec<u8> {
    let mut custom = vec![1, b'x'];
    custom.resize(bytes, 0);
    with_section(GOOD.component(), 0, &custom)
}

fn with_section(mut component: Vec<u8>, id: u8, content: &[u8]) -> Vec<u8> {
    component.push(id);
    let mut length = content.len();
    while length >= 0x80 {
        component.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    component.push(length as u8);
    component.extend_from_slice(content);
    component
}
