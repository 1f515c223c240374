//! `${VARIABLE}` in strings, as OpenClaw replaces it: names of capital letters, digits and underscores;
//! `$${VARIABLE}` stands for itself; one that is unset or empty is an error.

/// The environment: a variable's value by its name.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The text with its variables replaced.
///
/// # Errors
/// The name of a variable that is unset or empty.
pub(crate) fn replace(text: &str, environment: Environment<'_>) -> Result<String, String> {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        replaced.push_str(&rest[..dollar]);
        rest = &rest[dollar..];
        if let Some((name, after)) = rest.strip_prefix("$${").and_then(name) {
            replaced.extend(["${", name, "}"]);
            rest = after;
        } else if let Some((name, after)) = rest.strip_prefix("${").and_then(name) {
            let value = environment(name).filter(|value| !value.is_empty()).ok_or(name)?;
            replaced.push_str(&value);
            rest = after;
        } else {
            replaced.push('$');
            rest = &rest[1..];
        }
    }
    replaced.push_str(rest);
    Ok(replaced)
}

/// A name up to its closing brace, and what follows.
fn name(text: &str) -> Option<(&str, &str)> {
    let (name, after) = text.split_once('}')?;
    let starts_well = name.starts_with(|first: char| first.is_ascii_uppercase() || first == '_');
    let is_name = starts_well
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    is_name.then_some((name, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Option<String> {
        match name {
            "REGION" => Some("eu-west-1".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    #[test]
    fn variables_are_replaced_and_nothing_else() {
        for (text, expected) in [
            ("${REGION}", "eu-west-1"),
            ("a-${REGION}-${REGION}$", "a-eu-west-1-eu-west-1$"),
            ("$${REGION}", "${REGION}"),
            ("$REGION ${region} ${} ${1A} ${REGION", "$REGION ${region} ${} ${1A} ${REGION"),
        ] {
            assert_eq!(replace(text, &environment).as_deref(), Ok(expected));
        }
        for name in ["EMPTY", "UNSET"] {
            assert_eq!(replace(&format!("x${{{name}}}"), &environment), Err(name.to_owned()));
        }
    }
}
