"""What publishing costs with the installed package: `python benches/writes.py`."""

import os
import statistics
import tempfile
import timeit

import vxboard

CALLS = 1_000_000


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        with vxboard.Board.create("bench", path=os.path.join(directory, "b.board")) as board, board.slot("s") as slot:
            for name, call in (("advance()", "s.advance()"), ("publish(7)", "s.publish(7)"), ("message(…)", "s.message('a file')")):
                runs = timeit.repeat(call, globals={"s": slot}, number=CALLS, repeat=15)
                figures = [seconds / CALLS * 1e9 for seconds in runs]
                print(f"{name}: median {statistics.median(figures):.0f} ns, least {min(figures):.0f} ns")


if __name__ == "__main__":
    main()
