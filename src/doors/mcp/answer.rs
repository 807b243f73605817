//! The result of a tool: a text for the model, of bounded length and harmless to the program that shows it.

use serde_json::{Value, json};
use vx_text::escaped;

use vx_base::trouble::{Explain, Trouble, TroubleKind};

/// The longest text of a result. A model pays for each byte.
const TEXT_BYTES: usize = 32 * 1024;

/// The facts that a tool found, or a report of its work.
#[derive(Debug)]
pub(super) enum McpToolResult {
    /// A text. If the flag is set it is an error: the work did not go as the call asked.
    Text(String, bool),
    /// Facts.
    Facts(Value),
}

impl McpToolResult {
    /// The result of a call in the form of the protocol.
    pub(super) fn into_result(self) -> Value {
        match self {
            Self::Text(text, false) => result(&text, false),
            Self::Text(text, true) => {
                let mut result = result(&text, true);
                let message = escaped(text.lines().next().unwrap_or_default());
                let kind = TroubleKind::Exit.name();
                result["structuredContent"] = json!({ "kind": kind, "message": message, "details": [], "hint": null });
                result
            }
            Self::Facts(facts) => result(&format!("{facts:#}"), false),
        }
    }
}

/// The result of a failed call. Beside the text it holds the kind of error, for programs.
pub(super) fn failed(trouble: &Trouble) -> Value {
    let mut text = format!("error ({}): {}", trouble.kind.name(), trouble.text);
    for line in &trouble.details {
        text.push_str(&format!("\n{line}"));
    }
    if let Some(hint) = &trouble.hint {
        text.push_str(&format!("\nhint: {hint}"));
    }
    let mut result = result(&text, true);
    result["structuredContent"] = json!({
        "kind": trouble.kind.name(),
        "message": escaped(&trouble.text),
        "details": trouble.details.iter().map(|line| escaped(line)).collect::<Vec<_>>(),
        "hint": trouble.hint.as_deref().map(escaped),
    });
    result
}

/// A typed error as the trouble of a call.
pub(super) fn trouble(error: &(impl std::fmt::Display + Explain)) -> Trouble {
    Trouble::from_error(error)
}

/// The error for arguments that don't fit their tool.
pub(super) fn bad_parameters(why: impl std::fmt::Display, hint: String) -> Trouble {
    Trouble::new(TroubleKind::Usage, format_args!("the arguments do not fit: {why}")).hinted(hint)
}

fn result(text: &str, is_error: bool) -> Value {
    let text = bounded(&text.lines().map(|line| escaped(line)).collect::<Vec<_>>().join("\n"));
    json!({ "content": [{ "type": "text", "text": text }], "isError": is_error })
}

/// All lines, or only the last ones if all would be too long for a model.
fn bounded(lines: &str) -> String {
    let Some(surplus) = lines.len().checked_sub(TEXT_BYTES).filter(|surplus| *surplus > 0) else {
        return lines.to_owned();
    };
    let from = (surplus..lines.len()).find(|at| lines.is_char_boundary(*at)).unwrap_or(lines.len());
    let from = lines[from..].find('\n').map_or(from, |end| from + end + 1);
    format!("[the first {from} bytes are left out; ask for less, or for fewer lines]\n{}", &lines[from..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_its_last_whole_lines_with_a_word_about_the_rest() {
        let long: String = (0..10_000).map(|line| format!("line {line} ä\n")).collect();
        let shown = bounded(&long);
        assert!(shown.len() < TEXT_BYTES + 100 && shown.ends_with("line 9999 ä\n"), "{}", shown.len());
        let mut lines = shown.lines();
        assert!(lines.next().is_some_and(|first| first.contains("left out")));
        assert!(lines.all(|line| line.starts_with("line ")));
        assert_eq!(bounded("short"), "short");
    }

    #[test]
    fn an_error_has_its_kind_apart_from_its_text_and_nothing_that_steers_a_terminal() {
        let trouble = Trouble::new(TroubleKind::Consent, "not\u{1b}[2J agreed").hinted("run `vx trust`");
        let result = failed(&trouble);
        assert_eq!((&result["isError"], &result["structuredContent"]["kind"]), (&json!(true), &json!("consent")));
        let text = result["content"][0]["text"].as_str().expect("a text");
        assert!(text.contains("hint: run `vx trust`") && !text.contains('\u{1b}'), "{text}");
    }
}
