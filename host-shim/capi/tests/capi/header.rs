//! The header: for C and C++, and as it was first published.

use std::process::Command;

use crate::program::STRICT;
use crate::{built, root};

/// Compiles the header alone, as the first thing that is included.
#[test]
fn it_compiles_as_c11_and_as_cpp17() {
    for (compiler, suffix, standards) in
        [("gcc", ".c", ["-std=c11", "-std=c17"]), ("g++", ".cpp", ["-std=c++17", "-std=c++20"])]
    {
        let source = tempfile::Builder::new().suffix(suffix).tempfile().expect("a file");
        std::fs::write(
            source.path(),
            "#include <outcrop.h>\n#include <outcrop.h>\nint main(void) { return outcrop_abi_version() == 0; }\n",
        )
        .expect("written");
        for standard in standards {
            let compiled = Command::new(compiler)
                .args([standard, "-fsyntax-only", "-I"])
                .arg(root().join("host-shim/capi/include"))
                .args(STRICT)
                .arg(source.path())
                .output();
            match compiled {
                Ok(compiled) => {
                    let said = String::from_utf8_lossy(&compiled.stderr);
                    assert!(compiled.status.success(), "{compiler} {standard}: {said}");
                }
                Err(error) => println!("skipped: no {compiler}: {error}"),
            }
        }
    }
}

/// What the first published header promises, as C that must compile after the present one: each function
/// declared again, which a compiler refuses where the types differ, and each number and layout asserted.
fn promises(published: &str) -> String {
    // Comments are whole lines in it.
    let code: String = published
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect();
    let mut promises = String::from("#include <outcrop.h>\n");

    let (_, functions) = code.split_once("extern \"C\" {\n#endif").expect("functions");
    let (functions, _) = functions.split_once("#ifdef").expect("an end of functions");
    let functions = functions.split_once('\n').map_or(functions, |(_, after)| after);
    promises += functions;
    promises += "void *functions[] = {\n";
    for function in functions.split(';') {
        if let Some((before, _)) = function.split_once('(') {
            let name = before.rsplit([' ', '*']).next().unwrap_or_default();
            promises += &format!("    (void *){name},\n");
        }
    }
    promises += "};\n";

    for line in code.lines().filter_map(|line| line.trim().strip_prefix("OUTCROP_")) {
        if let Some((name, value)) = line.trim_end_matches(',').split_once(" = ") {
            promises += &format!("_Static_assert(OUTCROP_{name} == {value}, \"OUTCROP_{name}\");\n");
        }
    }
    let callback = code.split("typedef void (*outcrop_log_callback)").nth(1).expect("the log callback");
    let (parameters, _) = callback.split_once(';').expect("its end");
    promises += &format!("typedef void (*outcrop_log_callback){parameters};\n");
    promises
        + "struct as_published { const char *data; size_t len; };\n\
                _Static_assert(sizeof(outcrop_str) == sizeof(struct as_published), \"outcrop_str\");\n\
                _Static_assert(offsetof(outcrop_str, len) == offsetof(struct as_published, len), \"outcrop_str\");\n\
                _Static_assert(OUTCROP_ABI_VERSION >= 1, \"OUTCROP_ABI_VERSION\");\n\
                int main(void) { return functions[0] == NULL; }\n"
}

/// Compiles the promises against the present header, and links them with the present library.
fn compile(promises: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a folder");
    let source = folder.path().join("promises.c");
    std::fs::write(&source, promises).expect("written");
    // Without -Wpedantic: a function's address is made a pointer to no function.
    let compiled = Command::new("gcc")
        .args(["-std=gnu11", "-Werror", "-I"])
        .arg(root().join("host-shim/capi/include"))
        .arg(&source)
        .arg("-L")
        .arg(built())
        .args(["-loutcrop", "-o"])
        .arg(folder.path().join("promises"))
        .output()
        .expect("gcc runs");
    match compiled.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&compiled.stderr).into_owned()),
    }
}

#[test]
fn what_was_published_is_still_there_as_it_was() {
    let path = root().join("tests/clients/c/published/1/outcrop.h");
    let published = std::fs::read_to_string(path).expect("the published header");
    let promised = promises(&published);
    assert!(promised.matches("(void *)outcrop_").count() > 40, "{promised}");
    assert!(promised.matches("_Static_assert").count() > 50, "{promised}");
    compile(&promised).expect("all is there");

    // And the check can fail: a function that is gone, one whose type is another, a number that is another.
    for (was, is, told) in [
        ("void outcrop_host_free(", "void outcrop_host_release(", "outcrop_host_release"),
        ("int64_t timeout_ms", "int32_t timeout_ms", "conflicting types"),
        ("OUTCROP_FORKED = 13", "OUTCROP_FORKED = 33", "OUTCROP_FORKED"),
        ("enum outcrop_log_level level,", "uint64_t level,", "conflicting types"),
    ] {
        assert!(published.contains(was), "{was}");
        let error = compile(&promises(&published.replace(was, is))).expect_err(is);
        assert!(error.contains(told), "{is}: {error}");
    }
}
