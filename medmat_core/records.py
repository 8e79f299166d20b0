"""The records of a built folder, read back: the one reader under audit, check, export, preview, stats and score.

It takes nothing on trust: whatever lies in a file, what comes out is a :class:`~medmat_core.model.Record` of the right
types, or a :class:`RecordError` that names file and line.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve, field, frozen

from medmat_core.errors import UsageError
from medmat_core.model import ASKS, PARTS, ClassBoxes, PixelBox, Record

if TYPE_CHECKING:
    from medmat_core.regions.box_words import BoxFormat

FOLDER: Final = "records"
"""Where records lie below OUT: ``records/Ori--02-train.jsonl``."""

MANIFEST: Final = "manifest.json"

PLAN: Final = ".medmat-work/plan"
"""There while a build puts its files in place: those of a second build then lie under the manifest of the first."""

_MOST: Final = 2**31 - 1
_LONGEST: Final = 64 << 20
"""No line is longer; a file without line ends must not be read into memory whole."""

KINDS: Final = ("label", "mask", "box")


class RecordError(UsageError):
    """A line that is no record: the message names file, line and what is wrong."""


def _text(value: Any) -> str:
    if type(value) is not str:
        raise TypeError(f"expected text, found {value!r:.60}")
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError("expected text, found half a surrogate pair")  # which is JSON
    return value


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(f"expected a whole number, found {value!r:.60}")
    if not -_MOST <= value <= _MOST:
        raise ValueError(f"expected a number of at most {_MOST}, found one of {value.bit_length()} bits")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if type(value) is not list:
        raise TypeError(f"expected a list of texts, found {value!r:.60}")
    return tuple(map(_text, value))


def _one_of(allowed: Collection[str]) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if type(value) is not str or value not in allowed:
            raise ValueError(f"expected one of {', '.join(allowed)}, found {value!r:.60}")
        return value

    return check


def _box(value: Any) -> PixelBox:
    if type(value) is not list or len(value) != 4:
        raise TypeError(f"expected [x1, y1, x2, y2] in whole pixels, found {value!r:.60}")
    x1, y1, x2, y2 = map(_whole, value)
    return x1, y1, x2, y2


def _boxes(value: Any) -> tuple[ClassBoxes, ...]:
    if type(value) is not list:
        raise TypeError(f"expected a list of {{caption, boxes}}, found {value!r:.60}")
    if not value:
        return ()
    found = []
    for item in value:
        if type(item) is not dict or list(item) != ["caption", "boxes"] or type(item["boxes"]) is not list:
            raise TypeError(f"expected {{caption, boxes}}, found {item!r:.60}")
        found.append(ClassBoxes(_text(item["caption"]), tuple(map(_box, item["boxes"]))))
    return tuple(found)


def _owner(value: Any) -> tuple[int, str]:
    if type(value) is not dict or list(value) != ["no", "slug"]:
        raise TypeError(f"expected {{no, slug}}, found {value!r:.60}")
    return _whole(value["no"]), _text(value["slug"])


_READ: Final[Mapping[str, Callable[[Any], Any]]] = {
    "id": _whole, "key": _text, "dataset": _owner, "subset": _whole, "split": _one_of(PARTS), "group": _text,
    "image": _text, "width": _whole, "height": _whole, "kind": _one_of(KINDS), "ask": _one_of(ASKS), "captions": _texts,
    "question": _text, "answer": _text, "options": _texts, "answer_index": _whole, "round": _text, "boxes": _boxes,
    "template": _whole,
}  # fmt: skip

KEYS: Final = tuple(_READ)
"""The keys of a line, in their order."""

FORM: Final = 2
"""The form of a line, by number: builds of another form are not added to, and the manifest names it as ``records``."""


def record_of(raw: Any) -> Record:
    """One parsed line as a record; TypeError, ValueError or KeyError says what is wrong with it."""
    if type(raw) is not dict:
        raise TypeError(f"expected an object, found {raw!r:.60}")
    if raw.keys() != _READ.keys():
        odd = sorted(raw.keys() ^ _READ.keys())
        raise KeyError(f"{odd[0]!r} is {'missing' if odd[0] in KEYS else 'no key of a record'}")
    fields: dict[str, Any] = {}
    name = ""
    try:
        for name, read in _READ.items():
            fields[name] = read(raw[name])
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name}: {error}") from None
    fields["no"], fields["slug"] = fields.pop("dataset")
    record = Record(**fields)
    if not -1 <= record.answer_index < len(record.options) or (record.answer_index < 0) != (not record.options):
        raise ValueError(f"answer_index: {record.answer_index} among {len(record.options)} options")
    return record


@frozen
class Line:
    """A line of a ``.jsonl`` file of records: ``number`` counts from 1, ``record`` is None where ``wrong`` says why
    the line is none. ``in_order``: its keys stand in the order of :data:`KEYS`."""

    number: int
    record: Record | None
    wrong: str = ""
    in_order: bool = True


def read_lines(path: Path) -> Iterator[Line]:
    """Every line of a file of records, be it one or not. Raises :class:`RecordError` where the file cannot be read."""
    try:
        if not path.is_file() and path.exists():
            raise RecordError(f"{path}: is no regular file; build it again")
        with path.open("rb") as file:
            number = 0
            while line := file.readline(_LONGEST):
                number += 1
                try:
                    raw = json.loads(line)
                    record = record_of(raw)
                except (TypeError, ValueError, KeyError, RecursionError) as error:
                    what = error.args[0] if error.args and isinstance(error.args[0], str) else type(error).__name__
                    yield Line(number, None, "no UTF-8 text" if isinstance(error, UnicodeError) else what)
                else:
                    yield Line(number, record, in_order=tuple(raw) == KEYS)
    except OSError as error:
        raise RecordError(f"{path}: cannot be read ({error.strerror or error}); build it again") from None


def read_records(path: Path) -> Iterator[Record]:
    """The records of one ``.jsonl`` file, as they come; :class:`RecordError` at the first line that is none."""
    for line in read_lines(path):
        if line.record is None:
            raise RecordError(f"{path}: line {line.number}: {line.wrong}; build it again")
        yield line.record


@frozen
class Built:
    """A folder that ``medmat build`` wrote.

    ``out`` is the folder, ``manifest`` its manifest.json as parsed. ``pictures`` is the folder that the records' image
    paths start from: the parent of the build's --data.
    """

    out: Path
    manifest: Mapping[str, Any] = field(repr=False)
    pictures: Path

    @classmethod
    def open(cls, out: Path | str, *, pictures: Path | str | None = None) -> Built:
        """The built folder at ``out``; :class:`UsageError` where there is none, or where it is not whole.

        ``pictures`` is the parent of the data folder; unless it is given, that is ``out`` or the folder around it.
        """
        folder = Path(out)
        path = folder / MANIFEST
        if (folder / PLAN).exists():
            what = "a build is putting its files in place here, or was killed at it"
            raise UsageError(f"{folder}: {what}; give that `medmat build` again to bring it to its end")
        if path.exists() and not path.is_file():
            raise UsageError(f"{path}: is no regular file")
        try:
            raw = json.loads(path.read_bytes())
        except FileNotFoundError:
            raise UsageError(f"{folder}: no {MANIFEST} lies there; `medmat build` writes one when it is done") from None
        except (OSError, ValueError, RecursionError) as error:
            raise UsageError(f"{path}: cannot be read: {error}") from None
        if type(raw) is not dict or type(raw.get("datasets")) is not list or type(raw.get("files")) is not dict:
            raise UsageError(f"{path}: was not written by medmat build")
        built = cls(folder, raw, Path(pictures) if pictures is not None else folder)
        return built if pictures is not None else evolve(built, pictures=built._data_root())

    def _data_root(self) -> Path:
        """Where the data folder lies: in ``out``, or beside it, whichever holds the first picture."""
        for path in self.record_files():
            try:
                first = next((record.image for record in read_records(path)), "rendered/")
            except RecordError:
                return self.out
            if not first.startswith("rendered/"):
                beside = Path(os.path.abspath(self.out)).parent
                return beside if not (self.out / first).exists() and (beside / first).exists() else self.out
        return self.out

    def box_format(self, todo: str) -> BoxFormat:
        """How the build wrote boxes; :class:`UsageError`, which says what ``todo``, where the manifest names no way."""
        from medmat_core.regions.box_words import BOX_FORMATS

        arguments = self.manifest.get("arguments")
        named = arguments.get("box_format", "unit") if isinstance(arguments, Mapping) else "unit"
        for fmt in BOX_FORMATS:
            if named == fmt:
                return fmt
        raise UsageError(f"{self.out}: its manifest names the box format {named!r}; {todo}")

    def record_files(self, split: str | None = None) -> list[Path]:
        """The record files that the manifest names, sorted; of one split only where one is given."""
        tail = ".jsonl" if split is None else f"-{split}.jsonl"
        names = [str(name) for name in self.manifest["files"]]
        return [self.out / name for name in sorted(names) if name.startswith(f"{FOLDER}/") and name.endswith(tail)]

    def records(self, split: str | None = None) -> Iterator[Record]:
        """Every record, data set by data set; of one split only where one is given."""
        for path in self.record_files(split):
            yield from read_records(path)

    def picture(self, record: Record) -> Path:
        """The picture of a record on disk (which may be gone)."""
        return self.path_of(record.image)

    def path_of(self, image: str) -> Path:
        """An image path of a record on disk: rendered pictures lie in the build, all others with the data."""
        base = self.out if image.startswith("rendered/") else self.pictures
        return base / image


def records(out: Path | str, split: str | None = None) -> Iterator[Record]:
    """The typed records of a built folder, of one part only where ``split`` is given; see :class:`Built`."""
    return Built.open(out).records(split)


class _Callable(ModuleType):
    """``medmat_core.records`` is this module and, as what users call, :func:`records`."""

    def __call__(self, out: Path | str, split: str | None = None) -> Iterator[Record]:
        return records(out, split)


sys.modules[__name__].__class__ = _Callable
