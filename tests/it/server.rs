//! A loopback web server for tests: fixed replies by path, and the ways in which real servers misbehave.
