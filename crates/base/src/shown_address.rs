//! Addresses as they are shown, logged and stored: without the user name and password in front of the host, and with
//! the names of the query's parameters but not their values, any of which may be a signature or a token.
//!
//! Errors, questions, documents, logs and locks all go through here, so that no door has to know what a secret looks
//! like.

use std::ops::Range;

use url::Url;

/// Replaces each secret part.
const HIDDEN: &str = "***";
/// The most addresses that are looked for in the path of another address.
const MOST_NESTED: usize = 8;

/// Hides the secrets of an address: `https://***@host/file?token=***`.
pub fn shown_address(address: &str) -> String {
    hidden(address, &secrets(address, AddressContext::Address))
}

/// Hides the secrets of all addresses in a text, such as a message. A quoted address ends with its quotes, any other at
/// the next blank.
pub fn without_secrets(text: &str) -> String {
    hidden(text, &secrets(text, AddressContext::Text))
}

/// Hides the secrets of all addresses in a text for a shell.
///
/// Nothing that a shell acts on is hidden, so that a person who reads the text before agreeing to it sees all that it
/// would run: an address ends before such a character, even inside quotes.
pub fn without_secrets_for_a_shell(text: &str) -> String {
    hidden(text, &secrets(text, AddressContext::Shell))
}

/// Hides the secrets of a value, which may be an address or a text with addresses in it.
pub fn shown_value(value: &str) -> String {
    match is_address(value) {
        true => shown_address(value),
        false => without_secrets(value),
    }
}

/// Hides the secrets in a line of a file, with a star for each hidden character, so that the others keep their columns.
pub fn starred(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut at = 0;
    for secret in secrets(line, AddressContext::Line) {
        shown.push_str(&line[at..secret.start]);
        shown.extend(line[secret.clone()].chars().map(|_| '*'));
        at = secret.end;
    }
    shown + &line[at..]
}

/// An address as a lock holds it: normalized, without user name and password, and with only the names of its query's
/// parameters. Requests go to the address in `vx.toml`, so a signature in it may change while the lock stays the same.
pub fn locked_address(address: &str) -> String {
    let Ok(mut url) = Url::parse(address) else { return shown_address(address) };
    // These fail for addresses without a host, which have no user name either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    shown_address(url.as_str())
}

/// The context of an address, which decides where the address ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AddressContext {
    /// Alone: the text is the address.
    Address,
    /// In a message or a value, perhaps in quotes.
    Text,
    /// In a line of a file, in quotes.
    Line,
    /// In a text that a shell reads.
    Shell,
}

impl AddressContext {
    /// The end of the address that begins at `start`, and the place behind its closing quote. Its opening quote is
    /// looked for from `at` on.
    fn end(self, text: &str, at: usize, start: usize) -> (usize, usize) {
        let ends = |character: char| match self {
            Self::Address | Self::Line => false,
            Self::Text => character.is_whitespace(),
            Self::Shell => character.is_whitespace() || "\"'`<>|();$\\".contains(character),
        };
        let end = text[start..].find(ends).map_or(text.len(), |end| start + end);
        let quote = match self {
            Self::Text | Self::Line => open_quote(text, at..start),
            Self::Address | Self::Shell => None,
        };
        let closing = quote.and_then(|quote| Some((closing_quote(&text[..end], start, quote)?, quote.len())));
        closing.map_or((end, end), |(closing, length)| (closing, closing + length))
    }
}

/// The quotes of messages and of TOML.
const QUOTES: [&str; 5] = ["\"\"\"", "'''", "\"", "'", "`"];

/// The quote that is still open at the end of this part of a text. A quote behind a letter is an apostrophe.
fn open_quote(text: &str, part: Range<usize>) -> Option<&'static str> {
    let (text, mut at) = (&text[..part.end], part.start);
    let mut open = None;
    while let Some(found) = text[at..].find(['"', '\'', '`']) {
        let begin = at + found;
        let quote = QUOTES.into_iter().find(|quote| text[begin..].starts_with(quote))?;
        at = begin + quote.len();
        if text[..begin].ends_with(char::is_alphanumeric) {
            continue;
        }
        match closing_quote(text, at, quote) {
            Some(closing) => at = closing + quote.len(),
            None => {
                open = Some(quote);
                break;
            }
        }
    }
    open
}

/// The place of the quote that closes the `quote` opened before `from`. An address may itself contain quotes: only one
/// followed by a blank, the end, or the punctuation of a list or a sentence is a closing quote.
fn closing_quote(text: &str, from: usize, quote: &str) -> Option<usize> {
    text[from..].match_indices(quote).map(|(at, _)| from + at).find(|at| {
        let is_escaped = quote.starts_with('"') && text[..*at].ends_with('\\');
        let after = text[at + quote.len()..].chars().next();
        !is_escaped && after.is_none_or(|after| after.is_whitespace() || ",]}=#):.".contains(after))
    })
}

