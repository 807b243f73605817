//! The rule for redirects of lists and archives alike: only to `http` and `https` addresses, and never from https to
//! http.

use url::Url;

use super::fault::Misdirection;

/// The address that a redirect from `from` leads to; `location` is its header, which may be relative.
///
/// # Errors
/// The redirect must not be followed.
pub(super) fn target(from: &Url, location: Option<&str>) -> Result<Url, Misdirection> {
    let target = location.and_then(|location| from.join(location).ok()).ok_or(Misdirection::Nowhere)?;
    match (from.scheme(), target.scheme()) {
        ("https", "http") => Err(Misdirection::Unsafe),
        (_, "http" | "https") => Ok(target),
        _ => Err(Misdirection::Nowhere),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(address: &str, location: &str) -> Result<String, Misdirection> {
        target(&Url::parse(address).expect("an address"), Some(location)).map(String::from)
    }

    #[test]
    fn an_encrypted_connection_is_never_left() {
        assert_eq!(from("https://h.invalid/a", "http://h.invalid/a"), Err(Misdirection::Unsafe));
        assert_eq!(from("https://h.invalid/a", "HTTP://other.invalid/b"), Err(Misdirection::Unsafe));
        assert_eq!(from("https://h.invalid/a", "//other.invalid/b").as_deref(), Ok("https://other.invalid/b"));
        assert_eq!(from("http://h.invalid/a", "https://h.invalid/a").as_deref(), Ok("https://h.invalid/a"));
        assert_eq!(from("http://h.invalid/a/b", "../c").as_deref(), Ok("http://h.invalid/c"));
    }

    #[test]
    fn a_redirect_to_no_address_of_the_web_leads_nowhere() {
        for location in ["file:///etc/passwd", "data:text/plain,x", "http://"] {
            assert_eq!(from("http://h.invalid/a", location), Err(Misdirection::Nowhere), "{location}");
        }
        assert_eq!(target(&Url::parse("http://h.invalid/").expect("an address"), None), Err(Misdirection::Nowhere));
    }
}
