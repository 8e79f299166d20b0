"""Digital Knee X-ray Images: five folders of Kellgren-Lawrence grades, once for each of the two experts who graded the
same pictures.
"""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    # a picture has another name below each expert: only its bytes tell that it is the same, which the build sees to
    return readers.class_folders(tree, card)


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
