//! The attacks of components that were put together by hand, and what becomes of each.

use outcrop::ErrorClass::{Internal, InvalidRequest};

use crate::attacks::Expected::Fault;
use crate::attacks::Way::{List, Load, Stream};
use crate::attacks::{Attack, Expected, Plugin, Way};
use crate::components::{
    GOOD, Module, of_bytes, with_choices, with_component, with_instances, with_loops, with_module,
};

const fn made(name: &'static str, way: Way, make: fn() -> Vec<u8>, expected: Expected) -> Attack {
    Attack { name, plugin: Plugin::Made(make), way, limits: |_, _| {}, expected }
}

const NO_TIME: &str = "took more time for a call than the 100 ms it may (callTimeMs)";

/// What a guest cannot do that a compiler wrote.
pub(crate) const RAW: &[Attack] = &[
    made(
        "raw/loop-at-the-start",
        Load,
        || {
            Module {
                fields: r#"(memory (export "memory") 2) (func $s (loop $l (br $l))) (start $s)"#,
                ..GOOD
            }
            .component()
        },
        Fault(Internal, NO_TIME),
    ),
    made(
        "raw/trap-at-the-start",
        Load,
        || {
            Module { fields: r#"(memory (export "memory") 2) (func $s unreachable) (start $s)"#, ..GOOD }
                .component()
        },
        Fault(Internal, "`unreachable` instruction executed"),
    ),
    made(
        "raw/data-outside-memory",
        Load,
        || {
            Module { fields: r#"(memory (export "memory") 2) (data (i32.const 999999) "x")"#, ..GOOD }
                .component()
        },
        Fault(Internal, "out of bounds memory access"),
    ),
    made(
        "raw/memory-giant-at-the-start",
        Load,
        || Module { fields: r#"(memory (export "memory") 2000)"#, ..GOOD }.component(),
        Fault(InvalidRequest, "memory"),
    ),
    made(
        "raw/table-giant-at-the-start",
        Load,
        || Module { fields: r#"(memory (export "memory") 2) (table 1000000 funcref)"#, ..GOOD }.component(),
        Fault(InvalidRequest, "table"),
    ),
    made(
        "raw/table-without-end",
        Stream,
        || {
            let fields = r#"(memory (export "memory") 2) (table $t 1 funcref)"#;
            let next_chunk =
                "(loop $l (drop (table.grow $t (ref.null func) (i32.const 1000))) (br $l)) unreachable";
            Module { fields, next_chunk, ..GOOD }.component()
        },
        Fault(Internal, "used larger tables than the 20000 elements it may (tableElements)"),
    ),
    made(
        "raw/memory-without-end",
        Stream,
        || {
            let next_chunk = "(loop $l (drop (memory.grow (i32.const 16))) (br $l)) unreachable";
            Module { next_chunk, ..GOOD }.component()
        },
        Fault(Internal, "used more memory than the 67108864 bytes it may (memoryBytes)"),
    ),
    made(
        "raw/recursion",
        Stream,
        || {
            let fields = r#"(memory (export "memory") 2) (func $deeper (call $deeper))"#;
            Module { fields, next_chunk: "(call $deeper) unreachable", ..GOOD }.component()
        },
        Fault(Internal, "used more stack than the 524288 bytes it may"),
    ),
    made(
        "raw/allocator-loops",
        Load,
        || Module { realloc: "(loop $l (br $l)) unreachable", ..GOOD }.component(),
        Fault(Internal, NO_TIME),
    ),
    made(
        "raw/allocator-outside-memory",
        Load,
        || Module { realloc: "(i32.const -16)", ..GOOD }.component(),
        Fault(Internal, "realloc"),
    ),
    made(
        "raw/allocator-unaligned",
        List,
        || {
            let imports =
                r#"(import "outcrop:provider/bedrock-bridge@VERSION" "list-models" (func $ask (param i32)))"#;
            let realloc = "(i32.const 65537)";
            Module { imports, realloc, list_models: "(call $ask (i32.const 8192)) (i32.const 2048)", ..GOOD }
                .component()
        },
        Fault(Internal, "aligned"),
    ),
    made(
        "raw/allocator-calls-the-host",
        Load,
        || {
            let imports =
                r#"(import "outcrop:provider/log@VERSION" "write" (func $log (param i32 i32 i32)))"#;
            let realloc = "(call $log (i32.const 0) (i32.const 0) (i32.const 8)) (i32.const 65536)";
            Module { imports, realloc, ..GOOD }.component()
        },
        Fault(Internal, "cannot leave component instance"),
    ),
    made(
        "raw/clean-up-loops",
        List,
        || Module { after_list_models: "(loop $l (br $l))", ..GOOD }.component(),
        Fault(Internal, NO_TIME),
    ),
    made(
        "raw/answer-outside-memory",
        List,
        || Module { list_models: "(i32.const -8)", ..GOOD }.component(),
        Fault(Internal, "out of bounds"),
    ),
    made(
        "raw/answer-unaligned",
        List,
        || Module { list_models: "(i32.const 2049)", ..GOOD }.component(),
        Fault(Internal, "aligned"),
    ),
    made(
        "raw/answer-of-no-kind",
        List,
        || {
            Module { list_models: "(i32.store8 (i32.const 2048) (i32.const 9)) (i32.const 2048)", ..GOOD }
                .component()
        },
        Fault(Internal, "discriminant"),
    ),
    made(
        "raw/list-giant",
        List,
        || {
            let list_models = "(i32.store (i32.const 2060) (i32.const 0x7fffffff)) (i32.const 2048)";
            Module { list_models, ..GOOD }.component()
        },
        Fault(Internal, "out of bounds"),
    ),
    made(
        "raw/text-no-unicode",
        Load,
        || {
            let configure = "(i32.store8 (i32.const 1024) (i32.const 1))
                (i32.store (i32.const 1036) (i32.const 512)) (i32.store (i32.const 1040) (i32.const 4))
                (i32.store (i32.const 512) (i32.const -1)) (i32.const 1024)";
            Module { configure, ..GOOD }.component()
        },
        Fault(Internal, "utf-8"),
    ),
    made(
        "raw/stream-never-made",
        Stream,
        || {
            let start_stream = "(i32.store (i32.const 3080) (i32.const 99)) (i32.const 3072)";
            Module { start_stream, ..GOOD }.component()
        },
        Fault(Internal, "unknown handle index 99"),
    ),
    made(
        "raw/call-of-another-instance",
        Stream,
        || {
            let imports = r#"(import "outcrop:provider/bedrock-bridge@VERSION" "[method]call.next-chunk"
                (func $read (param i32 i32)))"#;
            Module {
                imports,
                next_chunk: "(call $read (i32.const 1) (i32.const 8192)) (i32.const 4096)",
                ..GOOD
            }
            .component()
        },
        Fault(Internal, "handle index 1"),
    ),
    made(
        "raw/read-after-cancel",
        Stream,
        || {
            let imports = r#"
                (import "outcrop:provider/bedrock-bridge@VERSION" "start-stream"
                    (func $send (param i32 i32 i32 i32 i32 i32 i32 i32)))
                (import "outcrop:provider/bedrock-bridge@VERSION" "[resource-drop]call" (func $drop (param i32)))
                (import "outcrop:provider/bedrock-bridge@VERSION" "[method]call.next-chunk"
                    (func $read (param i32 i32)))"#;
            let fields = r#"(memory (export "memory") 2) (data (i32.const 512) "conversesim.text-v1:0")"#;
            let next_chunk = "
                (call $send (i32.const 512) (i32.const 8) (i32.const 520) (i32.const 13)
                    (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 8192))
                (call $drop (i32.load (i32.const 8200)))
                (call $read (i32.load (i32.const 8200)) (i32.const 8448))
                (i32.const 4096)";
            Module { imports, fields, next_chunk, ..GOOD }.component()
        },
        Fault(Internal, "unknown handle index"),
    ),
];

const SLOW_TO_COMPILE: &str = "its code would take too long to compile";

/// What is no component that this host takes.
pub(crate) const FILES: &[Attack] = &[
    made("file/empty", Load, Vec::new, Fault(InvalidRequest, "no WebAssembly component")),
    made(
        "file/core-module",
        Load,
        || b"\0asm\x01\0\0\0".to_vec(),
        Fault(InvalidRequest, "a core WebAssembly module"),
    ),
    made("file/random-bytes", Load, || noise(1 << 20), Fault(InvalidRequest, "no WebAssembly component")),
    made(
        "file/random-behind-a-header",
        Load,
        || [&b"\0asm\x0d\0\x01\0"[..], &noise(1 << 20)].concat(),
        Fault(InvalidRequest, "the component cannot be read"),
    ),
    made(
        "file/truncated",
        Load,
        || {
            let mut component = GOOD.component();
            component.truncate(component.len() / 2);
            component
        },
        Fault(InvalidRequest, "the component cannot be read"),
    ),
    made(
        "file/of-100-MiB",
        Load,
        || of_bytes(100 << 20),
        Fault(InvalidRequest, "is larger than it may be (componentBytes: 8388608)"),
    ),
    made(
        "file/too-old",
        Load,
        || GOOD.for_version("0.0.9"),
        Fault(InvalidRequest, "which is older than this host's (0.1): rebuild the plugin"),
    ),
    made(
        "file/too-new",
        Load,
        || GOOD.for_version("0.2.0"),
        Fault(InvalidRequest, "which is newer than this host's (0.1): update the host"),
    ),
    made(
        "file/of-version-1",
        Load,
        || GOOD.for_version("1.0.0"),
        Fault(InvalidRequest, "which is newer than this host's (0.1): update the host"),
    ),
    made(
        "file/without-exports",
        Load,
        || wat::parse_str("(component)").expect("a component"),
        Fault(InvalidRequest, "does not export outcrop:provider/provider"),
    ),
    made("compile/loops-in-loops", Load, || with_loops(300, 300), Fault(InvalidRequest, SLOW_TO_COMPILE)),
    made("compile/giant-loops", Load, || with_loops(1000, 10_000), Fault(InvalidRequest, SLOW_TO_COMPILE)),
    made("compile/choices", Load, || with_choices(30_000, 10_000), Fault(InvalidRequest, SLOW_TO_COMPILE)),
    made("compile/many-locals", Load, || with_choices(1_000, 49_000), Fault(InvalidRequest, SLOW_TO_COMPILE)),
    made(
        "import/wasi",
        Load,
        || {
            let imports = r#"(import "wasi:cli/environment@0.2.0" "get-arguments" (func (param i32)))"#;
            Module { imports, ..GOOD }.with_imports("import wasi:cli/environment@0.2.0;")
        },
        Fault(InvalidRequest, "it imports wasi:cli/environment@0.2.0, which no host grants"),
    ),
    made(
        "import/unknown-function",
        Load,
        || {
            Module { imports: r#"(import "$root" "steal" (func))"#, ..GOOD }
                .with_imports("import steal: func();")
        },
        Fault(InvalidRequest, "it imports steal, which no host grants"),
    ),
    made(
        "import/function-of-a-granted-interface",
        Load,
        || {
            let imports = r#"(import "outcrop:provider/log@VERSION" "steal" (func))"#;
            Module { imports, ..GOOD }.with_function_in_log("steal: func();")
        },
        Fault(InvalidRequest, "steal"),
    ),
    made(
        "feature/threads",
        Load,
        || with_module("(module (memory 1 1 shared))"),
        Fault(InvalidRequest, "threads"),
    ),
    made(
        "feature/memory64",
        Load,
        || with_module("(module (memory i64 1))"),
        Fault(InvalidRequest, "memory64"),
    ),
    made(
        "feature/multi-memory",
        Load,
        || with_module("(module (memory 1) (memory 1))"),
        Fault(InvalidRequest, "memor"),
    ),
    made("feature/gc", Load, || with_module("(module (type (struct)))"), Fault(InvalidRequest, "gc")),
    made("feature/exceptions", Load, || with_module("(module (tag))"), Fault(InvalidRequest, "exceptions")),
    made(
        "feature/tail-calls",
        Load,
        || with_module("(module (func return_call 0))"),
        Fault(InvalidRequest, "tail calls"),
    ),
    made(
        "feature/relaxed-simd",
        Load,
        || {
            with_module(
                "(module (func (param v128) (result v128)
                    (i8x16.relaxed_swizzle (local.get 0) (local.get 0))))",
            )
        },
        Fault(InvalidRequest, "relaxed SIMD"),
    ),
    made(
        "feature/component-async",
        Load,
        || with_component("(component (core func (canon waitable-set.new)))"),
        Fault(InvalidRequest, "async"),
    ),
    made("feature/many-instances", Load, || with_instances(20), Fault(InvalidRequest, "instances")),
];

/// Bytes that follow no plan, and are the same each time.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = |state: &mut u64| {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *state as u8
    };
    (0..length).map(|_| next(&mut state)).collect()
}
