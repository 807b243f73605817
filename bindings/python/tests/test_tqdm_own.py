"""tqdm's own tests, from its source distribution, where they are about iterating and counting.

What the others look at is text that tqdm draws, its clock, or its lock, of which `vxboard.tqdm` has none.
"""

import importlib.util
import os
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

import vxboard
from support import PATIENCE_S

VERSION = "4.70.1"
CHOSEN = (
    "test_iterate_over_csv_rows",
    "test_disable",
    "test_infinite_total",
    "test_len",
    "test_bool",
    "test_closed_file",
    "test_autodisable_nonTTY",
    "test_disabled_refresh",
    "test_deprecation_exception",
)
# Puts the bars of this package in place of tqdm's.
PLUGIN = """
import vxboard

def pytest_collection_modifyitems(items):
    for item in items:
        item.module.tqdm, item.module.trange = vxboard.tqdm, vxboard.trange
"""


def has(*modules: str) -> bool:
    return all(importlib.util.find_spec(module) for module in modules)


@unittest.skipUnless(has("pytest", "pip", "numpy", "vxboard._extension"), "pytest, pip, numpy or the extension is not there")
class Own(unittest.TestCase):
    def test_needs_network_what_tqdm_asks_of_iterating_and_counting_holds(self) -> None:
        place = Path(self.enterContext(tempfile.TemporaryDirectory()))
        download = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", f"tqdm=={VERSION}"]
        try:
            subprocess.run(download, cwd=place, check=True, timeout=120, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            self.skipTest("tqdm's source distribution cannot be fetched")
        with tarfile.open(next(place.glob("*.tar.gz"))) as archive:
            archive.extractall(place, filter="data")
        source = place / f"tqdm-{VERSION}"
        (place / "swapped.py").write_text(PLUGIN)
        paths = [str(source), str(place), str(Path(vxboard.__file__).parents[1])]
        (place / "run").mkdir(mode=0o700)
        variables = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "VX_RUNTIME_DIR": str(place / "run")}
        variables.pop("VX_BOARD", None)
        tests = [f"tests/tests_tqdm.py::{name}" for name in CHOSEN]
        run = [sys.executable, "-m", "pytest", "-q", "-p", "swapped", "-p", "no:cacheprovider", "-o", "addopts=", *tests]
        ended = subprocess.run(
            run, cwd=source, env=variables, timeout=2 * PATIENCE_S, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.assertEqual(ended.returncode, 0, ended.stdout)
        self.assertIn("10 passed", ended.stdout)


if __name__ == "__main__":
    unittest.main()
