"""Forming rounds against one sort of the same keys, printed as ratios.

A million labels of twenty classes and a hundred thousand label sets, boxes, coverages and structures, drawn afresh.
Yardstick: ``numpy.argsort`` of a million 64-bit keys, which nobody who sorts by hash can do without. CPU time, the best
of several runs; memory is what numpy held at most while rounds were formed.

Run: ``python tests/benchmarks/bench_rounds.py``; MEDMAT_BENCH_ROUNDS divides all sizes (10: a tenth).
"""

from __future__ import annotations

import os
import time
import tracemalloc
from collections.abc import Callable

import numpy as np

from medmat_core.rounds import Regions, Rounds, Salt, box_rounds, coverage_rounds, label_rounds, structure_rounds

RUNS = 3
SALT = Salt.of("bench")
PART = max(1, int(os.environ.get("MEDMAT_BENCH_ROUNDS", "1")))


def labels(chance: np.random.Generator, keys: np.ndarray) -> Rounds:
    """Single labels of twenty classes, of which any two may meet."""
    classes = chance.choice(20, len(keys), p=chance.dirichlet(np.ones(20))).astype(np.int32)
    return label_rounds(keys, classes, ~np.eye(20, dtype=np.bool_), SALT)


def label_sets(chance: np.random.Generator, keys: np.ndarray) -> Rounds:
    """Several of forty findings a picture; each of two sets must hold what the other does not."""
    drawn = (chance.random((len(keys), 40)) < 0.05) @ (1 << np.arange(40))
    sets, classes = np.unique(drawn, return_inverse=True)
    return label_rounds(keys, classes, lambda a, b: ((sets[a] & ~sets[b]) != 0) & ((sets[b] & ~sets[a]) != 0), SALT)


def boxes_of(chance: np.random.Generator, count: int) -> np.ndarray:
    """Boxes of lesions around the middle, in thousandths, int32 (count, 4)."""
    size = chance.integers(50, 500, (count, 2))
    middle = chance.normal(500, 170, (count, 2)).astype(int)
    low = np.clip(middle - size // 2, 0, 990)
    return np.concatenate([low, np.clip(middle + size // 2, low + 5, 1000)], axis=1).astype(np.int32)


def boxes(chance: np.random.Generator, keys: np.ndarray) -> Rounds:
    """One box a picture."""
    return box_rounds(keys, boxes_of(chance, len(keys))[:, None], SALT)


def coverages(chance: np.random.Generator, keys: np.ndarray) -> Rounds:
    """Percentages around a fifth."""
    true = chance.gamma(4, 5, len(keys))
    return coverage_rounds(keys, true, true.round(), SALT)


def structures(chance: np.random.Generator, keys: np.ndarray) -> Rounds:
    """About three of eight classes a picture."""
    pictures = np.sort(chance.integers(0, len(keys) // 3, len(keys)))
    classes = (np.arange(len(keys)) - np.searchsorted(pictures, pictures)) * 3 + pictures
    classes = (classes % 8).astype(np.int32)
    own = boxes_of(chance, len(keys))
    regions = Regions(pictures, classes, own)
    return structure_rounds(keys, pictures, classes, own, regions, ~np.eye(8, dtype=np.bool_), SALT)


WORKS: tuple[tuple[Callable[[np.random.Generator, np.ndarray], Rounds], int], ...] = (
    (labels, 1_000_000),
    (label_sets, 100_000),
    (boxes, 100_000),
    (coverages, 100_000),
    (structures, 50_000),
)


def best(work: Callable[[], object]) -> float:
    """CPU seconds of the fastest of several runs."""
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    keys = np.random.default_rng(0).integers(0, 2**64, 1_000_000 // PART, dtype=np.uint64)
    yard = best(lambda: np.argsort(keys))
    print(f"yardstick: argsort of {len(keys):,} keys, {yard:.3f} s")
    for work, size in WORKS:
        some = keys[: size // PART]
        taken = best(lambda: work(np.random.default_rng(1), some))  # noqa: B023
        tracemalloc.start()
        shares = work(np.random.default_rng(1), some).shares
        peak = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        told = "/".join(f"{100 * share / len(some):.1f}" for share in shares.values())
        print(
            f"{work.__name__:12}{len(some):>10,}{taken:8.2f} s{taken / yard:7.1f} x{peak:7.0f} MB   "
            f"4/3/2/surplus/open: {told}"
        )


if __name__ == "__main__":
    main()
