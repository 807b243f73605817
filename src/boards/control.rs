//! Controlling work from any terminal: the requests that a runner accepts for its slots, and the side that sends them.
//!
//! Each process that runs work, a *runner*, has a socket beside the board, and its slots name it. So several runners can
//! share a board, a request goes to the runner that can act on it, and a slot without a runner is read-only. Which
//! requests a slot accepts is decided by its runner ([`Hand`]) and never guessed from the kind of work. The protocol:
//! `docs/clients/control.md`.
//!
//! - `hand` is the trait that a runner implements, `run` its implementation for a run of installs,
//! - `view` is the board as its clients see it, shared by all of them, `log` its output,
//! - `client_session` answers one client, `methods` lists the methods,
//! - `ask` finds the runner of a key and sends it a request, `remote` does so for a view, `report` is a script's report.

mod ask;
mod client_session;
mod hand;
mod log;
mod methods;
mod remote;
mod report;
mod run;
mod view;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use vx_rpc::{RpcServer, RpcService, RpcServices, socket_of};
use vx_shm::Unnamed;

pub use ask::{AcceptedWorkRequest, ControlError, ask, connect_to, report};
pub use hand::{Hand, Verb, fault, impossible};
pub use remote::RemoteControl;
pub use report::ReportDocument;
pub use run::RunHand;

use client_session::ControlClientSession;
use view::ControlView;

/// The delay until a runner listens. Work that ends sooner never has a socket, and never pays for one.
const AFTER: Duration = Duration::from_millis(25);

/// The socket of this process for its work on one board.
#[derive(Debug)]
pub struct ControlSocket {
    server: Option<RpcServer>,
}

impl ControlSocket {
    /// Accept requests for this process's work on the board from now on. Call it once the work has started. If no
    /// socket can be made, work goes on without one, and its slots are read-only.
    pub fn serve(board: &Path, hand: impl Hand) -> Self {
        // A shared memory segment or a board without a file name has no directory for a socket beside it.
        let in_file = !board.as_os_str().as_encoded_bytes().starts_with(b"shm:") && Unnamed::from_path(board).is_none();
        let hand: Arc<dyn Hand> = Arc::new(hand);
        let desks = ControlServices {
            view: Arc::new(ControlView::new(board, Arc::clone(&hand))),
            hand,
            clients: Mutex::new(0),
        };
        let start = || RpcServer::start(&socket_of(board, std::process::id()), AFTER, desks).ok();
        Self { server: in_file.then(start).flatten() }
    }

    /// Call once the work has ended and the board shows it: clients that follow the board are sent the end.
    pub fn finish(self) {
        if let Some(server) = self.server {
            server.finish();
        }
    }
}

struct ControlServices {
    view: Arc<ControlView>,
    hand: Arc<dyn Hand>,
    /// The number of clients so far.
    clients: Mutex<u64>,
}

impl RpcServices for ControlServices {
    fn serve(&self) -> Box<dyn RpcService> {
        let mut clients = self.clients.lock();
        *clients += 1;
        Box::new(ControlClientSession::new(Arc::clone(&self.view), Arc::clone(&self.hand), *clients))
    }

    fn request_bytes(&self) -> usize {
        self.hand.request_bytes()
    }
}
