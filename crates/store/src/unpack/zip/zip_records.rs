//! Records of a zip archive in their order: local headers, and the directory at the end.

use std::io::Read;

use crate::unpack::error::UnpackErrorKind;

/// The header before an entry's content.
#[derive(Debug)]
pub(in crate::unpack) struct Local {
    pub(in crate::unpack) name: Vec<u8>,
    pub(in crate::unpack) flags: Flags,
    pub(in crate::unpack) method: u16,
    pub(in crate::unpack) crc: u32,
    pub(in crate::unpack) packed: u64,
    pub(in crate::unpack) unpacked: u64,
}

/// The directory's record of an entry.
#[derive(Debug)]
pub(in crate::unpack) struct Central {
    pub(in crate::unpack) name: Vec<u8>,
    pub(in crate::unpack) crc: u32,
    pub(in crate::unpack) unpacked: u64,
    /// Offset of its local header, from the start of the archive.
    pub(in crate::unpack) offset: u64,
    /// Mode with the bits for the kind of entry, if the archive was made on a system with modes.
    pub(in crate::unpack) mode: Option<u32>,
}

/// Bits that describe how an entry is stored.
#[derive(Clone, Copy, Debug)]
pub(in crate::unpack) struct Flags(u16);

impl Flags {
    pub(in crate::unpack) fn encrypted(self) -> bool {
        self.0 & 1 != 0
    }

    /// Whether sizes and checksum follow the content.
    pub(in crate::unpack) fn descriptor(self) -> bool {
        self.0 & 8 != 0
    }
}

/// One record.
#[derive(Debug)]
pub(in crate::unpack) enum ZipRecord {
    Local(Local),
    Central(Central),
    /// The end of the directory, or the part that can only be read by offset.
    End,
    /// A record that no plain archive has at this place.
    Unknown,
}

const LOCAL: [u8; 4] = *b"PK\x03\x04";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const END: [[u8; 4]; 2] = [*b"PK\x05\x06", *b"PK\x06\x06"];
const DESCRIPTOR: [u8; 4] = *b"PK\x07\x08";

/// Says that a number is in the extra field.
const IN_EXTRA: u32 = u32::MAX;
const ZIP64_EXTRA: u16 = 1;

/// Systems whose entries carry a mode: Unix and macOS.
const WITH_MODES: [u8; 2] = [3, 19];

/// Read the next record.
pub(in crate::unpack) fn next(bytes: &mut impl Read) -> Result<ZipRecord, UnpackErrorKind> {
    let mut signature = [0; 4];
    read(bytes, &mut signature)?;
    match signature {
        LOCAL => Ok(ZipRecord::Local(local(bytes)?)),
        CENTRAL => Ok(ZipRecord::Central(central(bytes)?)),
        _ if END.contains(&signature) => Ok(ZipRecord::End),
        _ => Ok(ZipRecord::Unknown),
    }
}

/// Read the record after the content of an entry with [`Flags::descriptor`], and compare it with the measured values.
pub(in crate::unpack) fn check_descriptor(
    bytes: &mut impl Read,
    crc: u32,
    packed: u64,
    unpacked: u64,
) -> Result<(), UnpackErrorKind> {
    let mut first = [0; 4];
    read(bytes, &mut first)?;
    if first == DESCRIPTOR {
        read(bytes, &mut first)?;
    }
    let mut sizes = [0; 16];
    read(bytes, &mut sizes[..8])?;
    let small = (u64::from(u32_at(&sizes, 0)), u64::from(u32_at(&sizes, 4)));
    if small != (packed, unpacked) {
        // Only the values tell the two forms apart: the long one has sizes of 8 bytes each.
        read(bytes, &mut sizes[8..])?;
        if (u64_at(&sizes, 0), u64_at(&sizes, 8)) != (packed, unpacked) {
            return Err(UnpackErrorKind::damaged("an entry does not match its stated size"));
        }
    }
    if u32::from_le_bytes(first) != crc {
        return Err(UnpackErrorKind::damaged("an entry does not match its checksum"));
    }
    Ok(())
}

