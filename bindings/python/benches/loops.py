"""A loop of ten million iterations under `vxboard.tqdm` and under tqdm's own, if it is installed: `python benches/loops.py`."""

import os
import statistics
import tempfile
import time
from typing import Any, Callable

import vxboard

ITERATIONS = 10_000_000


def seconds(bar: Callable[..., Any], **arguments: object) -> float:
    since = time.perf_counter()
    for _ in bar(range(ITERATIONS), **arguments):
        pass
    return time.perf_counter() - since


def main() -> None:
    import tqdm

    ours, theirs = [], []
    with open(os.devnull, "w") as nowhere, tempfile.TemporaryDirectory() as directory:
        with vxboard.Board.create("bench", path=os.path.join(directory, "b.board")):
            for _ in range(7):
                ours.append(seconds(vxboard.tqdm))
                theirs.append(seconds(tqdm.tqdm, file=nowhere))
    ratio = statistics.median(our / their for our, their in zip(ours, theirs))
    print(f"vxboard.tqdm {statistics.median(ours):.2f} s, tqdm {statistics.median(theirs):.2f} s, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
