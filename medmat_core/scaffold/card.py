"""The card of a proposal: first as data, then as TOML."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import attrs
from attrs import frozen

from medmat_core.layouts.guess.proposal import Proposal
from medmat_core.layouts.guess.words import catch_alls
from medmat_core.scaffold.triples import Place

_WIDTH: Final = 100
_HEAD: Final = """\
# The card of this data set: what its codes mean, how it lies on disk, and an example that its tests run on.
# README.md lists what is left to do; `medmat show {slug}` shows what medmat makes of it.
# access is "open", "account", "competition" or "credentialed"; the order of [labels] is that of classes everywhere.
# [counts] is what a whole copy holds; `medmat new-plugin` wrote what it counted.
"""


@frozen
class Facts:
    """What a person says of a data set: its names, where it is from, and what questions call it."""

    slug: str
    title: str
    folder: str
    place: Place
    modality_shown: str
    area_shown: str
    source: str = ""
    license: str = ""


def card_data(proposal: Proposal, facts: Facts) -> dict[str, Any]:
    """The whole card as what TOML holds: head, labels, layout, rules, citation and example. What has its default is
    left out."""
    place = facts.place
    data: dict[str, Any] = {
        "slug": facts.slug,
        "title": facts.title,
        "folder": facts.folder,
        "modality": place.modality,
        "area": place.area,
        "task": place.task,
        "subset": place.no,
        "kind": proposal.kind,
        "modality_shown": facts.modality_shown,
        "area_shown": facts.area_shown,
        "source": facts.source or f"https://example.org/{facts.slug}",
        "access": "open",
        "license": facts.license or "unknown",
    }
    normal = proposal.labels.get(proposal.normal, "") if proposal.kind != "box" else ""
    classes = {"catch_all": list(catch_alls(proposal.labels)), "negates": dict(proposal.negates)}
    more = {
        "outer": proposal.root.path,
        "markers": list(proposal.root.markers),
        "validation": "test" if proposal.validation_is_test else "",
        "unprotected": proposal.unprotected,
        "group_by": proposal.group_by,
        "normal": normal,
        "blank_is_absent": proposal.blank_is_absent,
        "asks": list(place.asks) if proposal.kind in ("mask", "box") else [],
        "unverified": [" ".join(doubt.split()) for doubt in proposal.doubts],
        "labels": dict(proposal.labels),
        "layout": dict(proposal.layout),
        "counts": _counts(proposal),
        "classes": {name: value for name, value in classes.items() if value},
        "mask": dict(proposal.mask),
        "ignored": _plain(proposal.ignored),
        "citation": {"bibtex": _bibtex(facts)},
        "example": _plain(proposal.example),
    }
    return data | {name: value for name, value in more.items() if value}


def _counts(proposal: Proposal) -> dict[str, Any]:
    """What the folder holds, so that a check of another copy knows what is missing. A caption of several codes has no
    count: a picture may show them all."""
    once = Counter(proposal.labels.values())
    classes = {
        caption: proposal.counts[code]
        for code, caption in proposal.labels.items()
        if proposal.counts.get(code) and once[caption] == 1
    }
    return {"images": proposal.trial.there} | ({"classes": classes} if classes else {})


def card_text(proposal: Proposal, facts: Facts) -> str:
    """The card as its file holds it."""
    from tomli_w import dumps

    data = card_data(proposal, facts)
    example = data.pop("example", {})
    citation = data.pop("citation")
    files = example.pop("files", ())
    # label files and citations read better line by line; elsewhere no text is broken, so that lists can be joined
    parts = [
        _HEAD.format(slug=facts.slug),
        _joined(dumps(data)),
        dumps({"citation": citation}, multiline_strings=True),
        _joined(dumps({"example": example})) if example else "",
        *map(_file_text, files),
    ]
    return "\n".join(part for part in parts if part)


def _file_text(file: Mapping[str, Any]) -> str:
    """One label file as an item of ``[[example.files]]``. It is written as a table and its head doubled: a list of one
    short table would be written inline, and no file could follow that."""
    from tomli_w import dumps

    table = {"example": {"files": file}}
    text = _joined(dumps(table)) if "sheets" in file else dumps(table, multiline_strings=True)
    return text.replace("[example.files]", "[[example.files]]", 1)


def _plain(value: Any) -> Any:
    """attrs classes as TOML has them, without what has its default."""
    if attrs.has(type(value)):
        fields = {field.name: field.default for field in attrs.fields(type(value))}
        defaults = {name: d.factory() if isinstance(d, attrs.Factory) else d for name, d in fields.items()}  # type: ignore[arg-type]
        told = {name: getattr(value, name) for name in fields if getattr(value, name) != defaults[name]}
        return {name: _plain(item) for name, item in told.items()} | _needed(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _needed(value: Any) -> dict[str, Any]:
    """Fields that are shown although they have their default: what a picture is expected to show."""
    return {"captions": list(value.captions)} if hasattr(value, "captions") else {}


_ITEM: Final = r'(?:"(?:[^"\\]|\\.)*"|\[[^\[\]"]*\]|[^\s\[\]{}",]+),'
_LIST: Final = re.compile(rf"\[\n((?:[ ]*{_ITEM}\n)+)[ ]*\]")


def _joined(text: str) -> str:
    """Short lists on one line. In the text there is no string of several lines."""

    def join(found: re.Match[str]) -> str:
        line = "[" + " ".join(item.strip() for item in found[1].splitlines()).removesuffix(",") + "]"
        return line if len(line) <= _WIDTH else found[0]

    return _LIST.sub(join, _LIST.sub(join, text))


def _bibtex(facts: Facts) -> str:
    title = " ".join(re.sub(r"[{}\\\x00-\x1f\x7f]", " ", facts.title).split()) or facts.slug
    where = facts.source or f"https://example.org/{facts.slug}"
    return f"@misc{{{facts.slug.replace('-', '')},\n  title = {{{title}}},\n  howpublished = {{{where}}},\n}}\n"
