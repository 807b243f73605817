//! The ports of development servers: one for each plugin, reserved across all programs of this user, and a record of
//! the process groups that use them. If this program is killed, the next manager ends those groups.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use vx_base::files::replace_file::replace_file;
use vx_process::RecordedProcess;

use vx_services::ports::{PORT_RANGE_END, PORT_RANGE_START, PortError, PortReservation, Ports};

/// How long recorded processes may take to end before they are killed.
const GRACE: Duration = Duration::from_secs(2);

/// The ports of one program's plugins.
#[derive(Debug)]
pub struct PortAllocator {
    ports: Ports,
    /// The directory of the records, with one file for each program.
    records: PathBuf,
    held: Mutex<BTreeMap<String, PortReservation>>,
    groups: Mutex<BTreeMap<u16, RecordedProcess>>,
}

/// The record of a program.
#[derive(Default, Serialize, Deserialize)]
struct PortRecord {
    owner: Option<RecordedProcess>,
    ports: BTreeMap<u16, RecordedProcess>,
}

impl PortAllocator {
    /// An allocator whose reservations and records are below this runtime directory.
    pub fn new(runtime: &Path) -> Self {
        Self {
            ports: Ports::within(runtime),
            records: runtime.join("devservers"),
            held: Mutex::default(),
            groups: Mutex::default(),
        }
    }

    /// The port of this plugin: the one that it holds, or else a free one.
    ///
    /// # Errors
    /// All ports are taken, or a reservation cannot be written.
    pub fn allocate(&self, id: &str) -> Result<u16, PortError> {
        let mut held = self.held.lock();
        if let Some(known) = held.get(id) {
            return Ok(known.port());
        }
        let reserved = self.ports.reserve(&self.records, id, PORT_RANGE_START..PORT_RANGE_END)?;
        let port = reserved.port();
        held.insert(id.to_owned(), reserved);
        Ok(port)
    }

    /// The port of this plugin; 0 if it has none.
    pub fn get_port(&self, id: &str) -> u16 {
        self.held.lock().get(id).map_or(0, PortReservation::port)
    }

    /// Give a port back. Does nothing if it is not held.
    pub fn release(&self, port: u16) {
        self.held.lock().retain(|_, reserved| reserved.port() != port);
        self.groups.lock().remove(&port);
    }

    /// Give the port of this plugin back, and return it; 0 if it had none.
    pub fn release_by_plugin(&self, id: &str) -> u16 {
        let port = self.get_port(id);
        self.release(port);
        port
    }

    /// Remember the process group that uses a port; 0 removes it.
    pub fn record_pid(&self, port: u16, pgid: u32) {
        let mut groups = self.groups.lock();
        match RecordedProcess::from_pid(pgid).filter(|_| pgid > 0) {
            Some(recorded) => drop(groups.insert(port, recorded)),
            None => drop(groups.remove(&port)),
        }
    }

    /// Write the record atomically, or remove it if no groups are left.
    ///
    /// # Errors
    /// It cannot be written or removed.
    pub fn save_pids(&self) -> io::Result<()> {
        // Held to the end: two threads write one after the other, and the second record has the groups of both.
        let groups = self.groups.lock();
        let file = self.records.join(format!("{}.json", std::process::id()));
        if groups.is_empty() {
            return match fs::remove_file(&file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
        }
        fs::create_dir_all(&self.records)?;
        let record = PortRecord { owner: RecordedProcess::from_pid(std::process::id()), ports: groups.clone() };
        let bytes = serde_json::to_vec(&record)?;
        replace_file(&file, |writer| writer.write_all(&bytes))
    }

    /// End the recorded processes of programs that no longer run, and remove their records. A record that cannot be
    /// read counts as empty. A process that merely has a recorded number, but is another one, is left alone.
    pub fn cleanup_stale_processes(&self) {
        let files = fs::read_dir(&self.records).into_iter().flatten().flatten().map(|entry| entry.path());
        for file in files.filter(|file| file.extension().is_some_and(|extension| extension == "json")) {
            let record: PortRecord =
                fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
            if record.owner.is_some_and(|owner| owner.is_there()) {
                continue;
            }
            record.ports.values().for_each(|group| group.end_group(GRACE));
            let _ = fs::remove_file(file);
        }
    }
}

#[cfg(test)]
mod tests;
