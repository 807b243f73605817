//! One install: download, verify, unpack, activate; and the store.
