"""Output formats. A writer turns a record into the text of one line; the build does the rest.

A plugin adds a format with the hook ``medmat_formats``. Where the file's running number belongs, the text
holds :data:`ID`; the build puts the number there when it knows it.
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring as quoted
from typing import Final, Protocol, runtime_checkable

from medmat_core.model import Record
from medmat_core.writers.jsonl import JsonlWriter
from medmat_core.writers.medmat import MedmatWriter

ID: Final = "\0"
"""Stands for the running number of a record in its file; JSON text cannot hold it otherwise."""


@runtime_checkable
class Writer(Protocol):
    """An output format.

    ``name`` is what ``--format`` takes. ``file(stem, split)`` is the path below OUT of a data set's file,
    ``subset_file(no, split)`` that of a subset (None: the format has none). A file is ``opening``, the lines
    joined by ``separator``, and ``closing``.
    """

    @property
    def name(self) -> str: ...
    @property
    def opening(self) -> str: ...
    @property
    def separator(self) -> str: ...
    @property
    def closing(self) -> str: ...

    def file(self, stem: str, split: str) -> str:
        """'Original_Medical_Datasets/Ori--02-train.json'; ``stem`` is '02' or a third party's slug."""

    def subset_file(self, no: int, split: str) -> str | None:
        """'Aggregated_Subsets/Subset--02-train.json', or None."""

    def line(self, record: Record) -> str:
        """The record as text with one :data:`ID` in it and no line break."""

    def around_image(self, record: Record) -> tuple[str, str] | None:
        """The line before and after the picture's JSON string, if nothing else in it depends on the picture
        (the build then writes pictures with equal questions without asking again); else None."""


WRITERS: Final[tuple[Writer, ...]] = (MedmatWriter(), JsonlWriter())

__all__ = ["ID", "WRITERS", "JsonlWriter", "MedmatWriter", "Writer", "json", "quoted"]
