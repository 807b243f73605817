//! An amount of work in the unit of its slot.

use vx_shm::Unit;

use vx_text::units::bytes;

/// An amount of work in its unit; empty for thousandths, which are shown as a share.
pub fn amount(count: u64, unit: Unit) -> String {
    match unit {
        Unit::Bytes => bytes(count),
        Unit::Permille => String::new(),
        _ => count.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bytes_are_shown_as_bytes() {
        let shown = [Unit::Bytes, Unit::Count, Unit::Files, Unit::Unknown, Unit::Permille].map(|unit| amount(7, unit));
        assert_eq!(shown, ["7 B", "7", "7", "7", ""]);
    }
}
