"""The manifest and problems.jsonl of a built folder against what lies there and against the cards."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from medmat_core.audit.faults import Fault
from medmat_core.audit.home import Home
from medmat_core.audit.place import CHOICES, PARTS, PROBLEMS, RECORDS, RENDERED, SUBSETS, Place, numbers_first, table
from medmat_core.audit.seen import SHARES, Seen, shares_of
from medmat_core.fileio import open_regular, sha256_of
from medmat_core.model import NOTES, REASONS
from medmat_core.pipeline.finished import STATES, is_below
from medmat_core.records import MANIFEST

Json = Mapping[str, Any]

_TOP: Final[Mapping[str, type]] = {
    "versions": dict, "arguments": dict, "datasets": list, "subset_removals": list, "files": dict, "sha256": str,
}  # fmt: skip
_OF_DATASET: Final[Mapping[str, type]] = {
    "no": int, "slug": str, "title": str, "subset": int, "plugin": dict, "images": dict, "split": str, "asks": dict,
    "records": dict, "problems": dict, "fingerprint": str, "license": str, "access": str, "source": str,
    "citation": str, "files": list,
}  # fmt: skip
_LINE: Final = ("level", "dataset", "file", "row", "reason", "detail")
_REMOVAL: Final = ("subset", "no", "image", "reason")
_MODES: Final = ("official", "group", "none", "unprotected")


def datasets(manifest: Json) -> list[dict[str, Any]]:
    """The data sets that a manifest lists, as far as they can be told apart."""
    found = manifest.get("datasets")
    items = found if isinstance(found, list) else []
    return [item for item in items if isinstance(item, dict) and isinstance(item.get("slug"), str)]


def number_of(entry: Json) -> str:
    """As records and homes call the data set: its number, or its slug."""
    no = entry.get("no")
    return str(no) if type(no) is int and 0 < no < 10**9 else str(entry.get("slug"))


def digests(manifest: Json) -> dict[str, str]:
    """Path below OUT -> SHA-256, of those that can be a file there."""
    return {str(name): str(digest) for name, digest in table(manifest, "files").items() if is_below(str(name))}


def form_faults(manifest: Json) -> Iterator[Fault]:
    """Does the manifest say all that it must, in its form."""
    for key, kind in _TOP.items():
        if type(manifest.get(key)) is not kind:
            yield _keys(f"{key!r} is missing or no {kind.__name__}")
    listed = manifest.get("datasets")
    for item in listed if isinstance(listed, list) else ():
        if not isinstance(item, dict):
            yield _keys(f"a data set is no object: {item!r:.60}")
            continue
        wrong = [key for key, kind in _OF_DATASET.items() if type(item.get(key)) is not kind]
        if wrong:
            yield _keys(f"{item.get('slug')!r:.60}: {', '.join(wrong)} missing or of another kind")
        if not re.fullmatch("[0-9a-f]{64}", str(item.get("fingerprint"))):
            yield _keys(f"{item.get('slug')!r:.60}: its fingerprint is no SHA-256")
    entries = datasets(manifest)
    if len({entry["slug"] for entry in entries}) < len(entries):
        yield _keys("a data set is listed twice")
    order = [(*numbers_first(number_of(entry)), entry["slug"]) for entry in entries]
    if order != sorted(order):
        yield _keys("the data sets are not in the order of their numbers")
    if PROBLEMS not in table(manifest, "files"):
        yield _keys(f"it names no {PROBLEMS}")
    from medmat_core import __version__

    made_by = table(manifest, "versions").get("medmat_core")
    if made_by != __version__:
        yield Fault("other_version", f"built by medmat-core {made_by!r:.40}, audited by {__version__}", MANIFEST)


def _keys(sentence: str) -> Fault:
    return Fault("manifest_keys", sentence, MANIFEST)


def file_faults(place: Place) -> Iterator[Fault]:
    """Do the digests hold, and is every file of medmat's own named."""
    listed = digests(place.manifest)
    for name, digest in listed.items():
        try:
            if sha256_of(place.root / name) != digest:
                yield Fault("manifest_digest", "its bytes are not those that the manifest names", name)
        except FileNotFoundError:
            yield Fault("missing_file", "the manifest names it, and it is not there", name)
        except (OSError, ValueError) as error:
            yield Fault("missing_file", f"it cannot be read: {getattr(error, 'strerror', None) or error}", name)
    for folder in (RECORDS, CHOICES, SUBSETS, RENDERED, STATES):
        for path in sorted((place.root / folder).rglob("*")):
            shown = path.relative_to(place.root).as_posix()
            own = folder in (RENDERED, STATES) or path.name.startswith(("Ori--", "Subset--"))
            if own and shown not in listed and path.is_file():
                yield Fault("unlisted_file", "the manifest does not name it", shown)
    for entry in datasets(place.manifest):
        number, said = number_of(entry), entry.get("files")
        stem = f"{int(number):02d}" if number.isdecimal() else number
        there = (name for part in PARTS
                 for name in (f"{RECORDS}/Ori--{stem}-{part}.jsonl", f"{CHOICES}/Ori--{stem}-{part}.json"))  # fmt: skip
        own_files = sorted(name for name in there if name in listed)
        if isinstance(said, list) and sorted(map(str, said)) != own_files:
            yield _keys(f"{entry['slug']}: its files are {own_files}, listed {said!r:.120}")


