//! The route of a request: direct, or through the proxy that the environment names for its scheme.

use std::net::IpAddr;
use std::sync::OnceLock;

use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Proxy, ProxyProtocol};
use url::{Host, Url};

use super::hosts::Hosts;
use super::{HttpClientSettings, HttpError, HttpLimits, LONGEST, TlsTrust};

/// The routes. Each has separate connections, and is made when it is first used.
pub(super) struct ProxyRoutes {
    bounds: HttpLimits,
    buffer_bytes: Option<usize>,
    idle_connections: usize,
    trust: TlsTrust,
    http: Option<Via>,
    https: Option<Via>,
    exceptions: Vec<Exception>,
    /// An agent for each combination of `Safety`, with or without a proxy, and with each client certificate or without.
    agents: Box<[OnceLock<Result<Agent, HttpError>>]>,
}

/// The number of agents for each client certificate, and without one.
const AGENTS: usize = 6;

/// Treatment of the host's certificate.
#[derive(Clone, Copy)]
enum Safety {
    /// The connection is not encrypted, so there is no certificate.
    None,
    Checked,
    Unchecked,
}

/// A proxy, and the variable that names it.
struct Via {
    variable: &'static str,
    proxy: Option<Proxy>,
}

/// The route to one host.
pub(super) struct Route<'r> {
    pub(super) agent: &'r Agent,
    via: Option<&'r Via>,
}

/// An entry of `NO_PROXY`.
#[derive(Debug, PartialEq, Eq)]
enum Exception {
    Everything,
    /// A domain and its subdomains, optionally for one port.
    Domain(String, Option<u16>),
    /// A block of addresses: the first one, and the number of significant leading bits; optionally for one port.
    Block(IpAddr, u32, Option<u16>),
}

impl ProxyRoutes {
    pub(super) fn new(settings: &HttpClientSettings<'_>) -> Self {
        let variable = |name: &'static str| {
            (settings.environment)(name).filter(|value| !value.is_empty()).map(|value| (name, value))
        };
        let first = |names: &[&'static str]| names.iter().copied().find_map(variable);
        let via = |names: &[&'static str]| first(names).map(|(variable, address)| Via::new(variable, &address));
        let no_proxy = first(&["NO_PROXY", "no_proxy"]).map(|(_, entries)| entries).unwrap_or_default();
        let entries = no_proxy.split(|character: char| character == ',' || character.is_whitespace());
        Self {
            bounds: settings.bounds,
            buffer_bytes: settings.buffer_bytes,
            idle_connections: settings.idle_connections,
            trust: settings.trust.clone(),
            http: via(&["http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"]),
            https: via(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]),
            exceptions: entries.filter_map(Exception::parse).collect(),
            agents: (0..AGENTS * (1 + settings.trust.clients.len())).map(|_| OnceLock::new()).collect(),
        }
    }

    /// The route to the host of an address.
    pub(super) fn to(&self, url: &Url) -> Result<Route<'_>, HttpError> {
        let (safety, via) = match url.scheme() {
            "https" if self.trust.checks(url) => (Safety::Checked, &self.https),
            "https" => (Safety::Unchecked, &self.https),
            _ => (Safety::None, &self.http),
        };
        let via = via.as_ref().filter(|_| !self.exceptions.iter().any(|exception| exception.covers(url)));
        let client = self.trust.client_for(url).filter(|_| !matches!(safety, Safety::None));
        let row = client.map_or(0, |number| number + 1);
        let place = AGENTS * row + 2 * safety as usize + usize::from(via.is_some());
        let agent = self.agents[place].get_or_init(|| self.make(safety, via, client));
        agent.as_ref().map(|agent| Route { agent, via }).map_err(Clone::clone)
    }

    /// Close the connections of all routes.
    pub(super) fn shutdown(&self) {
        let made = self.agents.iter().filter_map(|agent| agent.get()?.as_ref().ok());
        made.for_each(|agent| agent.clone().shutdown());
    }

    fn make(&self, safety: Safety, via: Option<&Via>, client: Option<usize>) -> Result<Agent, HttpError> {
        let proxy = via.map(Via::proxy).transpose()?;
        let issuers = if let Safety::Checked = safety { self.trust.issuers()? } else { None };
        let roots = issuers.map_or(RootCerts::PlatformVerifier, RootCerts::from);
        let unchecked = matches!(safety, Safety::Unchecked);
        let client = client.map(|number| self.trust.clients[number].load()).transpose()?;
        let tls = TlsConfig::builder().root_certs(roots).disable_verification(unchecked).client_cert(client).build();
        let HttpLimits { connect, answer, idle, .. } = self.bounds;
        let [connect, answer, idle] = [connect, answer, idle].map(|bound| bound.min(LONGEST));
        let mut config = Agent::config_builder()
            .user_agent(concat!("vx/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls)
            .proxy(proxy)
            .http_status_as_error(false)
            // Redirects are followed one by one, so that each takes its own route with its own credentials.
            .max_redirects(0)
            .timeout_resolve(Some(connect))
            .timeout_connect(Some(connect))
            .timeout_recv_response(Some(answer))
            .timeout_per_read(Some(idle))
            .timeout_per_write(Some(idle))
            .max_idle_connections(2 * self.idle_connections)
            .max_idle_connections_per_host(self.idle_connections);
        if let Some(bytes) = self.buffer_bytes {
            config = config.input_buffer_size(bytes);
        }
        Ok(Agent::with_parts(config.build(), DefaultConnector::default(), <Hosts>::default()))
    }
}

impl Via {
    fn new(variable: &'static str, address: &str) -> Self {
        let known = |proxy: &Proxy| matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https);
        Self { variable, proxy: Proxy::new(address).ok().filter(known) }
    }

    fn proxy(&self) -> Result<Proxy, HttpError> {
        let unusable = || {
            let reason = "does not name a usable proxy: expected `http://HOST:PORT`".to_owned();
            HttpError::Setting { setting: self.variable.to_owned(), reason }
        };
        self.proxy.clone().ok_or_else(unusable)
    }

    /// The proxy's address without credentials, and the variable.
    fn shown(&self) -> String {
        let address = self.proxy.as_ref().map(|proxy| {
            let scheme = if matches!(proxy.protocol(), ProxyProtocol::Https) { "https" } else { "http" };
            format!("{scheme}://{}:{}", proxy.host(), proxy.port())
        });
        format!("`{}` of {}", address.unwrap_or_default(), self.variable)
    }
}

