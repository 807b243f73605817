#!/usr/bin/env python3
"""reader.py PATH: prints a board of vx (layout 2), live or dumped, as JSON; exit code 2 if it is none. x86-64 Linux."""
from __future__ import annotations

import fcntl
import json
import mmap
import os
import stat
import struct
import sys
import time
import zlib
from datetime import datetime, timezone
from typing import Any, Optional

BOARD_STATES = ["running", "done", "failed", "cancelled"]
STATES = ["free", "reserved", "claiming", "live", "done", "failed", "cancelled", "skipped", "died"]
FREE, RESERVED, CLAIMING, LIVE = range(4)
UNITS = ["unknown", "count", "bytes", "files", "permille"]
HEALTH = ["unknown", "starting", "ready", "unhealthy", "waiting_to_restart", "waiting_for_person"]
KINDS = ["install", "task", "service", "build", "turn"]
ORIGINS = ["joined", "reserved", "on_behalf", "reserved_by"]
JOINED, ORIGIN_RESERVED, ON_BEHALF, RESERVED_BY = range(4)
NAMED = 1 << 8
HOLDS_NO_LOCK = 1                       # bit 0 of `compatible`
CAUSES_AND_PROJECT = 2                  # bit 1: what minor version 1 added
MOST_BYTES = 64 << 20
RING = 9                                # transitions
LOCK_TABLE, LOCK_CREATOR, LOCK_SLOT = 1 << 40, (1 << 40) + 1, (1 << 40) + 16
FLOCK = struct.Struct("hhqqi4x")        # struct flock of x86-64
TRIES = 200                             # of one reading; a board at rest needs one
STRIDES = {"hot": 64, "beats": 8, "cold": 2560, "log": 4096}     # at least
# offsets in a cold record
COLD = dict(exit_flags=216, ended_at=224, text=232, notes=624, transitions=888, error=1032, result=1904, end=2560)
CAUSE_SIZE = 168
TEXT_SIZE, NOTES_SIZE, TITLE_SIZE = 192, 128, 128


class NotABoard(Exception):
    """The file is not a board that this reader knows."""


def word_of(names: list[str], number: int) -> str:
    return names[number] if number < len(names) else f"unknown ({number})"


def cell_text(cell: bytes) -> str:
    """The text of a text cell."""
    word = struct.unpack_from("<H", cell)[0]
    return cell[2:2 + min(word & 0x7FFF, len(cell) - 2)].decode("utf-8", "replace")


def cell_cut(cell: bytes) -> bool:
    return cell[1] > 127


def fnv1a(key: bytes) -> int:
    value = 14695981039346656037
    for byte in key:
        value = (value ^ byte) * 1099511628211 % (1 << 64)
    return value


