"""The dumps and recordings kept in the repository are read as the crate reads them."""

import json
import unittest
from datetime import datetime, timezone
from typing import Any, Optional

import vxboard
from support import GOLDEN
from vxboard import _layout as layout


def wall_clock(board: vxboard.BoardFacts, at_ns: Optional[int]) -> Optional[str]:
    if at_ns is None:
        return None
    seconds, ns = divmod(board.created_unix_ns + at_ns - board.created_at_ns, 10**9)
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%dT%H:%M:%S}.{ns:09d}Z"


class KeptFiles(unittest.TestCase):
    def test_the_kept_dumps_of_all_minor_versions_read_as_their_documents_say(self) -> None:
        for name in ("layout-2", "layout-2.1"):
            with self.subTest(name):
                wanted = json.loads((GOLDEN / f"{name}.json").read_text())
                board, slots, taken_at_ns = vxboard.Dump.open(str(GOLDEN / f"{name}.vxb")).snapshot()
                self.assertEqual(wanted["board"], self.facts(board, taken_at_ns))
                self.assertEqual(len(slots), len(wanted["slots"]))
                for slot, document in zip(slots, wanted["slots"]):
                    self.assertEqual(self.document(board, slot), document)

    @staticmethod
    def facts(board: vxboard.BoardFacts, taken_at_ns: int) -> dict[str, Any]:
        return {
            "capacity": board.capacity,
            "created_at": wall_clock(board, board.created_at_ns),
            "creator": {"alive": board.creator_alive, "pid": board.creator_pid},
            "epoch": board.epoch,
            "id": board.id,
            "kind": board.kind,
            "project": board.project,
            "state": board.state,
            "taken_at": wall_clock(board, taken_at_ns),
            "title": board.title,
        }

    @staticmethod
    def document(board: vxboard.BoardFacts, slot: vxboard.Slot) -> dict[str, Any]:
        fields = slot._asdict()
        fields["index"] = fields.pop("place")
        del fields["key_hash"], fields["quiet_ms"]
        for name in ("version", "message", "details"):
            fields[name] = fields[name] or None
        fields["percent"] = slot.percent
        fields["ended_at"] = wall_clock(board, fields.pop("ended_at_ns"))
        fields["liveness"] = None
        fields["alive"] = False if slot.ended else None
        fields["transitions"] = [
            {"step": step, "entered_at": wall_clock(board, at_ns), "done": done} for step, at_ns, done in slot.transitions
        ]
        return fields

    def test_the_log_of_the_kept_dump_has_its_lines(self) -> None:
        dump = vxboard.Dump.open(str(GOLDEN / "layout-2.vxb"))
        self.assertEqual(dump.log("node"), ["first line", "second line: ünïcode"])
        self.assertEqual(dump.log("node", 1), ["second line: ünïcode"])
        self.assertEqual(dump.log("node", 0), [])

    def test_another_major_layout_is_refused_by_its_number(self) -> None:
        with self.assertRaisesRegex(vxboard.OtherLayoutError, "an earlier vx: layout 1, this vx reads layout 2"):
            vxboard.Board.open(str(GOLDEN / "layout-1.vxb"))
        with self.assertRaisesRegex(vxboard.RecordingError, "an earlier vx: layout 1, this vx reads layout 2"):
            vxboard.Recording.open(str(GOLDEN / "recording-1.vxr"))

    def test_the_kept_recording_plays(self) -> None:
        recording = vxboard.Recording.open(str(GOLDEN / "recording-2.vxr"))
        self.assertTrue(recording.complete)
        self.assertEqual(recording.at(recording.seconds), recording[-1])
        self.assertEqual(recording.at(-1).slots, recording[0].slots)
        last = recording[-1]
        self.assertEqual((last.board.state, [slot.state for slot in last.slots]), ("failed", ["live", "failed"]))
        middle = recording.at(1.2)
        self.assertEqual(middle.slots[0].done, 31_200_000)
        self.assertEqual(middle.slots[0].liveness, "stalled")

    def test_the_kept_recording_of_minor_version_1_has_its_project_and_its_cause(self) -> None:
        last = vxboard.Recording.open(str(GOLDEN / "recording-2.1.vxr"))[-1]
        self.assertEqual((last.board.kind, last.board.project), ("install", "/home/ünïcode/project"))
        self.assertEqual([slot.cause for slot in last.slots], [None, "the mirror"])

    def test_any_damage_to_a_recording_leaves_its_beginning_or_an_error(self) -> None:
        import os
        import tempfile

        good = (GOLDEN / "recording-2.vxr").read_bytes()
        whole = vxboard.Recording.open(str(GOLDEN / "recording-2.vxr"))
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "damaged.vxr")
            for at in range(len(good)):
                with open(path, "wb") as file:
                    file.write(good[:at] + bytes([good[at] ^ 0x10]) + good[at + 1 :])
                try:
                    damaged = vxboard.Recording.open(path)
                except vxboard.RecordingError:
                    continue
                for place in range(len(damaged)):
                    self.assertEqual(damaged[place], whole[place], f"byte {at}")

    def test_the_words_of_the_states_are_those_of_the_format(self) -> None:
        self.assertEqual(layout.STATE_NAMES[layout.STATE_LIVE], "live")
        self.assertEqual(layout.MAGIC.to_bytes(8, "little"), b"vx-board")


if __name__ == "__main__":
    unittest.main()
