"""`python -m vxboard`: data on standard output, everything else on standard error, and its exit codes."""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

from support import GOLDEN, PATIENCE_S, BoardTest, close_board, make_board

DUMP = str(GOLDEN / "layout-2.vxb")


def run(*arguments: str, encoding: str = "utf-8") -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "python"), "PYTHONIOENCODING": encoding}
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

    def test_output_that_cannot_be_written_is_one_line(self) -> None:
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "python")}
        command = [sys.executable, "-B", "-m", "vxboard", "--json", DUMP]
        with open("/dev/full", "w") as full:
            done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, env=environment, timeout=PATIENCE_S)
        self.assertEqual((done.returncode, done.stderr), (1, b"error: No space left on device\n"))

    def test_texts_that_an_encoding_does_not_have_are_escaped(self) -> None:
        make_board(self.path, title="ünïcode")
        done = run(str(self.path), encoding="ascii")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "\\xfcn\\xefcode: running\n", ""))
        self.assertEqual(json.loads(run("--json", str(self.path), encoding="ascii").stdout)["board"]["title"], "ünïcode")

    def test_errors_are_1_and_wrong_arguments_2(self) -> None:
        missing = run("/nowhere.board")
        self.assertEqual((missing.returncode, missing.stdout), (1, ""))
        self.assertIn("error: board `/nowhere.board` does not exist\nhint: ", missing.stderr)
        bogus = run("--wait", "w=bogus", DUMP)
        self.assertIn("there is no state `bogus` to wait for: use one of reserved, live, done", bogus.stderr)
        both = ["--watch", "1", "--wait", "a=ready"]
        for wrong in (["--wait", "w=bogus"], ["--watch", "0"], ["--timeout", "1"], ["--wait", "api"], both):
            self.assertEqual(run(*wrong).returncode, 2, wrong)


if __name__ == "__main__":
    unittest.main()
