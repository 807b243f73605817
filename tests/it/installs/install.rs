//! Installs through the library, from a server with all the faults of real servers.

mod archives;
mod downloads;
mod releases;
mod setting;
