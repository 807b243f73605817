//! Documents of registries and sites: requesting, caching, and reading them entry by entry.

pub(crate) mod cache;
pub(crate) mod http;
pub(crate) mod list_entry;
pub(crate) mod memo;
pub(crate) mod network;
