"""``python -m medmat_core.testing [SLUG|NUMBER|MODULE ...]``: check data sets and print what was found.

Without names every installed data set is checked. A module name works from a source checkout, where nothing is
installed. Exits with 1 if something failed.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from medmat_core.errors import MedmatError
from medmat_core.testing import check_dataset, find_datasets


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the data sets named and return the exit code."""
    try:
        datasets = find_datasets(sys.argv[1:] if arguments is None else arguments)
    except MedmatError as error:
        print(error, file=sys.stderr)
        return 2
    if not datasets:
        print("no data set is installed; name a plugin module to check", file=sys.stderr)
        return 2
    good = True
    for dataset in datasets:
        with tempfile.TemporaryDirectory(prefix="medmat-") as folder:
            report = check_dataset(dataset, Path(folder))
        print(report, flush=True)
        good = good and bool(report)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