def process_facts(pid: int | str = "self") -> Optional[tuple[int, str]]:
    """Start time and state letter of a process of this namespace, or None if there is none."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        return int(fields[19]), fields[0].decode()
    except (OSError, IndexError, ValueError):
        return None


def namespace(name: str) -> int:
    try:
        return os.stat(f"/proc/self/ns/{name}").st_ino
    except OSError:
        return 0


def boot_id() -> bytes:
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return bytes.fromhex(file.read().strip().replace("-", ""))
    except (OSError, ValueError):
        return bytes(16)


class Numbers:
    """One good copy of a hot line."""

    def __init__(self, control: int, stamp: int, done: int, total: int, meta: int) -> None:
        self.control, self.stamp, self.done, self.total, self.meta = control, stamp, done, total, meta
        self.state, self.named, self.generation = control & 0xFF, bool(control & NAMED), control >> 32
        self.step, self.attempt = meta & 0xFF, meta >> 8 & 0xFF
        self.total_known, self.unit, self.health = meta >> 16 & 1, meta >> 17 & 7, meta >> 20 & 15
        self.transitions, self.revision = meta >> 32 & 0xFFFF, meta >> 48


class Board:
    """A mapped board or dump. Raises NotABoard, or OSError if the file cannot be opened."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.shown: dict[int, dict[str, Any]] = {}
        self.fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        self.asking = self.fd
        self._map(mmap.PROT_READ)

    def _map(self, protection: int) -> None:
        self._views: list[memoryview] = []
        self.map: Optional[mmap.mmap] = None
        try:
            info = os.fstat(self.fd)
            if not stat.S_ISREG(info.st_mode):
                raise NotABoard("it is not a plain file")
            if not 4096 <= info.st_size <= MOST_BYTES:
                raise NotABoard("it is shorter than a board's header page, or longer than any board")
            self.map = mmap.mmap(self.fd, info.st_size, mmap.MAP_SHARED, protection)
            whole = memoryview(self.map)
            even = whole[:info.st_size & ~7]
            self.words, self.halves = even.cast("Q"), even.cast("I")
            self._views = [self.words, self.halves, even, whole]
            self._check(info.st_size)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        for view in self._views:
            view.release()
        self._views = []
        if self.map is not None:
            self.map.close()
            self.map = None
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    # Loads: a memoryview of words takes each as a whole (struct with "<" goes byte by byte).
    def u64(self, offset: int) -> int:
        return self.words[offset >> 3]

    def u32(self, offset: int) -> int:
        return self.halves[offset >> 2]

    def copy(self, offset: int, size: int) -> bytes:
        values = self.words[offset >> 3:(offset + size) >> 3].tolist()
        return struct.pack(f"<{len(values)}Q", *values)

    def _check(self, file_size: int) -> None:
        ready = struct.pack("<Q", self.u64(192))        # stored last, so loaded first
        facts = self.copy(0, 192)
        if facts[:8] != b"vx-board":
            raise NotABoard("it does not begin with the letters of a board")
        (major, self.minor, incompatible, self.compatible, self.length, self.slot_count,
         self.form) = struct.unpack_from("<IIQQQII", facts, 8)
        if major != 2:
            raise NotABoard(f"its layout is {major}, and only 2 can be read")
        if ready != b"complete":
            raise NotABoard("its creation was never completed")
        if zlib.crc32(facts[:184]) != struct.unpack_from("<I", facts, 184)[0]:
            raise NotABoard("the checksum of its header differs")
        if incompatible:
            raise NotABoard(f"it has features that this reader does not know ({incompatible:#x})")
        if self.length > MOST_BYTES or self.length > file_size or self.length < 4096:
            raise NotABoard(f"its header gives a length of {self.length}, the file has {file_size}")
        if not 1 <= self.slot_count <= 4096:
            raise NotABoard(f"it has {self.slot_count} slots")
        if self.form > 1:
            raise NotABoard(f"its form is {self.form}")
        self.regions: dict[str, tuple[int, int]] = {}
        for index, name in enumerate(["bell", "hot", "beats", "cold", "log"]):
            offset, stride = struct.unpack_from("<II", facts, 48 + 8 * index)
            self.regions[name] = (offset, stride)
            if name == "log" and stride == 0 or name == "bell" and self.form == 1:
                continue
            size = 256 if name == "bell" else stride * self.slot_count
            if offset % 8 or stride % 8 or offset + size > self.length or stride < STRIDES.get(name, 0):
                raise NotABoard(f"its region '{name}' does not fit")
        self.newer = bool(self.compatible & CAUSES_AND_PROJECT)
        self.board_id, self.boot_id = facts[88:104], facts[104:120]
        (self.creator_pid, self.creator_uid, self.creator_start, self.creator_namespace, self.created_unix_ns,
         self.created_at, self.taken_at, body_crc, _, self.creator_time_namespace) = struct.unpack_from(
             "<IIQQqQQIIQ", facts, 120)
        if self.form == 1 and zlib.crc32(self.copy(192, self.length - 192)) != body_crc:
            raise NotABoard("the checksum of the dump's body differs")

    def place(self, region: str, slot: int) -> int:
        return self.regions[region][0] + self.regions[region][1] * slot

    # Locks
    def held(self, byte: int) -> bool:
        """Whether a process holds a byte; a descriptor is never shown its own locks."""
        asked = FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0)
        answer = fcntl.fcntl(self.asking, fcntl.F_OFD_GETLK, asked)
        return FLOCK.unpack(answer)[0] != fcntl.F_UNLCK

    def here(self) -> bool:
        return self.form == 0 and self.boot_id == boot_id()

    def runs(self, pid: int, start: int, pid_namespace: int, time_namespace: int) -> bool:
        """Whether a process counts as alive."""
        if not self.here() or pid_namespace != namespace("pid") or time_namespace != namespace("time"):
            return True
        facts = process_facts(pid)
        return facts is not None and facts[1] not in "ZX" and start in (0, facts[0])

    def creator_alive(self) -> Optional[bool]:
        if self.form:
            return None
        if self.compatible & HOLDS_NO_LOCK:
            return self.runs(self.creator_pid, self.creator_start, self.creator_namespace,
                             self.creator_time_namespace)
        return self.held(LOCK_CREATOR)

    # Latches
    def latch(self, stamp_at: int, size: int) -> bytes:
        stamp = self.u64(stamp_at)
        for _ in range(TRIES):
            data = self.copy(stamp_at + 8 + size * (stamp & 1), size)
            again = self.u64(stamp_at)
            if again == stamp:
                break
            stamp = again
        return data

    def numbers(self, slot: int) -> Optional[Numbers]:
        """The numbers of a slot, or None if they kept changing or the slot is being taken over."""
        at = self.place("hot", slot)
        for _ in range(TRIES):
            control, stamp = self.u64(at), self.u64(at + 8)
            first = (at + 16 + 24 * (stamp & 1)) >> 3
            done, total, meta = self.words[first], self.words[first + 1], self.words[first + 2]
            if stamp == self.u64(at + 8) and control == self.u64(at):
                if control & 0xFF == CLAIMING and not control & NAMED:
                    return None
                return Numbers(control, stamp, done, total, meta)
        return None

    # The board itself
    def wall(self, at: int) -> Optional[str]:
        """A monotonic time as wall clock; None for 0."""
        return self._iso(self.created_unix_ns + at - self.created_at) if at else None

    @staticmethod
    def _iso(ns: int) -> str:
        return f"{datetime.fromtimestamp(ns // 10**9, timezone.utc):%Y-%m-%dT%H:%M:%S}.{ns % 10**9:09d}Z"

    def board_facts(self) -> dict[str, Any]:
        closed, successor = self.u64(328), self.copy(392, 16)
        return {
            "capacity": self.slot_count, "created_at": self._iso(self.created_unix_ns),
            "creator": {"alive": self.creator_alive(), "pid": self.creator_pid},
            "epoch": self.u32(256), "id": self.board_id.hex(), "state": word_of(BOARD_STATES, self.u32(320)),
            "taken_at": self.wall(self.taken_at if self.form else time.monotonic_ns()),
            "title": cell_text(self.latch(448, TITLE_SIZE)),
            "kind": word_of(KINDS, self.u32(776) - 1) if self.newer and self.u32(776) else None,
            "project": cell_text(self.copy(784, 1008)) if self.newer and self.u64(768) else None,
            "layout": f"2.{self.minor}", "form": "dump" if self.form else "board", "length": self.length,
            "boot_id": self.boot_id.hex(), "creator_uid": self.creator_uid,
            "compatible": self.compatible, "used": self.u32(324), "closed": self.u32(384),
            "closed_at": self._iso(closed) if closed else None,
            "successor": successor.hex() if any(successor) else None, "doorbell": self._bell()}

    def _bell(self) -> Optional[dict[str, int]]:
        at = self.regions["bell"][0]
        return None if self.form else {"wake": self.u32(at), "waiters": self.u32(at + 128)}

    def document(self) -> dict[str, Any]:
        return {"board": self.board_facts(), "slots": self.slots()}

    # Slots
    def slots(self) -> list[dict[str, Any]]:
        found = (self.slot(index) for index in range(min(self.u32(324), self.slot_count)))
        return [slot for slot in found if slot]

    def slot(self, index: int) -> Optional[dict[str, Any]]:
        """Every field of a slot, or None if it is free; while it is being taken over, what was shown last."""
        cold = self.place("cold", index)
        for _ in range(TRIES):
            before = self.numbers(index)
            if before is None:
                continue
            if before.state == FREE:
                return None
            record = self.copy(cold, COLD["text"])
            text = self.latch(cold + COLD["text"], TEXT_SIZE)
            notes = self.latch(cold + COLD["notes"], NOTES_SIZE)
            ring = self.copy(cold + COLD["transitions"], 16 * RING)
            error = self.copy(cold + COLD["error"], COLD["end"] - COLD["error"])
            has_cause = self.newer and self.regions["cold"][1] >= COLD["end"] + 8 + 2 * CAUSE_SIZE
            cause = self.latch(cold + COLD["end"], CAUSE_SIZE) if has_cause else bytes(CAUSE_SIZE)
            log = self.log(index)
            after = self.numbers(index)
            if after is not None and after.control == before.control and after.transitions >= before.transitions:
                self.shown[index] = self._show(index, before, after, record, text, notes, ring, error, log)
                of_this_life = struct.unpack_from("<I", cause)[0] == before.generation
                self.shown[index]["cause"] = cell_text(cause[8:]) or None if of_this_life else None
                break
        return self.shown.get(index)

    def _show(self, index: int, now: Numbers, after: Numbers, record: bytes, text: bytes, notes: bytes, ring: bytes,
              error: bytes, log: Optional[dict[str, Any]]) -> dict[str, Any]:
        (generation, pid, start, pid_ns, time_ns, uid, kind, origin, parent, claimed_at, key_hash, runner,
         log_writer, group, interval) = struct.unpack_from("<IIQQQIBBHQQIIII", record)
        flags, signal, code, ended_at = struct.unpack_from("<BBxxiQ", record, COLD["exit_flags"])
        waits_board, waits_slot, waits_generation, port, named_at = struct.unpack_from("<16sIIII", notes)
        state = RESERVED if now.state == CLAIMING else now.state
        ended = LIVE < state < len(STATES)
        beaten, moved = divmod(self.u64(self.place("beats", index)), 1 << 32)[::-1]
        step_name = cell_text(notes[32:64]) if named_at == now.transitions else ""
        failure, result = error[:872], error[872:]
        reason = cell_text(failure) or None
        skipped = word_of(STATES, state) == "skipped"       # its error shows as its message
        alive: Optional[bool] = None
        liveness: Optional[str] = None
        if ended:
            alive = False
        elif self.form == 0:
            alive = self.held(LOCK_SLOT + index)
            if not alive and (origin == ON_BEHALF or origin == RESERVED_BY and state == RESERVED):
                alive = self.runs(pid, start, pid_ns, time_ns)
            elif not alive and state == RESERVED:
                alive = origin != ORIGIN_RESERVED or self.creator_alive()
            if state != RESERVED or not alive:
                liveness = self._liveness(alive, origin, beaten, moved, interval)
            else:
                alive = None            # a reservation that waits for its writer
        entries = []
        for n in range(max(after.transitions - 8, 0), now.transitions):
            entered, done = struct.unpack_from("<QQ", ring, 16 * (n % RING))
            if entered:
                entries.append({"step": entered & 0xFF, "entered_at": self.wall(entered & ~0xFF),
                                "done": now.done if n == now.transitions - 1 else done})
        return {
            "index": index, "state": word_of(STATES, state), "generation": now.generation,
            "key": cell_text(record[72:168]), "version": cell_text(record[168:216]) or None,
            "kind": word_of(KINDS, kind), "step": now.step, "attempt": now.attempt or 1, "done": now.done,
            "total": now.total if now.total_known else None, "unit": word_of(UNITS, now.unit),
            "percent": min(now.done * 1000 // now.total, 1000) / 10 if now.total_known and now.total else None,
            "health": word_of(HEALTH, now.health), "alive": alive, "liveness": liveness,
            "pid": pid if pid and state != RESERVED else None, "parent": None if parent == 0xFFFF else parent,
            "runner": runner or None, "log_writer": log_writer or None, "process_group": group or None,
            "message": reason if skipped else cell_text(text[:80]) or None, "details": cell_text(text[80:]) or None,
            "port": port or None, "address": cell_text(notes[64:]) or None, "step_name": step_name or None,
            "waits_for": {"board": waits_board.hex(), "slot": waits_slot, "generation": waits_generation}
            if any(waits_board) else None,
            "transitions": entries,
            "exit_code": code if flags & 1 and ended else None, "signal": signal if flags & 2 and ended else None,
            "ended_at": self.wall(ended_at) if ended else None,
            "error": reason if ended and not skipped else None,
            "result": (cell_text(result) or None) if ended else None,
            # not in the golden document
            "origin": word_of(ORIGINS, origin), "uid": uid, "start_time": start, "namespace": pid_ns,
            "time_namespace": time_ns, "claimed_at": self.wall(claimed_at), "key_hash": f"{key_hash:016x}",
            "hash_fits": key_hash == fnv1a(record[74:74 + min(record[72], 94)]) or cell_cut(record[72:168]),
            "record_generation": generation, "beat_interval_ms": interval or 250, "named": now.named,
            "beaten": beaten, "moved": moved, "transition_count": now.transitions, "revision": now.revision,
            "stamp": now.stamp, "log": log,
            "cut": [name for name, cell in [("key", record[72:]), ("version", record[168:]), ("message", text),
                                            ("details", text[80:]), ("error", failure), ("result", result)]
                    if cell_cut(cell)]}

    def _liveness(self, alive: Optional[bool], origin: int, beaten: int, moved: int, interval: int) -> str:
        if not alive:
            return "lost"
        now = (time.monotonic_ns() - self.created_at) // 10_000_000
        if origin == ON_BEHALF:            # no process beats for it
            return "alive"
        if (now - beaten) * 10 > max(1500, 6 * (interval or 250)):
            return "silent"
        return "stalled" if now - moved > 500 else "alive"

    def log(self, index: int) -> Optional[dict[str, Any]]:
        """The lines of a slot's log, the first of which may be partial; None if the board has no logs."""
        if not self.regions["log"][1]:
            return None
        at, size = self.place("log", index), self.regions["log"][1] - 64
        committed = self.u64(at + 8)
        start = self.u64(at + 16)
        begin = max(start, committed - size)
        ring = self.copy(at + 64, size)
        data = (ring[begin % size:] + ring[:begin % size])[:committed - begin]
        kept = max(begin, self.u64(at) - size)
        data = data[kept - begin:]
        whole = kept == start           # else the first line may be partial
        lines = data.decode("utf-8", "replace").split("\n")[:-1]
        return {"first_is_whole": whole, "lines": lines if whole else lines[1:], "committed": committed,
                "start": start}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        sys.exit("usage: reader.py PATH")
    try:
        board = Board(arguments[0])
        json.dump(board.document(), sys.stdout, indent=2, sort_keys=True, ensure_ascii=False)
        print()
        return 0
    except (NotABoard, OSError) as problem:
        print(f"{arguments[0]} is not a board: {problem}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
