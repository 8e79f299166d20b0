"""BioMediTech: tiles of cell cultures in Subwindows; the names hold the photograph and the class three times."""

import re
from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

NAME = re.compile(r"(\d)_(\d+)_\d+_(\d)_(\d)\.[a-z]+", re.IGNORECASE)  # '1_00001_002_1_1.tif'


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    for path in tree.images(tree.folder("Subwindows", "Subwindows_png") or "Subwindows"):
        name = NAME.fullmatch(path.rpartition("/")[2])
        if name is None:
            tree.report("bad_name", path, "the name is not class_photograph_tile_vote_vote")
        elif not name[1] == name[3] == name[4]:
            digits = ", ".join(name.group(1, 3, 4))
            tree.report("contradictory_label", path, f"the name says the classes {digits}")
        else:
            yield LabelSample(path, (name[1],), group=f"{name[1]}_{name[2]}")


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
