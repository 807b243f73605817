//! A tool of one program, in an archive that this process serves.

use std::io::{Read, Write};
use std::net::TcpListener;

use vx_base::digest::Algorithm;

/// Serve this program, as long as this process lives. Returns the line of `vx.toml` that declares it as `tiny`.
pub(crate) fn tiny_tool(program: &[u8]) -> String {
    let archive = archive(program);
    let mut hasher = Algorithm::Sha256.hasher();
    hasher.update(&archive);
    let sha256 = hasher.finish().hex();
    let url = serve(archive);
    format!("tiny = {{ version = \"1.0.0\", url = \"{url}\", sha256 = \"{sha256}\", bin = [\"bin/tiny\"] }}")
}

fn archive(program: &[u8]) -> Vec<u8> {
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_size(program.len() as u64);
    header.set_mode(0o755);
    tar.append_data(&mut header, "bin/tiny", program).expect("an entry");
    tar.into_inner().expect("a tar").finish().expect("an archive")
}

/// Serve these bytes to every client, as long as this process lives. Returns the address.
fn serve(bytes: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/tiny.tar.gz", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = Vec::new();
            let mut some = [0; 1024];
            while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                match stream.read(&mut some) {
                    Ok(count) if count > 0 => request.extend(&some[..count]),
                    _ => break,
                }
            }
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", bytes.len());
            let _ = stream.write_all(head.as_bytes());
            if request.starts_with(b"GET") {
                let _ = stream.write_all(&bytes);
            }
        }
    });
    url
}
