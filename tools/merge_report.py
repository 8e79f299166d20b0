"""Put a layout report (``medmat check NO --report FILE``) onto the cards that it speaks of.

    python tools/merge_report.py report.json              # adds [[verified]], says which facts it may settle
    python tools/merge_report.py report.json --settle 2   # drops the second line of `unverified` as well (one card)

A report of the same day, version and count is added once. No line of ``unverified`` goes by itself: read the report
beside it, mend the card where it disagrees, then settle it.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from attrs import asdict

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from docgen import settle  # noqa: E402
from docgen.datasets import load  # noqa: E402

from medmat_core.card import Card  # noqa: E402
from medmat_core.errors import MedmatError  # noqa: E402
from medmat_core.fileio import open_regular, write_text  # noqa: E402
from medmat_core.verified import SIZE, Verified  # noqa: E402

LIMIT: Final = 1 << 24
_AFTER: Final = re.compile(r"^(?:\[\[?(?!verified\]\])|\Z)", re.MULTILINE)


class ReportError(MedmatError):
    """A report that is none, or that speaks of no card."""


def read(path: Path) -> list[dict[str, Any]]:
    """The data sets of a report, each with the date and version of the whole. It is a stranger's: whatever is not as a
    report has it raises :class:`ReportError`."""
    try:
        with open_regular(path, LIMIT) as file:
            whole = json.load(file)
        if whole["medmat_report"] != 1:
            raise ReportError(f"{path}: a report of another form ({whole['medmat_report']!r}); use a newer medmat")
        return [{**one, "date": whole["date"], "version": whole["medmat_core"]} for one in whole["datasets"]]
    except OSError as error:
        raise ReportError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ReportError(f"{path}: is no layout report ({error!r}); `medmat check NO --report` writes one") from error


def entry_of(told: dict[str, Any]) -> Verified:
    """What the card shall say. Raises :class:`ReportError` where a value is of another kind than a report's."""
    kinds = {"date": str, "version": str, "layout": str, "completeness": str, "images": int, "problems": int}
    wrong = [name for name, kind in kinds.items() if type(told.get(name)) is not kind]
    wrong += [name for name, some in (("layout", ("right", "wrong")), ("completeness", ("whole", "part")))
              if told.get(name) not in some]  # fmt: skip
    try:
        if not wrong:
            sizes = _at(told, "pictures.sizes")
            known = [size for size in sizes if SIZE.fullmatch(size)] if isinstance(sizes, dict) else []
            return Verified(**{name: told[name] for name in kinds}, sizes=tuple(known[:3]))
    except ValueError as error:
        wrong = [str(error)]
    raise ReportError(f"{told.get('slug')!r}: not as a report has it: {', '.join(dict.fromkeys(wrong))}")


def with_entry(text: str, entry: Verified) -> str:
    """The card's text with the entry after its first table of labels, or after earlier entries."""
    block = "[[verified]]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in asdict(entry).items())
    start = max(found.end() for found in re.finditer(r"^\[\[verified\]\]$|^\[labels\]$", text, re.MULTILINE))
    found = _AFTER.search(text, start)
    assert found is not None  # the end of the text at the latest
    place = found.start()
    before, after = text[:place].rstrip("\n"), text[place:]
    return f"{before}\n\n{block}" + (f"\n{after}" if after else "")


def without(text: str, card: Card, numbers: Sequence[int]) -> str:
    """The card's text without some lines of ``unverified``, counted from 1."""
    found = re.search(r"^unverified = \[", text, re.MULTILINE)
    wrong = [number for number in numbers if not 1 <= number <= len(card.unverified)]
    if found is None or wrong:
        raise ReportError(f"{card.path}: unverified has {len(card.unverified)} lines, so --settle {wrong} is none")
    kept = [fact for number, fact in enumerate(card.unverified, 1) if number not in numbers]
    for length in range(found.end(), len(text) + 1):  # where the list ends is where it can be read
        try:
            if tomllib.loads(text[found.start() : length]).get("unverified") == list(card.unverified):
                break
        except tomllib.TOMLDecodeError:
            continue
    lines = "".join(f"  {json.dumps(fact, ensure_ascii=False)},\n" for fact in kept)
    after = text[length:]
    return text[: found.start()] + (f"unverified = [\n{lines}]{after}" if kept else after.lstrip("\n"))


def advice(card: Card, told: dict[str, Any]) -> Iterator[str]:
    """Each line of ``unverified`` with what of the report speaks of it."""
    for number, fact in enumerate(card.unverified, 1):
        way = settle.way(fact)
        found = {key: value for key in way.keys if (value := _at(told, key)) is not None}
        if not way.by_report:
            yield f"  {number}. {fact}\n     {settle.told(fact, card)}"
        elif not found:
            yield f"  {number}. {fact}\n     the report says nothing of it"
        else:
            shown = json.dumps(found, ensure_ascii=False)
            yield f"  {number}. {fact}\n     may be settled (--settle {number}) by: {shown[:600]}"


def _at(told: Any, key: str) -> Any:
    for name in key.split("."):
        told = told.get(name) if isinstance(told, dict) else None
    return told


def merge(told: dict[str, Any], card: Card, numbers: Sequence[int] = ()) -> str:
    """The text of the card with a report's entry, and without the lines that are ``numbers``."""
    entry, text = entry_of(told), card.path.read_text(encoding="utf-8")
    was = tomllib.loads(text)
    if (entry.date, entry.version, entry.images) not in {(one.date, one.version, one.images) for one in card.verified}:
        text = with_entry(text, entry)
    text = without(text, card, numbers) if numbers else text
    if _others(tomllib.loads(text)) != _others(was):
        raise ReportError(f"{card.path}: is written in a way that this tool cannot mend; add {entry} by hand")
    return text


def _others(card: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in card.items() if key not in ("verified", "unverified")}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("report", type=Path, help="what `medmat check NO --report FILE` wrote")
    parser.add_argument("--settle", type=int, action="append", default=[], metavar="N",
                        help="drop this line of the card's unverified (repeatable)")  # fmt: skip
    parser.add_argument("--plugins", type=Path, default=ROOT / "plugins", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    try:
        reports = read(given.report)
        if given.settle and len(reports) != 1:
            raise ReportError(f"{given.report}: speaks of {len(reports)} data sets, so --settle has none to mean")
        cards = {entry.card.slug: entry.card for entry in load(given.plugins)}
        merged = []  # all are looked through before the first card is written
        for told in reports:
            card = cards.get(str(told.get("slug")))
            if card is None:
                raise ReportError(f"{given.report}: {told.get('slug')!r} is no card under {given.plugins}")
            merged.append((card.path, merge(told, card, given.settle), told))
        for path, text, told in merged:
            write_text(path, [text])
            new = Card.load(path)
            print(f"{new.slug}: {len(new.verified)} verified, {len(new.unverified)} unverified")
            print("\n".join(advice(new, told)))
    except MedmatError as error:
        print(error, file=sys.stderr)
        return 2
    print("then: python tools/make_docs.py && python tools/make_index.py")
    return 0


if __name__ == "__main__":
    sys.exit(main())
