//! Opens things for a view's user in other programs: an address in the browser, a place in the editor.

use crate::printed_locations::PrintedLocation;

/// Longest address that is opened, in bytes.
const LONGEST_ADDRESS: usize = 2048;

/// Opens addresses and places in files.
pub trait Opener: Send {
    /// Open this address in the user's browser. Returns as soon as a program for it was started.
    ///
    /// # Errors
    /// In words: it isn't a web address, or no program can open it.
    fn open_address(&mut self, address: &str) -> Result<(), String>;

    /// The failure of a program that was started for an address, if one came since the last call.
    fn address_failure(&mut self) -> Option<String> {
        None
    }

    /// Open the first of these places that is in a file of the project in the user's editor, which takes over the
    /// terminal. Returns whether there was one.
    ///
    /// # Errors
    /// In words: the editor failed.
    fn open_place(&mut self, places: &[PrintedLocation]) -> Result<bool, String>;
}

/// Returns whether this is a web address, the only kind that is opened. Any writer may put a text on a board, and with
/// other kinds of addresses a browser does more than show a page.
pub fn is_web_address(address: &str) -> bool {
    let named = address.strip_prefix("http://").or_else(|| address.strip_prefix("https://"));
    let plain =
        |mark: char| mark.is_ascii_graphic() && !matches!(mark, '"' | '\'' | '`' | '<' | '>' | '\\' | '^' | '|');
    named.is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '['))
        && address.len() <= LONGEST_ADDRESS
        && address.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_the_web_are_opened() {
        for address in
            ["http://localhost:5173", "https://shop.example/a?b=c&d#e", "http://[::1]:80/", "http://127.0.0.1:3000"]
        {
            assert!(is_web_address(address), "{address}");
        }
        let long = format!("http://a/{}", "x".repeat(LONGEST_ADDRESS));
        for address in [
            "",
            "localhost:80",
            "file:///etc/passwd",
            "http://",
            "http://-x",
            "http://a b",
            "http://a\u{7}",
            "javascript:1",
            &long,
        ] {
            assert!(!is_web_address(address), "{address}");
        }
    }
}
