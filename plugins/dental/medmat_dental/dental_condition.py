"""Oral Diseases: the first folder says the class, one to three further ones follow; three classes also hold copies
that their authors augmented from the originals beside them.
"""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

AUGMENTED = (
    "caries augmented data set",
    "Mouth_Ulcer_augmented_DataSet",
    "Tooth_discoloration_augmented_dataser",
)


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    mixed = {folder.split("/")[0] for name in AUGMENTED for folder in tree.folders(name)}

    def kin(path: str) -> str:
        # nothing says which original a copy was made of, so that all of such a class are kin
        first = path.split("/")[0]
        return first if first in mixed else path

    def part(path: str) -> readers.Split | None:
        return "train" if path.split("/")[0] in mixed else None

    return readers.class_folders(tree, card, group=kin, split=part)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