fn is_address(text: &str) -> bool {
    let scheme = text.split_once("://").map_or("", |(scheme, _)| scheme);
    !scheme.is_empty() && scheme.chars().all(|character| character.is_ascii_alphanumeric() || "+-.".contains(character))
}

fn hidden(text: &str, secrets: &[Range<usize>]) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut at = 0;
    for secret in secrets {
        shown.push_str(&text[at..secret.start]);
        shown.push_str(HIDDEN);
        at = secret.end;
    }
    shown + &text[at..]
}

/// The secret parts of all addresses in a text, in order.
fn secrets(text: &str, form: AddressContext) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(scheme) = text[at..].find("://") {
        let start = at + scheme + "://".len();
        let (end, next) = form.end(text, at, start);
        of_address(text, start..end, form, &mut found);
        at = next;
    }
    found
}

/// Finds the secret parts of one address; the range begins behind its scheme.
fn of_address(text: &str, Range { mut start, end }: Range<usize>, form: AddressContext, found: &mut Vec<Range<usize>>) {
    // An address may stand in the path of another. Each level is scanned to the end, so their number is bounded. The
    // rest beyond the bound is hidden, except in a shell's text, which must show everything that would run.
    for nested in 0..=MOST_NESTED {
        let path = start + login(&text[start..end], form).unwrap_or(0);
        if path > start {
            found.push(start..path);
        }
        let query = text[path..end].find(['?', '#']).map_or(end, |query| path + query);
        match text[path..query].find("://") {
            None => return values(text, query..end, form, found),
            Some(_) if nested == MOST_NESTED && form == AddressContext::Shell => {}
            Some(_) if nested == MOST_NESTED => found.push(path..end),
            Some(inner) => start = path + inner + "://".len(),
        }
    }
}

/// The length of the user name and password in front of an address's host.
fn login(address: &str, form: AddressContext) -> Option<usize> {
    let authority = &address[..address.find(['/', '?', '#']).unwrap_or(address.len())];
    let port = authority.rsplit_once(':').map_or("", |(_, port)| port);
    // Anything but a port is meant as a password, which may hold any character.
    let is_cut = !authority.contains('@') && !port.chars().all(|character| character.is_ascii_digit());
    let length = if is_cut { address.rfind('@') } else { authority.rfind('@') };
    length.filter(|length| form != AddressContext::Shell || !address[..*length].contains('&'))
}

