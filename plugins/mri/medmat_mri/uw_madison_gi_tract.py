"""UW-Madison GI tract: ``train.csv`` has three rows a slice, one an organ, with run lengths counted row by row; the
slice ``case123_day20_slice_0065`` is the one file ``case123/case123_day20/scans/slice_0065_*.png``.
"""

from collections.abc import Iterator

from medmat_core import Card, Dataset, MaskSample, hookimpl, readers

FAULTY = {"case7_day0", "case81_day30"}


def samples(tree: readers.Tree, card: Card) -> Iterator[MaskSample]:
    slices = {slice_id(path): path for path in tree.images(tree.folder("train") or "train")}
    organs: dict[str, dict[str, readers.RleMask | None]] = {}
    table = tree.find("train.csv") or "train.csv"
    for row in readers.rows(tree, table, require=["id", "class", "segmentation"], key="id"):
        name, organ, runs = row["id"].casefold(), row["class"], row["segmentation"]
        if name.rpartition("_slice_")[0] in FAULTY:
            continue
        if name not in slices:
            tree.report("missing_image", table, f"no slice {name!r} below {tree.base.name}", row.number)
            continue
        if organ in organs.setdefault(name, {}):
            tree.report("listed_twice", table, f"a second row for {organ!r} of {name!r}", row.number)
            continue
        organs[name][organ] = readers.RleMask(runs, organ, order="rows") if runs else None
    for name, path in slices.items():
        if folder_of(path) in FAULTY:
            continue
        found = organs.get(name, {})
        if not found.keys() >= card.labels.keys():
            # a blank cell says that an organ is absent, a missing row says nothing
            tree.report(
                "missing_label", path, f"{table} has no row for {', '.join(sorted(card.labels.keys() - found.keys()))}"
            )
            continue
        masks = tuple(mask for mask in found.values() if mask is not None)
        yield MaskSample(path, masks, group=name.partition("_")[0])


def slice_id(path: str) -> str:
    """'train/case123/case123_day20/scans/slice_0065_266_266_1.50_1.50.png' -> 'case123_day20_slice_0065'."""
    return f"{folder_of(path)}_{'_'.join(path.rpartition('/')[2].split('_')[:2])}".casefold()


def folder_of(path: str) -> str:
    """The case and day: the folder around ``scans``."""
    return ("/" + path).rsplit("/", 3)[1].casefold()


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
