"""BreakHis: slides at four magnifications; file names say the tumor's type, the slide and the patient."""

import re
from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, Problem, hookimpl, readers

# SOB_B_A-14-22549AB-40-001.png: type, slide (year-patient and letters of the slide), magnification, number
NAME = re.compile(r"SOB_[BM]_(?P<type>[A-Z]+)-(?P<slide>(?P<patient>\d+-\d+)[A-Z]*)-\d+-\d+\.[a-z]+", re.IGNORECASE)


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample | Problem]:
    filed = list(readers.labelled_files(tree, tree.images(), lambda path: part(path, "type"), group=patient))
    types: dict[str | None, set[str]] = {}
    for sample in filed:
        types.setdefault(part(str(sample.image), "slide"), set()).update(sample.stated)
    for sample in filed:
        slide = part(str(sample.image), "slide")
        if len(types[slide]) > 1:  # slide 14-13412 is published as ductal and again as lobular carcinoma
            names = " and ".join(sorted(types[slide]))
            yield Problem("contradictory_label", str(sample.image), f"slide {slide} is filed as {names}")
        else:
            yield sample


def patient(path: str) -> str | None:
    return part(path, "patient")


def part(path: str, name: str) -> str | None:
    """One part of a file name, or None for a name of another form."""
    found = NAME.fullmatch(path.rpartition("/")[2])
    return found[name].upper() if found else None


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
