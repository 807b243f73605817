//! Addresses: which may be used, what of them may be shown, and whose credentials belong to them.

use ureq::http::Uri;

use crate::config::Part;

use super::error::DownloadErrorKind;

/// An address without what may be secret in it: user, password, query and fragment.
pub fn shown_address(url: &str) -> String {
    let bare = url.split(['?', '#']).next().unwrap_or_default();
    match bare.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let host = authority.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}{path}")
        }
        None => bare.to_owned(),
    }
}

/// Whether an address can be downloaded from.
pub(super) fn check(url: &str) -> Result<(), DownloadErrorKind> {
    let refused =
        |reason: &str| Err(DownloadErrorKind::Address { address: shown_address(url), reason: reason.to_owned() });
    match url.parse::<Uri>() {
        Err(error) => refused(&error.to_string()),
        Ok(uri) => match (uri.scheme_str(), uri.host()) {
            (Some("http" | "https"), Some(host)) if !host.is_empty() => Ok(()),
            (Some("http" | "https"), _) => refused("it names no host"),
            (Some("file"), _) => refused("files of this machine are not installed from"),
            (Some(scheme), _) => refused(&format!("`{scheme}:` is not supported")),
            (None, _) => refused("it does not begin with `https://`"),
        },
    }
}

/// The credentials of a part, if they are for the host of this address: another one may have taken the part's place.
pub(super) fn authorization(part: &Part, url: &str) -> Option<String> {
    let authorization = part.authorization.clone()?;
    let place = |url: &str| {
        let uri = url.parse::<Uri>().ok()?;
        Some((uri.scheme_str()?.to_owned(), uri.host()?.to_ascii_lowercase(), uri.port_u16()))
    };
    (place(&part.url).is_some() && place(&part.url) == place(url)).then_some(authorization)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_secrets() {
        assert_eq!(shown_address("https://u:p@host.invalid/a/b.tgz?token=t#f"), "https://host.invalid/a/b.tgz");
        assert_eq!(shown_address("https://host.invalid"), "https://host.invalid");
        assert_eq!(shown_address("nonsense?secret"), "nonsense");
    }

    #[test]
    fn only_addresses_of_the_web_are_used() {
        assert!(check("https://host.invalid/a.tgz").is_ok());
        assert!(check("http://127.0.0.1:80/a.tgz").is_ok());
        for bad in ["file:///etc/passwd", "ftp://host.invalid/a", "/a.tgz", "https:///a.tgz", "", "http://a b/"] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn credentials_stay_with_their_host() {
        let part = Part {
            url: "https://host.invalid/a.tgz".into(),
            file_name: "a.tgz".into(),
            digest: None,
            size: None,
            strip: 0,
            into: String::new(),
            authorization: Some("Bearer planted".into()),
        };
        assert!(authorization(&part, "https://HOST.invalid/b.tgz").is_some());
        for other in ["https://other.invalid/a.tgz", "http://host.invalid/a.tgz", "https://host.invalid:8443/a.tgz"] {
            assert_eq!(authorization(&part, other), None, "{other}");
        }
    }
}
