"""The bytes of a board: opened as a plain file, checked, and loaded a whole word at a time.

A word that others store to must be loaded in one access. `memoryview.cast("Q")` does so, `struct` with `<` does not. A
file that other users may truncate is copied for each reading instead of mapped, since a page that vanishes under a map
kills the process.
"""

from __future__ import annotations

import errno
import mmap
import os
import stat
import struct
import sys
import zlib
from typing import NamedTuple, Optional

from . import _layout as layout
from ._errors import (
    AttachError,
    DamagedError,
    FeatureError,
    LayoutError,
    LengthError,
    MissingError,
    NotABoardError,
    NotAFileError,
    NotReadyError,
    OtherLayoutError,
    ReadError,
)

_FACT_BYTES = layout.HEADER_CRC + 8
_NAME_A_BOARD = "name a board or a dump; see `vx board ls`"
RECORDING_MAGIC = b"vx-recrd"
_GONE = "use the last good reading: the rest of the board is lost"


class Region(NamedTuple):
    offset: int
    stride: int


class Facts(NamedTuple):
    """The part of the header that never changes: a checked, private copy."""

    length: int
    slot_count: int
    is_dump: bool
    compatible: int
    hot: Region
    beats: Region
    cold: Region
    log: Region
    board_id: bytes
    boot_id: bytes
    creator_pid: int
    creator_start: int
    creator_namespace: int
    creator_time_namespace: int
    created_unix_ns: int
    created_at_ns: int
    taken_at_ns: int
    body_crc: int

    @property
    def names_project(self) -> bool:
        """Whether the header has the kind of the board's work, and its project."""
        return bool(self.compatible >> layout.COMPATIBLE_BIT_CAUSES_AND_PROJECT & 1)

    @property
    def has_causes(self) -> bool:
        """Whether the cold records have causes, and room for them."""
        return self.names_project and self.cold.stride >= layout.COLD_CAUSE_COPY1 + layout.COLD_CAUSE_COPY1_SIZE


class Words:
    """A board's words. After `close`, no part of it may be used."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._map: Optional[mmap.mmap] = None
        self._views: list[memoryview] = []
        self.file, found = _open_plain(path)
        try:
            self._attach(found)
        except BaseException as error:
            if isinstance(error, NotABoardError) and os.pread(self.file, 8, 0) == RECORDING_MAGIC:
                error.hint = f"it is a recording: `vxboard.Recording.open` reads it, and `vx top {path}` plays it"
            self.close()
            raise

    def _attach(self, found: os.stat_result) -> None:
        if found.st_size < layout.PAGE_BYTES:
            raise _not_a_board(self.path)
        self.is_mapped = found.st_uid == os.geteuid() and not found.st_mode & 0o022
        if self.is_mapped:
            self._map = mmap.mmap(self.file, found.st_size, mmap.MAP_SHARED, mmap.PROT_READ)
            self._look_at(memoryview(self._map))
        elif found.st_size <= layout.LONGEST_BYTES:
            self._size = found.st_size
            self._look_at(memoryview(self._copied()))
        elif os.pread(self.file, 8, 0) == struct.pack("<Q", layout.MAGIC):
            raise _too_long(self.path, found.st_size)
        else:
            raise _not_a_board(self.path)
        self.facts = check(self.path, self.long, found.st_size)
        if self.facts.is_dump:
            body = self.bytes(layout.HEADER_READY, self.facts.length - layout.HEADER_READY)
            if zlib.crc32(body) != self.facts.body_crc:
                raise _damaged(self.path, "the dump's checksum does not match")

    def _look_at(self, whole: memoryview) -> None:
        for view in self._views:
            view.release()
        even = whole[: len(whole) & ~7]
        self.long = even.cast("Q")
        self.half = even.cast("I")
        self._views = [self.long, self.half, even, whole]

    def _copied(self) -> bytes:
        parts: list[bytes] = []
        at = 0
        while at < self._size:
            part = os.pread(self.file, self._size - at, at)
            if not part:
                raise self._truncated(at, self._size)
            parts.append(part)
            at += len(part)
        return b"".join(parts)

    def numbers(self) -> memoryview:
        """The words of the slots' numbers, in a separate map, which lives as long as any view of it."""
        if not self.is_mapped:
            what = f"board `{self.path}` can be shortened by other users, so its numbers are not mapped"
            raise ReadError(self.path, what, "take `snapshot_array()`, which copies")
        region, count = self.facts.hot, self.facts.slot_count
        whole = memoryview(mmap.mmap(self.file, self.facts.length, mmap.MAP_SHARED, mmap.PROT_READ))
        return whole[region.offset : region.offset + region.stride * count].cast("Q", (count, region.stride >> 3))

    def close(self) -> None:
        """Close the map and the file."""
        for view in self._views:
            view.release()
        self._views = []
        if self._map is not None:
            self._map.close()
            self._map = None
        if self.file >= 0:
            os.close(self.file)
            self.file = -1

    @property
    def closed(self) -> bool:
        return self.file < 0

    def bytes(self, offset: int, size: int) -> bytes:
        """A copy of whole words."""
        words = self.long[offset >> 3 : (offset + size) >> 3].tolist()
        return struct.pack(f"={len(words)}Q", *words)

    def renew(self) -> None:
        """Check, before a reading, that the board is still as long as it was; update a private copy."""
        if self.closed:
            raise ReadError(self.path, f"board `{self.path}` was closed by this program", "open it again")
        expected = self.facts.length
        found = os.fstat(self.file).st_size
        if found < expected:
            raise self._truncated(found, expected)
        if not self.is_mapped:
            self._look_at(memoryview(self._copied()))
        if self.long[layout.HEADER_READY >> 3] != layout.READY:
            what = f"board `{self.path}` was overwritten: its header no longer says that it is complete"
            raise ReadError(self.path, what, _GONE)

    def _truncated(self, found: int, expected: int) -> ReadError:
        what = f"board `{self.path}` was cut short: {found} of {expected} bytes are left"
        return ReadError(self.path, what, _GONE)


