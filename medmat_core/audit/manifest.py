"""The manifest and problems.jsonl of a built folder against what lies there and against the cards."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from medmat_core.audit.home import Home
from medmat_core.audit.place import CHOICES, MANIFEST, PARTS, PROBLEMS, RECORDS, RENDERED, SUBSETS, Place
from medmat_core.audit.seen import Seen, shares_of
from medmat_core.fileio import sha256_of
from medmat_core.model import NOTES, REASONS
from medmat_core.pipeline.finished import is_below

Wrong = tuple[str, str, str]
"""(name of the fault, sentence, file)."""

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


def stem_of(entry: Json) -> str:
    """As files call it."""
    number = number_of(entry)
    return f"{int(number):02d}" if number.isdecimal() else number


def digests(manifest: Json) -> dict[str, str]:
    """Path below OUT -> SHA-256, of those that can be a file there."""
    files = manifest.get("files")
    listed = files.items() if isinstance(files, dict) else ()
    return {str(name): str(digest) for name, digest in listed if is_below(str(name))}


def form_faults(manifest: Json) -> Iterator[Wrong]:
    """Does the manifest say all that it must, in its form."""
    for key, kind in _TOP.items():
        if type(manifest.get(key)) is not kind:
            yield "manifest_keys", f"{key!r} is missing or no {kind.__name__}", MANIFEST
    listed = manifest.get("datasets")
    for item in listed if isinstance(listed, list) else ():
        if not isinstance(item, dict):
            yield "manifest_keys", f"a data set is no object: {item!r:.60}", MANIFEST
            continue
        wrong = [key for key, kind in _OF_DATASET.items() if type(item.get(key)) is not kind]
        if wrong:
            yield "manifest_keys", f"{item.get('slug')!r:.60}: {', '.join(wrong)} missing or of another kind", MANIFEST
        if not re.fullmatch("[0-9a-f]{64}", str(item.get("fingerprint"))):
            yield "manifest_keys", f"{item.get('slug')!r:.60}: its fingerprint is no SHA-256", MANIFEST
    entries = datasets(manifest)
    if len({entry["slug"] for entry in entries}) < len(entries):
        yield "manifest_keys", "a data set is listed twice", MANIFEST
    order = [(not number_of(e).isdecimal(), int(number_of(e)) if number_of(e).isdecimal() else 0, e["slug"])
             for e in entries]  # fmt: skip
    if order != sorted(order):
        yield "manifest_keys", "the data sets are not in the order of their numbers", MANIFEST
    if not isinstance(manifest.get("files"), dict) or PROBLEMS not in manifest["files"]:
        yield "manifest_keys", f"it names no {PROBLEMS}", MANIFEST
    from medmat_core import __version__

    versions = manifest.get("versions")
    made_by = versions.get("medmat_core") if isinstance(versions, dict) else None
    if made_by != __version__:
        yield "other_version", f"built by medmat-core {made_by!r:.40}, audited by {__version__}", MANIFEST


def file_faults(place: Place) -> Iterator[Wrong]:
    """Do the digests hold, and is every file of medmat's own named."""
    listed = digests(place.manifest)
    for name, digest in listed.items():
        try:
            right = sha256_of(place.root / name) == digest
        except FileNotFoundError:
            yield "missing_file", "the manifest names it, and it is not there", name
        except (OSError, ValueError) as error:
            yield "missing_file", f"it cannot be read: {getattr(error, 'strerror', None) or error}", name
        else:
            if not right:
                yield "manifest_digest", "its bytes are not those that the manifest names", name
    named = {"Ori--", "Subset--"}
    for folder in (RECORDS, CHOICES, SUBSETS, RENDERED, ".medmat"):
        for path in sorted((place.root / folder).rglob("*")):
            shown = path.relative_to(place.root).as_posix()
            own = folder in (RENDERED, ".medmat") or any(path.name.startswith(start) for start in named)
            if own and shown not in listed and path.is_file():
                yield "unlisted_file", "the manifest does not name it", shown
    for entry in datasets(place.manifest):
        stem, said = stem_of(entry), entry.get("files")
        there = [f"{RECORDS}/Ori--{stem}-{part}.jsonl" for part in PARTS]
        there += [f"{CHOICES}/Ori--{stem}-{part}.json" for part in PARTS]
        own_files = {name for name in there if name in listed}
        if isinstance(said, list) and (sorted(map(str, said)) != sorted(own_files)):
            yield "manifest_keys", f"{entry['slug']}: its files are {sorted(own_files)}, listed {said!r:.120}", MANIFEST


