"""The liveness of writers: by the lock that a writer holds on its slot or, without one, by its process.

A heartbeat is only a hint for people. Whether a writer is gone is decided by its lock, which the system releases
however the writer ends.
"""

from __future__ import annotations

import os
import struct
import time
from functools import lru_cache
from typing import NamedTuple, Optional

from . import _layout as layout
from ._words import Facts, Words

_CREATOR_HOLDS_NO_LOCK = 1
_LOCK_CREATOR = (1 << 40) + 1
_LOCK_SLOT = (1 << 40) + 16
_FLOCK = struct.Struct("hhqqi4x")
_RECORD = struct.Struct("<IIQQQIBBHQQIIII")
_STEP_MS = 1000
# The lock of a slot with a heartbeat this recent is not checked; a writer beats every 250 ms.
_FRESH_BEAT_MS = 400


class Process(NamedTuple):
    """A process, and when and where it started."""

    pid: int
    start_time: int
    namespace: int
    time_namespace: int


class Liveness(NamedTuple):
    word: str
    quiet_ms: int


UNKNOWN = Liveness("unknown", 0)
_ALIVE = Liveness("alive", 0)
_LOST = Liveness("lost", 0)


@lru_cache(maxsize=1)
def boot_id() -> bytes:
    """The id of this machine's present boot; zeros if unknown."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return bytes.fromhex(file.read().strip().replace("-", ""))
    except (OSError, ValueError):
        return bytes(16)


@lru_cache(maxsize=1)
def _namespaces() -> tuple[int, int]:
    def number(name: str) -> int:
        try:
            return os.stat(f"/proc/self/ns/{name}").st_ino
        except OSError:
            return 0

    return number("pid"), number("time")


def fields_of(pid: int) -> list[bytes]:
    """The fields of `/proc/PID/stat` after the name: state, parent, and so on. For a process that is gone, those of a
    dead one without a parent."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read(512).rpartition(b")")[2].split()
    except OSError:
        fields = []
    return fields if len(fields) > 19 else [b"X", *[b"0"] * 19]


def start_time(pid: int) -> Optional[int]:
    """When a process of this namespace started; `None` if there is no such process, or only a zombie."""
    fields = fields_of(pid)
    return None if fields[0] in (b"Z", b"X") else int(fields[19])


def runs(process: Process, boot: bytes) -> Optional[bool]:
    """Whether exactly that process runs; `None` if its numbers mean nothing here."""
    if process.pid == 0 or boot != boot_id() or (process.namespace, process.time_namespace) != _namespaces():
        return None
    if process.start_time == 0:
        return _exists(process.pid)
    return start_time(process.pid) == process.start_time


def _still_runs(process: Process, boot: bytes) -> Optional[bool]:
    return False if _is_another_boot(boot) else runs(process, boot)


def _is_another_boot(boot: bytes) -> bool:
    """Whether that is certainly another boot. An unknown one, as without `/proc`, may be any."""
    return any(boot) and any(boot_id()) and boot != boot_id()


def _shares_clock(time_namespace: int) -> bool:
    """Whether times of that time namespace are valid here, too. A system that shows none has one clock."""
    own = _namespaces()[1]
    return time_namespace == own or 0 in (time_namespace, own)


def _exists(pid: int) -> Optional[bool]:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


def _held(file: int, byte: int) -> Optional[bool]:
    """Whether any process holds a lock on this byte; `None` if the system can't tell."""
    try:
        import fcntl

        asked = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0)
        answer = fcntl.fcntl(file, fcntl.F_OFD_GETLK, asked)
        return bool(_FLOCK.unpack(answer)[0] != fcntl.F_UNLCK)
    except (ImportError, AttributeError, OSError):
        return None


def is_here(facts: Facts) -> bool:
    """Whether the creator's number belongs to this process's namespace and boot."""
    namespaces = (facts.creator_namespace, facts.creator_time_namespace)
    return facts.boot_id == boot_id() and namespaces == _namespaces() and not facts.is_dump


