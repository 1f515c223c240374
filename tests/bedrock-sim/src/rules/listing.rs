//! The rules as Markdown, for the documentation and `--list-rules`.

use super::families::FAMILIES;
use super::rules;

/// Every rule with what it refuses and where that is known from, then the families with theirs, as Markdown.
pub fn rule_listing() -> String {
    let mut listing = "# Rules\n\n| rule | what is refused | known from |\n|---|---|---|\n".to_owned();
    for rule in rules() {
        listing += &format!("| `{}` | {} | {} |\n", rule.name, rule.about, rule.source);
    }
    listing += "\n| family | ids begin with | known from |\n|---|---|---|\n";
    for family in FAMILIES {
        let begins: Vec<String> = family.begins.iter().map(|begin| format!("`{begin}`")).collect();
        listing += &format!("| {} | {} | {} |\n", family.name, begins.join("<br>"), family.source);
    }
    listing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_lists_what_there_is() {
        let written = include_str!("../../RULES.md");
        assert!(written == rule_listing(), "write the output of `bedrock-sim --list-rules` to RULES.md");
    }

    #[test]
    fn every_rule_has_a_name_of_its_own_and_a_source() {
        let mut names: Vec<&str> = rules().map(|rule| rule.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(rules().all(|rule| !rule.source.is_empty() && !rule.about.is_empty()));
        assert!(FAMILIES.iter().all(|family| !family.source.is_empty()));
    }
}
