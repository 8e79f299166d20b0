"""Example trees: a card's tiny synthetic data set, written the way the real one lies on disk.

Every byte is a function of the card's folder, the path and what the card says of the file, so that two runs, two
machines and two cards that share a folder write the same. Nothing here holds or imitates a patient's data.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from medmat_core.card import Card
from medmat_core.errors import CardError, UsageError
from medmat_core.example import ExamplePicture
from medmat_core.fileio import read_regular
from medmat_core.samples.pictures import picture_bytes
from medmat_core.samples.texts import file_bytes

__all__ = ["example_files", "placed", "write_example"]


def write_example(card: Card, to: Path, *, strip_outer: bool = False, wrap: str = "") -> list[Path]:
    """Write the card's example tree below ``to/<card.folder>/`` and return the paths of its files, in card order.

    ``strip_outer`` leaves out the archive's outer folder (``card.outer``), ``wrap`` puts one more folder around
    everything: the ways in which people unzip. A file that is there with the same content is left alone; one that
    differs is never overwritten: :class:`UsageError` names it, and nothing is written.
    """
    base = Path(to) / card.folder
    outer = card.outer if strip_outer else ""
    wanted = [(base / placed(path, outer, wrap), content) for path, content in example_files(card)]
    new: list[tuple[Path, bytes]] = []
    for path, content in wanted:
        try:
            if read_regular(path) == content:
                continue
        except FileNotFoundError:
            if not path.is_symlink():  # one that leads to nothing would be written through
                new.append((path, content))
                continue
        except OSError as error:
            raise UsageError(
                f"{path}: cannot be compared with the example: {error.strerror}; choose another folder"
            ) from error
        raise UsageError(
            f"{path}: is there with other content than the example's; it was left alone, choose another folder"
        )
    for path, content in new:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return [path for path, _ in wanted]


def placed(path: str, outer: str = "", wrap: str = "") -> str:
    """Where a path of the literal tree lies after an unzip without ``outer`` or into a folder ``wrap``.

    >>> placed("Kvasir-SEG/images/a.jpg", outer="Kvasir-SEG")
    'images/a.jpg'
    >>> placed("train.csv", outer="Kvasir-SEG", wrap="archive")
    'archive/train.csv'
    """
    prefix = outer.strip("/") + "/"
    if outer and path.startswith(prefix):
        path = path[len(prefix) :]
    return f"{wrap.strip('/')}/{path}" if wrap else path


def example_files(card: Card) -> Iterator[tuple[str, bytes]]:
    """(path in the literal layout, content) of every file of the card's example, pictures first, in card order."""
    drawn = {path: picture for picture in card.example.pictures for path in picture.paths}
    seen: set[str] = set()
    for path in drawn:
        _check(card, path, seen)
        source, picture = _original(card, path, drawn)
        yield path, picture_bytes(card, source, picture)
    for file in card.example.files:
        _check(card, file.path, seen)
        yield file.path, file_bytes(card, file)


def _original(card: Card, path: str, drawn: dict[str, ExamplePicture]) -> tuple[str, ExamplePicture]:
    """The picture whose bytes ``path`` has: its own, or at the end of a chain of ``same_as``."""
    seen = {path}
    while drawn[path].same_as:
        target = drawn[path].same_as
        if target not in drawn or target in seen:
            raise CardError(
                f"{card.path}: example.pictures: {path!r}: same_as {target!r} is no other picture of the example"
            )
        seen.add(target)
        path = target
    return path, drawn[path]


def _check(card: Card, path: str, seen: set[str]) -> None:
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\\" in path:
        raise CardError(
            f"{card.path}: example: {path!r} must be a path below the data set's folder with '/' separators"
        )
    if path in seen:
        raise CardError(f"{card.path}: example: {path!r} is listed twice")
    seen.add(path)
