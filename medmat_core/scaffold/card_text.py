"""The card of a proposal, as TOML."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from attrs import frozen

from medmat_core.card import ExampleFile, ExamplePicture
from medmat_core.scaffold.proposal import Proposal, Shown
from medmat_core.scaffold.quoting import one_line, toml_block, toml_key, toml_list, toml_text, toml_value
from medmat_core.scaffold.triples import Place
from medmat_core.scaffold.words import catch_alls


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

    @property
    def address(self) -> str:
        return self.source or f"https://example.org/{self.slug}"


_TRIAL: Final = Facts(
    "trial", "Trial", "trial", Place(1000, "Other", "Body", "Trial", ("label",), True), "image", "body"
)


def card_text(proposal: Proposal, facts: Facts = _TRIAL) -> str:
    """The whole card: head, labels, rules, citation and the example with what it must yield."""
    parts = [
        "\n".join(_head(proposal, facts)),
        _table("labels", proposal.labels.items(), _label_notes(proposal)),
        _classes(proposal),
        _mask(proposal),
        _citation(facts),
        *(_ignored(rule.pattern, rule.reason) for rule in proposal.ignored),
        *map(_picture, proposal.pictures),
        *map(_file, proposal.files),
        *(_expect(item, proposal) for item in proposal.shown),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(proposal: Proposal, facts: Facts) -> list[str]:
    normal = proposal.labels.get(proposal.normal, "")
    place = facts.place
    lines = [
        f"slug = {toml_text(facts.slug)}",
        f"title = {toml_text(facts.title)}",
        f"folder = {toml_text(facts.folder)}",
        f"modality = {toml_text(place.modality)}",
        f"area = {toml_text(place.area)}",
        f"task = {toml_text(place.task)}",
        f"subset = {place.no}",
        f"kind = {toml_text(proposal.kind)}",
        f"modality_shown = {toml_text(facts.modality_shown)}",
        f"area_shown = {toml_text(facts.area_shown)}",
        f"source = {toml_text(facts.address)}" + ("" if facts.source else "  # where is it published?"),
        'access = "open"  # or "account", "competition", "credentialed"',
        f"license = {toml_text(facts.license or 'unknown')}" + ("" if facts.license else "  # of the data set"),
    ]
    if proposal.root:
        lines.append(f"outer = {toml_text(proposal.root)}")
    if proposal.markers:
        lines.append(f"markers = {_flat(proposal.markers)}")
    if proposal.validation_is_test:
        lines.append('validation = "test"  # there is no test part with labels')
    if proposal.unprotected:
        lines.append("unprotected = true  # no id groups pictures of one patient; see the adapter")
    if proposal.group_by:
        lines.append(f"group_by = {toml_text(proposal.group_by)}")
    if normal and proposal.kind != "box":
        lines.append(f"normal = {toml_text(normal)}")
    if proposal.blank_is_absent:
        lines.append("blank_is_absent = true  # a class that a row does not list is not there")
    if proposal.kind in ("mask", "box"):
        lines.append(f"asks = {_flat(place.asks)}")
    if proposal.doubts:
        lines.append(f"unverified = {_flat([one_line(doubt) for doubt in proposal.doubts])}")
    return lines


def _flat(values: Iterable[str]) -> str:
    """A list for the head, whose lines must not begin with a bracket."""
    return toml_list(tuple(values))


def _label_notes(proposal: Proposal) -> list[str]:
    numbered = any(code.isdecimal() for code in proposal.labels)
    told = "# what lies on disk = the caption in plain English, in the order of classes"
    return [told, *(["# numbers say nothing in a question: write what each means"] if numbered else [])]


def _table(name: str, items: Iterable[tuple[str, Any]], notes: Iterable[str] = ()) -> str:
    lines = [f"{toml_key(str(key))} = {toml_value(value)}" for key, value in items]
    return "\n".join([f"[{name}]", *notes, *lines])


def _classes(proposal: Proposal) -> str:
    others = catch_alls(proposal.labels)
    parts = []
    if others:
        parts.append(_table("classes", [("catch_all", others)]))
    if proposal.negates:
        parts.append(_table("classes.negates", proposal.negates.items()))
    return "\n\n".join(parts)


def _mask(proposal: Proposal) -> str:
    if proposal.kind != "mask":
        return ""
    plain = [(key, value) for key, value in proposal.mask.items() if not isinstance(value, dict)]
    notes = ['# missing = "negative"  # if a picture without a mask file means that nothing was found']
    tables = [_table(f"mask.{key}", value.items()) for key, value in proposal.mask.items() if isinstance(value, dict)]
    return "\n\n".join([_table("mask", plain, notes), *tables])


def _citation(facts: Facts) -> str:
    title = "".join(" " if char in "{}\\" else char for char in one_line(facts.title)).strip() or facts.slug
    key = facts.slug.replace("-", "")
    entry = f"@misc{{{key},\n  title = {{{title}}},\n  howpublished = {{{facts.address}}},\n}}\n"
    return f"[citation]\nbibtex = {toml_block(entry)}"


def _ignored(pattern: str, reason: str) -> str:
    return f"[[ignored]]\npattern = {toml_text(pattern)}\nreason = {toml_text(reason)}"


def _picture(picture: ExamplePicture) -> str:
    lines = ["[[example.pictures]]", f"paths = {toml_list(picture.paths)}", f"size = {toml_value(picture.size)}"]
    if picture.mode != "RGB":
        lines.append(f"mode = {toml_text(picture.mode)}")
    if picture.background is not None:
        lines.append(f"background = {toml_value(picture.background)}")
    if picture.shapes:
        lines += ["shapes = [", *(f"  {toml_value(shape)}," for shape in picture.shapes), "]"]
    return "\n".join(lines)


def _file(file: ExampleFile) -> str:
    lines = ["[[example.files]]", f"path = {toml_text(file.path)}"]
    if file.newline != "lf":
        lines.append(f"newline = {toml_text(file.newline)}")
    if file.bom:
        lines.append("bom = true")
    if file.sheets:
        lines.append("[example.files.sheets]")
        for name, rows in file.sheets.items():
            lines += [f"{toml_key(name)} = [", *(f"  {toml_value(row)}," for row in rows), "]"]
    else:
        lines.append(f"text = {toml_block(file.text)}")
    return "\n".join(lines)


def _expect(item: Shown, proposal: Proposal) -> str:
    captions = list(dict.fromkeys(proposal.labels[code] for code in item.codes))
    lines = ["[[example.expect]]", f"image = {toml_text(item.path)}", f"captions = {toml_value(captions)}"]
    if item.uncertain:
        lines.append(f"uncertain = {toml_value([proposal.labels[code] for code in item.uncertain])}")
    if item.group is not None:
        lines.append(f"group = {toml_text(item.group)}")
    if item.split is not None:
        lines.append(f"split = {toml_text(item.split)}")
    if item.boxes:
        boxes = {proposal.labels[code]: [list(box) for box in found] for code, found in item.boxes.items()}
        lines.append(f"boxes = {toml_value(boxes)}")
    return "\n".join(lines)