class Witness:
    """What one reader knows of the processes behind a board."""

    def __init__(self, words: Words) -> None:
        self._words = words
        facts: Facts = words.facts
        self._facts = facts
        self._here = not facts.is_dump and facts.boot_id == boot_id()
        self._elsewhere = _is_another_boot(facts.boot_id)
        self._creator = Process(
            facts.creator_pid, facts.creator_start, facts.creator_namespace, facts.creator_time_namespace
        )

    def now_units(self) -> int:
        """The present moment, in the units of a beat."""
        passed = max(time.monotonic_ns() - self._facts.created_at_ns, 0)
        return min(passed // layout.BEAT_UNIT_NS, 0xFFFFFFFF)

    def creator_alive(self) -> Optional[bool]:
        """Whether the creator still runs: by its lock or, if it holds none, by its process."""
        facts = self._facts
        if facts.is_dump:
            return None
        held = None if facts.compatible & _CREATOR_HOLDS_NO_LOCK else _held(self._words.file, _LOCK_CREATOR)
        if held:
            return True
        if self._elsewhere:
            return False
        return runs(self._creator, facts.boot_id) if held is None else held

    def liveness(self, slot: int, state: str, creator_alive: Optional[bool], now: int, ask_all: bool) -> Liveness:
        """The liveness of the writer of a slot that has not ended."""
        facts, words = self._facts, self._words
        beat = words.long[(facts.beats.offset + facts.beats.stride * slot) >> 3]
        beaten, moved = beat & 0xFFFFFFFF, beat >> 32
        claimed = state != "reserved"
        quiet_ms = max(now - beaten, 0) * 10
        still_ms = max(now - moved, 0) * 10
        # A beat from the future comes from another clock.
        if self._here and claimed and not ask_all and abs(now - beaten) * 10 < _FRESH_BEAT_MS:
            return _beating(quiet_ms, still_ms, 0)
        record = words.bytes(facts.cold.offset + facts.cold.stride * slot, layout.COLD_KEY)
        (_generation, pid, start, namespace, time_namespace, _uid, _kind, origin, _parent, _claimed_at, _key_hash)= (
            _RECORD.unpack(record)[:11]
        )
        runner, _log_writer, _group, interval = _RECORD.unpack(record)[11:]
        writer = Process(pid, start, namespace, time_namespace)
        judge: Optional[bool] = None
        by_creator = runner == facts.creator_pid and namespace == facts.creator_namespace
        if origin == layout.ORIGIN_RESERVED or (origin == layout.ORIGIN_RESERVED_BY and by_creator):
            judge = creator_alive
        elif origin == layout.ORIGIN_RESERVED_BY and not claimed:
            judge = _still_runs(writer, facts.boot_id)
        elif origin == layout.ORIGIN_ON_BEHALF:
            process = _still_runs(writer, facts.boot_id)
            if claimed:
                return UNKNOWN if process is None else _ALIVE if process else _LOST
        if not claimed:
            return _LOST if judge is False else UNKNOWN
        held = _held(words.file, _LOCK_SLOT + slot)
        if held is None and self._elsewhere:
            held = False
        process = runs(writer, facts.boot_id) if held is None else None
        gone = not held if held is not None else process is False
        if gone and judge is not True:
            return _LOST
        if not gone and held is None and process is None:
            return UNKNOWN
        if not _shares_clock(time_namespace):
            quiet_ms = still_ms = 0  # The time since the last beat is unknown.
        return Liveness("silent", quiet_ms // _STEP_MS * _STEP_MS) if gone else _beating(quiet_ms, still_ms, interval)


def _beating(quiet_ms: int, still_ms: int, interval_ms: int) -> Liveness:
    if quiet_ms >= max(6 * interval_ms, layout.SILENT_AFTER_MS):
        return Liveness("silent", quiet_ms // _STEP_MS * _STEP_MS)
    if still_ms >= layout.STALLED_AFTER_MS:
        return Liveness("stalled", still_ms // _STEP_MS * _STEP_MS)
    return _ALIVE
