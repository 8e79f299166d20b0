"""Vertebrae X-ray images: three class folders, one picture a subject; some copies have a folder 224 with them
squeezed to 224 x 224 pixels, beside the originals or in their stead.
"""

import re
from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

AASCE = re.compile(r"\d\d-[a-z]+-\d{4}-\d+", re.IGNORECASE)  # 01-July-2019-12, a picture of another set
SQUEEZED = "224"


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    found = list(
        readers.class_folders(tree, card, group=subject, skip=lambda path: bool(AASCE.fullmatch(subject(path))))
    )
    best: dict[tuple[str, str], str] = {}
    for sample in sorted(found, key=lambda sample: (squeezed(str(sample.image)) != "", str(sample.image))):
        best.setdefault(one_picture(card, sample), str(sample.image))
    left: dict[str, int] = {}
    for sample in found:
        kept = best[one_picture(card, sample)]
        if kept == sample.image:
            yield sample
        else:
            folder = squeezed(str(sample.image)) or str(sample.image)
            left[folder] = left.get(folder, 0) + 1
    for folder, count in left.items():
        tree.report("left_out", folder, f"{count} of the pictures here lie elsewhere, too, at their original size")


def subject(path: str) -> str:
    """'Scol/N14, Rt TAIS, F, 14 yrs.jpg' -> 'N14, Rt TAIS, F, 14 yrs': the number alone starts anew in each class."""
    return path.rpartition("/")[2].rpartition(".")[0]


def squeezed(path: str) -> str:
    """The folder 224 that a picture lies in ('' for an original)."""
    folders = path.split("/")[:-1]
    return "/".join(folders[: folders.index(SQUEEZED) + 1]) if SQUEEZED in folders else ""


def one_picture(card: Card, sample: LabelSample) -> tuple[str, str]:
    """What copies of one picture have in common: its class and its subject."""
    return card.labels[sample.stated[0]], readers.stem(str(sample.image))


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
