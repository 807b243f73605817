"""`python -m vxboard`: data on standard output, all else on standard error, and its exit codes."""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

from support import GOLDEN, PATIENCE_S, BoardTest, close_board, make_board

DUMP = str(GOLDEN / "layout-2.vxb")


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "python"), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-B", "-m", "vxboard", *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", env=environment, timeout=PATIENCE_S)


class Command(BoardTest):
    def test_a_dump_is_shown_as_text(self) -> None:
        done = run(DUMP)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout.splitlines()[0], "golden: failed")
        self.assertIn("mirroring     41.1 %  node-v22.3.0.tar.gz", done.stdout)

    def test_a_dump_is_shown_as_json(self) -> None:
        document = json.loads(run("--json", DUMP).stdout)
        self.assertEqual([slot["phase"] for slot in document["slots"]], ["mirroring", "queued"])
        self.assertEqual(document["board"]["title"], "golden")

    def test_a_watch_ends_with_its_board(self) -> None:
        make_board(self.path)
        close_board(self.path)
        done = run("--json", "--watch", "0.01", str(self.path))
        self.assertEqual([json.loads(line)["board"]["state"] for line in done.stdout.splitlines()], ["done"])

    def test_a_wait_ends_with_0_if_it_is_met_and_with_1_if_not(self) -> None:
        self.assertEqual(run("--wait", "uv=failed", DUMP).returncode, 0)
        done = run("--wait", "uv=ready", "--timeout", "0.1", DUMP)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("did not become ready: it ended as failed", done.stderr)

    def test_a_reader_that_has_enough_is_no_error(self) -> None:
        reader, writer = os.pipe()
        os.close(reader)
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "python")}
        command = [sys.executable, "-B", "-m", "vxboard", "--json", DUMP]
        done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, env=environment, timeout=PATIENCE_S)
        os.close(writer)
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_errors_are_1_and_wrong_arguments_2(self) -> None:
        missing = run("/nowhere.board")
        self.assertEqual((missing.returncode, missing.stdout), (1, ""))
        self.assertIn("error: board `/nowhere.board` does not exist\nhint: ", missing.stderr)
        for wrong in (["--watch", "0"], ["--timeout", "1"], ["--wait", "api"], ["--watch", "1", "--wait", "a=b"]):
            self.assertEqual(run(*wrong).returncode, 2, wrong)


if __name__ == "__main__":
    unittest.main()
