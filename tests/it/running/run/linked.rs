//! The shared libraries that the system loads before vx itself begins.

use elf::ElfBytes;
use elf::abi::DT_NEEDED;
use elf::endian::AnyEndian;

/// The shared libraries that the program needs.
fn needed(program: &[u8]) -> Vec<String> {
    let file = ElfBytes::<AnyEndian>::minimal_parse(program).expect("an ELF file");
    let common = file.find_common_data().expect("its tables");
    // A static program has neither table.
    let (Some(entries), Some(names)) = (common.dynamic, common.dynsyms_strs) else { return Vec::new() };
    let libraries = entries.iter().filter(|entry| entry.d_tag == DT_NEEDED);
    libraries.map(|entry| names.get(entry.d_val() as usize).expect("a name").to_owned()).collect()
}

/// A single call of `powf` in any crate would bring the maths library back, which costs a tenth of vx's start-up time.
#[test]
fn no_start_links_the_library_of_mathematics() {
    let needed = needed(&std::fs::read(env!("CARGO_BIN_EXE_vx")).expect("the program"));
    assert!(!needed.iter().any(|library| library.starts_with("libm.")), "{needed:?}");
}