def card_faults(entry: Json, home: Home, *, grouped: bool, listed: bool | None) -> Iterator[Fault]:
    """Does the manifest say of a data set what its card says. ``grouped``: whether a record of it names a group,
    ``listed``: whether the data set gives official parts (None: nobody looked)."""
    card, terms, unprotected = home.card, home.terms, home.card.head.unprotected
    for key, expected in (
        ("no", card.no or 0), ("title", card.title), ("subset", card.subset), ("license", card.license),
        ("access", card.access), ("source", card.source), ("citation", card.citation.bibtex.strip()),
    ):  # fmt: skip
        if entry.get(key) != expected:
            yield _card(card.slug, f"its {key} is {entry.get(key)!r:.100}, the card says {expected!r:.100}")
    mode, arguments = entry.get("split"), f"the arguments say {terms.split!r:.40}"
    drawn = terms.as_published or (terms.split == "none" and not terms.folded)
    official = terms.split == "official" and not terms.folded
    if mode not in _MODES:
        yield _card(card.slug, f"split is {mode!r:.40}, expected one of {', '.join(_MODES)}")
    elif drawn != (mode == "none") or (mode == "official" and not official):
        yield _card(card.slug, f"split is {mode!r}, {arguments}")
    elif listed is not None and official and not drawn and listed != (mode == "official"):
        parts = "official parts" if listed else "no official parts"
        yield _card(card.slug, f"split is {mode!r}, and the data set gives {parts}")
    elif mode == "group" and (unprotected or not grouped):
        yield _card(card.slug, "split is 'group', and the card or the records know no groups")
    elif mode == "unprotected" and grouped and not unprotected:
        yield _card(card.slug, "split is 'unprotected', and records name groups")


def _card(slug: str, sentence: str) -> Fault:
    return Fault("manifest_card", f"{slug}: {sentence}", MANIFEST)


def count_faults(entry: Json, seen: Seen, *, whole: bool) -> Iterator[Fault]:
    """Does the manifest count what the records of a data set are. ``whole``: every line could be read."""
    images, reasons = table(entry, "images"), table(table(entry, "images"), "reasons")
    numbers = [images.get(key) for key in ("used", "refused", "copies", "ignored", "unasked")]
    total = sum(number for number in numbers if type(number) is int)
    counts: list[tuple[str, Any, Any]] = []
    if any(type(number) is not int for number in numbers) or images.get("seen") != total:
        counts.append(("pictures seen", images.get("seen"), f"{total} by reason"))
    for what in ("refused", "ignored", "unasked"):
        total = sum(n for n in table(reasons, what).values() if type(n) is int)
        if images.get(what) != total:
            counts.append((f"{what} pictures", images.get(what), f"{total} by reason"))
    if whole:
        said, asks, held = table(entry, "records"), table(entry, "asks"), shares_of(seen)
        counts.append(("used pictures", images.get("used"), seen.pictures()))
        if unknown := [part for part in said if part not in PARTS]:
            counts.append(("parts", unknown, "none of that name"))
        for number, part in enumerate(PARTS):
            found = {name: count for (where, name), count in seen.counted.items() if where == number}
            told = table(said, part)
            counts.extend((f"{part} records of {name!r}", told.get(name, 0), found.get(name, 0))
                          for name in sorted({*told, *found}))  # fmt: skip
        for ask in sorted({*asks, *held}):
            counts.extend((f"{ask} records ({name})", table(asks, ask).get(name, 0), held.get(ask, {}).get(name, 0))
                          for name in SHARES)  # fmt: skip
    for what, told, found in counts:
        if told != found:
            yield _counts(entry, f"{told!r:.60} {what} are listed, the files hold {found}")