impl Route<'_> {
    /// Adds the proxy to a failure, as its cause or as part of the route. With a proxy, connections are made to the
    /// proxy only, and the proxy resolves the host's name.
    pub(super) fn explain(&self, fault: HttpError) -> HttpError {
        match (self.via, fault) {
            (Some(via), HttpError::NoConnection(reason)) => HttpError::Proxy { proxy: via.shown(), reason },
            (Some(via), HttpError::Lost(reason)) => {
                HttpError::Lost(format!("{reason}, through the proxy {}", via.shown()))
            }
            (_, fault) => fault,
        }
    }
}

impl Exception {
    fn parse(entry: &str) -> Option<Self> {
        match entry {
            "" => return None,
            "*" => return Some(Exception::Everything),
            _ => {}
        }
        if let Some((address, rest)) = entry.split_once('/') {
            let (bits, port) = with_port(rest)?;
            let address: IpAddr = address.trim_matches(['[', ']']).parse().ok()?;
            let bits = bits.trim_end_matches(']').parse().ok().filter(|bits| *bits <= width(address))?;
            return Some(Exception::Block(address, bits, port));
        }
        if let Ok(address) = entry.trim_matches(['[', ']']).parse::<IpAddr>() {
            return Some(Exception::Block(address, width(address), None));
        }
        let (host, port) = with_port(entry)?;
        if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
            return Some(Exception::Block(address, width(address), port));
        }
        let host = host.trim_start_matches('*').trim_start_matches('.').trim_end_matches('.').to_ascii_lowercase();
        (!host.is_empty()).then_some(Exception::Domain(host, port))
    }

    fn covers(&self, url: &Url) -> bool {
        let on_port = |port: &Option<u16>| port.is_none_or(|port| url.port_or_known_default() == Some(port));
        match (self, url.host()) {
            (Exception::Everything, _) => true,
            (Exception::Domain(domain, port), Some(host)) => {
                let host = host.to_string().to_ascii_lowercase();
                let inside =
                    host == *domain || host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.ends_with('.'));
                inside && on_port(port)
            }
            (Exception::Block(first, bits, port), Some(Host::Ipv4(address))) => {
                in_block(*first, *bits, IpAddr::V4(address)) && on_port(port)
            }
            (Exception::Block(first, bits, port), Some(Host::Ipv6(address))) => {
                in_block(*first, *bits, IpAddr::V6(address)) && on_port(port)
            }
            _ => false,
        }
    }
}

/// Splits a text at its last colon into the host and the port, if there is one.
fn with_port(text: &str) -> Option<(&str, Option<u16>)> {
    match text.rsplit_once(':') {
        Some((before, port)) => Some((before, Some(port.parse().ok()?))),
        None => Some((text, None)),
    }
}

fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
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

    #[test]
    fn an_address_or_a_block_may_be_for_one_port() {
        for entry in ["127.0.0.1:9", "127.0.0.0/8:9"] {
            assert!(covered(entry, "http://127.0.0.1:9/") && !covered(entry, "http://127.0.0.1:8/"), "{entry}");
        }
        assert!(covered("[::1]:9", "http://[::1]:9/") && !covered("[::1]:9", "http://[::1]:8/"));
    }
}
