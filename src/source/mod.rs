//! Where releases come from: npm, PyPI, plain addresses, the system; and the catalogue of known tools.
