//! The program that holds a port, which other systems do not show to everybody.

/// A program that holds a port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortOwner {
    /// The number of its process.
    pub pid: Option<u32>,
    /// Its name.
    pub program: Option<String>,
    /// The number of its user.
    pub user: Option<u32>,
}

/// Nothing is known of it here.
pub fn holder(_: u16) -> PortOwner {
    PortOwner::default()
}
