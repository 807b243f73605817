//! The route of a request: direct, or through the proxy that the environment names for its scheme.

use std::net::IpAddr;

use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Proxy};
use url::{Host, Url};

use super::AT_ONCE_MAX;
use super::hosts::Hosts;
use crate::source::options::{Limits, SourceOptions};

/// The routes, each with connections of its own.
pub(super) struct Routes {
    straight: Agent,
    http: Option<Agent>,
    https: Option<Agent>,
    exceptions: Vec<Exception>,
}

/// An entry of `NO_PROXY`.
#[derive(Debug, PartialEq, Eq)]
enum Exception {
    Everything,
    /// A domain and its subdomains, optionally for one port.
    Domain(String, Option<u16>),
    /// A block of addresses: the first one, and the number of significant leading bits.
    Block(IpAddr, u32),
}

impl Routes {
    pub(super) fn new(options: &SourceOptions) -> Self {
        let first = |names: &[&str]| names.iter().find_map(|name| options.variable(name));
        let via = |names: &[&str]| {
            first(names).and_then(|proxy| Proxy::new(&proxy).ok()).map(|proxy| agent(&options.limits, Some(proxy)))
        };
        let no_proxy = first(&["NO_PROXY", "no_proxy"]).unwrap_or_default();
        Self {
            straight: agent(&options.limits, None),
            http: via(&["http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"]),
            https: via(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]),
            exceptions: no_proxy.split([',', ' ']).filter_map(|entry| Exception::parse(entry.trim())).collect(),
        }
    }

    pub(super) fn agent(&self, url: &Url) -> &Agent {
        let proxied = match url.scheme() {
            "https" => self.https.as_ref(),
            _ => self.http.as_ref(),
        };
        proxied.filter(|_| !self.exceptions.iter().any(|exception| exception.covers(url))).unwrap_or(&self.straight)
    }
}

fn agent(limits: &Limits, proxy: Option<Proxy>) -> Agent {
    let config = Agent::config_builder()
        .user_agent(concat!("vx/", env!("CARGO_PKG_VERSION")))
        .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build())
        .proxy(proxy)
        .http_status_as_error(false)
        // Redirects are followed one by one, so that each takes its own route with its own credentials.
        .max_redirects(0)
        .timeout_resolve(Some(limits.connect))
        .timeout_connect(Some(limits.connect))
        .timeout_per_read(Some(limits.idle))
        .timeout_per_write(Some(limits.idle))
        .timeout_recv_response(Some(limits.idle))
        // As many as can be in use at once, so that no connection is opened twice.
        .max_idle_connections(2 * AT_ONCE_MAX)
        .max_idle_connections_per_host(AT_ONCE_MAX)
        .build();
    Agent::with_parts(config, DefaultConnector::default(), <Hosts>::default())
}

impl Exception {
    fn parse(entry: &str) -> Option<Self> {
        if entry == "*" {
            return Some(Exception::Everything);
        }
        if let Some((address, bits)) = entry.split_once('/') {
            let address: IpAddr = address.parse().ok()?;
            let width = if address.is_ipv4() { 32 } else { 128 };
            return bits.parse().ok().filter(|bits| *bits <= width).map(|bits| Exception::Block(address, bits));
        }
        if let Ok(address) = entry.trim_matches(['[', ']']).parse::<IpAddr>() {
            return Some(Exception::Block(address, if address.is_ipv4() { 32 } else { 128 }));
        }
        let (host, port) = match entry.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (entry, None),
        };
        let host = host.trim_start_matches('*').trim_start_matches('.').trim_end_matches('.').to_ascii_lowercase();
        (!host.is_empty()).then_some(Exception::Domain(host, port))
    }

    fn covers(&self, url: &Url) -> bool {
        match (self, url.host()) {
            (Exception::Everything, _) => true,
            (Exception::Domain(domain, port), Some(host)) => {
                let host = host.to_string().to_ascii_lowercase();
                let inside =
                    host == *domain || host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.ends_with('.'));
                inside && port.is_none_or(|port| url.port_or_known_default() == Some(port))
            }
            (Exception::Block(first, bits), Some(Host::Ipv4(address))) => in_block(*first, *bits, IpAddr::V4(address)),
            (Exception::Block(first, bits), Some(Host::Ipv6(address))) => in_block(*first, *bits, IpAddr::V6(address)),
            _ => false,
        }
    }
}

fn in_block(first: IpAddr, bits: u32, address: IpAddr) -> bool {
    let (one, other, width) = match (first, address) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (u128::from(one.to_bits()), u128::from(other.to_bits()), 32),
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits(), other.to_bits(), 128),
        _ => return false,
    };
    (one ^ other).checked_shr(width - bits).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(entry: &str, url: &str) -> bool {
        Exception::parse(entry).is_some_and(|exception| exception.covers(&Url::parse(url).unwrap()))
    }

    #[test]
    fn a_domain_covers_itself_and_all_below_it() {
        for entry in ["corp.invalid", ".corp.invalid", "*.corp.invalid", "CORP.invalid"] {
            assert!(covered(entry, "https://corp.invalid/x"), "{entry}");
            assert!(covered(entry, "http://a.b.corp.invalid:8080/"), "{entry}");
            assert!(!covered(entry, "https://notcorp.invalid/"), "{entry}");
        }
        assert!(covered("*", "https://any.invalid/"));
        assert!(covered("h.invalid:443", "https://h.invalid/") && !covered("h.invalid:80", "https://h.invalid/"));
        assert!(Exception::parse("").is_none() && Exception::parse("h:port").is_none());
    }

    #[test]
    fn a_block_of_addresses_covers_its_own() {
        assert!(covered("127.0.0.1", "http://127.0.0.1:9/") && !covered("127.0.0.1", "http://127.0.0.2/"));
        assert!(covered("10.0.0.0/8", "http://10.200.1.1/") && !covered("10.0.0.0/8", "http://11.0.0.1/"));
        assert!(covered("0.0.0.0/0", "http://11.0.0.1/") && !covered("0.0.0.0/0", "http://[::1]/"));
        assert!(covered("::1", "http://[::1]/") && covered("fd00::/8", "http://[fd12::1]/"));
        assert!(Exception::parse("10.0.0.0/33").is_none());
    }
}
