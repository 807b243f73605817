//! A daemon for one client, on standard input and output: no lock, no socket, no record, and the same answers.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::thread;

use crossbeam_channel::{bounded, select};
use vx_process::interrupts;
use vx_rpc::RpcServer;

use super::error::DaemonError;
use super::service::DaemonServices;
use super::state::DaemonState;
use crate::doors::daemon::process::daemon_place::DaemonPlace;

/// The most bytes that are passed on at once.
const PIECE_BYTES: usize = 16 * 1024;

/// Answer the client at these streams until its input ends, it asks for the end, or a signal comes.
///
/// # Errors
/// Other users could reach the daemon's directory, or no thread or socket can be made.
pub fn serve_stdio(
    place: &DaemonPlace,
    mut input: impl Read + Send + 'static,
    mut output: impl Write + Send + 'static,
) -> Result<(), DaemonError> {
    let failed = || DaemonError::system("cannot serve standard input and output");
    place.prepare()?;
    let signals = interrupts().map_err(DaemonError::system("cannot wait for signals"))?;
    let (ends, ended) = bounded(1);
    let (near, far) = UnixStream::pair().map_err(failed())?;
    let answers = far.try_clone().map_err(failed())?;
    let server = RpcServer::for_one(near, DaemonServices(DaemonState::new(place.clone(), ends))).map_err(failed())?;
    // A blocking read of the input cannot be interrupted, so this thread ends with the process.
    let requests = move || {
        let _ = copy(&mut input, &mut &far);
        let _ = far.shutdown(Shutdown::Write);
    };
    thread::Builder::new().name("input".into()).spawn(requests).map_err(failed())?;
    let (sender, taken) = bounded::<()>(0);
    let passed_on = move || {
        let _sender = sender;
        let _ = copy(&mut &answers, &mut output);
        // A client that takes no more answers makes no more requests.
        let _ = answers.shutdown(Shutdown::Both);
    };
    let output = thread::Builder::new().name("output".into()).spawn(passed_on).map_err(failed())?;
    select! {
        recv(ended) -> _ => {}
        recv(signals) -> _ => {}
        recv(taken) -> _ => {}
    }
    // First send the client the last answers.
    server.finish();
    let _ = output.join();
    Ok(())
}

/// Pass bytes on as they come.
fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        match from.read(&mut piece) {
            Ok(0) => return Ok(()),
            Ok(read) => {
                to.write_all(&piece[..read])?;
                to.flush()?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
