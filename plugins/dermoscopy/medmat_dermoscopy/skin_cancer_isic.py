"""Skin Cancer ISIC: nine class folders under Train and under Test; files keep their ISIC ids, some in two classes."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers
from medmat_dermoscopy.isic import isic_id


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    filed = list(readers.class_folders(tree, card, group=isic_id, split=readers.split_of))
    classes: dict[str | None, set[str]] = {}
    for sample in filed:
        classes.setdefault(sample.group, set()).update(sample.stated)
    for sample in filed:
        found = sorted(classes[sample.group])
        if sample.group is not None and len(found) > 1:  # the id tells, even of a copy that was saved anew
            what = f"{sample.group} is filed as {' and '.join(found)}"
            tree.report("contradictory_label", str(sample.image), what)
        else:
            yield sample


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
