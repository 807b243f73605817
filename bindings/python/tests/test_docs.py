"""Each example of docs/boards/python.md is run, in its order, against a board that comes to its end."""

import contextlib
import importlib.util
import io
import os
import platform
import re
import shutil
import sys
import unittest
from pathlib import Path
from typing import Any
from unittest import mock

import vxboard
from support import GOLDEN, BoardTest, close_board, make_board

try:
    from vxboard import _extension as extension
except ImportError:
    extension = None

WRITING = Path(__file__).resolve().parents[3] / "docs" / "boards" / "python-writing.md"
DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "boards" / "python.md"


@unittest.skipUnless(sys.platform == "linux" and platform.machine() == "x86_64", "the writer is for Linux on x86-64")
class Examples(BoardTest):
    def test_each_example_runs(self) -> None:
        examples = re.findall(r"^```python\n(.*?)^```", DOCUMENT.read_text(), re.DOTALL | re.MULTILINE)
        self.assertGreaterEqual(len(examples), 4)
        os.chmod(self.directory, 0o700)
        make_board(self.path)
        child = self.writer("node", "writer.text('from the mirror'); writer.publish(1, 4); input(); writer.end('done')")
        shutil.copy(GOLDEN / "layout-2.vxb", self.directory / "run.vxb")
        shutil.copy(GOLDEN / "recording-2.vxr", self.directory / "run.vxr")
        with vxboard.Board.open(self.path) as board:
            self.until(lambda: board["node"].done == 1, "nothing is published")
        printed = io.StringIO()
        names: dict[str, Any] = {}
        before = os.getcwd()
        self.addCleanup(os.chdir, before)
        os.chdir(self.directory)
        environment = {"VX_RUNTIME_DIR": str(self.directory), "VX_BOARD": str(self.path)}
        with mock.patch.dict(os.environ, environment), contextlib.redirect_stdout(printed):
            for number, example in enumerate(examples):
                if "wait(" in example:
                    child.communicate("\n")
                if "watch(" in example:
                    close_board(self.path)
                exec(compile(example, f"{DOCUMENT}, example {number}", "exec"), names)
        lines = printed.getvalue().splitlines()
        self.assertIn("from the mirror", lines)
        self.assertIn("done None", lines)
        self.assertIn("done 1", lines)
        self.assertIn("['node', 'uv']", lines)
        self.assertEqual(lines[-1], "31200000")


@unittest.skipIf(extension is None, "the extension is not built")
class WritingExamples(BoardTest):
    def test_each_example_of_writing_runs(self) -> None:
        examples = re.findall(r"^```python\n(.*?)^```", WRITING.read_text(), re.DOTALL | re.MULTILINE)
        os.chmod(self.directory, 0o700)
        printed = io.StringIO()
        names: dict[str, Any] = {}
        with mock.patch.dict(os.environ, {"VX_RUNTIME_DIR": str(self.directory)}), contextlib.redirect_stdout(printed):
            os.environ.pop("VX_BOARD", None)
            for number, example in enumerate(examples):
                exec(compile(example, f"{WRITING}, example {number}", "exec"), names)
        self.assertEqual(printed.getvalue().splitlines(), ["done 1000", "40", "[('epoch 1', 'done', 1000), ('weights', 'done', 4096)]", "10 done"])

    @unittest.skipIf(importlib.util.find_spec("joblib") is None, "joblib is not there")
    def test_the_example_with_joblib_runs(self) -> None:
        example = next(text for text in re.findall(r"^```py\n(.*?)^```", WRITING.read_text(), re.DOTALL | re.MULTILINE))
        os.chmod(self.directory, 0o700)
        printed = io.StringIO()
        with mock.patch.dict(os.environ, {"VX_RUNTIME_DIR": str(self.directory)}), contextlib.redirect_stdout(printed):
            os.environ.pop("VX_BOARD", None)
            exec(compile(example, str(WRITING), "exec"), {"vxboard": vxboard})
        self.assertEqual(printed.getvalue(), "[0, 1, 2, 3]\n")


if __name__ == "__main__":
    unittest.main()
