"""The manifest and problems.jsonl of a built folder against what lies there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from medmat_core.audit.faults import Fault
from medmat_core.audit.found import Place
from medmat_core.audit.guess import Tally
from medmat_core.audit.numbers import PARTS
from medmat_core.audit.stream import StreamError, records
from medmat_core.fileio import sha256_of
from medmat_core.model import NOTES, REASONS

MANIFEST: Final = "manifest.json"
PROBLEMS: Final = "problems.jsonl"
_LINE: Final = ("level", "dataset", "file", "row", "reason", "detail")
_TOP: Final[Mapping[str, type]] = {
    "versions": dict, "arguments": dict, "datasets": list, "subset_removals": list, "files": dict,
}  # fmt: skip
_OF_DATASET: Final = ("no", "slug", "subset", "images", "split", "records", "license", "citation")


def manifest_faults(place: Place) -> Iterator[Fault]:
    """Is the manifest complete, do its digests hold, and does it name every file."""
    manifest = place.manifest
    if manifest is None:
        return
    for key, kind in _TOP.items():
        if not isinstance(manifest.get(key), kind):
            yield Fault("manifest_keys", f"{key!r} is missing or no {kind.__name__}", MANIFEST)
    for dataset in datasets(manifest):
        missing = [key for key in _OF_DATASET if key not in dataset]
        if missing:
            yield Fault("manifest_keys", f"{dataset.get('slug')}: {', '.join(missing)} missing", MANIFEST)
        elif not str(dataset["license"]).strip():
            yield Fault("manifest_keys", f"{dataset['slug']}: no licence is named", MANIFEST)
    from medmat_core import __version__

    made_by = _dict(manifest, "versions").get("medmat_core")
    if made_by != __version__:
        yield Fault("other_version", f"built by medmat-core {made_by}, audited by {__version__}", MANIFEST)
    listed = _dict(manifest, "files")
    for name, digest in listed.items():
        path = place.root / name
        if not path.is_file():
            yield Fault("missing_file", "the manifest names it, and it is not there", name)
        elif sha256_of(path) != digest:
            yield Fault("manifest_digest", "its bytes are not those that the manifest names", name)
    for file in place.files:
        if file.shown not in listed:
            yield Fault("unlisted_file", "the manifest does not name it", file.shown)
    if PROBLEMS not in listed:
        yield Fault("manifest_keys", "the manifest names no problems.jsonl", MANIFEST)
    for dataset in datasets(manifest):
        if dataset.get("split") == "unprotected":
            yield Fault(
                "unprotected",
                f"{dataset.get('slug')}: no split and no ids: near copies may be on both sides",
            )


def datasets(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The data sets that a manifest lists."""
    found = manifest.get("datasets")
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _dict(manifest: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = manifest.get(key)
    return found if isinstance(found, dict) else {}


def count_faults(dataset: Mapping[str, Any], tallies: Sequence[Tally], pictures: int | None) -> Iterator[Fault]:
    """Does the manifest count what the files of one data set hold. ``tallies`` are those of train and test;
    ``pictures`` is None where not every record could be read."""
    slug = dataset.get("slug")
    said = dataset.get("records")
    for part, tally in zip(PARTS, tallies, strict=True):
        counted: Counter[str] = Counter()
        for (_, label), count in tally.counted.items():
            counted[label] += count
        told = said.get(part, {}) if isinstance(said, dict) else {}
        if not isinstance(told, dict):
            told = {}
        for label in sorted({*counted, *told}):
            if counted[label] != told.get(label, 0):
                here = f"the files hold {counted[label]}"
                sentence = f"{slug}: {told.get(label, 0)} {part} records of {label!r} are listed, {here}"
                yield Fault("manifest_counts", sentence, MANIFEST)
    images = dataset.get("images")
    used = images.get("used") if isinstance(images, dict) else None
    if pictures is not None and used != pictures:
        yield Fault("manifest_counts", f"{slug}: {used} pictures used are listed, the files hold {pictures}", MANIFEST)


def problem_faults(place: Place) -> Iterator[Fault]:
    """Are the lines of problems.jsonl of the promised form, and does the manifest count them."""
    path = place.root / PROBLEMS
    if not path.is_file():
        if place.manifest is None or PROBLEMS not in _dict(place.manifest, "files"):
            yield Fault("missing_file", "there is no problems.jsonl", PROBLEMS)
        return
    reasons: dict[str, Counter[str]] = {}
    number = 0
    try:
        for number, line in enumerate(records(path), 1):
            wrong = _line_fault(line)
            if wrong:
                yield Fault("problems_form", wrong, PROBLEMS, number)
            else:
                reasons.setdefault(line["dataset"], Counter())[line["reason"]] += 1
    except StreamError as error:
        yield Fault("bad_json", f"the file {error}", PROBLEMS)
        return
    for dataset in datasets(place.manifest or {}):
        slug = dataset.get("slug", "")
        found = reasons.get(slug, Counter())
        told = dataset.get("problems", {})
        if isinstance(told, dict) and dict(found) != told:
            yield Fault(
                "manifest_counts", f"{slug}: problems {told} are listed, problems.jsonl holds {dict(found)}", MANIFEST
            )
        images = dataset.get("images")
        refused = sum(count for reason, count in found.items() if reason not in NOTES)
        if isinstance(images, dict) and images.get("refused") != refused:
            yield Fault(
                "manifest_counts", f"{slug}: {images.get('refused')} refused are listed, problems.jsonl has {refused}",
                MANIFEST,
            )  # fmt: skip


def _line_fault(line: Any) -> str:
    if not isinstance(line, dict) or tuple(line) != _LINE:
        return f"a line has {', '.join(_LINE)}; found {json.dumps(line, ensure_ascii=False)[:80]}"
    if line["reason"] not in REASONS:
        return f"{line['reason']!r} is no reason of the fixed list"
    level = "note" if line["reason"] in NOTES else "refused"
    if line["level"] != level:
        return f"{line['reason']} is a {level}, not {line['level']!r}"
    if not isinstance(line["dataset"], str) or not isinstance(line["file"], str) or not isinstance(line["detail"], str):
        return "dataset, file and detail are texts"
    if line["row"] is not None and (isinstance(line["row"], bool) or not isinstance(line["row"], int)):
        return f"row is {line['row']!r}, expected a number or null"
    return ""
