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
        if share <= 0.040_45 { share / 12.92 } else { curved((share + 0.055) / 1.055) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// The power 2.4 of a share from 0.08 to 1.
///
/// `f64::powf` would be the only function of the whole program that needs the system's library of mathematics, which
/// every start would then have to map and link.
fn curved(share: f64) -> f64 {
    let square = share * share;
    // The fifth root of the square, by Newton's method from above. Far from the root a step takes off almost a fifth,
    // near it a step doubles the right digits, so nine are enough for the smallest share.
    let root = (0..10).fold(1.0_f64, |root, _| (4.0 * root + square / root.powi(4)) / 5.0);
    square * root
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_luminance_of_each_grey_is_that_of_the_standard() {
        for channel in 0..=255_u32 {
            let share = f64::from(channel) / 255.0;
            let standard = if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) };
            let found = luminance(channel * 0x01_01_01);
            assert!((found - standard).abs() < 1e-14, "{channel}: {found} in place of {standard}");
        }
    }

    #[test]
    fn black_on_white_has_the_contrast_of_the_standard() {
        assert!((contrast(0, 0xffffff) - 21.0).abs() < 1e-9);
        assert!((contrast(0x777777, 0xffffff) - 4.478).abs() < 1e-3);
    }
}
