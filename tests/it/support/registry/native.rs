//! Native programs assembled in memory: for x86-64 Linux, without libraries.

/// The behaviour of a program when it is started.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act<'a> {
    /// It ends well.
    Exit,
    /// It writes to an address that isn't mapped.
    Crash,
    /// It runs on for ever.
    Hang,
    /// It connects to this port of this machine, adds the error's number to this file as one byte, and ends well.
    Connect(u16, &'a str),
}

impl Act<'_> {
    fn code(self) -> Vec<u8> {
        match self {
            // mov eax, 60; xor edi, edi; syscall
            Self::Exit => vec![0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05],
            // xor eax, eax; mov [rax], eax
            Self::Crash => vec![0x31, 0xc0, 0x89, 0x00],
            // jmp to itself
            Self::Hang => vec![0xeb, 0xfe],
            Self::Connect(port, note) => connect(port, note),
        }
    }
}

/// The code that connects, and the address and the path that it points to.
fn connect(port: u16, note: &str) -> Vec<u8> {
    const SYSCALL: [u8; 2] = [0x0f, 0x05];
    let mut code = Vec::new();
    // Where the code has offsets, relative to the next instruction: to the address, and to the path after its 16 bytes.
    let mut offsets = Vec::new();
    let mut pointed = |code: &mut Vec<u8>, instruction: [u8; 3], to: usize| {
        code.extend(instruction);
        offsets.push((code.len(), to));
        code.extend([0; 4]);
    };
    // mov eax, 41 (socket); mov edi, 2; mov esi, 1; xor edx, edx; syscall; mov edi, eax
    code.extend([0xb8, 41, 0, 0, 0, 0xbf, 2, 0, 0, 0, 0xbe, 1, 0, 0, 0, 0x31, 0xd2, 0x0f, 0x05, 0x89, 0xc7]);
    // lea rsi, [address]; mov edx, 16; mov eax, 42 (connect); syscall; neg eax; push rax
    pointed(&mut code, [0x48, 0x8d, 0x35], 0);
    code.extend([0xba, 16, 0, 0, 0, 0xb8, 42, 0, 0, 0, 0x0f, 0x05, 0xf7, 0xd8, 0x50]);
    // lea rdi, [path]; mov esi, O_WRONLY | O_CREAT | O_APPEND; mov edx, 0o644; mov eax, 2 (open); syscall; mov edi, eax
    pointed(&mut code, [0x48, 0x8d, 0x3d], 16);
    code.extend([0xbe, 0x41, 0x04, 0, 0, 0xba, 0xa4, 0x01, 0, 0, 0xb8, 2, 0, 0, 0, 0x0f, 0x05, 0x89, 0xc7]);
    // mov rsi, rsp; mov edx, 1; mov eax, 1 (write)
    code.extend([0x48, 0x89, 0xe6, 0xba, 1, 0, 0, 0, 0xb8, 1, 0, 0, 0]);
    code.extend(SYSCALL);
    code.extend(Act::Exit.code());
    let data = code.len();
    for (at, to) in offsets {
        let offset = u32::try_from(data + to - (at + 4)).expect("a short program");
        code[at..at + 4].copy_from_slice(&offset.to_le_bytes());
    }
    // AF_INET, the port, 127.0.0.1.
    code.extend([2, 0]);
    code.extend(port.to_be_bytes());
    code.extend([127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    code.extend(note.as_bytes());
    code.push(0);
    code
}

/// The ELF machine numbers of x86-64, and of 64-bit Arm.
pub(crate) const X86_64: u16 = 62;
pub(crate) const AARCH64: u16 = 183;

/// A program for this machine, loaded by `interpreter` if that is given.
pub(crate) fn program(act: Act<'_>, machine: u16, interpreter: Option<&str>) -> Vec<u8> {
    const BASE: u64 = 0x40_0000;
    let segments: u16 = if interpreter.is_some() { 2 } else { 1 };
    let head = 64 + 56 * u64::from(segments);
    let named: Vec<u8> = interpreter.map(|path| [path.as_bytes(), b"\0"].concat()).unwrap_or_default();
    let entry = head + named.len() as u64;
    let code = act.code();
    let size = entry + code.len() as u64;
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
    bytes.extend(code);
    bytes
}