def _counts(entry: Json, sentence: str) -> Fault:
    return Fault("manifest_counts", f"{entry['slug']}: {sentence}", MANIFEST)


def problem_faults(root: Path, entries: Sequence[Json]) -> Iterator[Fault]:
    """Are the lines of problems.jsonl of the promised form, and does the manifest count them."""
    found: dict[str, Counter[str]] = {}
    slugs = {entry["slug"] for entry in entries}
    try:
        with open_regular(root / PROBLEMS) as file:
            raw = file.read()
    except OSError as error:
        yield Fault("missing_file", f"it cannot be read: {error.strerror or error}", PROBLEMS)
        return
    for number, text in enumerate(raw.splitlines(), 1):
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            wrong = "the line is no JSON"
        else:
            wrong = _line_fault(line, slugs)
        if wrong:
            yield Fault("problems_form", wrong, PROBLEMS, number)
        else:
            found.setdefault(line["dataset"], Counter())[line["reason"]] += 1
    for entry in entries:
        here, copies = dict(found.get(entry["slug"], {})), entry.get("images")
        if entry.get("problems") != here:
            yield _counts(entry, f"problems {entry.get('problems')!r:.120} are listed, {PROBLEMS} holds {here}")
        if isinstance(copies, dict) and copies.get("copies") != here.get("copy", 0):
            told = f"{copies.get('copies')!r:.40} copies are listed, {PROBLEMS} holds {here.get('copy', 0)}"
            yield _counts(entry, told)


def _line_fault(line: Any, slugs: set[str]) -> str:
    if not isinstance(line, dict) or tuple(line) != _LINE:
        return f"a line has {', '.join(_LINE)}; found {line!r:.80}"
    if any(not isinstance(line[key], str) for key in ("level", "dataset", "file", "reason", "detail")):
        return "level, dataset, file, reason and detail are texts"
    if line["reason"] not in REASONS:
        return f"{line['reason']!r:.60} is no reason of the fixed list"
    level = "note" if line["reason"] in NOTES else "refused"
    if line["level"] != level:
        return f"{line['reason']} is a {level}, not {line['level']!r:.40}"
    if line["dataset"] not in slugs:
        return f"the manifest lists no data set {line['dataset']!r:.60}"
    if line["row"] is not None and type(line["row"]) is not int:
        return f"row is {line['row']!r:.40}, expected a number or null"
    return ""


def removals(manifest: Json) -> tuple[dict[str, set[str]], list[Fault]]:
    """Pictures that the subset files leave out, by data set, and what is wrong with the list."""
    found: dict[str, set[str]] = {}
    wrong = []
    listed = manifest.get("subset_removals")
    known = {number_of(entry): entry.get("subset") for entry in datasets(manifest)}
    for item in listed if isinstance(listed, list) else ():
        fits = isinstance(item, dict) and tuple(item) == _REMOVAL and isinstance(item["image"], str)
        if not fits or not isinstance(item["reason"], str) or type(item["no"]) not in (int, str):
            wrong.append(_keys(f"a removal has {', '.join(_REMOVAL)}; found {item!r:.100}"))
        elif known.get(str(item["no"]), -1) != item["subset"]:
            wrong.append(_keys(f"data set {item['no']!r:.40} is no member of subset {item['subset']!r:.40}"))
        else:
            found.setdefault(str(item["no"]), set()).add(item["image"])
    return found, wrong
