//! The table of scenarios as Markdown, for the documentation and `--list-scenarios`.

use crate::{Parameter, common_parameters, entries};

/// Every scenario with its parameters and their defaults, as Markdown.
pub fn scenario_listing() -> String {
    let mut listing = "# Scenarios\n\n| name | parameters | what it does |\n|---|---|---|\n".to_owned();
    for entry in entries() {
        let parameters: Vec<String> = entry.parameters.iter().map(named).collect();
        let parameters = parameters.join("<br>");
        listing += &format!("| `{}` | {parameters} | {} |\n", entry.name, entry.about);
    }
    listing += "\nEvery scenario also takes:\n\n| parameter | what it does |\n|---|---|\n";
    for parameter in common_parameters() {
        listing += &format!("| `{}={}` | {} |\n", parameter.name, parameter.default, parameter.about);
    }
    listing
}

fn named(parameter: &Parameter) -> String {
    format!("`{}={}`: {}", parameter.name, parameter.default, parameter.about)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_lists_what_there_is() {
        let written = include_str!("../SCENARIOS.md");
        let now = scenario_listing();
        assert!(written == now, "write the output of `bedrock-sim --list-scenarios` to SCENARIOS.md");
    }

    #[test]
    fn names_are_told_apart_and_fit_a_model_id() {
        let mut names: Vec<&str> = entries().map(|entry| entry.name).collect();
        let fits = |name: &&str| name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        assert!(names.iter().all(fits), "{names:?}");
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
