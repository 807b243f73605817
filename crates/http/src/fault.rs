//! Causes of failed exchanges, distinguished by type.

use std::io::{self, ErrorKind};

use super::REDIRECTS_MAX;
use super::lowest_rate::{LowestRate, TooSlow};

/// The next step if a server's certificate is not trusted.
const SERVER_HINT: &str = "if your network has an issuer of its own, name the file of its certificate in \
    SSL_CERT_FILE, NODE_EXTRA_CA_CERTS or REQUESTS_CA_BUNDLE, as `cafile` in .npmrc or as `cert` in pip.conf; else check \
    the clock of this machine";

/// The next step if a server does not accept its client.
const CLIENT_HINT: &str = "set `certfile` with `keyfile` in .npmrc, or `client-cert` in pip.conf, for this host";

/// Why there is no secure connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsFault {
    /// The server is not trusted, or the certificates to trust cannot be loaded.
    #[error("{0}")]
    Server(String),
    /// The server does not accept the client's certificate, or requires one.
    #[error("{0}")]
    Client(String),
}

impl TlsFault {
    /// The next step.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Server(_) => SERVER_HINT,
            Self::Client(_) => CLIENT_HINT,
        }
    }
}

/// The cause of a failed exchange.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// No connection to the host. Another attempt may succeed.
    #[error("{0}")]
    NoConnection(String),
    /// The connection broke. Another attempt may succeed.
    #[error("{0}")]
    Lost(String),
    /// Nothing arrived within the time limit.
    #[error("no answer in time")]
    Silent,
    /// Data arrives too slowly: a byte now and then. Another server, or another connection, may be faster.
    #[error("less than {0}")]
    Slow(LowestRate),
    /// The time limit for the whole exchange has passed.
    #[error("the time limit has passed")]
    Overdue,
    /// No connection to the proxy, or from the proxy to the host. Another attempt may succeed.
    #[error("the proxy {proxy} fails: {reason}")]
    Proxy {
        /// The proxy, and the variable that names it.
        proxy: String,
        /// The reason.
        reason: String,
    },
    /// One of the user's settings for connections cannot be used.
    #[error("{setting} {reason}")]
    Setting {
        /// The setting.
        setting: String,
        /// The reason, as the end of a sentence about the setting.
        reason: String,
    },
    /// There is no secure connection.
    #[error("{0}")]
    Tls(TlsFault),
    /// A redirect is not followed.
    #[error("{0}")]
    Misdirected(Misdirection),
    /// The address cannot be requested.
    #[error("{0}")]
    Address(String),
    /// The answer is not HTTP.
    #[error("{0}")]
    Garbage(String),
}

/// Redirects that are not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misdirection {
    /// There are too many.
    #[error("more than {REDIRECTS_MAX} times")]
    Endless,
    /// A redirect does not lead to an `http` or `https` address.
    #[error("to nowhere")]
    Nowhere,
    /// A redirect leads from an encrypted connection to an unencrypted one.
    #[error("from https to http")]
    Unsafe,
}

impl HttpError {
    /// The cause of a failed request.
    pub(super) fn of_call(error: ureq::Error) -> Self {
        use ureq::{Error, Timeout};
        match error {
            Error::Timeout(Timeout::Connect | Timeout::Resolve) => Self::NoConnection("no connection in time".into()),
            Error::Timeout(Timeout::Global) => Self::Overdue,
            Error::Timeout(_) | Error::BodyStalled => Self::Silent,
            Error::HostNotFound => Self::NoConnection("the name of the host is not known".into()),
            Error::ConnectionFailed => Self::NoConnection("no connection".into()),
            Error::Io(error) => Self::of_read(error),
            Error::Tls(reason) => Self::Tls(TlsFault::Server(reason.to_owned())),
            Error::Rustls(error) => Self::Tls(about_certificates(&error)),
            Error::ConnectProxyFailed(reason) => Self::NoConnection(reason),
            Error::BadUri(_) | Error::Http(_) | Error::InvalidProxyUrl => {
                Self::Address(lower_first(&error.to_string()))
            }
            Error::Protocol(_) | Error::LargeResponseHeader(..) => Self::Garbage(lower_first(&error.to_string())),
            other => Self::NoConnection(lower_first(&other.to_string())),
        }
    }

