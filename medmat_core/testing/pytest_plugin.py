"""medmat's pytest plugin: ``--medmat`` adds the conformance suite to a run, a test for each check and data set.

It imports nothing of medmat until asked, as every pytest run of an environment with medmat in it loads this module.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


def pytest_addoption(parser: Any) -> None:
    """Called by pytest to learn the options."""
    group = parser.getgroup("medmat")
    group.addoption(
        "--medmat", action="store_true", help="run medmat's conformance suite over every installed data set, too"
    )
    group.addoption(
        "--medmat-dataset",
        action="append",
        default=[],
        metavar="NAME",
        help="only this data set: a slug, a number or a plugin module (repeatable)",
    )


def pytest_configure(config: Any) -> None:
    """Called by pytest before collection: ``--medmat`` puts the suite among the files to collect."""
    if not config.getoption("--medmat"):
        return
    suite = str(Path(__file__).with_name("conformance.py"))
    if suite not in config.args:
        config.args.append(suite)


def pytest_generate_tests(metafunc: Any) -> None:
    """Called by pytest for each test function: one that takes ``medmat_dataset`` runs once a data set."""
    if "medmat_dataset" not in metafunc.fixturenames:
        return
    import pytest

    from medmat_core.errors import MedmatError
    from medmat_core.testing import find_datasets

    names = metafunc.config.getoption("--medmat-dataset") or getattr(metafunc.module, "MEDMAT_DATASETS", ())
    try:
        datasets = find_datasets(names)
    except MedmatError as error:
        raise pytest.UsageError(str(error)) from error
    metafunc.parametrize("medmat_dataset", datasets, ids=[dataset.slug for dataset in datasets])