def _open_plain(path: str) -> tuple[int, os.stat_result]:
    """Open a plain file and nothing else: links are not followed, and no pipe or device blocks the caller."""
    if sys.byteorder != "little":
        raise AttachError(path, "a board holds little-endian words, and this machine has big-endian ones")
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        hint = "see which boards there are with `vx board ls`"
        raise MissingError(path, f"board `{path}` does not exist", hint) from None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO):
            raise _not_a_file(path) from None
        refused = error.errno in (errno.EACCES, errno.EPERM)
        what = f"board `{path}` cannot be opened: {error.strerror}"
        raise AttachError(path, what, "read the board as the user who made it" if refused else None) from error
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode):
        os.close(file)
        raise _not_a_file(path)
    return file, found


def check(path: str, long: memoryview, found: int) -> Facts:
    """The facts of a board that is `found` bytes long, checked in the order of the format page."""
    if long[layout.HEADER_READY >> 3] != layout.READY:
        raise _not_ready(path, long[0], long[1] & 0xFFFFFFFF)
    raw = struct.pack(f"={_FACT_BYTES >> 3}Q", *long[: _FACT_BYTES >> 3].tolist())
    (magic, major, _minor, incompatible, compatible, length, slot_count, form) = struct.unpack_from("<QIIQQQII", raw)
    regions = [Region(*struct.unpack_from("<II", raw, layout.HEADER_BELL + 8 * at)) for at in range(5)]
    if magic != layout.MAGIC:
        raise _not_a_board(path)
    if major != layout.MAJOR:
        raise _other_layout(path, major)
    if zlib.crc32(raw[: layout.HEADER_CRC]) != struct.unpack_from("<I", raw, layout.HEADER_CRC)[0]:
        raise _damaged(path, "the header's checksum does not match")
    if incompatible:
        names = ", ".join(f"feature {bit}" for bit in range(64) if incompatible >> bit & 1)
        what = f"board `{path}` needs {names}, which this vx does not know"
        raise FeatureError(path, what, "update vx to read it")
    if length > found or length < 2 * layout.PAGE_BYTES:
        what = f"board `{path}` is {found} bytes long, but its header gives {length}"
        raise LengthError(path, what, _NAME_A_BOARD)
    if length > layout.LONGEST_BYTES:
        raise _too_long(path, length)
    if length % 8:
        raise _damaged(path, "its length is not a whole number of words")
    if not 1 <= slot_count <= layout.MAX_SLOTS:
        raise _damaged(path, "the number of slots is out of range")
    if form > 1:
        raise _damaged(path, "it is neither a board nor a dump")
    _check_regions(path, regions, length, slot_count)
    _bell, hot, beats, cold, log = regions
    (board_id, boot_id, pid, _uid, start, namespace, unix_ns, at_ns, taken, body_crc, _, time_namespace) = (
        struct.unpack_from("<16s16sIIQQqQQIIQ", raw, layout.HEADER_BOARD_ID)
    )
    return Facts(
        length=length,
        slot_count=slot_count,
        is_dump=form == 1,
        compatible=compatible,
        hot=hot,
        beats=beats,
        cold=cold,
        log=log,
        board_id=board_id,
        boot_id=boot_id,
        creator_pid=pid,
        creator_start=start,
        creator_namespace=namespace,
        creator_time_namespace=time_namespace,
        created_unix_ns=unix_ns,
        created_at_ns=at_ns,
        taken_at_ns=taken,
        body_crc=body_crc,
    )


