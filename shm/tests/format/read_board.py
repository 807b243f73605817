"""Reads a board or a dump with nothing but the tables of docs/boards/board-format.md: read_board.py FORMAT.md BOARD [TIMES]

Prints the board as JSON, in the form of `vx board dump --json`, but without liveness, which only a process on the same
machine can look up, and with times as the numbers on the board. With TIMES it reads that often and prints the number of
readings that differed from the one before.
"""
import json, mmap, os, re, struct, sys, zlib

tables = {}
for name, table in re.findall(r"<!-- table: (\w+) -->\n(.*?)<!-- end -->", open(sys.argv[1], encoding="utf-8").read(), re.S):
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]
    places = table.startswith("| offset")
    tables[name] = {row[2]: (int(row[0]), int(row[1])) for row in rows} if places else {row[1]: int(row[0]) for row in rows}
named = lambda table, number: {n: name for name, n in tables[table].items()}.get(number, "").replace("_", "-")

file = os.open(sys.argv[2], os.O_RDONLY | os.O_NOFOLLOW)
board = mmap.mmap(file, 0, mmap.MAP_SHARED, mmap.PROT_READ)
words = memoryview(board)[: len(board) // 8 * 8].cast("Q")  # One load a word, as the format asks for.

def raw(table, name, base=0):
    offset, size = tables[table][name]
    first, last = (base + offset) // 8, (base + offset + size + 7) // 8
    return struct.pack(f"<{last - first}Q", *words[first:last])[(base + offset) % 8 :][:size]

def number(table, name, base=0):
    return int.from_bytes(raw(table, name, base), "little")

def region(name):
    return [int.from_bytes(raw("header", name)[at : at + size], "little") for at, size in tables["region"].values()]

def bits(table, name, word, width):
    return word >> tables[table][name] & (1 << width) - 1

def text(cell):
    head = int.from_bytes(cell[:2], "little")
    cut = tables["cell_bit"]["cut"]
    return cell[2 : 2 + min(head & (1 << cut) - 1, len(cell) - 2)].decode(errors="replace") + "…" * (head >> cut)

def latched(table, stamp, copies, base=0):
    while True:
        before = number(table, stamp, base)
        copy = raw(table, copies % (before & 1), base)
        if number(table, stamp, base) == before:
            return copy

def slot(index):
    hot, cold = (offset + index * stride for offset, stride in (region("hot"), region("cold")))
    while True:
        control = number("hot", "control", hot)
        copy = latched("hot", "stamp", "copy%d", hot)
        cell = lambda name: latched("cold", f"{name}_stamp", f"{name}_copy%d", cold)
        texts, notes, cause = cell("text"), cell("notes"), cell("cause") if newer else b""
        record = bytes(board[cold : cold + region("cold")[1]])
        after = bits("meta_bit", "transitions", int.from_bytes(latched("hot", "stamp", "copy%d", hot)[16:], "little"), 16)
        if number("hot", "control", hot) == control:
            break
    field = lambda name: record[tables["cold"][name][0] :][: tables["cold"][name][1]]
    integer = lambda name, signed=False: int.from_bytes(field(name), "little", signed=signed)
    numbers = {name: int.from_bytes(copy[at : at + size], "little") for name, (at, size) in tables["numbers"].items()}
    said = {name: text(texts[at : at + size]) or None for name, (at, size) in tables["text"].items()}
    state, meta = bits("control_bit", "state", control, 8), numbers["meta"]
    ended, known = integer("ended_at") != 0, bits("meta_bit", "total_known", meta, 1)
    size = sum(size for _, size in tables["transitions"].values())
    ring = [field("transitions")[at : at + size] for at in range(0, len(field("transitions")), size)]
    before = bits("meta_bit", "transitions", meta, 16)
    lap = 0xFFFF // len(ring) * len(ring) - len(ring)
    moved = after - before + lap * (after < before)
    entries = [[int.from_bytes(ring[(before - age) % len(ring)][at : at + width], "little")
        for at, width in tables["transitions"].values()] for age in range(min(len(ring) - 1 - moved, before), 0, -1)]
    steps = [{"step": entered & 0xFF, "entered_at": entered & ~0xFF, "done": done} for entered, done in entries if entered]
    for present in steps[-1:]:
        present["done"] = numbers["done"]
    note = lambda name: notes[tables["notes"][name][0] :][: tables["notes"][name][1]]
    noted = lambda name: int.from_bytes(note(name), "little")
    (life, _), (at, size) = tables["cause"].values()
    caused = cause and int.from_bytes(cause[life : life + 4], "little") == bits("control_bit", "generation", control, 32)
    waits = {"board": note("waits_board").hex(), "slot": noted("waits_slot"), "generation": noted("waits_generation")}
    return {
        "index": index, "generation": bits("control_bit", "generation", control, 32), "key": text(field("key")),
        "version": text(field("version")) or None, "kind": named("kind", integer("kind")), "state": named("state", state),
        "step": bits("meta_bit", "step", meta, 8), "unit": named("unit", bits("meta_bit", "unit", meta, 3)),
        "step_name": text(note("step_name")) or None if noted("named_at") == before else None,
        "health": named("health", bits("meta_bit", "health", meta, 4)), "address": text(note("address")) or None,
        "port": noted("port") or None, "waits_for": waits if any(note("waits_board")) else None,
        "parent": integer("parent_slot") if integer("parent_slot") != 0xFFFF else None, "runner": integer("runner") or None,
        "log_writer": integer("log_writer") or None, "process_group": integer("process_group") or None,
        "done": numbers["done"], "total": numbers["total"] if known else None,
        "cause": text(cause[at : at + size]) or None if caused else None, "pid": integer("pid") or None, "attempt": bits("meta_bit", "attempt", meta, 8), **said,
        "error": text(field("error")) or None if ended else None,
        "exit_code": integer("exit_code", True) if integer("exit_flags") & 1 else None,
        "signal": integer("exit_signal") if integer("exit_flags") & 2 else None,
        "result": text(field("result")) or None if ended else None,
        "transitions": steps, "ended_at": integer("ended_at") or None,
    }

facts = b"".join(struct.pack("<Q", word) for word in words[: tables["header"]["ready"][0] // 8])
assert raw("header", "magic") == b"vx-board" and number("header", "major") == 2 and number("header", "incompatible") == 0
assert zlib.crc32(facts[: tables["header"]["crc"][0]]) == number("header", "crc") and len(board) >= number("header", "length")
assert raw("header", "ready") == b"complete"
if number("header", "form") == 1:
    assert zlib.crc32(bytes(board[tables["header"]["ready"][0] : number("header", "length")])) == number("header", "body_crc")
newer = bits("compatible_bit", "causes_and_project", number("header", "compatible"), 1)
read = lambda: [slot(index) for index in range(number("header", "used"))]
if len(sys.argv) > 3:
    readings = [read() for _ in range(int(sys.argv[3]))]
    print(json.dumps({"moved": sum(a != b for a, b in zip(readings, readings[1:])), "slots": [r[0] for r in readings]}))
else:
    print(json.dumps({"board": {"id": raw("header", "board_id").hex(), "state": named("board", number("header", "state")),
        "title": text(latched("header", "title_stamp", "title_copy%d")), "capacity": number("header", "slot_count"),
        "kind": named("kind", number("header", "kind") - 1) or None if newer else None,
        "project": text(raw("header", "project")) if newer and number("header", "project_hash") else None,
        "epoch": number("header", "epoch"), "created_unix_ns": number("header", "created_unix_ns"),
        "created_at_ns": number("header", "created_at_ns")}, "slots": read()}, ensure_ascii=False))
