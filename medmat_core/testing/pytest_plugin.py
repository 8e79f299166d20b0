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


def pytest_collection_modifyitems(session: Any, config: Any, items: list[Any]) -> None:
    """Called by pytest after collection: ``--medmat`` adds the suite.

    It is no path among the arguments: pytest leaves out what lies in a virtual environment below the folder that it
    runs in, which is where a plugin package has its own.
    """
    if not config.getoption("--medmat"):
        return
    import pytest

    suite = Path(__file__).with_name("conformance.py")
    if any(Path(item.path) == suite for item in items):
        return  # asked for by its path, too
    module = pytest.Module.from_parent(session, path=suite)
    items.extend(session.genitems(module))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Called by pytest at the end: one line a data set that the suite looked at."""
    rows: dict[str, dict[str, Any]] = {}
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.getreports(outcome):
            told = dict(getattr(report, "user_properties", ()))
            name = told.get("medmat_dataset")
            if name is None or (report.when != "call" and outcome == "passed"):
                continue
            row = rows.setdefault(name, {"checks": 0, "failed": 0, "samples": 0, "properties": 0, "seconds": 0.0})
            row["checks"] += 1
            row["failed"] += outcome != "passed"
            row["samples"] = max(row["samples"], told.get("medmat_samples", 0))
            row["properties"] += told.get("medmat_properties", 0)
            row["seconds"] += report.duration
    if not rows:
        return
    terminalreporter.section("medmat")
    width = max(len("data set"), *map(len, rows))
    terminalreporter.write_line(f"{'data set':{width}}  samples  properties  checks  failed    time")
    total = [sum(row[key] for row in rows.values()) for key in ("samples", "properties", "checks", "failed", "seconds")]
    lines = [(name, [row[key] for key in ("samples", "properties", "checks", "failed", "seconds")])
             for name, row in sorted(rows.items(), key=_by_number)]  # fmt: skip
    if len(rows) > 1:
        lines.append((f"all {len(rows)}", total))
    for name, (samples, properties, checks, failed, seconds) in lines:
        text = f"{name:{width}}  {samples:7}  {properties:10}  {checks:6}  {failed or '-':>6}  {seconds:5.1f} s"
        terminalreporter.write_line(text, red=bool(failed))


def _by_number(row: tuple[str, Any]) -> tuple[bool, int, str]:
    number = row[0].split(" ")[0]
    return (not number.isdecimal(), int(number) if number.isdecimal() else 0, row[0])


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
