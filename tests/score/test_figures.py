"""Figures agree with scikit-learn, and with slow code that does the same by hand."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest

from medmat_core.score.figures import balanced, bootstrap, mcnemar


def test_balanced_accuracy_is_the_mean_recall_of_classes() -> None:
    right = np.array([True, True, False, True, False])
    classes = np.array([0, 0, 0, 1, -1])
    assert balanced(right, classes) == pytest.approx((2 / 3 + 1) / 2)
    assert balanced(right, np.full(5, -1)) is None


@pytest.mark.parametrize("seed", range(5))
def test_accuracy_and_balanced_accuracy_are_those_of_scikit_learn(seed: int) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(seed)
    true, said = random.choice(4, 500, p=[0.5, 0.3, 0.15, 0.05]), random.integers(0, 4, 500)
    found = bootstrap((true == said).astype(float), np.arange(500), 0)
    assert found.value == pytest.approx(metrics.accuracy_score(true, said))
    assert balanced(true == said, true) == pytest.approx(metrics.balanced_accuracy_score(true, said))


def test_the_interval_is_that_of_drawing_groups_one_by_one() -> None:
    random = np.random.default_rng(3)
    groups = random.integers(0, 40, 400)
    effect = random.uniform(0, 1, 40)
    values = (random.uniform(size=400) < effect[groups]).astype(float)
    found = bootstrap(values, groups, 1)
    members = [values[groups == group] for group in np.unique(groups)]
    means = []
    for _ in range(4000):
        drawn = [members[place] for place in random.integers(0, len(members), len(members))]
        means.append(np.concatenate(drawn).mean())
    low, high = np.quantile(means, [0.025, 0.975])
    assert found.low == pytest.approx(low, abs=0.015)
    assert found.high == pytest.approx(high, abs=0.015)
    alone = bootstrap(values, np.arange(400), 1)
    assert alone.high - alone.low < found.high - found.low  # records of a group go together


def test_an_interval_hangs_on_its_seed_alone() -> None:
    values, groups = np.tile([0.0, 1.0, 1.0], 20), np.arange(60)
    assert bootstrap(values, groups, 5) == bootstrap(values, groups, 5)
    assert bootstrap(values, groups, 5) != bootstrap(values, groups, 6)


def test_nothing_is_certain_of_a_few_groups_that_agree() -> None:
    found = bootstrap(np.ones(30), np.repeat(np.arange(3), 10), 0)
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(0.025 ** (1 / 3))
    assert bootstrap(np.zeros(3), np.arange(3), 0).high == pytest.approx(1 - 0.025 ** (1 / 3))


@pytest.mark.parametrize(("one", "other"), [(0, 0), (3, 9), (9, 3), (10, 10), (0, 6), (500, 600)])
def test_mcnemar_is_the_exact_binomial_test(one: int, other: int) -> None:
    count = one + other
    tail = sum(comb(count, k) for k in range(min(one, other) + 1)) / 2**count
    assert mcnemar(one, other) == pytest.approx(min(1.0, 2 * tail))
