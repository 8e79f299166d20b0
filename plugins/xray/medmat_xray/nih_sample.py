"""NIH sample: one table of findings and one folder of pictures, which the archive may hold two or three times."""

from collections.abc import Iterable, Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers
from medmat_xray._nih import findings, table


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    file = tree.find("sample_labels.csv") or "sample_labels.csv"
    pictures = readers.Pictures(tree, paths=once(readers.Pictures(tree).paths))
    return readers.report_unlisted(pictures, findings(tree, table(tree, file), pictures))


def once(paths: Iterable[str]) -> Iterable[str]:
    """Each file name where it first comes up, which is nearest to the root: deeper folders hold the same pictures."""
    first: dict[str, str] = {}
    for path in paths:
        first.setdefault(path.rpartition("/")[2].casefold(), path)
    return first.values()


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
