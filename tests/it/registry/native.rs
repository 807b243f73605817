//! Native programs made in memory: for x86-64 Linux, without a library.

/// What a program does when it is started.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// It ends well.
    Exit,
    /// It reads an address that is not there.
    Crash,
    /// It runs on for ever.
    Hang,
}

impl Act {
    fn code(self) -> &'static [u8] {
        match self {
            // mov eax, 60; xor edi, edi; syscall
            Self::Exit => &[0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05],
            // xor eax, eax; mov [rax], eax
            Self::Crash => &[0x31, 0xc0, 0x89, 0x00],
            // jmp to itself
            Self::Hang => &[0xeb, 0xfe],
        }
    }
}

/// The number of x86-64, and that of 64-bit Arm.
pub(crate) const X86_64: u16 = 62;
pub(crate) const AARCH64: u16 = 183;

/// A program for this machine, loaded by `interpreter` if that is given.
pub(crate) fn program(act: Act, machine: u16, interpreter: Option<&str>) -> Vec<u8> {
    const BASE: u64 = 0x40_0000;
    let segments: u16 = if interpreter.is_some() { 2 } else { 1 };
    let head = 64 + 56 * u64::from(segments);
    let named: Vec<u8> = interpreter.map(|path| [path.as_bytes(), b"\0"].concat()).unwrap_or_default();
    let entry = head + named.len() as u64;
    let size = entry + act.code().len() as u64;
    let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
    bytes.resize(16, 0);
    for half in [2, machine] {
        bytes.extend(half.to_le_bytes());
    }
    bytes.extend(1_u32.to_le_bytes());
    for word in [BASE + entry, 64, 0] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(0_u32.to_le_bytes());
    for half in [64, 56, segments, 64, 0, 0] {
        bytes.extend(half.to_le_bytes());
    }
    let mut segment = |kind: u32, flags: u32, offset: u64, length: u64| {
        bytes.extend(kind.to_le_bytes());
        bytes.extend(flags.to_le_bytes());
        for word in [offset, BASE + offset, BASE + offset, length, length, 0x1000] {
            bytes.extend(word.to_le_bytes());
        }
    };
    if interpreter.is_some() {
        segment(3, 4, head, named.len() as u64);
    }
    segment(1, 5, 0, size);
    bytes.extend(named);
    bytes.extend(act.code());
    bytes
}
