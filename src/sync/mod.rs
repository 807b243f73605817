//! Planning what has to be installed, and carrying it out.
