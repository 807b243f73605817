//! A program and its arguments, as a list, or as a text.

use toml::de::DeValue;

use crate::project::config::reader::{Reader, Value};

/// Those of a list as they are, a text split like a shell's words, or a text for a shell.
pub(super) fn words(reader: &mut Reader<'_>, what: &str, value: &Value<'_>, shell: bool) -> Option<Vec<String>> {
    let words = match value.get_ref() {
        DeValue::Array(_) => reader.strings(what, value).into_iter().map(|(word, _)| word).collect(),
        _ => {
            let text = reader.string(what, value)?;
            match shell {
                true => vec!["/bin/sh".to_owned(), "-c".to_owned(), text],
                false => split(reader, what, value, &text)?,
            }
        }
    };
    if words.first().is_none_or(|word| word.trim().is_empty()) {
        reader.error(value.span(), format!("{what} is empty"), None);
        return None;
    }
    Some(words)
}

fn split(reader: &mut Reader<'_>, what: &str, value: &Value<'_>, text: &str) -> Option<Vec<String>> {
    let words = shlex::split(text);
    if words.is_none() {
        let advice = Some("close the quotes, or write a list of words".to_owned());
        reader.error(value.span(), format!("{what} has a quote without an end"), advice);
    }
    words
}
