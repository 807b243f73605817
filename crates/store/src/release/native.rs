//! Native programs of a release: their headers name the machine, the interpreter and the C library that they need.
//!
//! Only headers are read, whatever the size of the program. A file in another format is left to the system, and so is a
//! program whose headers name nothing.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use elf::ElfStream;
use elf::abi::{EM_AARCH64, EM_X86_64, PT_INTERP, SHT_GNU_VERDEF, SHT_GNU_VERNEED};
use elf::endian::AnyEndian;
use elf::gnu_symver::{VerDefIterator, VerNeedIterator};
use elf::section::SectionHeader;

use vx_base::trouble::{Explain, TroubleKind};

/// First bytes of a program for Linux.
const MAGIC: [u8; 4] = *b"\x7fELF";

/// The C library; its symbol versions show how old a system a program runs on.
const LIBRARY: &str = "libc.so.6";

/// Most bytes of a file to read at once.
const PIECE_BYTES: u64 = 1 << 20;

/// A program that cannot run on this machine.
#[derive(Debug, thiserror::Error)]
#[error("program `{program}` does not run here: it {fault}")]
pub struct NativeError {
    /// The program.
    pub program: String,
    /// Reason, as the predicate of a sentence about the program.
    pub fault: NativeFault,
}

/// Why a program can't run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NativeFault {
    /// It is for another processor.
    #[error("is for another machine ({0})")]
    Machine(String),
    /// Its loader is missing.
    #[error("needs `{}`, which this system does not have", .0.display())]
    Interpreter(PathBuf),
    /// It needs a newer C library.
    #[error("needs {needed} of the C library, and this system's newest is {newest}")]
    Library {
        /// Newest version that the program needs.
        needed: String,
        /// Newest version on this system.
        newest: String,
    },
    /// It was started once, and a signal ended it.
    #[error("died when it was started once: {0}")]
    Died(String),
}

impl Explain for NativeError {
    fn kind(&self) -> TroubleKind {
        match self.fault {
            NativeFault::Died(_) => TroubleKind::Program,
            _ => TroubleKind::NotForPlatform,
        }
    }

    fn hint(&self) -> Option<String> {
        let other = "choose another version, or the copy on PATH with `source = \"system\"`";
        Some(match &self.fault {
            NativeFault::Machine(_) => "correct the address or the platform in vx.toml".into(),
            NativeFault::Interpreter(_) | NativeFault::Died(_) => other.into(),
            NativeFault::Library { .. } => format!("{other}; `vx lock --upgrade` chooses anew for this system"),
        })
    }
}

/// What a program's headers say.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Needs {
    machine: u16,
    interpreter: Option<PathBuf>,
    /// Versions of the C library, such as `GLIBC_2.34`.
    versions: BTreeSet<String>,
}

/// Check that a program runs on this machine, as far as its headers say. Returns whether it is native.
pub(crate) fn check(program: &str, file: &Path) -> Result<bool, NativeError> {
    let Some(needs) = read(file) else { return Ok(false) };
    let library = |interpreter: &Path| defined(&interpreter.canonicalize().ok()?.with_file_name(LIBRARY));
    match fault(&needs, Path::exists, library) {
        Some(fault) => Err(NativeError { program: program.to_owned(), fault }),
        None => Ok(true),
    }
}

/// Find the first need that this machine doesn't meet. `library` returns the versions in the C library that belongs to
/// an interpreter, if it is known.
fn fault(
    needs: &Needs,
    exists: impl Fn(&Path) -> bool,
    library: impl Fn(&Path) -> Option<BTreeSet<String>>,
) -> Option<NativeFault> {
    if own_machine().is_some_and(|own| own != needs.machine) {
        return Some(NativeFault::Machine(machine_name(needs.machine)));
    }
    let interpreter = needs.interpreter.as_deref()?;
    if !exists(interpreter) {
        return Some(NativeFault::Interpreter(interpreter.to_owned()));
    }
    let here = library(interpreter).filter(|here| !here.is_empty())?;
    let newest = |versions: &BTreeSet<String>| versions.iter().max_by_key(|version| order(version)).cloned();
    let missing: BTreeSet<String> = needs.versions.difference(&here).cloned().collect();
    Some(NativeFault::Library { needed: newest(&missing)?, newest: newest(&here)? })
}

/// Parse the numbers of `GLIBC_2.34`; other names sort before all numbers.
fn order(version: &str) -> Vec<u32> {
    let numbers = version.strip_prefix("GLIBC_").unwrap_or_default();
    numbers.split('.').map(str::parse).collect::<Result<_, _>>().unwrap_or_default()
}

fn own_machine() -> Option<u16> {
    match std::env::consts::ARCH {
        "x86_64" => Some(EM_X86_64),
        "aarch64" => Some(EM_AARCH64),
        _ => None,
    }
}

fn machine_name(machine: u16) -> String {
    elf::to_str::e_machine_to_human_str(machine).map_or_else(|| format!("number {machine}"), str::to_owned)
}

/// Read what a native program needs; `None` for any other file.
fn read(file: &Path) -> Option<Needs> {
    let mut file = Headers::open(file)?;
    Some(Needs {
        machine: file.stream.ehdr.e_machine,
        interpreter: file.interpreter(),
        versions: file.needed_versions().unwrap_or_default(),
    })
}

/// List the versions that a library defines; `None` if it doesn't exist.
fn defined(library: &Path) -> Option<BTreeSet<String>> {
    Headers::open(library)?.defined_versions()
}

/// Headers of a native file.
struct Headers {
    stream: ElfStream<AnyEndian, File>,
    file: File,
}

