//! Processes: start, capture, stop, wait.
