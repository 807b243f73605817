//! The arguments behind the code: [`protocol`] for the orderings, [`limits`] for everything that is not promised.

pub mod limits;
pub mod protocol;
