"""Trees with something wrong in them: each must end as a problem, and the rest must be read as before."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from attrs import evolve, field, frozen

from medmat_core.card import Card
from medmat_core.dataset import Dataset
from medmat_core.example import ExampleFile
from medmat_core.model import LabelSample, MaskSample
from medmat_core.samples.texts import file_bytes, text_bytes
from medmat_core.testing.reading import LITERAL, QUIET, Files, Reading, codes_of, mask_files, read
from medmat_core.testing.report import Finding
from medmat_core.testing.tally import tried

_TABLES: Final = (".csv", ".tsv", ".txt", ".xlsx")
_BAD: Final = "medmat-bad-row"
_DEPTH: Final = 10


@frozen(eq=False)
class Bench:
    """What a variant works with: a data set, its example's files and what a run over the literal tree yields."""

    dataset: Dataset
    card: Card
    files: Files
    pristine: Reading
    tmp: Path
    _tried: list[str] = field(factory=list)
    _gone: dict[str, Reading] = field(factory=dict)

    def read(self, changed: Mapping[str, bytes | None], card: Card | None = None) -> Reading:
        """Run the adapter over the tree with files changed (None: removed; paths may lead out by "..")."""
        self._tried.append("")
        tried()
        # deep enough for a path with several ".." to stay inside the temporary folder
        top = self.tmp / f"variant{len(self._tried)}"
        base = top.joinpath(*["up"] * _DEPTH, self.card.folder)
        self.files.write(base, LITERAL)
        for path, content in changed.items():
            target = base / path
            if content is None:
                target.unlink()
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        try:
            return read(self.dataset, card or self.card, base)
        finally:
            shutil.rmtree(top)

    def label_files(self) -> list[ExampleFile]:
        """The label files of the example that the adapter opened; of many alike (one a picture) the first two."""
        opened = {self.pristine.prefix + path for path in self.pristine.opened}
        kinds: Counter[tuple[str, str]] = Counter()
        found: list[ExampleFile] = []
        for file in self.card.example.files:
            kind = (file.path.rpartition("/")[0], file.path.rpartition(".")[2])
            kinds[kind] += file.path in opened
            if file.path in opened and kinds[kind] <= 2:
                found.append(file)
        return found

    def without_file(self, path: str) -> Reading:
        """The run over the tree without one file, remembered."""
        if path not in self._gone:
            self._gone[path] = self.read({path: None})
        return self._gone[path]

    def decides(self, file: ExampleFile, picture: str) -> bool:
        """Whether what the adapter says of a picture, beyond its group and split, hangs on a label file."""
        after = _labels(self.without_file(file.path))
        return any(after.get(path) != sample for path, sample in _labels(self.pristine).items() if _is(path, picture))

    def named_in(self, file: ExampleFile) -> Iterator[tuple[str, str]]:
        """(picture, how the label file names it) of every picture that it names."""
        text = _plain(file)
        for path in dict.fromkeys(self.pristine.file(sample) for sample in self.pristine.samples):
            name = path.rpartition("/")[2]
            stem = name.rpartition(".")[0]
            token = next((t for t in (name, stem) if (len(t) > 3 or t == name) and _finds(t, text)), None)
            if token is not None:
                yield path, token

    def named(self) -> Iterator[tuple[str, ExampleFile, str]]:
        """(picture, label file, how the file names it), the first picture that each label file names and decides."""
        for file in self.label_files():
            for path, token in self.named_in(file):
                if self.decides(file, path):
                    yield path, file, token
                    break


def _is(path: str, picture: str) -> bool:
    return picture in (path, _file_of(path))


def _file_of(image: str) -> str:
    return image.partition("#")[0]


def _plain(file: ExampleFile) -> str:
    rows = (row for sheet in file.sheets.values() for row in sheet)
    return file.text or "\n".join("\t".join(map(str, row)) for row in rows)


def _pattern(token: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){re.escape(token)}(?![\w-])", re.IGNORECASE)


def _finds(token: str, text: str) -> bool:
    return _pattern(token).search(text) is not None