fn local(bytes: &mut impl Read) -> Result<Local, UnpackErrorKind> {
    let mut head = [0; 26];
    read(bytes, &mut head)?;
    let name = read_bytes(bytes, u16_at(&head, 22))?;
    let extra = read_bytes(bytes, u16_at(&head, 24))?;
    let (packed, unpacked) = (u32_at(&head, 14), u32_at(&head, 18));
    // The order matters: the extra field holds only the numbers that the header lacks.
    let mut long = Zip64::from_extra(&extra);
    let unpacked = long.number(unpacked)?;
    let packed = long.number(packed)?;
    let flags = Flags(u16_at(&head, 2));
    Ok(Local { name, flags, method: u16_at(&head, 4), crc: u32_at(&head, 10), packed, unpacked })
}

fn central(bytes: &mut impl Read) -> Result<Central, UnpackErrorKind> {
    let mut head = [0; 42];
    read(bytes, &mut head)?;
    let name = read_bytes(bytes, u16_at(&head, 24))?;
    let extra = read_bytes(bytes, u16_at(&head, 26))?;
    read_bytes(bytes, u16_at(&head, 28))?;
    let (packed, unpacked, offset) = (u32_at(&head, 16), u32_at(&head, 20), u32_at(&head, 38));
    let mut long = Zip64::from_extra(&extra);
    let unpacked = long.number(unpacked)?;
    long.number(packed)?;
    let offset = long.number(offset)?;
    let mode = (WITH_MODES.contains(&head[1])).then(|| u32_at(&head, 34) >> 16);
    Ok(Central { name, crc: u32_at(&head, 12), unpacked, offset, mode })
}

/// Numbers that did not fit into the header, in order, from the extra field.
struct Zip64<'a>(&'a [u8]);

impl<'a> Zip64<'a> {
    fn from_extra(mut extra: &'a [u8]) -> Self {
        while let Some((head, rest)) = extra.split_at_checked(4) {
            let Some((field, rest)) = rest.split_at_checked(usize::from(u16_at(head, 2))) else { break };
            if u16_at(head, 0) == ZIP64_EXTRA {
                return Self(field);
            }
            extra = rest;
        }
        Self(&[])
    }

    fn number(&mut self, short: u32) -> Result<u64, UnpackErrorKind> {
        if short != IN_EXTRA {
            return Ok(u64::from(short));
        }
        let missing = || UnpackErrorKind::damaged("a size is missing");
        let (number, rest) = self.0.split_at_checked(8).ok_or_else(missing)?;
        self.0 = rest;
        Ok(u64_at(number, 0))
    }
}

fn read(bytes: &mut impl Read, into: &mut [u8]) -> Result<(), UnpackErrorKind> {
    bytes.read_exact(into).map_err(UnpackErrorKind::Damaged)
}

fn read_bytes(bytes: &mut impl Read, count: u16) -> Result<Vec<u8>, UnpackErrorKind> {
    let mut taken = vec![0; usize::from(count)];
    read(bytes, &mut taken)?;
    Ok(taken)
}

/// Read a number at a fixed offset in a header of known length.
fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn a_record_that_is_cut_short_is_damage() {
        let whole = [&LOCAL[..], &[0; 26]].concat();
        assert!(matches!(next(&mut &whole[..]), Ok(ZipRecord::Local(_))));
        for end in 0..whole.len() {
            let error = next(&mut &whole[..end]).expect_err("cut short");
            assert!(matches!(&error, UnpackErrorKind::Damaged(error) if error.kind() == io::ErrorKind::UnexpectedEof));
        }
    }

    #[test]
    fn sizes_that_do_not_fit_are_read_from_the_extra_field() {
        let mut head = [0; 26];
        head[14..22].fill(0xff);
        head[24] = 20;
        let extra = [&1u16.to_le_bytes()[..], &16u16.to_le_bytes(), &7u64.to_le_bytes(), &5u64.to_le_bytes()].concat();
        let bytes = [&LOCAL[..], &head, &extra].concat();
        match next(&mut &bytes[..]) {
            Ok(ZipRecord::Local(local)) => assert_eq!((local.unpacked, local.packed), (7, 5)),
            other => panic!("{other:?}"),
        }
    }
}
