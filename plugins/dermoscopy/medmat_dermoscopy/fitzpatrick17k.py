"""Fitzpatrick 17k: a table of 16,577 clinical photographs, of which every user has fetched as many as still answer.

Files are named by the table's md5hash, or after their address by people who downloaded the pictures themselves.
"""

from collections import Counter
from collections.abc import Iterator

from medmat_core import Card, Dataset, LabelSample, hookimpl, readers

TABLE = "fitzpatrick17k.csv"
WRONG = "3"  # the quality column's "3 Wrongly labelled"


def samples(tree: readers.Tree, card: Card) -> Iterator[LabelSample]:
    table = tree.find(TABLE) or TABLE
    rows = list(readers.rows(tree, table, require=("md5hash", "nine_partition_label")))
    pictures = readers.Pictures(tree, paths=[*tree.images(), *bare_hashes(tree)])
    addresses = Counter(map(last_name, rows))
    named: set[str] = set()
    absent = 0
    for row in rows:
        path = pictures.stem(row["md5hash"]) or pictures.name(row.get("url_alphanum"))
        if path is None and addresses[last_name(row)] == 1:  # a name such as 1.jpg may end several addresses
            path = pictures.name(last_name(row))
        if path is None:
            if "/" in row["md5hash"]:
                pictures.wanted(row["md5hash"], table, row.number)  # reports it
            absent += 1
            continue
        named.add(path)
        if not row["nine_partition_label"]:
            tree.report("bad_row", table, "the row has no label", row.number)
        elif row.get("qc").startswith(WRONG):
            tree.report("left_out", path, "the table itself calls the picture wrongly labelled", row.number)
        else:
            yield LabelSample(path, (row["nine_partition_label"],))
    if absent:
        tree.report("left_out", table, f"{absent} rows name pictures that are not here: not all can still be fetched")
    for path in pictures.paths:
        if path not in named:
            tree.report("missing_label", path, "no row of the table names the picture")


def bare_hashes(tree: readers.Tree) -> list[str]:
    """Pictures named by their hash alone, without a suffix, as the authors' own loader has them."""
    return [path for path in tree.files("", ()) if len(name := path.rpartition("/")[2]) == 32 and name.isalnum()]


def last_name(row: readers.Row) -> str:
    """The file name at the end of a picture's address, by which a plain download saves it."""
    return row.get("url").partition("?")[0].rpartition("/")[2].casefold()


@hookimpl
def medmat_datasets() -> list[Dataset]:
    return [Dataset.beside(__file__, samples)]
