//! How much work it is to compile a component, before it is done.
//!
//! The compiler cannot be stopped, and what it does is not linear in what it reads: each local of a function may
//! need a value of its own at each place where branches meet, and a loop in a loop has all of it looked at again.
//! Ten kilobytes can keep it busy for minutes (300 loops in each other around 300 locals). So the work is
//! estimated from the code, and what no honest compiler writes is refused.

use wasmparser::{FunctionBody, Operator, Parser, Payload, Result};

/// The work that all functions of a component make, in instructions outside of any loop, about. What cannot be
/// read is left to the compiler, which refuses it.
pub(super) fn of_component(bytes: &[u8]) -> u64 {
    let functions = Parser::new(0).parse_all(bytes).filter_map(|payload| match payload {
        Ok(Payload::CodeSectionEntry(body)) => of_function(&body).ok(),
        _ => None,
    });
    functions.fold(0, u64::saturating_add)
}

fn of_function(body: &FunctionBody<'_>) -> Result<u64> {
    let mut locals = 1_u64;
    for declared in body.get_locals_reader()? {
        locals = locals.saturating_add(declared?.0.into());
    }
    let (mut work, mut edges) = (0_u64, 0_u64);
    // Whether each of the blocks around an instruction is a loop, and how many are.
    let (mut around, mut loops) = (Vec::new(), 0_u64);
    for operator in body.get_operators_reader()? {
        match operator? {
            Operator::Loop { .. } => {
                around.push(true);
                loops += 1;
                edges += 1;
            }
            Operator::Block { .. } | Operator::If { .. } => {
                around.push(false);
                edges += 1;
            }
            Operator::Br { .. } | Operator::BrIf { .. } => edges += 1,
            Operator::BrTable { targets } => edges += u64::from(targets.len()) + 1,
            Operator::End => loops -= u64::from(around.pop().unwrap_or(false)),
            _ => {}
        }
        work = work.saturating_add((loops + 1).saturating_mul(loops + 1));
    }
    Ok(work.saturating_add(edges.saturating_mul(locals)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::COMPILE_WORK;

    #[test]
    fn the_plugin_that_is_built_in_is_far_from_the_limit() {
        let work = of_component(crate::bundled_plugin());
        assert!((100_000..COMPILE_WORK / 8).contains(&work), "{work}");
    }

    #[test]
    fn what_is_no_code_makes_no_work() {
        for bytes in [&b""[..], b"\0asm", b"\0asm\x0d\0\x01\0\xff\xff"] {
            assert_eq!(of_component(bytes), 0);
        }
    }
}
