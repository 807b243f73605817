//! The contrast of two colours, by WCAG 2.2.

/// The contrast, from 1 to 21.
pub(super) fn contrast(one: u32, other: u32) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// The relative luminance of 24 bits, red first: from 0 for black to 1 for white.
pub fn luminance(rgb: u32) -> f64 {
    let [_, red, green, blue] = rgb.to_be_bytes();
    let [red, green, blue] = [red, green, blue].map(|channel| {
        let share = f64::from(channel) / 255.0;
        if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn black_on_white_has_the_contrast_of_the_standard() {
        assert!((contrast(0, 0xffffff) - 21.0).abs() < 1e-9);
        assert!((contrast(0x777777, 0xffffff) - 4.478).abs() < 1e-3);
    }
}
