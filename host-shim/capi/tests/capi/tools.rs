//! What watches over a program while it runs: sanitizers and valgrind.
//!
//! How far each reaches: the library itself is compiled without sanitizers, as it is shipped. AddressSanitizer sees
//! the program's own accesses, what either side does to the heap through `malloc` and `free` (also a view that is
//! read after its handle was freed) and all leaks at the end, the library's among them. UndefinedBehaviorSanitizer
//! and ThreadSanitizer see the program alone, callbacks included: the library's locks are made of atomics and
//! futexes, which ThreadSanitizer (and helgrind, and drd) cannot see in code that is not instrumented, so that
//! everything in it would be called a race. Valgrind's memcheck sees every access of both sides.

use std::path::Path;
use std::process::Command;

/// What a fault that was found makes of the exit status.
const FOUND: &str = "99";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    None,
    /// With UndefinedBehaviorSanitizer and LeakSanitizer.
    AddressSanitizer,
    ThreadSanitizer,
    Valgrind,
}

impl Tool {
    /// Of the compiler.
    pub(crate) fn flags(self) -> &'static [&'static str] {
        match self {
            Self::None | Self::Valgrind => &[],
            Self::AddressSanitizer => &["-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
            Self::ThreadSanitizer => &["-fsanitize=thread"],
        }
    }

    /// The command that runs a program.
    pub(crate) fn start(self, program: &Path) -> Command {
        let mut command = match self {
            Self::Valgrind => {
                let mut valgrind = Command::new("valgrind");
                // What is "possibly" lost are statics of the libraries below, held by pointers into their middle.
                valgrind.args(["--quiet", "--leak-check=full", "--show-leak-kinds=definite"]);
                valgrind.args(["--errors-for-leak-kinds=definite", &format!("--error-exitcode={FOUND}")]);
                valgrind.arg(program);
                valgrind
            }
            _ => Command::new(program),
        };
        command
            .env("ASAN_OPTIONS", format!("detect_leaks=1:exitcode={FOUND}"))
            .env("UBSAN_OPTIONS", "print_stacktrace=1")
            .env(
                "TSAN_OPTIONS",
                format!("exitcode={FOUND}:ignore_noninstrumented_modules=1:die_after_fork=0"),
            );
        command
    }

    /// Whether the tool is here and finds a planted fault. Where not, says so.
    pub(crate) fn is_here(self) -> bool {
        if self == Self::None {
            return true;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let (source, program) = (folder.path().join("faulty.c"), folder.path().join("faulty"));
        std::fs::write(&source, FAULTY).expect("written");
        let mut compiler = Command::new("gcc");
        compiler.args(["-g", "-pthread"]).args(self.flags()).arg(&source).arg("-o").arg(&program);
        let compiled = compiler.output().is_ok_and(|output| output.status.success());
        let found = compiled
            && self.start(&program).output().is_ok_and(|output| {
                output.status.code().map(|code| code.to_string()).as_deref() == Some(FOUND)
            });
        if !found {
            println!("skipped: no {self:?} here, or it is blind");
        }
        found
    }
}

/// Leaks, and has a race.
const FAULTY: &str = r#"
#include <pthread.h>
#include <stdlib.h>
static int shared;
static void *count(void *unused) { for (int i = 0; i < 100000; i++) shared++; return unused; }
int main(void) {
    pthread_t thread;
    char *volatile lost = malloc(10);
    lost = NULL;
    pthread_create(&thread, NULL, count, NULL);
    count(NULL);
    pthread_join(thread, NULL);
    return lost != NULL;
}
"#;
