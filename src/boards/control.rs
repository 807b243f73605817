//! A hand on work from any terminal: the requests that a running process takes for its slots, and the asking side.
//!
//! Each process that runs work, a *runner*, has a socket beside the board, and its slots name it. So several runners can
//! share a board, a request goes to the one that can act on it, and a slot without a runner is read-only. What can be
//! asked for a slot is said by its runner ([`Hand`]) and never guessed from the kind of work. The protocol:
//! `docs/clients/control.md`.
//!
//! - `hand` is what a runner can do, `run` the hand of an install run,
//! - `view` is the board as its clients see it, shared by all of them, `log` its output,
//! - `client_session` answers one client, `methods` names what it answers,
//! - `ask` finds the runner of a key and asks it, `remote` does so for a view, `report` is what a script reports to it.

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

/// The time until a runner listens: work that ends sooner has no socket, and costs nothing for it.
const AFTER: Duration = Duration::from_millis(25);

/// The socket of this process for its work on one board.
#[derive(Debug)]
pub struct ControlSocket {
    server: Option<RpcServer>,
}

impl ControlSocket {
    /// Take requests for this process's work on the board from now on. To be called once the work has begun. Work goes on
    /// without a socket where none can be had; its slots are then read-only.
    pub fn serve(board: &Path, hand: impl Hand) -> Self {
        // A segment of the system has no place beside it, nor has a board without a name.
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

    /// The work has ended, and the board says so: clients that follow it are sent the end.
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
