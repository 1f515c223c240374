//! The guides: what they point to is there. The programs that they show are those that the other tests run.

use crate::root;

#[test]
fn what_the_guides_point_to_is_there() {
    for guide in ["docs/embedding.md", "docs/plugin-authors.md"] {
        let text = std::fs::read_to_string(root().join(guide)).expect("a guide");
        let folder = root().join("docs");
        let links: Vec<&str> =
            text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()).collect();
        assert!(links.len() > 5, "{guide}: {links:?}");
        for link in links {
            assert!(folder.join(link).exists(), "{guide} points to {link}, which is not there");
        }
    }
}

/// An option that a guide names must be one.
#[test]
fn options_that_the_guide_names_are_in_the_header() {
    let header =
        std::fs::read_to_string(root().join("host-shim/capi/include/outcrop.h")).expect("the header");
    let guide = std::fs::read_to_string(root().join("docs/embedding.md")).expect("the guide");
    for name in ["signal_handlers", "worker_threads", "outcrop_event_error", "outcrop_options_set_log"] {
        assert!(guide.contains(name), "{name} is not explained");
        assert!(header.contains(name), "{name} is not declared");
    }
    let named = guide.split('`').filter(|word| word.starts_with("outcrop_"));
    for name in
        named.filter(|word| word.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_'))
    {
        assert!(header.contains(name), "{name} is not declared");
    }
}