def check_hostile(dataset: Dataset, card: Card, files: Files, tmp: Path) -> Iterator[Finding]:
    """Every variant; where the adapter fails on the tree as it is, the example check says so."""
    pristine = read(dataset, card, files.write(tmp / "pristine" / card.folder))
    bench = Bench(dataset, card, files, pristine, tmp)
    for variant in VARIANTS if not pristine.crash else ():
        yield from variant(bench)


def _rest(bench: Bench, reading: Reading, check: str, file: str, touched: set[str]) -> Iterator[Finding]:
    """The run did not crash, and all pictures but the ``touched`` ones are what they were."""
    if reading.crash:
        yield Finding(check, file, f"the adapter raised {reading.crash}", "report a Problem and go on")
        return
    for path, sample in bench.pristine.by_image.items():
        if path in touched or _file_of(path) in touched:
            continue
        after = reading.by_image.get(path)
        if after is None:
            yield Finding(check, file, f"{path}, which is sound, is not yielded any more", "report a Problem and go on")
            return
        if after != sample and reading.prefix == bench.pristine.prefix:
            yield Finding(check, file, f"{path}, which is sound, is read differently: {after}", "read it as before")
            return


def _must_refuse(bench: Bench, reading: Reading, check: str, file: str, what: str, *reasons: str) -> Iterator[Finding]:
    """There is a refused problem (for one of the reasons, if any are given), or a note that it was left out."""
    if reading.crash or any(p.reason in QUIET for p in set(reading.problems) - set(bench.pristine.problems)):
        return
    seen = {problem.reason for problem in reading.refused}
    if not seen or (reasons and not seen & set(reasons)):
        got = f"only {', '.join(sorted(seen))}" if seen else "nothing"
        wanted = " or ".join(reasons) if reasons else "a Problem"
        yield Finding(check, file, f"{what}, and the adapter reports {got}", f"report {wanted}; never skip in silence")


def missing_image(bench: Bench) -> Iterator[Finding]:
    """A picture that a label file names is gone."""
    check = "hostile: missing image"
    for path, file, _ in bench.named():
        reading = bench.read({path: None})
        name = path.rpartition("/")[2].casefold()
        if any(other.rpartition("/")[2].casefold() == name for other in reading.by_image):
            continue  # a second copy took its place
        yield from _rest(bench, reading, check, path, {path})
        fresh = [problem for problem in reading.problems if problem not in bench.pristine.problems]
        if any(problem.reason == "left_out" and bench.pristine.full(problem.file) == file.path for problem in fresh):
            continue  # a table of which nobody holds all pictures: the adapter counts those that are not here
        yield from _must_refuse(bench, reading, check, path, f"{file.path} names it, it is not there", "missing_image")


def missing_mask(bench: Bench) -> Iterator[Finding]:
    """The only mask file of a picture is gone."""
    check = "hostile: missing mask"
    for sample in bench.pristine.samples:
        files = dict.fromkeys(mask_files(sample)) if isinstance(sample, MaskSample) else {}
        if len(files) != 1:
            continue
        gone = next(iter(files))
        touched = {
            bench.pristine.file(other)
            for other in bench.pristine.samples
            if isinstance(other, MaskSample) and gone in mask_files(other)
        }
        path = bench.pristine.full(gone)
        reading = bench.read({path: None})
        yield from _rest(bench, reading, check, path, touched)
        if bench.card.mask.missing == "problem":
            yield from _must_refuse(bench, reading, check, path, "the mask is not there", "missing_mask")
            for image in touched & set(reading.by_image):
                after = reading.by_image[image]
                if isinstance(after, MaskSample) and not after.masks:
                    yield Finding(
                        check, path, f"{image} has no mask and is yielded as a negative", "report missing_mask instead",
                        "mask.missing",
                    )  # fmt: skip
        elif not touched <= set(reading.by_image) and not reading.crash:
            yield Finding(
                check, path, "the picture is not yielded, though the card says that this is a negative",
                "yield it without masks", "mask.missing",
            )  # fmt: skip
        return