def _check_regions(path: str, regions: list[Region], length: int, slot_count: int) -> None:
    def holds(region: Region, least: int) -> bool:
        whole = region.offset % 8 == 0 and region.stride % 8 == 0
        end = region.offset + region.stride * slot_count
        return whole and region.offset >= layout.PAGE_BYTES and region.stride >= least and end <= length

    bell, hot, beats, cold, log = regions
    if not holds(hot, layout.HOT_STRIDE):
        raise _damaged(path, "the hot lines lie outside")
    if not holds(beats, layout.BEATS_STRIDE):
        raise _damaged(path, "the beats lie outside")
    if not holds(cold, layout.COLD_CAUSE_STAMP):  # A board of minor version 0 has no more.
        raise _damaged(path, "the cold records lie outside")
    if (log.stride != 0 and not holds(log, 128)) or log.offset > length:
        raise _damaged(path, "the log rings lie outside")
    if bell.offset < layout.PAGE_BYTES or bell.offset % 8 or bell.offset + layout.PAGE_BYTES > length:
        raise _damaged(path, "the doorbell lies outside")
    extents = [(region.offset, region.offset + region.stride * slot_count) for region in (hot, beats, cold, log)]
    taken = sorted(extent for extent in [*extents, (bell.offset, bell.offset + layout.PAGE_BYTES)] if extent[0] < extent[1])
    if any(end > begin for (_, end), (begin, _) in zip(taken, taken[1:])):
        raise _damaged(path, "its regions overlap")


def _not_ready(path: str, magic: int, major: int) -> LayoutError:
    if magic in (0, layout.MAGIC) and major in (0, layout.MAJOR):
        return NotReadyError(path, f"board `{path}` is not complete yet", "try again in a moment")
    return _other_layout(path, major) if magic == layout.MAGIC else _not_a_board(path)


def _other_layout(path: str, found: int) -> OtherLayoutError:
    later = found > layout.MAJOR
    age = "a later" if later else "an earlier"
    what = f"board `{path}` was made by {age} vx: layout {found}, this vx reads layout {layout.MAJOR}"
    return OtherLayoutError(path, what, "update vx to read it" if later else "read it with the vx that wrote it")


def _not_a_board(path: str) -> NotABoardError:
    what = f"board `{path}` is not a board: it does not begin with the board's mark"
    return NotABoardError(path, what, _NAME_A_BOARD)


def _not_a_file(path: str) -> NotAFileError:
    return NotAFileError(path, f"board `{path}` is not a plain file", "name the board file itself, not a link to it")


def _too_long(path: str, found: int) -> LengthError:
    what = f"board `{path}` is {found} bytes long, and a board has at most {layout.LONGEST_BYTES}"
    return LengthError(path, what, _NAME_A_BOARD)


def _damaged(path: str, what: str) -> DamagedError:
    return DamagedError(path, f"board `{path}` is damaged: {what}", _NAME_A_BOARD)
