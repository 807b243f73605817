"""Eight processes, one for each learning rate, fit the same model; a board shows the epochs and the loss of each.

`python examples/training/train.py [--epochs N] [--seconds-per-epoch S]`. Needs `vxboard` with its extension, and nothing else.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import random
import sys
import time
from multiprocessing.connection import Connection

import vxboard

RATES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
SAMPLES = 200
# The samples are drawn with these, and a fit should find them again.
TRUE_WEIGHTS = (1.5, -2.0, 0.5)

Sample = tuple[tuple[float, ...], int]


def samples(seed: int) -> list[Sample]:
    """Labelled points, drawn from a logistic model with the true weights."""
    draw = random.Random(seed)
    found: list[Sample] = []
    for _ in range(SAMPLES):
        point = (draw.gauss(0, 1), draw.gauss(0, 1), 1.0)
        found.append((point, int(draw.random() < chance(TRUE_WEIGHTS, point))))
    return found


def chance(weights: tuple[float, ...], point: tuple[float, ...]) -> float:
    reach = sum(weight * part for weight, part in zip(weights, point))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, reach))))


def step(weights: tuple[float, ...], sample: Sample, rate: float) -> tuple[float, ...]:
    """One step down the gradient for one sample."""
    point, label = sample
    miss = chance(weights, point) - label
    return tuple(weight - rate * miss * part for weight, part in zip(weights, point))


def loss_of(weights: tuple[float, ...], over: list[Sample]) -> float:
    """The mean logistic loss: 0.69 for a guess, less for a better model."""
    chances = [chance(weights, point) if label else 1 - chance(weights, point) for point, label in over]
    return -sum(math.log(max(one, 1e-12)) for one in chances) / len(over)


def fit(rate: float, epochs: int, epoch_s: float, answer: Connection) -> None:
    """Fit in a child process, and send the loss over samples that were not trained on."""
    train, held_out = samples(1), samples(2)
    weights: tuple[float, ...] = (0.0, 0.0, 0.0)
    with vxboard.tqdm(range(epochs), desc=f"rate {rate:g}", unit="epoch") as bar:
        for _ in bar:
            for sample in train:
                weights = step(weights, sample, rate)
            bar.set_postfix(loss=loss_of(weights, held_out))
            # A real model would take its time here.
            time.sleep(epoch_s)
    answer.send(loss_of(weights, held_out))


def main() -> int:
    options = argparse.ArgumentParser(description="fit a model with eight learning rates at once")
    options.add_argument("--epochs", type=int, default=100)
    options.add_argument("--seconds-per-epoch", type=float, default=0.2)
    given = options.parse_args()
    losses: dict[float, float] = {}
    with vxboard.Board.create("training") as board:
        print(f"watch it with: vx top {board.path}", file=sys.stderr)
        runs: list[tuple[float, multiprocessing.Process, Connection]] = []
        for rate in RATES:
            mine, theirs = multiprocessing.Pipe(duplex=False)
            child = multiprocessing.Process(target=fit, args=(rate, given.epochs, given.seconds_per_epoch, theirs))
            child.start()
            # With this end closed, a killed child shows as the end of the pipe.
            theirs.close()
            runs.append((rate, child, mine))
        for rate, child, mine in runs:
            try:
                losses[rate] = mine.recv()
            except EOFError:
                print(f"rate {rate:g} did not finish", file=sys.stderr)
            child.join()
            assert child.pid is not None and child.exitcode is not None
            board.record_exit(child.pid, child.exitcode)
    for rate, loss in sorted(losses.items(), key=lambda pair: pair[1]):
        print(f"rate {rate:<6g} loss {loss:.4f}")
    return 0 if len(losses) == len(RATES) else 1


if __name__ == "__main__":
    sys.exit(main())
