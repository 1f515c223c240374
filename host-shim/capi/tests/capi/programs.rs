//! The C programs of `tests/clients/c`, plain and watched over.

use bedrock_sim::Simulator;

use crate::program::Program;
use crate::root;
use crate::tools::Tool;

fn simulator() -> Simulator {
    Simulator::builder().start_in_thread().expect("the simulator starts")
}

use Tool::{AddressSanitizer, ThreadSanitizer, Valgrind};

/// A program that prints `ok`.
struct Row {
    name: &'static str,
    /// How often it does what it does, plain and watched over.
    rounds: [&'static str; 2],
    /// What it can be watched by.
    tools: &'static [Tool],
}

const ALL: &[Tool] = &[AddressSanitizer, ThreadSanitizer, Valgrind];

const PROGRAMS: &[Row] = &[
    Row { name: "misuse", rounds: ["1", "1"], tools: ALL },
    Row { name: "cancel", rounds: ["1000", "1000"], tools: ALL },
    Row { name: "freed", rounds: ["40", "20"], tools: ALL },
    // ThreadSanitizer allows no threads in a forked child, and valgrind calls lost what the parent's threads hold.
    Row { name: "fork", rounds: ["200", "50"], tools: &[AddressSanitizer] },
    // So many streams at once. There is no room for 64 instances in the address space that valgrind knows.
    Row { name: "poll", rounds: ["64", "16"], tools: ALL },
    // It asks for the handlers that the tools replace.
    Row { name: "signals", rounds: ["1", "1"], tools: &[] },
];

fn say_ok(tool: Tool) {
    if !tool.is_here() {
        return;
    }
    let sim = simulator();
    for Row { name, rounds: [plain, watched], tools } in PROGRAMS {
        let rounds = if tool == Tool::None { plain } else { watched };
        if tool == Tool::None || tools.contains(&tool) {
            println!("{name}, {tool:?}");
            Program::compile(&format!("c/{name}.c"), tool).says_ok(&[&sim.endpoint(), rounds]);
        }
    }
}

#[test]
fn all_programs_say_ok() {
    say_ok(Tool::None);
}

#[test]
fn nothing_is_found_by_the_address_and_undefined_behaviour_sanitizers() {
    say_ok(AddressSanitizer);
}

#[test]
fn nothing_is_found_by_the_thread_sanitizer() {
    say_ok(ThreadSanitizer);
}

#[test]
fn nothing_is_found_by_valgrind() {
    say_ok(Valgrind);
}

#[test]
fn a_plugin_is_compiled_in_a_forked_child_too() {
    let sim = simulator();
    let (parent, child) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let [parent, child] = [&parent, &child].map(|folder| folder.path().to_str().expect("a path"));
    Program::compile("c/fork.c", Tool::None).says_ok(&[&sim.endpoint(), "1", parent, child]);
}

#[test]
fn the_cpp_wrapper_keeps_its_promises() {
    let sim = simulator();
    for tool in [Tool::None, AddressSanitizer] {
        if tool.is_here() {
            Program::compile("cpp/wrapper.cpp", tool).says_ok(&[&sim.endpoint()]);
        }
    }
}

#[test]
fn a_plugin_is_replaced_while_the_host_runs() {
    let sim = simulator();
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("a path").to_owned();
    let bundled = outcrop::bundled_plugin();
    std::fs::write(path("other.wasm"), bundled).expect("written");
    // The same with a custom section: its id, its size, the size of its name, its name.
    std::fs::write(path("new.wasm"), [bundled, &[0, 2, 1, b'n']].concat()).expect("written");
    let config = format!(
        "{{ plugins: {{ entries: {{ other: {{ file: 'other.wasm', digest: '{}', bedrock: true }} }} }} }}",
        outcrop::digest(bundled)
    );
    std::fs::write(path("config.json5"), config).expect("written");
    let arguments = [&*sim.endpoint(), &path("config.json5"), &path("new.wasm"), &path("other.wasm")];
    Program::compile("c/plugins.c", Tool::None).says_ok(&arguments);
}

#[test]
fn an_old_program_runs_against_the_present_library() {
    let sim = simulator();
    let published = root().join("tests/clients/c/published/1");
    for Row { name, rounds: [rounds, _], .. } in PROGRAMS {
        let program = Program::compile_against(&published, &format!("c/{name}.c"), Tool::None);
        program.says_ok(&[&sim.endpoint(), rounds]);
    }
}

#[test]
fn the_examples_stream_an_answer() {
    let sim = simulator();
    for source in ["c/stream.c", "cpp/stream.cpp"] {
        let example = Program::compile(source, Tool::None);
        let output =
            example.run_at(&sim, &["amazon-bedrock/sim.text-v1:0", "sim:text Where the bedrock shows."]);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "Where the bedrock shows.\n", "{output:?}");
        assert!(output.status.success());

        let output = example.run_at(&sim, &["gpt-4", "Hello"]);
        assert_eq!(output.status.code(), Some(1));
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains("; begin it with one of amazon-bedrock/"), "{source}: {told}");
    }
}
