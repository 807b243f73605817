"""What `package` makes is installed into fresh environments of every Python here, and used there."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).parents[1]
USE = """
import sys, vxboard
free = "t" in getattr(sys, "abiflags", "")
try:
    with vxboard.Board.create("t") as board, board.slot("a", total=3) as slot:
        slot.advance()
        print([(it.key, it.done) for it in vxboard.Board.open(board.path)])
    assert not free or not sys._is_gil_enabled(), "the extension switched the interpreter's lock on"
except vxboard.WriteError:
    print("reads only")
"""
VERSIONS = [f"python3.{minor}" for minor in range(9, 16)] + [f"python3.{minor}t" for minor in range(13, 16)]


@unittest.skipUnless(
    os.environ.get("VXBOARD_PACKAGE"), "VXBOARD_PACKAGE=1: building and installing takes minutes, maturin and a network"
)
class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        room = tempfile.TemporaryDirectory()
        cls.addClassCleanup(room.cleanup)
        cls.room = Path(room.name)
        cls.made = cls.room / "made"
        subprocess.run([ROOT / "package", cls.made], check=True)

    def used_after(self, python: str, *install: str) -> str:
        environment = self.room / "environment"
        shutil.rmtree(environment, ignore_errors=True)
        subprocess.run([python, "-m", "venv", environment], check=True)
        subprocess.run([environment / "bin/pip", "install", "--quiet", *install], check=True)
        variables = {**os.environ, "VX_RUNTIME_DIR": tempfile.mkdtemp(dir=self.room)}
        variables.pop("PYTHONPATH", None)
        said = subprocess.run(
            [environment / "bin/python", "-c", USE], cwd=self.room, env=variables, check=True, capture_output=True, text=True
        )
        return said.stdout.strip()

    def test_each_python_gets_the_wheel_that_fits_it(self) -> None:
        tried = 0
        for python in filter(shutil.which, VERSIONS):
            if subprocess.run([python, "-c", ""], capture_output=True).returncode != 0:
                continue
            version = int(python.rpartition(".")[2].rstrip("t"))
            expected = "[('a', 1)]" if version >= 11 else "reads only"
            with self.subTest(python):
                said = self.used_after(python, "--no-index", "--find-links", str(self.made), "vxboard")
                self.assertEqual(said, expected)
            tried += 1
        self.assertGreater(tried, 0)

    def test_the_source_distribution_is_built_where_it_is_installed(self) -> None:
        if sys.version_info < (3, 11):
            self.skipTest("the extension is for CPython 3.11 and later")
        source = next(self.made.glob("*.tar.gz"))
        self.assertEqual(self.used_after(sys.executable, str(source)), "[('a', 1)]")


if __name__ == "__main__":
    unittest.main()
