//! Shows a command without the secrets in its addresses, but with everything that its shell would act on.
//!
//! A password may contain half of the signs that a shell acts on, so it depends on the quotes whether `;` ends an
//! address. A word in quotes is one text to the shell, so an address in it is hidden to its end. Text for another shell
//! (`sh -c '…'`) is read as that shell reads it, since whoever is asked for consent has to see each command.

use std::ops::Range;

use toml::de::{DeTable, DeValue};
use vx_base::shown_address::{shown_address, without_secrets_for_a_shell};

use super::command_files::words::{ShellWord, UNKNOWN, words};

/// Deepest nesting of texts that is read: `sh -c "sh -c …"`.
const MOST_DEPTH: usize = 4;

/// A word of a command.
struct CommandWord {
    /// Which bytes of the command it has.
    place: Range<usize>,
    /// Text without quotes and escapes.
    text: String,
    /// Whether a shell would run something in it.
    acts: bool,
}

/// Show a command, or a list of its words as in `vx.toml`, without the secrets in its addresses.
pub fn shown_command(command: &str) -> String {
    // Shells of other systems read quotes differently.
    match listed(command) {
        Some(list) => shown(command, list, 0),
        None if cfg!(unix) => shown(command, of_shell(command), 0),
        None => without_secrets_for_a_shell(command),
    }
}

fn shown(text: &str, pieces: Vec<CommandWord>, depth: usize) -> String {
    let (mut shown, mut at, mut is_code) = (String::with_capacity(text.len()), 0, false);
    for CommandWord { place, text: word, acts } in pieces {
        let between = &text[at..place.start];
        // `;` or `|` begins another command.
        is_code &= between.chars().all(|sign| sign.is_whitespace() || sign == ',');
        shown.push_str(&without_secrets_for_a_shell(between));
        let written = &text[place.clone()];
        shown.push_str(&match () {
            () if acts => without_secrets_for_a_shell(written),
            () if is_code || word.contains(char::is_whitespace) => text_for_a_shell(written, depth),
            () => shown_word(written),
        });
        is_code |= announces_code(&word);
        at = place.end;
    }
    shown + &without_secrets_for_a_shell(&text[at..])
}

/// Show a word that is one text.
fn shown_word(written: &str) -> String {
    let (word, quotes) = written.split_at(written.trim_end_matches(['"', '\'']).len());
    shown_address(word) + quotes
}

/// Show a word that a shell may read again.
fn text_for_a_shell(written: &str, depth: usize) -> String {
    let quote = written.chars().next().filter(|first| "\"'".contains(*first));
    let inside = quote.and_then(|quote| written.strip_prefix(quote)?.strip_suffix(quote));
    match (quote, inside) {
        (Some(quote), Some(inside)) if !inside.contains(quote) && depth < MOST_DEPTH => {
            format!("{quote}{}{quote}", shown(inside, of_shell(inside), depth + 1))
        }
        _ => without_secrets_for_a_shell(written),
    }
}

/// Whether the word after this one may be a program's text: `sh -c`, `node -e`, `eval`.
fn announces_code(word: &str) -> bool {
    let letters = word.strip_prefix('-').filter(|rest| rest.chars().all(|letter| letter.is_ascii_alphabetic()));
    letters.is_some_and(|letters| letters.ends_with(['c', 'e'])) || ["eval", "--eval", "trap"].contains(&word)
}

fn of_shell(text: &str) -> Vec<CommandWord> {
    let runs = |written: &str| written.contains("$(") || written.contains("${");
    let piece = |word: ShellWord| CommandWord {
        // The splitter of words treats a backquote in double quotes as a letter.
        acts: text[word.place.clone()].contains('`') || word.text.contains(UNKNOWN) && runs(&text[word.place.clone()]),
        place: word.place,
        text: word.text,
    };
    words(text).into_iter().map(piece).collect()
}

/// Read the words of a list; `None` if the text isn't a list.
fn listed(text: &str) -> Option<Vec<CommandWord>> {
    const KEY: &str = "list = ";
    let document = text.starts_with('[').then(|| format!("{KEY}{text}"))?;
    let table = DeTable::parse(&document).ok()?;
    let Some(DeValue::Array(items)) = table.get_ref().get("list").map(|list| list.get_ref()) else { return None };
    let piece = |item: &toml::Spanned<DeValue<'_>>| CommandWord {
        place: item.span().start - KEY.len()..item.span().end - KEY.len(),
        text: item.get_ref().as_str().unwrap_or_default().to_owned(),
        acts: false,
    };
    Some(items.iter().map(piece).collect())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_without_the_secrets_of_its_addresses() {
        for (command, shown) in [
            ("curl 'https://me:SEC;RET@h/x?token=T0KEN'", "curl 'https://***@h/x?token=***'"),
            ("curl \"https://me:S'E$C(R)E;T@h/x?token=T'K;N\" -o x", "curl \"https://***@h/x?token=***;***\" -o x"),
            ("curl https://me:'SEC;RET'@h/x --at=https://me:S\\;R@h", "curl https://***@h/x --at=https://***@h"),
            ("curl https://planted@h/?t=planted&evil | sh", "curl https://***@h/?t=***&evil | sh"),
            ("sh -c 'curl \"https://me:SEC;RET@h/x\" | sh'", "sh -c 'curl \"https://***@h/x\" | sh'"),
            ("[\"curl\", \"https://me:S'E;$C@h/x?t=T(N\"]", "[\"curl\", \"https://***@h/x?t=***\"]"),
            ("[\"sh\", '-c', 'curl https://me:planted@h/x']", "[\"sh\", '-c', 'curl https://***@h/x']"),
            ("# https://u:p@h", "# https://***@h"),
            ("set -e; [ -e x ] || curl 'https://me:S;R@h'", "set -e; [ -e x ] || curl 'https://***@h'"),
            ("true", "true"),
        ] {
            assert_eq!(shown_command(command), shown);
        }
    }

    #[test]
    fn nothing_that_a_shell_acts_on_is_hidden() {
        for command in [
            "curl https://$(evil)@h/x",
            "curl https://h/x?t=$(evil)",
            "curl \"https://h/x?t=$(evil)\"",
            "curl \"https://u:`evil`@h/x\"",
            "curl \"https://u:${X:=evil}@h/x\"",
            "curl https://h/x?t=1;evil",
            "curl https://h/x?t=1&evil",
            "curl https://a&evil@h/x",
            "curl https://a;evil@h/x",
            "curl https://h/x#`evil`",
            "curl https://h/x?t=1|evil",
            "curl 'https://u:p'@h/x?t=a; evil'x'",
            "sh -c 'curl https://h/x?t=1;evil'",
            "sh -c 'x://u:;evil;@h'",
            "sh -ec 'x://u:;evil;@h'",
            "eval 'x://u:;evil;@h'",
            "eval true 'x://u:;evil;@h'",
            "sh -c \"sh -c 'x://u:;evil;@h'\"",
            "[\"sh\", \"-c\", \"x://u:;evil;@h\"]",
            "[\"sh\", \"-c\", \"curl https://h/x?t=1;evil\"]",
            "echo 'a x://u:;evil;@h' | sh",
        ] {
            assert!(shown_command(command).contains("evil"), "{}", shown_command(command));
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_it(text in "(http|://|@|:|/|\\?|&|=|;|a|é| |\"|'|\\\\|\\$|\\(|`|\\[|-c){0,30}") {
            let shown = shown_command(&text);
            proptest::prop_assert!(shown.chars().count() <= 4 * text.chars().count() + 3);
        }
    }
}
