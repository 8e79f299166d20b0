"""The conformance suite: what every data set must keep, ours and a stranger's alike.

Three ways to run it: ``python -m medmat_core.testing SLUG_OR_MODULE ...`` prints findings, ``pytest --medmat`` runs
a test for each check and installed data set, and ``from medmat_core.testing.conformance import *`` in a test module
does so for one plugin package. :func:`check_dataset` is what they share.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from medmat_core.errors import MedmatError, UsageError
from medmat_core.testing.report import Finding, Report

if TYPE_CHECKING:
    from medmat_core.dataset import Dataset
    from medmat_core.testing.reading import Files

__all__ = ["CHECKS", "Finding", "Report", "check_dataset", "find_datasets"]


def check_dataset(dataset: Dataset, tmp_path: Path) -> Report:
    """Every check of the suite over one data set; trees are written below ``tmp_path``, which should be empty."""
    report = Report(str(dataset))
    for name, check in CHECKS.items():
        report.extend(check(dataset, tmp_path / name))
    return report


def find_datasets(names: Sequence[str] = ()) -> list[Dataset]:
    """The data sets that names stand for: slugs, numbers or plugin modules; all installed ones for no names.

    A plugin's name works from a source checkout, where nothing is installed.
    """
    from medmat_core.catalog import load_catalog
    from medmat_core.plugins import plugin_called

    catalog = load_catalog()
    if not names:
        return list(catalog.datasets)
    found: list[Dataset] = []
    for name in names:
        if "." not in name and "_" not in name:
            found.append(catalog.get(name))
            continue
        try:
            module: Any = plugin_called(name)
        except ImportError as error:
            raise UsageError(f"{name}: cannot be imported: {error}; is its folder on PYTHONPATH?") from error
        if not hasattr(module, "medmat_datasets"):
            raise UsageError(f"{name}: defines no medmat_datasets(); name a plugin module")
        found.extend(module.medmat_datasets())
    return found


def _card(dataset: Dataset, tmp: Path) -> Iterator[Finding]:
    """The card is complete and well-formed."""
    from medmat_core.testing.card_check import check_card, check_index

    yield from check_card(dataset.card)
    yield from check_index(dataset)


def _example(dataset: Dataset, tmp: Path) -> Iterator[Finding]:
    """The example tree yields what the card expects, however it was unzipped."""
    from medmat_core.testing.example_check import check_example

    files = yield from _drawn(dataset)
    if files is not None:
        yield from check_example(dataset, dataset.card, files, tmp)


def _hostile(dataset: Dataset, tmp: Path) -> Iterator[Finding]:
    """Whatever is wrong in a tree ends as a problem, and the rest is read as before."""
    from medmat_core.testing.hostile import check_hostile
    from medmat_core.testing.reading import read

    files = yield from _drawn(dataset)
    if files is None:
        return
    pristine = read(dataset, dataset.card, files.write(tmp / "pristine" / dataset.card.folder))
    if not pristine.crash:  # or the example check has said so
        yield from check_hostile(dataset, dataset.card, files, pristine, tmp)


def _records(dataset: Dataset, tmp: Path) -> Iterator[Finding]:
    """A build of the example makes sound records, and what it cannot use ends as a problem."""
    from medmat_core.testing.record_check import check_records

    files = yield from _drawn(dataset)
    if files is not None:
        yield from check_records(dataset, dataset.card, files, tmp)


def _rounds(dataset: Dataset, tmp: Path) -> Iterator[Finding]:
    """The example holds a round in train for each ask of the card."""
    from medmat_core.testing.round_check import check_rounds

    files = yield from _drawn(dataset)
    if files is not None:
        yield from check_rounds(dataset, dataset.card, files, tmp)


def _drawn(dataset: Dataset) -> Generator[Finding, None, Files | None]:
    """The files of the example; a finding, and None, if it cannot be drawn."""
    from medmat_core.samples import example_files
    from medmat_core.testing.reading import Files

    try:
        return Files(dict(example_files(dataset.card)))
    except MedmatError as error:
        yield Finding("example", dataset.card.path.name, str(error), "mend the example", "example")
        return None


CHECKS: Final[Mapping[str, Callable[[Dataset, Path], Iterator[Finding]]]] = {
    "card": _card,
    "example": _example,
    "hostile": _hostile,
    "records": _records,
    "rounds": _rounds,
}
"""The parts of the suite by name, each a function of a data set and an empty folder."""
