"""The training in `examples/training`: eight processes on one board, to the end and with one of them killed."""

import fcntl
import importlib.util
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import unittest
from pathlib import Path
from typing import Optional

import vxboard
from support import PATIENCE_S, BoardTest

REPOSITORY = Path(__file__).resolve().parents[3]
TRAINING = REPOSITORY / "examples" / "training" / "train.py"
# Built by the workspace's tests, which run before these.
VX = REPOSITORY / "target" / "debug" / "vx"


def has_dashboard() -> bool:
    """Whether there is a vx with `vx top`, which not every build has."""
    shown = subprocess.run([VX, "--help"], capture_output=True, text=True) if VX.exists() else None
    return shown is not None and re.search(r"^ +top ", shown.stdout, re.MULTILINE) is not None


@unittest.skipUnless(importlib.util.find_spec("vxboard._extension"), "the extension is not built")
class Training(BoardTest):
    def setUp(self) -> None:
        super().setUp()
        os.chmod(self.directory, 0o700)
        self.environment = {**os.environ, "VX_RUNTIME_DIR": str(self.directory)}
        self.environment["PYTHONPATH"] = str(Path(vxboard.__file__).parents[1])
        self.environment.pop("VX_BOARD", None)

    def start(self, epochs: int, epoch_s: float) -> "subprocess.Popen[str]":
        command = [sys.executable, "-B", str(TRAINING), f"--epochs={epochs}", f"--seconds-per-epoch={epoch_s}"]
        child = subprocess.Popen(
            command,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.addCleanup(self.stop, child)
        return child

    @staticmethod
    def stop(child: "subprocess.Popen[str]") -> None:
        """End the program with its eight processes, if a failed test left them."""
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()

    def file(self) -> Optional[Path]:
        return next(self.directory.glob("*.board"), None)

    def opened(self) -> vxboard.Board:
        # A board gets its name only once it is complete.
        self.until(lambda: self.file() is not None, "the program made no board")
        path = self.file()
        assert path is not None
        board = vxboard.Board.open(path)
        self.addCleanup(board.close)
        return board

    def test_all_eight_come_to_their_end(self) -> None:
        child = self.start(5, 0.0)
        printed, said = child.communicate(timeout=2 * PATIENCE_S)
        self.assertEqual(child.returncode, 0, said)
        self.assertEqual(len(printed.splitlines()), 8)
        losses = [float(line.split()[-1]) for line in printed.splitlines()]
        # A guess has a loss of 0.69.
        self.assertLess(losses[0], 0.5)
        slots = self.opened().slots()
        self.assertEqual({(slot.state, slot.done, slot.total) for slot in slots}, {("done", 5, 5)})
        self.assertEqual(len({slot.pid for slot in slots}), 8)
        self.assertIn("loss=", slots[0].message)

    def test_one_that_is_killed_shows_and_the_others_go_on(self) -> None:
        # Long enough that the killed process can't have finished by itself.
        child = self.start(100_000, 0.05)
        board = self.opened()
        self.until(lambda: len([slot for slot in board.slots() if slot.done]) == 8, "not all eight have begun")
        slots = {slot.key: slot for slot in board.slots()}
        victim = slots["rate 0.1"]
        before = slots["rate 0.3"].done
        os.kill(victim.pid, signal.SIGKILL)
        self.until(lambda: board["rate 0.1"].liveness == "lost", "the killed one does not show as lost")
        self.until(lambda: board["rate 0.3"].done > before, "the others do not go on")
        for slot in slots.values():
            if slot.pid != victim.pid:
                os.kill(slot.pid, signal.SIGKILL)
        _, said = child.communicate(timeout=PATIENCE_S)
        self.assertEqual(child.returncode, 1, said)
        self.assertIn("rate 0.1 did not finish", said)
        self.assertEqual((board["rate 0.1"].state, board["rate 0.1"].signal), ("died", 9))

    @unittest.skipUnless(has_dashboard(), "vx is not built, or without its dashboard")
    def test_vx_top_shows_all_eight(self) -> None:
        self.start(100_000, 0.05)
        board = self.opened()
        self.until(lambda: len([slot for slot in board.slots() if slot.done]) == 8, "not all eight have begun")
        terminal, inner = pty.openpty()
        self.addCleanup(os.close, terminal)
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        environment = {**self.environment, "TERM": "xterm-256color"}
        top = subprocess.Popen(
            [VX, "top", board.path], stdin=inner, stdout=inner, stderr=inner, env=environment, start_new_session=True
        )
        self.addCleanup(self.stop, top)
        os.close(inner)
        screen = self.drawn(terminal, [slot.key for slot in board.slots()])
        self.assertIn("training", screen)
        os.write(terminal, b"q")
        self.assertEqual(top.wait(PATIENCE_S), 0)

    def drawn(self, terminal: int, keys: "list[str]") -> str:
        """The output until all these keys were drawn, without the terminal's control sequences."""
        raw, text, end = b"", "", time.monotonic() + PATIENCE_S
        while not all(re.search(re.escape(key).replace("\\ ", " +") + "(?![0-9.])", text) for key in keys):
            self.assertLess(time.monotonic(), end, text)
            if select.select([terminal], [], [], 0.2)[0]:
                raw += os.read(terminal, 65_536)
                text = re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b" ", raw).decode(errors="replace")
        return text


if __name__ == "__main__":
    unittest.main()
