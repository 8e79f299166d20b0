"""Pictures with boxes in files of the known formats: Pascal VOC, YOLO, COCO."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar, Literal

from attrs import frozen

from medmat_core.card import Card
from medmat_core.layouts.base import InParts, Names, SplitOf, named, written
from medmat_core.model import Box, BoxSample
from medmat_core.readers.boxes import coco_boxes, listed_boxes, looks_yolo, paired_boxes, voc_boxes, yolo_boxes
from medmat_core.readers.pairs import Beside, pair_up, place_of
from medmat_core.readers.pictures import Pictures, housed, report_unlisted, stem
from medmat_core.readers.tables import located
from medmat_core.tree import Tree


@frozen(kw_only=True, slots=False)
class _AFile(InParts):
    """What layouts with a file of boxes for each picture share.

    ``pictures`` is the folder of the pictures and ``boxes`` that of the files (left out: anywhere). A file has its
    picture's name and lies in the folder of the same name below ``boxes``; only where a name is the only one of all
    it may lie in any. One without a picture is reported, unless ``skip`` or ``[[ignored]]`` names it. ``missing`` says
    what a picture without a file is: a "problem", or a "negative".
    """

    _copies: ClassVar[bool] = False
    _suffix: ClassVar[str]

    pictures: Names = ""
    boxes: Names = ""
    missing: Literal["problem", "negative"] = "problem"

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if bool(self.parts) != any("{part}" in name for name in written(self.pictures)):
            raise ValueError("parts are told by the folder of the pictures: write {part} in it, and give parts")

    @abstractmethod
    def _reader(self, card: Card) -> Callable[[Tree, str], list[Box] | None]:
        """What reads one file."""

    def _else(self, tree: Tree, file: str) -> bool:
        """Whether a file that has no picture is seen to hold something else than boxes."""
        return False

    def samples(self, tree: Tree, card: Card) -> Iterator[BoxSample]:
        """A sample a picture."""
        for word, split in self.words(tree):
            folder = housed(tree, named(self.pictures, word))
            if word in self.optional and not tree.folder(*named(self.pictures, word)):
                continue
            beside = housed(tree, named(self.boxes, word))
            pictures = list(self.kept(tree.images(folder)))
            stems = set(map(stem, pictures))
            files = [
                Beside(path=path, picture=stem(path), place=place_of(path, beside))
                for path in self.kept(tree.files(beside, (self._suffix,)))
                if stem(path) in stems or not (card.ignores(tree.prefix + path, tree.prefix) or self._else(tree, path))
            ]
            own = pair_up(tree, pictures, folder, files, reason="missing_label", single=True)
            yield from paired_boxes(
                tree, own, _only(own), self._reader(card), missing=self.missing, group=self.grouping(tree), split=split
            )


def _only(files: Mapping[str, Sequence[Beside]]) -> Callable[[str], str | None]:
    """The one file of a picture."""
    return lambda picture: files[picture][0].path if files[picture] else None


@frozen(kw_only=True, slots=False)
class Voc(_AFile):
    """Pascal VOC: an .xml file a picture, whose object names are codes of the card."""

    _suffix: ClassVar[str] = ".xml"

    about: ClassVar[str] = "boxes in a Pascal VOC file a picture"
    example: ClassVar[str] = """
[labels]
RBC = "Red blood cell"

[layout]
kind = "voc"
pictures = "JPEGImages"
boxes = "Annotations"

[[example.pictures]]
paths = ["JPEGImages/a.jpg"]

[[example.files]]
path = "Annotations/a.xml"
text = \"\"\"
<annotation>
  <size><width>64</width><height>48</height></size>
  <object>
    <name>RBC</name>
    <bndbox><xmin>5</xmin><ymin>9</ymin><xmax>20</xmax><ymax>28</ymax></bndbox>
  </object>
</annotation>
\"\"\"

[[example.expect]]
image = "JPEGImages/a.jpg"
captions = ["Red blood cell"]
boxes = {"Red blood cell" = [[4, 8, 20, 28]]}
"""

    def _reader(self, card: Card) -> Callable[[Tree, str], list[Box] | None]:
        return voc_boxes


@frozen(kw_only=True, slots=False)
class Yolo(_AFile):
    """YOLO: a .txt file a picture, with class number and relative box a line, or a polygon, which is read as the box
    around it. ``names`` are the codes in the order of those numbers, as data.yaml, obj.names or classes.txt lists them
    (left out: the codes of the card in their order). A text file that has no picture and no line of a box is none of
    them: a readme, a list of names or of pictures."""

    _suffix: ClassVar[str] = ".txt"

    about: ClassVar[str] = "relative boxes in a YOLO text file a picture"
    example: ClassVar[str] = """
