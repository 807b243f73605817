//! The project: `vx.toml`, versions, the lock file.
