"""A small real build with every form of question, and how to forge a copy of it."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen
from PIL import Image

from medmat_core import build
from medmat_core.audit import Report, audit
from medmat_core.catalog import Catalog
from medmat_core.choices import choice_text
from medmat_core.fileio import sha256_of
from medmat_core.model import Box, BoxSample, LabelSample, MaskFile, MaskSample
from medmat_core.subsets import PoolLabel, Subset
from tests.toy import INSTRUCTIONS, ToyPlugin, picture, toy_dataset

_SIX = ("Tell", "State", "Give", "Name", "Write", "Say")
SPATIAL = {
    "box": tuple(
        f"{verb} {{count}} of the {{caption}} in this {{area}} {{modality}}, {{convention}}." for verb in _SIX
    ),
    "location": tuple(f"{verb} where in this {{area}} {{modality}} the {{caption}} is." for verb in _SIX),
    "coverage": tuple(f"{verb} how much of this {{area}} {{modality}} is {{caption}}." for verb in _SIX),
    "presence": tuple(f"{verb} whether this {{area}} {{modality}} shows a {{caption}}." for verb in _SIX),
    "structure": tuple(f"{verb} what this {{area}} {{modality}} has in {{box}}, {{convention}}." for verb in _SIX),
}
ANIMALS = {"cat": "Cat", "dog": "Dog", "cow": "Cow", "eel": "Eel", "pet": "Pet", "any": "Other things"}
NESTED = '[classes]\ncatch_all = ["Other things"]\nnested = [["Pet", "Cat"], ["Pet", "Dog"]]\n'
ASKS = 'asks = ["box", "location", "coverage", "presence", "structure"]'

Json = dict[str, Any]


def _side(number: int) -> str:
    return "test" if number % 4 == 3 else "train"


def labelled(tree: Any, card: Any) -> Iterator[LabelSample]:
    """Class folders; a file 'cat-7.png' is of patient 7 // 2, and every second pair of patients is test."""
    for image in tree.images("pics"):
        name, _, number = image.rpartition("/")[2].removesuffix(".png").partition("-")
        patient = int(number) // 2
        shift = 2 if card.slug == "twin" else 0
        yield LabelSample(image, (name,), group=f"{name}{patient}", split=_side(patient + shift))  # type: ignore[arg-type]


def found(tree: Any, card: Any) -> Iterator[LabelSample]:
    """'cat+dog-3.png' shows both; what is not named is absent."""
    for image in tree.images("pics"):
        names, _, number = image.rpartition("/")[2].removesuffix(".png").partition("-")
        yield LabelSample(image, tuple(names.split("+")), split=_side(int(number)))  # type: ignore[arg-type]


def masked(tree: Any, card: Any) -> Iterator[MaskSample]:
    """A mask file a class beside every picture; none: nothing of the class is there."""
    for image in tree.images("pics"):
        name = image.rpartition("/")[2]
        masks = tuple(
            MaskFile(f"masks/{code}/{name}", code) for code in card.labels if tree.exists(f"masks/{code}/{name}")
        )
        yield MaskSample(image, masks, group=name.partition("-")[0])


def boxed(tree: Any, card: Any) -> Iterator[BoxSample]:
    """One box a picture, told by its name: '3-10-20-30-40.png'."""
    for image in tree.images("pics"):
        x1, y1, x2, y2 = map(int, image.rpartition("/")[2].removesuffix(".png").split("-")[1:])
        yield BoxSample(image, (Box("cat", (x1, y1, x2, y2)),))


def draw(data: Path) -> None:
    """The pictures of all data sets."""
    for slug, shift in (("toy", 0), ("twin", 5_000)):
        for place, (name, count) in enumerate((("cat", 24), ("dog", 16), ("cow", 16), ("eel", 16), ("pet", 8))):
            for number in range(count):
                picture(data / slug / "pics" / name / f"{name}-{number}.png", shift + 100 * place + number)
    shutil.copyfile(data / "toy/pics/cow/cow-0.png", data / "twin/pics/cow/cow-0.png")
    sets = ["cat", "dog", "cow", "cat+dog", "cow+eel", "eel", "cat+eel", "none"]
    for place, names in enumerate(sets):
        for number in range(16):
            picture(data / "many/pics" / f"{names}-{number}.png", 10_000 + 100 * place + number)
    dice = random.Random(3)
    for number in range(48):
        name = f"p{number // 2}-{number}.png"
        picture(data / "marks/pics" / name, 20_000 + number, (96, 96))
        for code in ("cat", "dog") if number % 3 == 0 else (("cat",), ("dog",), ())[dice.randrange(3)]:
            side = dice.randrange(14, 40)
            x, y = dice.randrange(96 - side), dice.randrange(96 - side)
            mask = np.zeros((96, 96), np.uint8)
            mask[y : y + side, x : x + side] = 255
            (data / "marks/masks" / code).mkdir(parents=True, exist_ok=True)
            Image.fromarray(mask).save(data / "marks/masks" / code / name)
    for number in range(24):
        x, y = dice.randrange(60), dice.randrange(40)
        box = f"{x}-{y}-{x + dice.randrange(8, 30)}-{y + dice.randrange(8, 20)}"
        picture(data / "spots/pics" / f"{number}-{box}.png", 30_000 + number, (96, 64))


