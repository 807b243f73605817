//! TLS in front of a server, with a certificate of an unknown issuer.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::Server;

/// The longest that a connection may stay idle.
const PATIENCE: Duration = Duration::from_secs(10);

/// An unknown issuer of certificates.
pub(crate) struct Authority {
    /// Its own certificate, in PEM.
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut own = CertificateParams::new(Vec::new()).expect("parameters");
        own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let certificate = own.self_signed(&key).expect("a certificate").pem();
        Self { certificate, issuer: Issuer::new(own, key) }
    }

    /// A certificate for these names, and its key, in PEM.
    pub(crate) fn issue(&self, names: &[&str]) -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let own = CertificateParams::new(names).expect("parameters").signed_by(&key, &self.issuer);
        (own.expect("a certificate").pem(), key.serialize_pem())
    }
}

/// A TLS port that passes requests on to a server; it closes when dropped.
pub(crate) struct Secured {
    address: String,
    issuer: String,
    closing: Arc<AtomicBool>,
    acceptor: Option<JoinHandle<()>>,
}

impl Secured {
    /// A port in front of this server, with a new issuer.
    pub(crate) fn before(server: &Server) -> Self {
        Self::with(server, None)
    }

    /// The same, only for clients with a certificate of this authority.
    pub(crate) fn before_for(server: &Server, clients: &Authority) -> Self {
        Self::with(server, Some(clients))
    }

    fn with(server: &Server, clients: Option<&Authority>) -> Self {
        let authority = Authority::new();
        let issuer = authority.certificate.clone();
        let (own, key) = authority.issue(&["127.0.0.1", "localhost"]);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
        let config = config.expect("versions");
        let config = match clients {
            None => config.with_no_client_auth(),
            Some(clients) => {
                let mut roots = RootCertStore::empty();
                let root = CertificateDer::from_pem_slice(clients.certificate.as_bytes()).expect("a certificate");
                roots.add(root).expect("a certificate");
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
                config.with_client_cert_verifier(verifier.expect("a verifier"))
            }
        };
        let own = CertificateDer::from_pem_slice(own.as_bytes()).expect("a certificate");
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
        let config = config.with_single_cert(vec![own], key);
        let config = Arc::new(config.expect("a certificate with its key"));

        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free loopback port");
        let address = format!("https://{}", listener.local_addr().expect("a bound address"));
        let (closing, behind) = (Arc::new(AtomicBool::new(false)), server.address().replace("http://", ""));
        let acceptor = thread::spawn({
            let closing = Arc::clone(&closing);
            move || {
                while let Ok((stream, _)) = listener.accept() {
                    if closing.load(Ordering::Relaxed) {
                        return;
                    }
                    let (config, behind) = (Arc::clone(&config), behind.clone());
                    thread::spawn(move || pass(stream, config, &behind));
                }
            }
        });
        Self { address, issuer, closing, acceptor: Some(acceptor) }
    }

    /// The address of a path that begins with `/`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// The certificate of the issuer, in PEM.
    pub(crate) fn issuer(&self) -> &str {
        &self.issuer
    }
}

impl Drop for Secured {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address.trim_start_matches("https://"));
        self.acceptor.take().map(JoinHandle::join);
    }
}

/// Pass a request on, and back as much of its answer as arrives.
fn pass(stream: TcpStream, config: Arc<ServerConfig>, behind: &str) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let connection = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut safe = StreamOwned::new(connection, stream);
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        safe.read_exact(&mut byte)?;
        request.push(byte[0]);
    }
    let mut open = TcpStream::connect(behind)?;
    open.set_read_timeout(Some(PATIENCE))?;
    open.write_all(&request)?;
    open.shutdown(Shutdown::Write)?;
    let mut answer = Vec::new();
    let whole = open.read_to_end(&mut answer);
    safe.write_all(&answer)?;
    if whole.is_ok() {
        safe.conn.send_close_notify();
    }
    safe.flush()
}
