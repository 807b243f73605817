//! Documents of registries and sites: requested, kept, and read entry by entry.

pub(crate) mod cache;
pub(crate) mod http;
pub(crate) mod list_entry;
pub(crate) mod memo;
pub(crate) mod network;
