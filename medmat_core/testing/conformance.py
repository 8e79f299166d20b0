"""The suite as test functions. A plugin package needs one test module of one line::

    from medmat_core.testing.conformance import *  # noqa: F403

which checks every installed data set, or those that ``MEDMAT_DATASETS = ["my-slug"]`` in that module or
``pytest --medmat-dataset my-slug`` name. Each test gets its data set from medmat's pytest plugin.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from medmat_core.dataset import Dataset
from medmat_core.testing import CHECKS, Report
from medmat_core.testing.tally import counting

__all__ = [
    "test_a_build_of_the_example_makes_sound_records",
    "test_every_plugin_loads",
    "test_the_card_is_complete_and_well_formed",
    "test_the_example_holds_a_round_for_each_ask",
    "test_the_example_tree_yields_what_the_card_expects",
    "test_what_is_wrong_in_a_tree_ends_as_a_problem",
]


def test_every_plugin_loads() -> None:
    from medmat_core.catalog import load_catalog

    failed = load_catalog().failed
    assert not failed, "\n".join(map(str, failed))


def test_the_card_is_complete_and_well_formed(medmat_dataset: Dataset, tmp_path: Path, record_property: Any) -> None:
    _run("card", medmat_dataset, tmp_path, record_property)


def test_the_example_tree_yields_what_the_card_expects(
    medmat_dataset: Dataset, tmp_path: Path, record_property: Any
) -> None:
    _run("example", medmat_dataset, tmp_path, record_property)


def test_what_is_wrong_in_a_tree_ends_as_a_problem(
    medmat_dataset: Dataset, tmp_path: Path, record_property: Any
) -> None:
    _run("hostile", medmat_dataset, tmp_path, record_property)


def test_a_build_of_the_example_makes_sound_records(
    medmat_dataset: Dataset, tmp_path: Path, record_property: Any
) -> None:
    _run("records", medmat_dataset, tmp_path, record_property)


def test_the_example_holds_a_round_for_each_ask(medmat_dataset: Dataset, tmp_path: Path, record_property: Any) -> None:
    _run("rounds", medmat_dataset, tmp_path, record_property)


def _run(name: str, dataset: Dataset, tmp: Path, record: Any) -> None:
    report = Report(str(dataset))
    record("medmat_dataset", str(dataset))
    with counting() as tally:
        report.extend(CHECKS[name](dataset, tmp))
    # for the table at the end of the run, also from workers of pytest-xdist
    record("medmat_samples", tally.samples)
    record("medmat_properties", tally.properties)
    if not report:
        pytest.fail(str(report), pytrace=False)
