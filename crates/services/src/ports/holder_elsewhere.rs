//! The program that holds a port: other systems don't show it to every user.

/// A program that holds a port.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortOwner {
    /// Its process id.
    pub pid: Option<u32>,
    /// Its name.
    pub program: Option<String>,
    /// Its user's id.
    pub user: Option<u32>,
}

/// Unknown on this system.
pub fn holder(_: u16) -> PortOwner {
    PortOwner::default()
}
