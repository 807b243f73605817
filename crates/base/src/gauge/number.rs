//! Numbers as programs print them.

/// Reads the number at the beginning of a text, and returns the rest. At most 18 digits, so that it never overflows.
pub(super) fn whole(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    if digits == 0 || digits > 18 { None } else { Some((number.parse().ok()?, rest)) }
}

/// Reads the number at the beginning of a text, with or without decimals, in thousandths, and returns the rest.
pub(super) fn thousandths(text: &str) -> Option<(u64, &str)> {
    let (number, rest) = whole(text)?;
    let number = number.checked_mul(1000)?;
    let Some((digits, after)) = rest.strip_prefix(['.', ',']).and_then(|rest| {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        (digits > 0).then(|| rest.split_at(digits))
    }) else {
        return Some((number, rest));
    };
    let decimals = digits.bytes().chain(*b"000").take(3).fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    Some((number + decimals, after))
}

/// Reads a unit of bytes at the beginning of a text (`MB`, `KiB`, `B`): its size, and the rest of the text.
pub(super) fn byte_unit(text: &str) -> Option<(u64, &str)> {
    const UNITS: [(&str, u64); 12] = [
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
        ("TiB", 1 << 40),
        ("kB", 1_000),
        ("KB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("TB", 1_000_000_000_000),
        ("bytes", 1),
        ("byte", 1),
        ("B", 1),
    ];
    UNITS.iter().find_map(|(name, bytes)| {
        let rest = text.strip_prefix(name)?;
        let ends = !rest.starts_with(|next: char| next.is_alphanumeric());
        ends.then_some((*bytes, rest))
    })
}