@frozen
class World:
    """Data, plugins and a sound build of them."""

    data: Path
    out: Path
    catalog: Catalog

    @classmethod
    def made(cls, where: Path, seed: int = 0, **options: Any) -> World:
        from medmat_core.catalog import load_catalog

        draw(where / "med-mat")
        shared = 'groups = "animals"'
        datasets = [
            toy_dataset(where, labelled, slug="toy", folder="toy", labels=ANIMALS, tables=NESTED, head=shared),
            toy_dataset(where, labelled, slug="twin", folder="twin", labels=ANIMALS, tables=NESTED, head=shared),
            toy_dataset(
                where, found, slug="many", folder="many", kind="multi-label",
                labels={"cat": "Cat", "dog": "Dog", "cow": "Cow", "eel": "Eel", "none": "No animal"},
                head='normal = "No animal"\nblank_is_absent = true',
            ),
            toy_dataset(where, masked, slug="marks", folder="marks", kind="mask",
                        labels={"cat": "Cat", "dog": "Dog"}, head=ASKS),
            toy_dataset(where, boxed, slug="spots", folder="spots", kind="box", labels={"cat": "Cat"},
                        head='asks = ["box", "location", "coverage"]'),
        ]  # fmt: skip
        pool = (
            *(PoolLabel(name, (7,)) for name in ("Fox", "Gnu", "Hen")),
            PoolLabel("Other animal", (7,), "catch_all"),
        )
        subset = Subset(1000, "Toy", "Toy", "Toy", {"label": INSTRUCTIONS, **SPATIAL}, pool)
        catalog = load_catalog(plugins=[ToyPlugin(datasets, subset)])  # type: ignore[list-item]
        build(data=where / "med-mat", out=where / "out", catalog=catalog, jobs=1, seed=seed, **options)
        return cls(where / "med-mat", where / "out", catalog)

    def audit(self, out: Path | None = None, *, data: bool | Path = False, **options: Any) -> Report:
        folder = (self.data if data is True else data) or None
        return audit(out or self.out, list(self.catalog), subset_of=self.catalog.subset, data=folder, **options)


class Forged:
    """A copy of a build that can be changed at will. ``seal`` puts digests, Med-MAT's files and the manifest's own seal
    right again, as somebody would who wants nobody to see it."""

    def __init__(self, world: World, out: Path) -> None:
        self.world = world
        self.out = Path(shutil.copytree(world.out, out))
        self.touched: set[str] = set()

    def path(self, slug: str, part: str = "train") -> Path:
        return self.out / f"records/Ori--{slug}-{part}.jsonl"

    def rows(self, slug: str, part: str = "train") -> list[Json]:
        return [json.loads(line) for line in self.path(slug, part).read_text("utf-8").splitlines()]

    def write(self, slug: str, rows: list[Json], part: str = "train") -> None:
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        if "\ud800" in lines:  # half a pair is JSON only as an escape
            lines = "".join(json.dumps(row) + "\n" for row in rows)
        self.path(slug, part).write_text(lines, "utf-8")
        self.touched.add(f"{slug}-{part}")

    def edit(self, slug: str, change: Callable[[list[Json]], Any], part: str = "train") -> Any:
        rows = self.rows(slug, part)
        result = change(rows)
        self.write(slug, rows, part)
        return result

    def manifest(self, change: Callable[[Json], Any]) -> None:
        raw = json.loads((self.out / "manifest.json").read_text("utf-8"))
        change(raw)
        (self.out / "manifest.json").write_text(json.dumps(raw, ensure_ascii=False, indent=1) + "\n", "utf-8")

    def entry(self, slug: str, change: Callable[[Json], Any]) -> None:
        self.manifest(lambda raw: change(next(entry for entry in raw["datasets"] if entry["slug"] == slug)))

    def seal(self) -> None:
        """Make all agree again that is made of what was changed."""
        for stem in self.touched:
            slug, _, part = stem.rpartition("-")
            lines = [medmat_of(row, number) for number, row in enumerate(closed(self.rows(slug, part)), 1)]
            text = ",\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
            (self.out / f"Original_Medical_Datasets/Ori--{stem}.json").write_text(f"[\n{text}\n]\n", "utf-8")

        def digest(raw: Json) -> None:
            for name in raw["files"]:
                if (self.out / name).is_file():
                    raw["files"][name] = sha256_of(self.out / name)
            raw["sha256"] = "0" * 64

        self.manifest(digest)
        path = self.out / "manifest.json"
        text = path.read_text("utf-8")
        right = hashlib.sha256(text.encode()).hexdigest()
        head, _, tail = text.rpartition("0" * 64)
        path.write_text(head + right + tail, "utf-8")


def closed(rows: list[Json]) -> list[Json]:
    return [row for row in rows if row.get("options")]


def medmat_of(row: Json, number: int) -> Json:
    """Med-MAT's record of a full one."""
    index = row["answer_index"]
    return {
        "id": number,
        "caption": "; ".join(row["captions"]),
        "image": row["image"],
        "Question": row["question"],
        "Answer": row["answer"],
        "Question-choice": choice_text(row["question"], tuple(row["options"])),
        "Answer-choice": "ABCDEFGHIJ"[index] if 0 <= index < 10 else "",
        "data-no": str(row["dataset"]["no"] or row["dataset"]["slug"]),
    }
