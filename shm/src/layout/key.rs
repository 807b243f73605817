//! The hash of a slot's key: it tells apart two keys that are the same as far as their cells hold them.

/// FNV-1a of 64 bits over the key's UTF-8: easy to write in every language, and good enough for a few keys.
pub const fn hash_key(key: &str) -> u64 {
    let bytes = key.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(hash_key(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash_key("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(hash_key("foobar"), 0x8594_4171_f739_67e8);
    }
}
