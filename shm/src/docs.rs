//! What the code rests on, in prose: [`protocol`] argues the orderings, [`limits`] says what is not promised.

pub mod limits;
pub mod protocol;