impl Headers {
    fn open(path: &Path) -> Option<Self> {
        let mut file = File::open(path).ok()?;
        let mut magic = [0; MAGIC.len()];
        file.read_exact(&mut magic).ok()?;
        (magic == MAGIC).then_some(())?;
        Some(Self { stream: ElfStream::open_stream(file).ok()?, file: File::open(path).ok()? })
    }

    fn interpreter(&mut self) -> Option<PathBuf> {
        let named = self.stream.segments().iter().find(|segment| segment.p_type == PT_INTERP).copied();
        let named = named?;
        let bytes = self.piece(named.p_offset, named.p_filesz)?;
        let text = str::from_utf8(bytes.split(|byte| *byte == 0).next()?).ok()?;
        text.starts_with('/').then(|| PathBuf::from(text))
    }

    fn needed_versions(&mut self) -> Option<BTreeSet<String>> {
        let (section, names) = self.versions(SHT_GNU_VERNEED)?;
        let (endian, class) = (self.stream.ehdr.endianness, self.stream.ehdr.class);
        let bytes = self.piece(section.sh_offset, section.sh_size)?;
        let libraries = VerNeedIterator::new(endian, class, u64::from(section.sh_info), 0, &bytes);
        let of_library = libraries.filter(|(need, _)| name_at(&names, need.vn_file).as_deref() == Some(LIBRARY));
        Some(of_library.flat_map(|(_, all)| all).filter_map(|one| name_at(&names, one.vna_name)).collect())
    }

    fn defined_versions(&mut self) -> Option<BTreeSet<String>> {
        let (section, names) = self.versions(SHT_GNU_VERDEF)?;
        let (endian, class) = (self.stream.ehdr.endianness, self.stream.ehdr.class);
        let bytes = self.piece(section.sh_offset, section.sh_size)?;
        let definitions = VerDefIterator::new(endian, class, u64::from(section.sh_info), 0, &bytes);
        Some(definitions.filter_map(|(_, mut all)| name_at(&names, all.next()?.vda_name)).collect())
    }

    /// Find the section of this kind, and the names that it refers to.
    fn versions(&mut self, kind: u32) -> Option<(SectionHeader, Vec<u8>)> {
        let sections = self.stream.section_headers();
        let section = sections.iter().find(|section| section.sh_type == kind).copied()?;
        let names = sections.get(usize::try_from(section.sh_link).ok()?).copied()?;
        let names = self.piece(names.sh_offset, names.sh_size)?;
        Some((section, names))
    }

    /// Read a part of the file; `None` if it is incomplete or too large.
    fn piece(&mut self, offset: u64, length: u64) -> Option<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(length).ok().filter(|_| length <= PIECE_BYTES)?];
        self.file.seek(SeekFrom::Start(offset)).ok()?;
        self.file.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }
}

/// Read the zero-terminated text that begins here.
fn name_at(names: &[u8], at: u32) -> Option<String> {
    let from = names.get(usize::try_from(at).ok()?..)?;
    let end = from.iter().position(|byte| *byte == 0)?;
    str::from_utf8(&from[..end]).ok().map(str::to_owned)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn own() -> Needs {
        read(&std::env::current_exe().expect("its own file")).expect("a native program")
    }

    fn versions(named: &[&str]) -> BTreeSet<String> {
        named.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_headers_of_this_program_say_what_it_needs_and_it_runs_here() {
        let needs = own();
        assert_eq!(Some(needs.machine), own_machine());
        if needs.interpreter.is_some() {
            assert!(needs.versions.iter().any(|version| version.starts_with("GLIBC_2.")), "{needs:?}");
        }
        assert!(check("own", &std::env::current_exe().expect("its own file")).expect("it runs"));
        assert!(!check("script", Path::new("/bin/sh/none")).expect("what is not there is no native program"));
    }

    #[test]
    fn what_this_machine_lacks_is_named() {
        let here = || Some(versions(&["GLIBC_2.2.5", "GLIBC_2.17", "GLIBC_2.36", "GLIBC_PRIVATE"]));
        let needs = Needs {
            machine: own_machine().expect("a known machine"),
            interpreter: Some("/lib/ld.so".into()),
            versions: versions(&["GLIBC_2.2.5", "GLIBC_2.38", "GLIBC_2.4"]),
        };
        let library = NativeFault::Library { needed: "GLIBC_2.38".into(), newest: "GLIBC_2.36".into() };
        assert_eq!(fault(&needs, |_| true, |_| here()), Some(library));
        assert_eq!(fault(&needs, |_| true, |_| None), None);
        let older = Needs { versions: versions(&["GLIBC_2.2.5", "GLIBC_2.17"]), ..needs.clone() };
        assert_eq!(fault(&older, |_| true, |_| here()), None);
        let interpreter = Some(NativeFault::Interpreter("/lib/ld.so".into()));
        assert_eq!(fault(&older, |_| false, |_| here()), interpreter);
        let other = Needs { machine: 0xf3, ..needs };
        let text = fault(&other, |_| true, |_| here()).expect("another machine").to_string();
        assert!(text.starts_with("is for another machine ("), "{text}");
        let fixed = Needs { interpreter: None, ..older };
        assert_eq!(fault(&fixed, |_| false, |_| here()), None, "it needs nothing");
    }

    proptest::proptest! {
        #[test]
        fn no_file_breaks_the_reader(at in 0_usize..4096, byte: u8, cut in 0_usize..8192) {
            let own = std::env::current_exe().expect("its own file");
            let mut bytes = vec![0; 8192];
            File::open(own).expect("a file").read_exact(&mut bytes).expect("bytes");
            bytes[at] = byte;
            bytes.truncate(cut);
            let file = tempfile::NamedTempFile::new().expect("a file");
            std::fs::write(file.path(), &bytes).expect("a file");
            let _ = (check("any", file.path()), defined(file.path()));
        }
    }
}