    /// The cause of a failed read of the content.
    pub fn of_read(error: io::Error) -> Self {
        // ureq passes its own errors through a reader as the inner error.
        let error = match error.downcast::<ureq::Error>() {
            Ok(ureq::Error::Io(inner)) => inner,
            Ok(error) => return Self::of_call(error),
            Err(error) => error,
        };
        if let Some(TooSlow(lowest)) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
            return Self::Slow(*lowest);
        }
        // A refused certificate arrives wrapped in an I/O error.
        let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if let Some(tls) = tls.filter(|tls| is_about_certificates(tls)) {
            return Self::Tls(about_certificates(tls));
        }
        match error.kind() {
            ErrorKind::TimedOut | ErrorKind::WouldBlock => Self::Silent,
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => Self::Lost("connection reset".into()),
            ErrorKind::ConnectionAborted => Self::Lost("connection aborted".into()),
            ErrorKind::UnexpectedEof => Self::Lost("connection closed before the end".into()),
            ErrorKind::ConnectionRefused => Self::NoConnection("connection refused".into()),
            _ => Self::NoConnection(lower_first(&error.to_string())),
        }
    }
}

/// Returns whether a TLS error is about certificates, so that another attempt cannot help. Any other may be caused by
/// damage in transit.
fn is_about_certificates(error: &rustls::Error) -> bool {
    use rustls::{AlertDescription as Alert, Error};
    match error {
        // The platform's verifier reports a missing or unreadable store of certificates as a general error.
        Error::InvalidCertificate(_)
        | Error::InvalidCertRevocationList(_)
        | Error::NoCertificatesPresented
        | Error::General(_) => true,
        Error::AlertReceived(alert) => matches!(
            alert,
            Alert::NoCertificate
                | Alert::BadCertificate
                | Alert::UnsupportedCertificate
                | Alert::CertificateRevoked
                | Alert::CertificateExpired
                | Alert::CertificateUnknown
                | Alert::CertificateUnobtainable
                | Alert::CertificateRequired
                | Alert::UnknownCA
                | Alert::AccessDenied
        ),
        _ => false,
    }
}

/// Explains an error about certificates: the server's, or if the server sent the error, the client's.
fn about_certificates(error: &rustls::Error) -> TlsFault {
    use rustls::{AlertDescription as Alert, CertificateError as Certificate, Error};
    let text = match error {
        Error::InvalidCertificate(Certificate::UnknownIssuer) => "its certificate is from an unknown issuer",
        Error::InvalidCertificate(Certificate::Expired | Certificate::ExpiredContext { .. }) => {
            "its certificate has expired"
        }
        Error::InvalidCertificate(Certificate::NotValidForName | Certificate::NotValidForNameContext { .. }) => {
            "its certificate is for another name"
        }
        Error::AlertReceived(Alert::CertificateRequired) => {
            return TlsFault::Client("it requires a client certificate".into());
        }
        Error::AlertReceived(alert) => {
            return TlsFault::Client(format!("it refuses the client certificate ({alert:?})"));
        }
        other => return TlsFault::Server(lower_first(&other.to_string())),
    };
    TlsFault::Server(text.to_owned())
}

/// Lowers the first letter of a library's error text, to continue one of our sentences.
fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_certificate_is_told_from_a_broken_connection_by_its_type() {
        let wrapped = |error: rustls::Error| HttpError::of_read(io::Error::new(ErrorKind::InvalidData, error));
        let refused = rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
        assert!(matches!(wrapped(refused), HttpError::Tls(_)));
        let alert = rustls::Error::AlertReceived(rustls::AlertDescription::CertificateRequired);
        assert!(matches!(wrapped(alert), HttpError::Tls(_)));
        for alert in [rustls::AlertDescription::UnknownCA, rustls::AlertDescription::AccessDenied] {
            assert!(matches!(wrapped(rustls::Error::AlertReceived(alert)), HttpError::Tls(TlsFault::Client(_))));
        }
        assert!(matches!(wrapped(rustls::Error::DecryptError), HttpError::NoConnection(_)));
        assert!(matches!(HttpError::of_read(io::Error::other("no certificate of merit")), HttpError::NoConnection(_)));
    }

    #[test]
    fn silence_and_a_reset_are_told_apart() {
        assert_eq!(HttpError::of_read(ErrorKind::TimedOut.into()), HttpError::Silent);
        assert_eq!(
            HttpError::of_read(io::Error::other(ureq::Error::Timeout(ureq::Timeout::RecvBody))),
            HttpError::Silent
        );
        assert_eq!(
            HttpError::of_read(io::Error::other(ureq::Error::Timeout(ureq::Timeout::Global))),
            HttpError::Overdue
        );
        assert!(matches!(HttpError::of_read(ErrorKind::ConnectionReset.into()), HttpError::Lost(_)));
    }
}
