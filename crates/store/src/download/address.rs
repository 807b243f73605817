//! Addresses: which are usable, and which host gets the credentials.

use vx_http::Uri;

use vx_base::package::Part;
use vx_base::package::archive::Origin;
use vx_base::shown_address::shown_address;

use super::error::DownloadErrorKind;

/// Refuse an address that can't be downloaded from.
pub(super) fn check(url: &str) -> Result<(), DownloadErrorKind> {
    let refused =
        |reason: &str| Err(DownloadErrorKind::Address { address: shown_address(url), reason: reason.to_owned() });
    match url.parse::<Uri>() {
        Err(error) => refused(&error.to_string()),
        Ok(uri) => match (uri.scheme_str(), uri.host()) {
            (Some("http" | "https"), Some(host)) if !host.is_empty() => Ok(()),
            (Some("http" | "https"), _) => refused("it names no host"),
            (Some("file"), _) => refused("vx does not install from files of this machine"),
            (Some(scheme), _) => refused(&format!("`{scheme}:` is not supported")),
            (None, _) => refused("it does not begin with `https://`"),
        },
    }
}

/// Choose the origin to ask for a part: its own, or the address that replaces it. Only the host of the part's own
/// address gets its credentials.
pub(super) fn origin(part: &Part, instead: Option<&str>) -> Origin {
    let Some(own) = &part.origin else {
        return Origin { url: instead.unwrap_or_default().to_owned(), authorization: None };
    };
    match instead {
        Some(url) => {
            let authorization = own.authorization.clone().filter(|_| same_host(&own.url, url));
            Origin { url: url.to_owned(), authorization }
        }
        None => own.clone(),
    }
}

fn same_host(one: &str, other: &str) -> bool {
    let host = |url: &str| {
        let uri = url.parse::<Uri>().ok()?;
        Some((uri.scheme_str()?.to_owned(), uri.host()?.to_ascii_lowercase(), uri.port_u16()))
    };
    host(one).is_some() && host(one) == host(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vx_base::package::archive::Archive;

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
        let own = Origin { url: "https://host.invalid/a.tgz".into(), authorization: Some("Bearer planted".into()) };
        let part = Part { archive: Archive::default(), origin: Some(own.clone()) };
        let authorization = |url: &str| origin(&part, Some(url)).authorization;
        assert_eq!(origin(&part, None), own);
        assert!(authorization("https://HOST.invalid/b.tgz").is_some());
        for other in ["https://other.invalid/a.tgz", "http://host.invalid/a.tgz", "https://host.invalid:8443/a.tgz"] {
            assert_eq!(authorization(other), None, "{other}");
        }
    }
}
