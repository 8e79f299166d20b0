"""What the rows drawn from the ISIC archive share: picture ids, and parts that unpack to folders of their own."""

import re
from collections.abc import Iterator, Mapping, Sequence

from medmat_core import readers

_ID = re.compile(r"isic_\d+", re.IGNORECASE)


def isic_id(path: str) -> str | None:
    """'train/ISIC_0000017_downsampled.jpg' -> 'ISIC_0000017', the archive's id of a picture, equal in all challenges.

    What follows the number ('_downsampled', '(1)') names another copy of the same picture. None for other names.
    """
    found = _ID.match(path.rpartition("/")[2])
    return found[0].upper() if found else None


def photographs(tree: readers.Tree, folder: str) -> list[str]:
    """The JPEG files below a folder: superpixels and masks lie among them as PNG."""
    return list(tree.files(folder, (".jpg", ".jpeg")))


def labelled_parts(
    tree: readers.Tree, parts: Mapping[str, readers.Split | None], *, images: Sequence[str], tables: Sequence[str]
) -> Iterator[tuple[readers.Split | None, readers.Pictures, str]]:
    """(split, pictures, label file) of each part of a challenge that lies here.

    ``parts`` maps a part's name to its split; the names of its folder of pictures (``images``) and of its table
    (``tables``, likeliest first) hold "{}" in the name's place. Of a part that lies here by half, the other half is
    reported.
    """
    for part, split in parts.items():
        folder = tree.folder(*(name.format(part) for name in images))
        table = tree.find(*(name.format(part) for name in tables))
        if folder is None and table is None:
            continue  # not downloaded
        if folder is None:
            tree.report("missing_image", table or "", f"no folder {images[0].format(part)} with its pictures")
        elif table is None:
            tree.report("missing_file", tables[0].format(part), f"the pictures in {folder} have no label file")
        else:
            yield split, readers.Pictures(tree, paths=photographs(tree, folder)), table
