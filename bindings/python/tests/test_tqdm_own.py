"""tqdm's own tests, from its source distribution, where they are about iterating and counting.

They look at text, so that the bars here draw what they publish, with tqdm's own function. The others are about the look of the
text, when it is drawn, or what draws it: `docs/boards/python-writing.md` lists them.
"""

import importlib.util
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import unittest
from pathlib import Path

import vxboard
from support import PATIENCE_S

VERSION = "4.70.1"
CHOSEN = {
    "tests_tqdm.py": (
        "no_kwargs iterate_over_csv_rows file_output min_interval disable infinite_total SI_unit update "
        "close_after_stream_closed reset reset_inf clear_disabled disabled_refresh write_other_file len "
        "deprecation_exception bool float_totals initial closed_file reversed contains write_stdout_none"
    ),
    "tests_itertools.py": "chain product permutations combinations combinations_with_replacement",
    "tests_concurrent.py": "min_map_len concurrent_map concurrent_map_unknown_len chunksize_warning",
}
# The parametrized ones count as often as they run; those in other interpreters are skipped.
PASSED = 24 + 5 + 1 + 2 * 2 + 8
# Puts the bars of this package in place of tqdm's, on a board with room for all of them.
PLUGIN = """
import os
import sys

import vxboard
from tqdm.contrib import concurrent, itertools
from tqdm.std import tqdm as own

board = vxboard.Board.create("own", 1024, os.environ["VX_RUNTIME_DIR"] + "/own.board")


class Bar(vxboard.tqdm):
    def __init__(self, *given, file=None, **named):
        self.to = file or sys.stderr
        super().__init__(*given, file=file, **named)

    def _publish(self):
        super()._publish()
        if not self.disable and not getattr(self.to, "closed", False):
            self.to.write("\\r" + own.format_meter(self.n, self.total, 0, prefix=self.desc, unit=self.unit))
            assert self._slot is not None
            assert not self._slot.live or self._slot.done == self.n


def bars(*bounds, **named):
    return Bar(range(*bounds), **named)


def pytest_collection_modifyitems(items):
    for function in [*vars(itertools).values(), concurrent._executor_map]:
        named = getattr(function, "__kwdefaults__", None) or {}
        if "tqdm_class" in named:
            named["tqdm_class"] = Bar
        given = getattr(function, "__defaults__", None) or ()
        if itertools.tqdm_auto in given:
            function.__defaults__ = tuple(Bar if value is itertools.tqdm_auto else value for value in given)
    for item in items:
        item.module.tqdm, item.module.trange = Bar, bars
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
        tests = [f"tests/{file}::test_{name}" for file, names in CHOSEN.items() for name in names.split()]
        run = [sys.executable, "-m", "pytest", "-q", "-p", "swapped", "-p", "no:cacheprovider", "-o", "addopts=", *tests]
        ended = subprocess.run(
            run, cwd=source, env=variables, timeout=2 * PATIENCE_S, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.assertEqual(ended.returncode, 0, ended.stdout)
        said = re.search(r"(\d+) passed", ended.stdout)
        self.assertEqual(int(said[1]) if said else 0, PASSED, ended.stdout)


if __name__ == "__main__":
    unittest.main()
