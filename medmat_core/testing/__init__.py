"""The conformance suite: what every data set must keep, ours and a stranger's alike.

Three ways to run it: ``python -m medmat_core.testing SLUG_OR_MODULE ...`` prints findings, ``pytest --medmat`` runs
a test for each check and installed data set, and ``from medmat_core.testing.conformance import *`` in a test module
does so for one plugin package. :func:`check_dataset` is what they share.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from medmat_core.errors import MedmatError, UsageError
from medmat_core.testing.report import Finding, Report

if TYPE_CHECKING:
    from medmat_core.dataset import Dataset

Check = Callable[["Dataset", Path], Iterator[Finding]]

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


def _of_example(module: str, function: str) -> Check:
    """A check of this room that looks at the files of the example; that they cannot be drawn is a finding, too."""

    def check(dataset: Dataset, tmp: Path) -> Iterator[Finding]:
        from medmat_core.samples import example_files
        from medmat_core.testing.reading import Files

        try:
            files = Files(dict(example_files(dataset.card)))
        except MedmatError as error:
            yield Finding("example", dataset.card.path.name, str(error), "mend the example", "example")
            return
        run = getattr(import_module(f"{__name__}.{module}"), function)
        yield from run(dataset, dataset.card, files, tmp)

    return check


CHECKS: Final[Mapping[str, Check]] = {
    "card": _card,
    "example": _of_example("example_check", "check_example"),
    "hostile": _of_example("hostile", "check_hostile"),
    "records": _of_example("record_check", "check_records"),
    "rounds": _of_example("round_check", "check_rounds"),
}
"""The parts of the suite by name, each a function of a data set and an empty folder."""
