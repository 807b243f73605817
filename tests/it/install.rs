//! Installs through the library, from a server that misbehaves in every way that servers do.

mod archives;
mod downloads;
mod releases;
mod setting;
