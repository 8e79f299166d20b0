"""Whose mistake an exception is: the file and line of the code nearest to it that medmat did not bring."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Final

from medmat_core.errors import MedmatError
from medmat_core.watch import PATIENCE, Overdue

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
"""Of an object in memory: another one each time."""

_LONGEST: Final = 2000

_OWN = Path(__file__).resolve().parent


def place_of(error: BaseException, packages: Collection[str] = ()) -> str:
    """Where in a plugin's code an exception comes from, as 'file.py, line 12': the deepest frame in one of ``packages``
    (top names of modules), or, where none is given, outside medmat and Python. "" where there is no such frame."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}, line {error.lineno}"
    found = ""
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        code, name = trace.tb_frame.f_code, str(trace.tb_frame.f_globals.get("__name__", ""))
        if name.partition(".")[0] in packages if packages else _is_strange(Path(code.co_filename)):
            found = f"{code.co_filename}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return found


def _is_strange(file: Path) -> bool:
    if file.name.startswith("<") or not file.suffix:
        return False
    import sysconfig

    library = Path(sysconfig.get_path("stdlib")).resolve()
    inside = file.resolve()
    return not inside.is_relative_to(_OWN) and (not inside.is_relative_to(library) or "site-packages" in inside.parts)


def one_line(text: str) -> str:
    """An exception's text as one line of bounded length that is the same in every run."""
    return _ADDRESS.sub("", " ".join(text[:_LONGEST].split()))


def said(error: BaseException) -> str:
    """An exception in one line, without the name of its class where that says nothing to who wrote the code."""
    if isinstance(error, SyntaxError):
        return f"syntax error: {error.msg}"
    text = one_line(str(error))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def told(error: BaseException) -> str:
    """What a stranger's code raised, in a line."""
    if isinstance(error, Overdue):
        return f"it did not come back within {PATIENCE:g} seconds"
    try:
        return one_line(str(error)) if isinstance(error, MedmatError) else said(error)
    except Exception:  # nor told
        return f"{type(error).__name__}: no message"
