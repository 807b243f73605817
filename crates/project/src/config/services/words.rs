//! A program and its arguments, as a list or as a text.

use toml::de::DeValue;

use crate::config::reader::{ConfigReader, Value};

/// Read the words: a list's as they are, a text split like a shell's words, or a text for a shell.
pub(super) fn words(reader: &mut ConfigReader<'_>, what: &str, value: &Value<'_>, shell: bool) -> Option<Vec<String>> {
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

fn split(reader: &mut ConfigReader<'_>, what: &str, value: &Value<'_>, text: &str) -> Option<Vec<String>> {
    let Some(words) = shlex::split(text) else {
        let advice = Some("close the quotes, or write a list of words".to_owned());
        reader.error(value.span(), format!("{what} has a quote without an end"), advice);
        return None;
    };
    if let Some(sign) = words.iter().find_map(|word| for_a_shell(word)) {
        let advice = Some("add `shell = true`; or write a list of words if the sign is meant literally".to_owned());
        reader.warn(value.span(), format!("{what} has `{sign}`, which only a shell obeys"), advice);
    }
    Some(words)
}

/// Find the sign that this word would be to a shell, although no shell reads it.
fn for_a_shell(word: &str) -> Option<&str> {
    let alone = ["&&", "||", "|", "&", ";", "<", ">", ">>", "2>", "2>&1", "$PORT", "${PORT}"];
    let end = || word.strip_suffix(';').filter(|before| !before.is_empty()).map(|_| ";");
    alone.into_iter().find(|sign| *sign == word).or_else(end)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::for_a_shell;
    use crate::Project;

    #[test]
    fn what_only_a_shell_obeys_is_pointed_out_where_there_is_none() {
        let warned = |command: &str| {
            let project =
                Project::parse(Path::new("vx.toml"), &format!("[services.a]\n{command}\n")).expect("a project");
            project.warnings.iter().map(|problem| problem.message.clone()).collect::<Vec<_>>()
        };
        let of_a = "`command` of [services.a] has `&&`, which only a shell obeys";
        assert_eq!(warned("command = \"go build && ./api\""), [of_a]);
        for fine in [
            "command = \"go build && ./api\"\nshell = true",
            "command = [\"a\", \"&&\"]",
            "command = \"a 'b && c; d'\"",
        ] {
            assert!(warned(fine).is_empty(), "{fine}");
        }
        let signs = ["a;", ";", "$PORT", ">", "a", "--x=$PORT", "{port}"].map(for_a_shell);
        assert_eq!(signs, [Some(";"), Some(";"), Some("$PORT"), Some(">"), None, None, None]);
    }
}
