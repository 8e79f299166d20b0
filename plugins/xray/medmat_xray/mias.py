"""MIAS: a text of one line a finding, blanks between its fields, and one folder of PGM films mdb001 to mdb322."""

import re
from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

FILM = re.compile(r"mdb(\d{3})", re.IGNORECASE)


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    pictures = readers.Pictures(tree, paths=originals(tree))
    found = readers.merged_labels(
        tree,
        findings(tree, tree.find("Info.txt", "README") or "Info.txt"),
        pictures,
        image="film",
        code="class",
        group=lambda path: patient(readers.stem(path)),
    )
    return readers.report_unlisted(pictures, found)


def originals(tree: readers.Tree) -> list[str]:
    """The PGM films where they lie here, else their copies in another format."""
    paths = list(tree.images())
    films = {readers.stem(path) for path in paths if path.lower().endswith(".pgm")}
    kept = [path for path in paths if path.lower().endswith(".pgm") or readers.stem(path) not in films]
    if len(kept) < len(paths):
        copy = next(path for path in paths if path not in set(kept))
        tree.report("left_out", copy.rpartition("/")[0], f"{len(paths) - len(kept)} films lie here as PGM files, too")
    return kept


def findings(tree: readers.Tree, file: str) -> Iterator[readers.Row]:
    """The rows "mdb005 F CIRC B 477 133 30". A header or pages of prose stand above them, a rule of = signs below."""
    begun = False
    for number, line in readers.lines(tree, file):
        fields = line.split()
        if FILM.fullmatch(fields[0]) and len(fields) >= 3:
            begun = True
            yield readers.Row(file, number, {"film": fields[0], "class": fields[2]})
        elif begun and set(line) != {"="}:
            tree.report("bad_row", file, f"{line[:60]!r} is no row of film, tissue and class", number)


def patient(film: str) -> str | None:
    """'mdb005' and 'mdb006' -> '3': an odd film and the next one show the two breasts of one woman."""
    name = FILM.fullmatch(film)
    return str((int(name[1]) + 1) // 2) if name else None


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
