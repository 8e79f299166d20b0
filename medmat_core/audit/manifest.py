"""The manifest and problems.jsonl of a built folder against what lies there and against the cards."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np

from medmat_core.audit.faults import Fault
from medmat_core.audit.home import Home
from medmat_core.audit.place import CHOICES, PARTS, PROBLEMS, RECORDS, RENDERED, SUBSETS, Place, numbers_first, table
from medmat_core.audit.seen import SHARES, Seen, shares_of
from medmat_core.fileio import open_regular, sha256_of
from medmat_core.model import NOTES, REASONS
from medmat_core.pipeline.finished import STATES, is_below
from medmat_core.pipeline.publish import choices_path, records_path
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
            yield _wrong("manifest_keys", f"{key!r} is missing or no {kind.__name__}")
    listed = manifest.get("datasets")
    for item in listed if isinstance(listed, list) else ():
        if not isinstance(item, dict):
            yield _wrong("manifest_keys", f"a data set is no object: {item!r:.60}")
            continue
        wrong = [key for key, kind in _OF_DATASET.items() if type(item.get(key)) is not kind]
        if wrong:
            yield _wrong("manifest_keys", f"{item.get('slug')!r:.60}: {', '.join(wrong)} missing or of another kind")
        if not re.fullmatch("[0-9a-f]{64}", str(item.get("fingerprint"))):
            yield _wrong("manifest_keys", f"{item.get('slug')!r:.60}: its fingerprint is no SHA-256")
    entries = datasets(manifest)
    if len({entry["slug"] for entry in entries}) < len(entries):
        yield _wrong("manifest_keys", "a data set is listed twice")
    order = [(*numbers_first(number_of(entry)), entry["slug"]) for entry in entries]
    if order != sorted(order):
        yield _wrong("manifest_keys", "the data sets are not in the order of their numbers")
    if PROBLEMS not in table(manifest, "files"):
        yield _wrong("manifest_keys", f"it names no {PROBLEMS}")
    from medmat_core import __version__

    made_by = table(manifest, "versions").get("medmat_core")
    if made_by != __version__:
        yield Fault("other_version", f"built by medmat-core {made_by!r:.40}, audited by {__version__}", MANIFEST)


def _wrong(name: str, sentence: str, slug: str = "") -> Fault:
    """A fault of the manifest, or of what it says of a data set."""
    return Fault(name, f"{slug}: {sentence}" if slug else sentence, MANIFEST)


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
        there = {path(stem, part) for path in (records_path, choices_path) for part in PARTS}
        own_files = sorted(there & listed.keys())
        if isinstance(said, list) and sorted(map(str, said)) != own_files:
            yield _wrong("manifest_keys", f"{entry['slug']}: its files are {own_files}, listed {said!r:.120}")


def card_faults(entry: Json, home: Home, *, grouped: bool, listed: bool | None) -> Iterator[Fault]:
    """Does the manifest say of a data set what its card says. ``grouped``: whether a record of it names a group,
    ``listed``: whether the data set gives official parts (None: nobody looked)."""
    card, terms, unprotected = home.card, home.terms, home.card.head.unprotected
    wrong = partial(_wrong, "manifest_card", slug=card.slug)
    for key, expected in (
        ("no", card.no or 0), ("title", card.title), ("subset", card.subset), ("license", card.license),
        ("access", card.access), ("source", card.source), ("citation", card.citation.bibtex.strip()),
    ):  # fmt: skip
        if entry.get(key) != expected:
            yield wrong(f"its {key} is {entry.get(key)!r:.100}, the card says {expected!r:.100}")
    mode = entry.get("split")
    drawn = terms.as_published or (terms.split == "none" and not terms.folded)
    official = terms.split == "official" and not terms.folded
    if mode not in _MODES:
        why = f"expected one of {', '.join(_MODES)}"
    elif drawn != (mode == "none") or (mode == "official" and not official):
        why = f"the arguments say {terms.split!r:.40}"
    elif listed is not None and official and not drawn and listed != (mode == "official"):
        why = f"and the data set gives {'' if listed else 'no '}official parts"
    elif mode == "group" and (unprotected or not grouped):
        why = "and the card or the records know no groups"
    elif mode == "unprotected" and grouped and not unprotected:
        why = "and records name groups"
    else:
        return
    yield wrong(f"split is {mode!r:.40}, {why}")


def count_faults(entry: Json, seen: Seen, *, whole: bool) -> Iterator[Fault]:
    """Does the manifest count what the records of a data set are. ``whole``: every line could be read."""
    images, reasons = table(entry, "images"), table(table(entry, "images"), "reasons")
    by_reason = [(what, table(reasons, what).values()) for what in ("refused", "ignored", "unasked")]
    numbers = [images.get(key) for key in ("used", "refused", "copies", "ignored", "unasked")]
    counts: list[tuple[str, Any, Any]] = [
        (f"{what} pictures", images.get(what), sum(number for number in some if type(number) is int))
        for what, some in (("seen", numbers), *by_reason)
    ]
    if whole:
        said, asks, held = table(entry, "records"), table(entry, "asks"), shares_of(seen)
        counts.append(("used pictures", images.get("used"), len(np.unique(seen.rows["image"]))))
        if unknown := [part for part in said if part not in PARTS]:
            counts.append(("parts", unknown, "none of that name"))
        stand = {ask: {name: table(asks, ask).get(name, 0) for name in SHARES} for ask in {*asks, *held}}
        pairs = [(f"{ask} records", stand[ask], held.get(ask, {})) for ask in sorted(stand)]
        for number, part in enumerate(PARTS):
            found = {name: count for (where, name), count in seen.counted.items() if where == number}
            pairs.append((f"{part} records", table(said, part), found))
        counts.extend((f"{what} ({name})", told.get(name, 0), found.get(name, 0))
                      for what, told, found in pairs for name in sorted({*told, *found}))  # fmt: skip
    for what, told, found in counts:
        if told != found:
            yield _wrong("manifest_counts", f"{told!r:.60} {what} are listed, and there are {found}", entry["slug"])


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
            wrong = _line_fault(line, slugs)
        except (ValueError, RecursionError):
            wrong = "the line is no JSON"
        if wrong:
            yield Fault("problems_form", wrong, PROBLEMS, number)
        else:
            found.setdefault(line["dataset"], Counter())[line["reason"]] += 1
    for entry in entries:
        here, copies = dict(found.get(entry["slug"], {})), table(entry, "images").get("copies")
        for what, told, held in (("problems", entry.get("problems"), here), ("copies", copies, here.get("copy", 0))):
            if told != held:
                sentence = f"{what}: {told!r:.120} listed, {PROBLEMS} holds {held}"
                yield _wrong("manifest_counts", sentence, entry["slug"])


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
            wrong.append(f"a removal has {', '.join(_REMOVAL)}; found {item!r:.100}")
        elif known.get(str(item["no"]), -1) != item["subset"]:
            wrong.append(f"data set {item['no']!r:.40} is no member of subset {item['subset']!r:.40}")
        else:
            found.setdefault(str(item["no"]), set()).add(item["image"])
    return found, [_wrong("manifest_keys", sentence) for sentence in wrong]
