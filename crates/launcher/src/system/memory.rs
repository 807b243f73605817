//! Functions that the compiler calls to copy and compare memory, and that a C library would provide.
//!
//! Volatile accesses keep the compiler from turning these loops into calls to themselves.

#[cfg(target_arch = "x86_64")]
use core::arch::asm;
use core::ffi::c_char;

/// # Safety
/// `count` bytes may be written at `to` and read at `from`; the two do not overlap.
#[cfg_attr(program, unsafe(no_mangle))]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    for at in 0..count {
        // SAFETY: `at` is below `count`, up to which both may be accessed.
        let (to, from) = unsafe { (to.add(at), from.add(at)) };
        // SAFETY: as above.
        unsafe { to.write_volatile(*from) };
    }
    to
}

/// # Safety
/// `count` bytes may be written at `to`.
#[cfg_attr(program, unsafe(no_mangle))]
unsafe extern "C" fn memset(to: *mut u8, value: i32, count: usize) -> *mut u8 {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the instruction writes `count` bytes at `to`, upwards: the calling convention keeps the direction flag
    // clear.
    unsafe {
        asm!("rep stosb", inout("rcx") count => _, inout("rdi") to => _, in("al") value as u8, options(nostack));
    }
    #[cfg(not(target_arch = "x86_64"))]
    for at in 0..count {
        // SAFETY: `at` is below `count`, up to which `to` may be written.
        unsafe { to.add(at).write_volatile(value as u8) };
    }
    to
}

/// # Safety
/// `count` bytes may be read at both.
#[cfg_attr(program, unsafe(no_mangle))]
unsafe extern "C" fn memcmp(one: *const u8, other: *const u8, count: usize) -> i32 {
    for at in 0..count {
        // SAFETY: `at` is below `count`, up to which both may be read.
        let (left, right) = unsafe { (one.add(at).read_volatile(), other.add(at).read_volatile()) };
        if left != right {
            return i32::from(left) - i32::from(right);
        }
    }
    0
}

/// # Safety
/// `count` bytes may be read at both.
#[cfg_attr(program, unsafe(no_mangle))]
unsafe extern "C" fn bcmp(one: *const u8, other: *const u8, count: usize) -> i32 {
    // SAFETY: the caller promises that `count` bytes may be read at both.
    unsafe { memcmp(one, other, count) }
}

/// # Safety
/// The text ends in a zero byte.
#[cfg_attr(program, unsafe(no_mangle))]
unsafe extern "C" fn strlen(text: *const c_char) -> usize {
    let mut length = 0;
    // SAFETY: no byte before `length` was zero, so the text's zero byte is here or further on.
    while unsafe { text.add(length).read_volatile() } != 0 {
        length += 1;
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_copied_and_none_beside_them() {
        for count in [0, 1, 7, 8, 9] {
            let (from, mut to) = (*b"abcdefghi", [b'-'; 9]);
            // SAFETY: both arrays have nine bytes, and `count` is no more.
            let answer = unsafe { memcpy(to.as_mut_ptr(), from.as_ptr(), count) };
            assert_eq!(answer, to.as_mut_ptr());
            assert_eq!((&to[..count], &to[count..]), (&from[..count], &[b'-'; 9][count..]));
        }
    }

    #[test]
    fn bytes_are_filled_and_none_beside_them() {
        for count in [0, 1, 8, 9] {
            let mut to = [b'-'; 9];
            // SAFETY: the array has nine bytes, and `count` is no more.
            let answer = unsafe { memset(to.as_mut_ptr(), 0x141, count) };
            assert_eq!(answer, to.as_mut_ptr());
            assert_eq!((&to[..count], &to[count..]), (&[b'A'; 9][..count], &[b'-'; 9][count..]), "the low byte alone");
        }
    }

    #[test]
    fn bytes_are_compared_as_numbers_without_sign() {
        for (one, other) in [("", ""), ("abc", "abc"), ("abc", "abd"), ("\u{80}", "a"), ("a", "\u{80}")] {
            let count = one.len().min(other.len());
            // SAFETY: both texts have at least `count` bytes.
            let (order, equality) =
                unsafe { (memcmp(one.as_ptr(), other.as_ptr(), count), bcmp(one.as_ptr(), other.as_ptr(), count)) };
            assert_eq!(order.cmp(&0), one.as_bytes()[..count].cmp(&other.as_bytes()[..count]), "{one:?} {other:?}");
            assert_eq!(equality == 0, one.as_bytes()[..count] == other.as_bytes()[..count], "{one:?} {other:?}");
        }
    }

    #[test]
    fn a_text_is_as_long_as_what_stands_before_its_zero_byte() {
        for (text, length) in [(c"", 0), (c"a", 1), (c"launcher", 8)] {
            // SAFETY: the text ends in a zero byte.
            assert_eq!(unsafe { strlen(text.as_ptr()) }, length);
        }
    }
}
