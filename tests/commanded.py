"""The command line run in this process, over a catalog of the test's own."""

from __future__ import annotations

import contextlib
import io

from attrs import frozen

from medmat_core.catalog import Catalog
from medmat_core.cli import cli
from medmat_core.errors import MedmatError


@frozen
class Told:
    """What a command printed, and the exit code that a shell would see."""

    exit_code: int
    output: str


def command(catalog: Catalog, *arguments: str) -> Told:
    """``medmat ARGUMENTS`` with the data sets of ``catalog``."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        try:
            code = cli.main(args=list(arguments), standalone_mode=False, obj={"catalog": catalog})
        except MedmatError as error:
            print(error)
            code = error.exit_code
    return Told(code if isinstance(code, int) else 0, output.getvalue())