[labels]
polyp = "Polyp"
ulcer = "Ulcer"

[layout]
kind = "yolo"
pictures = "{part}/images"
boxes = "{part}/labels"
parts = {train = "train", valid = "val"}
names = ["polyp", "ulcer"]

[[example.pictures]]
paths = ["train/images/a.jpg", "valid/images/b.jpg"]

[[example.files]]
path = "train/labels/a.txt"
text = "0 0.5 0.5 0.25 0.5"

[[example.files]]
path = "valid/labels/b.txt"
text = "1 0.25 0.25 0.5 0.5"

[[example.expect]]
image = "train/images/a.jpg"
captions = ["Polyp"]
split = "train"
boxes = {"Polyp" = [[24, 12, 40, 36]]}

[[example.expect]]
image = "valid/images/b.jpg"
captions = ["Ulcer"]
split = "val"
boxes = {"Ulcer" = [[0, 0, 32, 24]]}
"""

    names: tuple[str, ...] = ()

    def codes(self) -> Iterator[tuple[str, str]]:
        """The codes that numbers stand for."""
        for place, code in enumerate(self.names):
            yield f"names[{place}]", code

    def _reader(self, card: Card) -> Callable[[Tree, str], list[Box] | None]:
        names = self.names or tuple(card.labels)
        return lambda tree, file: yolo_boxes(tree, file, names)

    def _else(self, tree: Tree, file: str) -> bool:
        return not looks_yolo(tree, file)


@frozen(kw_only=True, slots=False)
class Coco(InParts):
    """COCO: a .json file of all pictures and boxes, or with ``parts`` one a part; its categories are codes of the card.

    ``file`` is its name, ``pictures`` the folder of the pictures (left out: all). A picture of another width or height
    than the file states is refused. ``unlisted`` is what a picture that the file does not list is: a "missing_label",
    "unlabelled" on purpose, or "unreported".
    """

    about: ClassVar[str] = "boxes of all pictures in a COCO file"
    example: ClassVar[str] = """
[labels]
caries = "Dental caries"

[layout]
kind = "coco"
file = "annotations.json"
pictures = "images"

[[example.pictures]]
paths = ["images/a.png", "images/b.png"]

[[example.files]]
path = "annotations.json"
text = \"\"\"
{"images": [{"id": 1, "file_name": "a.png", "width": 64, "height": 48},
            {"id": 2, "file_name": "b.png", "width": 64, "height": 48}],
 "categories": [{"id": 7, "name": "caries"}],
 "annotations": [{"image_id": 1, "category_id": 7, "bbox": [4, 8, 16, 20]}]}
\"\"\"

[[example.expect]]
image = "images/a.png"
captions = ["Dental caries"]
boxes = {"Dental caries" = [[4, 8, 20, 28]]}

[[example.expect]]
image = "images/b.png"
"""

    _copies: ClassVar[bool] = False

    file: Names
    pictures: Names = ""
    unlisted: Literal["missing_label", "unlabelled", "unreported"] = "missing_label"

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if bool(self.parts) != any("{part}" in name for name in written(self.file)):
            raise ValueError("parts are told by the file's name: write {part} in it, and give parts")

    def samples(self, tree: Tree, card: Card) -> Iterator[BoxSample]:
        """A sample a picture."""
        apart = any("{part}" in name for name in written(self.pictures))
        every = None if apart else self._pictures(tree, "")

        def part(word: str, split: SplitOf) -> Iterator[BoxSample]:
            pictures = every or self._pictures(tree, word)
            file = located(tree, named(self.file, word))
            found = listed_boxes(coco_boxes(tree, file), file, pictures, group=self.grouping(tree), split=split)
            return self._told(pictures, found) if apart else found

        here = (
            (word, split) for word, split in self.words(tree)
            if word not in self.optional or tree.find(*named(self.file, word)) is not None
        )  # fmt: skip
        found = (sample for word, split in here for sample in part(word, split))
        yield from self._told(every, found) if every is not None else found

    def _pictures(self, tree: Tree, word: str) -> Pictures:
        return Pictures(tree, paths=self.kept(tree.images(housed(tree, named(self.pictures, word)))))

    def _told(self, pictures: Pictures, samples: Iterator[BoxSample]) -> Iterator[BoxSample]:
        return samples if self.unlisted == "unreported" else report_unlisted(pictures, samples, reason=self.unlisted)
