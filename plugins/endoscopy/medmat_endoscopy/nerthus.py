"""Nerthus: the score's folder holds the frames of its videos: 1/bowel_11_score_1-0_00000062.jpg."""

from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    return readers.class_folders(tree, card, group=video)


def video(path: str) -> str | None:
    """'2/bowel_15_score_2-1_00000109.jpg' -> 'bowel_15'. The '-1' is a cut of the same video, not another one."""
    name, score, _ = path.rpartition("/")[2].partition("_score_")
    return name.lower() if score else None


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