/// Finds the values in a query and a fragment; `range` begins at `?` or `#`. A part without a name counts as a value.
fn values(text: &str, range: Range<usize>, form: AddressContext, found: &mut Vec<Range<usize>>) {
    let mut start = range.start + 1;
    let mut first = true;
    while start <= range.end {
        let end = text[start..range.end].find(['&', ';', '#']).map_or(range.end, |end| start + end);
        match text[start..end].find('=') {
            Some(sign) if start + sign + 1 < end => found.push(start + sign + 1..end),
            // In a shell, another command may follow `&`.
            None if start < end && (first || form != AddressContext::Shell) => found.push(start..end),
            _ => {}
        }
        first = text[end..].starts_with('#');
        start = end + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_secrets() {
        for (address, shown) in [
            ("https://host.invalid", "https://host.invalid"),
            ("https://host.invalid/a/b@c.tgz", "https://host.invalid/a/b@c.tgz"),
            ("https://u:p@host.invalid/a/b.tgz?token=t#f", "https://***@host.invalid/a/b.tgz?token=***#***"),
            ("https://token@h:8080", "https://***@h:8080"),
            ("https://a:b@c&d@h/x", "https://***@h/x"),
            ("https://u:pa/ss?w@h/x", "https://***@h/x"),
            ("https://h/?a=1&b=2=3&c=&d;e=4", "https://h/?a=***&b=***&c=&***;e=***"),
            ("https://h/?signature", "https://h/?***"),
            ("https://h/x#token=t&x", "https://h/x#token=***&***"),
            ("https://h/https://u:p@i/x?t=s", "https://h/https://***@i/x?t=***"),
            ("https://h/{version}/{os:linux=Linux}?v={version}", "https://h/{version}/{os:linux=Linux}?v=***"),
            ("git+ssh://me:s3cret@h/x", "git+ssh://***@h/x"),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(shown_address(address), shown);
            assert_eq!(shown_value(address), shown);
        }
    }

    #[test]
    fn addresses_in_a_text_are_shown_without_their_secrets() {
        for (text, shown) in [
            (
                "[\"https://u:p@one.invalid\", 'http://u:p@two.invalid']",
                "[\"https://***@one.invalid\", 'http://***@two.invalid']",
            ),
            ("curl https://u:p@h -o x && mail a@b", "curl https://***@h -o x && mail a@b"),
            ("curl 'https://h/x?t=s&u=v' | sh", "curl 'https://h/x?t=***&u=***' | sh"),
            ("mirror=https://me:SEC;RET@h/x", "mirror=https://***@h/x"),
            ("a=https://me:S'E$C(R)E`T@h/x?t=T'K;N b", "a=https://***@h/x?t=***;*** b"),
            (
                "it's `https://u:p'w@h/x`: no, and 'https://u:p\"w@h/?t=s'",
                "it's `https://***@h/x`: no, and 'https://***@h/?t=***'",
            ),
            ("https://h/ me@h", "https://h/ me@h"),
            ("git@h:a/b ://", "git@h:a/b ://"),
        ] {
            assert_eq!(without_secrets(text), shown);
        }
    }

    #[test]
    fn nothing_that_a_shell_acts_on_is_hidden() {
        for command in [
            "curl https://$(evil)@h/x",
            "curl https://h/x?t=$(evil)",
            "curl https://h/x?t=1;evil",
            "curl https://h/x?t=1&evil",
            "curl https://a&evil@h/x",
            "curl https://h/x#`evil`",
            "curl https://h/x?t=1|evil",
        ] {
            assert!(without_secrets_for_a_shell(command).contains("evil"), "{command}");
        }
    }

    #[test]
    fn in_a_line_of_a_file_an_address_ends_where_its_quotes_do() {
        for line in [
            "url = \"https://uu:PLANTED@h/t?token=PLANTED\"",
            "url = \"https://uu:PLAN'TED@h/t?token=PLAN'TED\", x = 'y'",
            "url = 'https://uu:PLAN\"TED@h/t?token=PLAN\"TED' # it's",
            "url = \"https://uu:PLAN\"TED@h/t?token=PLAN\"TED\"",
            "url = \"https://uu:PLAN\\\" TED@h/t?token=PLAN\\\" TED\"",
            "url = \"https://uu:PLAN$(T);E`D@h/t?token=PLAN$(T);E`D",
            "url = \"\"\"https://uu:PLAN\" TED@h/t?token=PLAN\"TED\"\"\"",
            "a = \"x, url = \"https://uu:PLAN'TED@h/t?token=TED\"",
            "it's https://uu:PLAN'TED@h/t?token=TED",
        ] {
            let shown = starred(line);
            assert!(!shown.contains("PLAN") && !shown.contains("TED") && shown.contains("@h/t?token=*"), "{shown}");
        }
        let two = "a = [\"https://u:p@one\", 'https://u:p@two'] # https://u:p@three";
        assert_eq!(starred(two), "a = [\"https://***@one\", 'https://***@two'] # https://***@three");
    }

    #[test]
    fn a_starred_line_keeps_its_columns() {
        let line = "a = { url = \"https://u:pä@h/x?t=s t\", x = 1 }";
        assert_eq!(starred(line), "a = { url = \"https://****@h/x?t=***\", x = 1 }");
        assert_eq!(starred(line).chars().count(), line.chars().count());
    }

    #[test]
    fn a_locked_address_has_one_spelling_and_no_secret() {
        let locked = locked_address("https://me:secret@HOST.invalid:443/a b?X-Amz-Signature=s&n=1");
        assert_eq!(locked, "https://host.invalid/a%20b?X-Amz-Signature=***&n=***");
        assert_eq!(locked_address(&locked), locked);
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_it_and_a_second_time_changes_nothing(text in "(http|://|@|:|/|\\?|&|=|#|;|a|é| |\"|'|`|\\\\|\\$){0,30}") {
            for shown in [shown_address(&text), without_secrets(&text), without_secrets_for_a_shell(&text)] {
                proptest::prop_assert!(shown.chars().count() <= 4 * text.chars().count() + 3);
            }
            proptest::prop_assert_eq!(shown_address(&shown_address(&text)), shown_address(&text));
            proptest::prop_assert_eq!(starred(&text).chars().count(), text.chars().count());
        }
    }

    #[test]
    fn of_more_addresses_in_one_than_anybody_has_the_rest_is_hidden_and_a_command_is_not() {
        let address = |secret: &str| format!("https://h/{}{secret}", "x://y/".repeat(40));
        assert!(!shown_address(&address("x://u:planted@h/")).contains("planted"));
        assert!(!starred(&address("x://u:planted@h/")).contains("planted"));
        assert!(without_secrets_for_a_shell(&address("&evil")).contains("evil"));
    }
}
