//! Credentials for hosts, from `.netrc` and from names and passwords in addresses.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use url::Url;

use crate::options::SourceOptions;

/// A parsed `.netrc`.
#[derive(Default)]
pub(crate) struct Netrc {
    machines: Vec<Machine>,
}

#[derive(Default)]
struct Machine {
    /// `None` for `default`, which applies to every host.
    host: Option<String>,
    login: String,
    password: String,
}

impl Netrc {
    /// Read the file named by `NETRC`, or else the one in the user's home directory; a missing file is empty.
    pub(crate) fn load(options: &SourceOptions) -> Self {
        let named = options.variable("NETRC").map(std::path::PathBuf::from);
        let usual = || {
            let home = options.user_directory()?;
            [".netrc", "_netrc"].iter().map(|name| home.join(name)).find(|path| path.is_file())
        };
        let text = named.or_else(usual).and_then(|path| std::fs::read_to_string(path).ok());
        text.map(|text| Self::parse(&text)).unwrap_or_default()
    }

    fn parse(text: &str) -> Self {
        let mut machines: Vec<Machine> = Vec::new();
        let mut words = NetrcWords { rest: text };
        while let Some(word) = words.next() {
            match word.as_str() {
                "machine" => machines.push(Machine { host: words.next(), ..Machine::default() }),
                "default" => machines.push(Machine::default()),
                "login" | "user" => {
                    let login = words.next().unwrap_or_default();
                    machines.iter_mut().last().into_iter().for_each(|machine| machine.login = login.clone());
                }
                "password" => {
                    let password = words.next().unwrap_or_default();
                    machines.iter_mut().last().into_iter().for_each(|machine| machine.password = password.clone());
                }
                "account" => drop(words.next()),
                "macdef" => words.skip_macro(),
                _ => {}
            }
        }
        Self { machines }
    }

    /// Make the `Authorization` header for this address, if the file has credentials for its host.
    pub(crate) fn header(&self, url: &Url) -> Option<String> {
        let host = url.host_str()?;
        let named = |machine: &&Machine| machine.host.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(host));
        let machine = self.machines.iter().find(named);
        let machine = machine.or_else(|| self.machines.iter().find(|machine| machine.host.is_none()))?;
        (!machine.login.is_empty() || !machine.password.is_empty()).then(|| basic(&machine.login, &machine.password))
    }
}

/// Splits a `.netrc` into words, separated by blanks and grouped by quotes; `#` starts a comment.
struct NetrcWords<'t> {
    rest: &'t str,
}

impl Iterator for NetrcWords<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        loop {
            self.rest = self.rest.trim_start();
            match self.rest.strip_prefix('#') {
                Some(comment) => self.rest = comment.split_once('\n').map_or("", |(_, rest)| rest),
                None => break,
            }
        }
        let quoted = self.rest.starts_with('"');
        let mut word = String::new();
        let mut characters = self.rest.char_indices().skip(usize::from(quoted));
        let mut end = self.rest.len();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' if quoted => {
                    end = at + 1;
                    break;
                }
                '\\' => word.extend(characters.next().map(|(_, escaped)| escaped)),
                blank if blank.is_whitespace() && !quoted => {
                    end = at;
                    break;
                }
                other => word.push(other),
            }
        }
        let empty = self.rest.is_empty();
        self.rest = &self.rest[end..];
        (!empty).then_some(word)
    }
}

impl NetrcWords<'_> {
    /// Skip a macro: its text ends at the next empty line.
    fn skip_macro(&mut self) {
        self.rest = self.rest.split_once("\n\n").map_or("", |(_, rest)| rest);
    }
}

/// Make the header for a name and a password.
pub(crate) fn basic(login: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{login}:{password}")))
}

/// Split an address into the bare address and the header made of its name and password.
pub(crate) fn split(mut url: Url) -> (Url, Option<String>) {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (login, password) = (decoded(url.username()), decoded(url.password().unwrap_or_default()));
    if login.is_empty() && password.is_empty() {
        return (url, None);
    }
    // This fails only for an address without a host, which cannot have a login either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    (url, Some(basic(&login, &password)))
}

/// Whether both addresses have the same scheme, host and port, and so may share credentials.
pub(crate) fn same_origin(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(netrc: &str, url: &str) -> Option<String> {
        Netrc::parse(netrc).header(&Url::parse(url).unwrap())
    }

    #[test]
    fn a_host_with_an_international_name_is_known_in_every_spelling() {
        let netrc = "machine xn--bcher-kva.invalid login me password x\n";
        for url in ["https://bücher.invalid/", "https://BÜCHER.invalid/", "https://bu\u{308}cher.invalid/"] {
            assert_eq!(header(netrc, url), Some(basic("me", "x")), "{url}");
        }
    }

    #[test]
    fn a_host_gets_its_own_login_and_no_other() {
        let netrc = "# machine c.invalid login no password no\nmachine a.invalid login me password s#crét\nmachine b.invalid\n\tlogin \"you two\"\n\tpassword \"q\\\"x\" account z\n";
        assert_eq!(header(netrc, "https://a.invalid/x"), Some(basic("me", "s#crét")));
        assert_eq!(header(netrc, "https://B.invalid:8443/"), Some(basic("you two", "q\"x")));
        assert_eq!(header(netrc, "https://c.invalid/"), None);
        assert_eq!(header(netrc, "https://xa.invalid/"), None);
    }

    #[test]
    fn default_stands_for_every_other_host_and_macros_are_passed_over() {
        let netrc = "macdef init\nmachine no login no password no\n\nmachine a.invalid login me password x\ndefault login any password y";
        assert_eq!(header(netrc, "https://a.invalid/"), Some(basic("me", "x")));
        assert_eq!(header(netrc, "https://b.invalid/"), Some(basic("any", "y")));
    }

    #[test]
    fn names_and_passwords_are_taken_out_of_addresses() {
        let (url, header) = split(Url::parse("https://us%40er:p%3Aw@h.invalid/simple/").unwrap());
        assert_eq!((url.as_str(), header), ("https://h.invalid/simple/", Some(basic("us@er", "p:w"))));
        assert_eq!(split(Url::parse("https://h.invalid/").unwrap()).1, None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "(machine|default|login|macdef|\"|\\\\|#| |\n|x|é){0,40}") {
            let _ = header(&text, "https://x/");
        }
    }
}