def bad_row(bench: Bench) -> Iterator[Finding]:
    """A row that fits nothing stands at the end of a table."""
    check = "hostile: bad row"
    for file in bench.label_files():
        if not file.path.lower().endswith(_TABLES):
            continue
        if file.path.lower().endswith(".txt") and len(list(bench.named_in(file))) < 2:
            continue  # free text about one picture
        if file.sheets:
            sheets = {name: (*rows, (_BAD,)) for name, rows in file.sheets.items()}
            content = file_bytes(bench.card, evolve(file, sheets=sheets))
        else:
            text = file.text if file.text.endswith("\n") else file.text + "\n"
            content = file_bytes(bench.card, evolve(file, text=f"{text}{_BAD}\n"))
        reading = bench.read({file.path: content})
        yield from _rest(bench, reading, check, file.path, set())
        yield from _must_refuse(bench, reading, check, file.path, f"its last row reads {_BAD!r}")


def broken_file(bench: Bench) -> Iterator[Finding]:
    """A label file ends in the middle (JSON, XML, spreadsheet), is empty, or is not there."""
    for file in bench.label_files():
        whole = bench.files.content[file.path]
        variants: dict[str, bytes | None] = {"missing": None, "empty": b""}
        if bench.card.layout.get("kind") == "yolo":
            del variants["empty"]  # an empty file of boxes says that there is none
        if not file.path.lower().endswith((".csv", ".tsv", ".txt")):
            variants["cut"] = whole[: len(whole) // 2]
        for name, content in variants.items():
            check = f"hostile: {name} label file"
            reading = bench.without_file(file.path) if content is None else bench.read({file.path: content})
            if reading.crash:
                yield Finding(check, file.path, f"the adapter raised {reading.crash}", "report a Problem and go on")
            elif _labels(reading) != _labels(bench.pristine):
                # an official list that is only sometimes there may be missing: it changes splits, not labels
                yield from _must_refuse(bench, reading, check, file.path, "pictures lose their labels")


def _labels(reading: Reading) -> dict[str, Any]:
    return {path: evolve(sample, image=path, split=None, group=None) for path, sample in reading.by_image.items()}


def odd_encoding(bench: Bench) -> Iterator[Finding]:
    """Label files saved again by a spreadsheet program: other encoding, mark and line ends, same content."""
    for file in bench.label_files():
        if file.sheets or not file.text:
            continue
        forms: dict[str, Callable[[str], bytes]] = {
            "UTF-8 with BOM and CRLF": lambda text: text_bytes(text, newline="crlf", bom=True)
        }
        if file.path.lower().endswith(_TABLES):
            forms["UTF-16"] = lambda text: text_bytes(text, "utf-16", newline="crlf")
            if not file.text.isascii():
                forms["Latin-1"] = lambda text: text_bytes(text, "latin-1")
        for name, encode in forms.items():
            try:
                content = encode(file.text)
            except UnicodeEncodeError:
                continue
            check = f"hostile: {name}"
            reading = bench.read({file.path: content})
            yield from _rest(bench, reading, check, file.path, set())
            if not reading.crash and reading.refused:
                what = f"the adapter reports {reading.refused[0].reason}: {reading.refused[0].detail}"
                yield Finding(check, file.path, what, "read label files with medmat_core.readers")


def unknown_label(bench: Bench) -> Iterator[Finding]:
    """A class on disk is not on the card."""
    check = "hostile: unknown label"
    stated = dict.fromkeys(
        code for sample in bench.pristine.samples if isinstance(sample, LabelSample) for code in sample.stated
    )
    headers = {
        cell for file in bench.label_files() for cell in re.split(r"[,;\t|]", _plain(file).lstrip().split("\n")[0])
    }
    for code in list(stated)[:3]:
        if code in {cell.strip().strip('"') for cell in headers}:
            continue  # one column a class: a column that the card leaves out is no class
        touched = {bench.pristine.file(s) for s in bench.pristine.samples if code in codes_of(s)}
        reading = bench.read({}, without(bench.card, code))
        yield from _rest(bench, reading, check, bench.card.path.name, touched)
        for path in sorted(touched):
            was, after = bench.pristine.by_image.get(path), reading.by_image.get(path)
            if after == was:
                continue  # handed on with its code: the build refuses it
            before = codes_of(was) if was is not None else ()
            if isinstance(after, LabelSample) and not set(after.stated) <= {*before}:
                yield Finding(
                    check, path, f"{code!r} is not on the card, and it is yielded as {after.stated}",
                    "refuse the label; never guess another", f"labels.{code}",
                )  # fmt: skip
            elif not reading.refused and not reading.crash:
                yield Finding(
                    check, path, f"{code!r} is not on the card, and the adapter reports nothing",
                    "report unknown_label with the label's text", f"labels.{code}",
                )  # fmt: skip
            break


def without(card: Card, code: str) -> Card:
    """The card as if ``code`` stood nowhere on it."""
    labels = {key: caption for key, caption in card.labels.items() if key != code}
    rules = evolve(
        card.mask,
        index={key: value for key, value in card.mask.index.items() if value != code},
        colors={key: value for key, value in card.mask.colors.items() if value != code},
    )
    return evolve(card, labels=labels, mask=rules)


def escaping_path(bench: Bench) -> Iterator[Finding]:
    """A label file names a picture outside the data folder, where there is one."""
    check = "hostile: path that leaves the folder"
    for path, file, token in bench.named():
        suffix = path[path.rfind(".") :]
        climb = ["../" * up for up in range(1, min(path.count("/") + 2, _DEPTH) + 1)]
        outside = f"{climb[-1]}medmat-outside" + (suffix if token.endswith(suffix) else "")
        swap = _pattern(token)

        def moved(value: Any, swap: re.Pattern[str] = swap, outside: str = outside) -> Any:
            return swap.sub(lambda _: outside, value) if isinstance(value, str) else value

        sheets = {name: tuple(tuple(map(moved, row)) for row in rows) for name, rows in file.sheets.items()}
        changed: dict[str, bytes | None] = {
            file.path: file_bytes(bench.card, evolve(file, text=moved(file.text), sheets=sheets))
        }
        # from whichever folder the adapter counts, there is a picture
        changed.update({f"{above}medmat-outside{suffix}": bench.files.content[path] for above in climb})
        reading = bench.read(changed)
        # names recur in other folders, and a short one is part of others ("0.jpg" of "1%0.jpg"): their rows moved, too
        touched = {other for other in map(_file_of, bench.pristine.by_image) if _finds(token, other.rpartition("/")[2])}
        yield from _rest(bench, reading, check, file.path, {path, *touched})
        for sample in reading.samples:
            named = [str(sample.image), *(mask_files(sample) if isinstance(sample, MaskSample) else ())]
            if any(part == ".." for name in named for part in name.split("/")):
                todo = "look pictures up with readers.Pictures, do not join paths"
                yield Finding(check, file.path, f"the adapter yields {named[0]}", todo)
        yield from _must_refuse(bench, reading, check, file.path, f"it names {outside!r}")


def junk(bench: Bench) -> Iterator[Finding]:
    """What operating systems leave behind lies among the files."""
    check = "hostile: junk files"
    if not bench.pristine.samples:
        return
    first = bench.pristine.file(bench.pristine.samples[0])
    folder, _, name = first.rpartition("/")
    beside = f"{folder}/" if folder else ""
    left: dict[str, bytes | None] = {
        f"__MACOSX/{beside}._{name}": b"\0\5\x16\7",
        f"{beside}._{name}": b"\0\5\x16\7",
        f"{beside}.DS_Store": b"\0\0\0\1Bud1",
        f"{beside}Thumbs.db": b"\xd0\xcf\x11\xe0",
        f"{beside}desktop.ini": b"[.ShellClassInfo]\r\n",
    }
    reading = bench.read(left)
    yield from _rest(bench, reading, check, first, set())
    for path in set(reading.by_image) - set(bench.pristine.by_image):
        yield Finding(check, path, "is yielded as a picture", "walk the folder with the tree's own methods")


VARIANTS: Final[tuple[Callable[[Bench], Iterator[Finding]], ...]] = (
    missing_image,
    missing_mask,
    bad_row,
    broken_file,
    odd_encoding,
    unknown_label,
    escaping_path,
    junk,
)
"""Every variant that needs no build."""