def card_faults(entry: Json, home: Home, arguments: Json, *, grouped: bool, listed: bool | None) -> Iterator[Wrong]:
    """Does the manifest say of a data set what its card says. ``grouped``: whether a record of it names a group,
    ``listed``: whether the data set gives official parts (None: nobody looked)."""
    card, slug = home.card, home.card.slug
    for key, expected in (
        ("no", card.no or 0), ("title", card.title), ("subset", card.subset), ("license", card.license),
        ("access", card.access), ("source", card.source), ("citation", card.citation.bibtex.strip()),
    ):  # fmt: skip
        if entry.get(key) != expected:
            found = f"{entry.get(key)!r:.100}, the card says {expected!r:.100}"
            yield "manifest_card", f"{slug}: its {key} is {found}", MANIFEST
    mode = entry.get("split")
    asked = arguments.get("split")
    dealt = home.terms.as_published or (asked == "none" and arguments.get("fold") is None)
    as_listed = asked == "official" and arguments.get("fold") is None and not dealt
    if mode not in _MODES:
        yield "manifest_card", f"{slug}: split is {mode!r:.40}, expected one of {', '.join(_MODES)}", MANIFEST
    elif dealt != (mode == "none"):
        yield "manifest_card", f"{slug}: split is {mode!r}, the arguments say {asked!r:.40}", MANIFEST
    elif mode == "official" and (asked != "official" or arguments.get("fold") is not None):
        yield "manifest_card", f"{slug}: split is 'official', the arguments say {asked!r:.40}", MANIFEST
    elif listed is not None and as_listed and listed != (mode == "official"):
        parts = "official parts" if listed else "no official parts"
        yield "manifest_card", f"{slug}: split is {mode!r}, and the data set gives {parts}", MANIFEST
    elif mode == "group" and (card.head.unprotected or not grouped):
        yield "manifest_card", f"{slug}: split is 'group', and the card or the records know no groups", MANIFEST
    elif mode == "unprotected" and grouped and not card.head.unprotected:
        yield "manifest_card", f"{slug}: split is 'unprotected', and records name groups", MANIFEST


def count_faults(entry: Json, seen: Seen, *, whole: bool) -> Iterator[Wrong]:
    """Does the manifest count what the records of a data set are. ``whole``: every line could be read."""
    slug = entry["slug"]

    def differ(what: str, said: Any, found: Any) -> Wrong:
        return "manifest_counts", f"{slug}: {said!r:.60} {what} are listed, the files hold {found}", MANIFEST

    images = entry.get("images")
    images = images if isinstance(images, dict) else {}
    parts = [images.get(key) for key in ("used", "refused", "copies", "ignored", "unasked")]
    numbers = [number for number in parts if type(number) is int]
    if len(numbers) < len(parts) or images.get("seen") != sum(numbers):
        yield differ("pictures seen", images.get("seen"), f"{sum(numbers)} by reason")
    reasons = images.get("reasons")
    reasons = reasons if isinstance(reasons, dict) else {}
    for what in ("refused", "ignored", "unasked"):
        several = reasons.get(what)
        total = sum(n for n in several.values() if type(n) is int) if isinstance(several, dict) else 0
        if images.get(what) != total:
            yield differ(f"{what} pictures", images.get(what), f"{total} by reason")
    if not whole:
        return
    if images.get("used") != seen.pictures():
        yield differ("used pictures", images.get("used"), seen.pictures())
    said = entry.get("records")
    said = said if isinstance(said, dict) else {}
    if unknown := [part for part in said if part not in PARTS]:
        yield differ("parts", unknown, "none of that name")
    for number, part in enumerate(PARTS):
        found = {name: count for (where, name), count in seen.counted.items() if where == number}
        told = said.get(part, {})
        told = told if isinstance(told, dict) else {}
        for name in sorted({*map(str, told), *found}):
            if told.get(name, 0) != found.get(name, 0):
                yield differ(f"{part} records of {name!r}", told.get(name, 0), found.get(name, 0))
    asks, held = entry.get("asks"), shares_of(seen)
    asks = asks if isinstance(asks, dict) else {}
    for ask in sorted({*map(str, asks), *held}):
        shares = asks.get(ask)
        shares = shares if isinstance(shares, dict) else {}
        for name in ("rounds_of_4", "rounds_of_3", "rounds_of_2", "surplus", "open"):
            count = held.get(ask, {}).get(name, 0)
            if shares.get(name, 0) != count:
                yield differ(f"{ask} records ({name})", shares.get(name, 0), count)


def problem_faults(root: Path, entries: Sequence[Json]) -> Iterator[tuple[str, str, str, int]]:
    """Are the lines of problems.jsonl of the promised form, and does the manifest count them."""
    found: dict[str, Counter[str]] = {}
    slugs = {entry["slug"] for entry in entries}
    try:
        if not (root / PROBLEMS).is_file() and (root / PROBLEMS).exists():
            raise OSError(0, "it is no regular file")
        raw = (root / PROBLEMS).read_bytes()
    except OSError as error:
        yield "missing_file", f"it cannot be read: {error.strerror}", PROBLEMS, 0
        return
    for number, text in enumerate(raw.splitlines(), 1):
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            yield "problems_form", "the line is no JSON", PROBLEMS, number
            continue
        wrong = _line_fault(line, slugs)
        if wrong:
            yield "problems_form", wrong, PROBLEMS, number
        else:
            found.setdefault(line["dataset"], Counter())[line["reason"]] += 1
    for entry in entries:
        here = dict(found.get(entry["slug"], {}))
        if entry.get("problems") != here:
            said = f"problems {entry.get('problems')!r:.120} are listed, {PROBLEMS} holds {here}"
            yield "manifest_counts", f"{entry['slug']}: {said}", MANIFEST, 0
        images = entry.get("images")
        if isinstance(images, dict) and images.get("copies") != here.get("copy", 0):
            said = f"{images.get('copies')!r:.40} copies are listed, {PROBLEMS} holds {here.get('copy', 0)}"
            yield "manifest_counts", f"{entry['slug']}: {said}", MANIFEST, 0


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


def removals(manifest: Json) -> tuple[dict[str, set[str]], list[str]]:
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
    return found, wrong
