"""The reference: commands from their help, the rest from docstrings and classes."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, get_origin

import attrs
import click

import medmat_core
from medmat_core import card as cards
from medmat_core import example, hooks, model, readers
from medmat_core.audit.blind import GUESSERS
from medmat_core.audit.faults import FAULTS
from medmat_core.audit.faults import NOTES as AUDIT_NOTES
from medmat_core.builtin import medmat_commands
from medmat_core.cli import cli
from medmat_core.commands.show import _ACCESS
from medmat_core.lazy import LazyCommand
from medmat_core.model import NOTES, REASONS

from . import reader_examples, words
from .markdown import code, docstring, fenced, page, prose, table

_MARKERS: Final = {
    "hookimpl": "Marks a function of a plugin module as the implementation of a [hook](hooks.md): "
    "`@hookimpl` above it.",
    "hookspec": "Marks a hook specification. medmat's own are in `medmat_core.hooks`; a plugin needs it only for a "
    "hook of its own.",
    "readers": "The module of readers, and of the kinds of masks, boxes and slices that samples hold: "
    "see [Readers](readers.md).",
}
WIDTH: Final = 78
"""Columns that fit a page without scrolling."""

_ORDER: Final = ("folders", "tables", "tagged", "masks", "boxes", "pictures", "volumes")
_KINDS: Final = ("MaskFile", "IndexMask", "ColorMask", "RleMask", "PolygonMask", "Box", "Slice", "Row", "Marks")


def pages() -> Iterator[tuple[str, str]]:
    """(path below docs/, text) of every page."""
    yield "reference/commands.md", _commands()
    yield "reference/hooks.md", _hooks()
    yield "reference/api.md", _api()
    yield "reference/readers.md", _readers()
    yield "reference/card.md", _card()
    yield "reference/reasons.md", _reasons()
    yield "reference/faults.md", _faults()


# -- commands -----------------------------------------------------------------------------------------


def help_text(command: click.Command, name: str) -> str:
    """What ``--help`` prints on a terminal of that width."""
    settings = {"help_option_names": ["-h", "--help"], "max_content_width": WIDTH, "terminal_width": WIDTH}
    with click.Context(command, info_name=name, **settings) as context:
        return command.get_help(context)


def _commands() -> str:
    sections = [
        "# Commands",
        "What each command prints with `--help`. A plugin may add commands of its own "
        "(the hook [`medmat_commands`](hooks.md#medmat_commands)).",
        "## Exit codes",
        table(
            ("code", "meaning"),
            [
                ("0", "done"),
                ("1", "done, but some inputs were refused (`build`, `demo`), something differs from the card "
                 "(`check`), or a fault was found (`audit`)"),
                ("2", "bad arguments or nothing to do"),
                ("3", "internal error, full disk, or a plugin that failed to load"),
                ("130", "stopped from the keyboard"),
            ],
        ),
        "Errors are one line on stderr that names the file, what is wrong and what to do. "
        "`medmat --debug COMMAND` shows a traceback instead.",
        "## medmat",
        fenced(_own_help()),
    ]  # fmt: skip
    for command in medmat_commands():
        assert isinstance(command, LazyCommand)
        name = f"medmat {command.name}"
        sections += [f"## {name}", fenced(help_text(command.load(), name))]
    return page(*sections, note="from the commands")


def _own_help() -> str:
    """``medmat --help`` without what plugins add."""

    class Bare(type(cli)):  # type: ignore[misc]
        def added(self, ctx: click.Context) -> dict[str, click.Command]:
            return {}

    bare = Bare(
        name="medmat", params=cli.params, help=cli.help, epilog=cli.epilog, context_settings=cli.context_settings
    )
    return help_text(bare, "medmat")


# -- hooks --------------------------------------------------------------------------------------------


def _hooks() -> str:
    sections = [
        "# Hooks",
        "A plugin is a module named by an entry point of the group `medmat`:",
        fenced('[project.entry-points.medmat]\nmy-dataset = "medmat_my_dataset.my_dataset"', "toml"),
        "It implements any of these hooks as functions marked with `@hookimpl` "
        "(`from medmat_core import hookimpl`). A function may leave out arguments that it does not need.",
        f"The version of this contract is {hooks.API_VERSION}. A module that needs another one says so with "
        "`MEDMAT_API = N`; it is then listed as failed, with what to upgrade, and everything else works on.",
        "A package may hold an `index.json` of what the heads of its cards say, written by "
        "`python -m medmat_core.index FOLDER`: then a module that implements `medmat_datasets` alone is imported when "
        "one of its data sets is needed. An entry whose module or card has changed since counts for nothing.",
    ]
    for name, function in vars(hooks).items():
        if name.startswith("medmat_"):
            sections += [
                f"## {name}",
                fenced(f"@hookimpl\n{_signature(name, function, 'def ')}", "python"),
                docstring(function),
            ]
    return page(*sections, note="from medmat_core/hooks.py")


# -- names --------------------------------------------------------------------------------------------


def _api() -> str:
    sections = [
        "# Public names",
        "`medmat_core.__all__`: what plugins and scripts may rely on. Every other name may move.",
        fenced(f"from medmat_core import {', '.join(sorted(medmat_core.__all__)[:4])}, ...", "python"),
    ]
    for name in sorted(medmat_core.__all__, key=str.casefold):
        sections.append(f"## {name}")
        if name in _MARKERS:
            sections.append(_MARKERS[name])
            continue
        sections.extend(_described(name, getattr(medmat_core, name)))
    return page(*sections, note="from the docstrings of medmat_core")


def _described(name: str, thing: Any) -> Iterator[str]:
    if inspect.isclass(thing):
        if getattr(thing, "_is_protocol", False):
            told = inspect.get_annotations(thing)
            told |= {
                key: value.fget.__annotations__.get("return", "")
                for key, value in vars(thing).items()
                if isinstance(value, property)
            }
            kinds = [f"    {key}: {_kind(value)}" for key, value in told.items()]
            yield fenced(f"class {name}(Protocol):\n" + "\n".join(kinds), "python")
        else:
            yield fenced(_signature(name, thing, ""), "python")
        yield docstring(thing)
        members = [
            (key, value)
            for key, value in vars(thing).items()
            if not key.startswith("_") and (inspect.isfunction(value) or isinstance(value, (property, classmethod)))
        ]
        rows = []
        for key, value in members:
            function = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
            first = prose(inspect.cleandoc(function.__doc__ or "")).replace("\n", " ")
            if first:
                shown = key if isinstance(value, property) else _signature(key, function, "", method=True)
                rows.append((code(shown), first.replace("|", "\\|")))
        if rows:
            yield table(("member", ""), rows)
    else:
        yield fenced(_signature(name, thing, "def "), "python")
        yield docstring(thing)


def _readers() -> str:
    functions = [name for name in readers.__all__ if inspect.isfunction(getattr(readers, name))]
    by_module: dict[types.ModuleType, list[str]] = {}
    for name in functions:
        module = importlib.import_module(getattr(readers, name).__module__)
        by_module.setdefault(module, []).append(name)
    sections = [
        "# Readers",
        "`from medmat_core import readers`. A reader takes paths and rules and yields samples or rows; what cannot be "
        "used it reports to the tree. An adapter is most often one call of one of them.",
        "The files of a data set are a `readers.Tree`; all paths are relative to the data set's own root, with '/' "
        "separators, in one order on every machine.",
        "Each has an example: the files of a small tree, a call, and what it yields. There, `tree` is the tree, `card` "
        "the data set's card, and `pictures` all pictures of the tree (`readers.Pictures(tree)`); fields with their "
        "default are not shown.",
    ]
    ordered = [*_ORDER, *sorted({module.__name__.rpartition(".")[2] for module in by_module} - {*_ORDER})]
    for module, names in sorted(by_module.items(), key=lambda pair: ordered.index(pair[0].__name__.rpartition(".")[2])):
        sections += [f"## {_title(module)}", *_functions(names)]
    for name in ("Tree", "Pictures"):
        sections += [f"## {name}", *_described(name, getattr(readers, name)), reader_examples.section(name)]
    sections += [
        "## Groups and parts",
        "Rules that `group` and `split` of every reader take; a column or a function may do.",
    ]
    for name in ("Group", "Part"):
        sections += [f"### {name}", *_described(name, getattr(readers, name)), reader_examples.section(name)]
    sections += ["## What samples hold", "`readers` also gives the classes that samples are made of."]
    for name in _KINDS:
        sections += [f"### {name}", *_described(name, getattr(readers, name)), reader_examples.section(name)]
    for name in ("Point", "Split"):
        kind = getattr(model, name)
        sections += [f"### {name}", fenced(f"{name} = {_plain(str(kind))}", "python")]
    return page(*sections, note="from medmat_core/readers")


def _title(module: types.ModuleType) -> str:
    return (module.__doc__ or "").strip().splitlines()[0].partition(":")[0].rstrip(".")


def _functions(names: list[str]) -> Iterator[str]:
    for name in names:
        function = getattr(readers, name)
        yield f"### {name}"
        yield fenced(_signature(name, function, "def "), "python")
        yield docstring(function)
        yield reader_examples.section(name)


def _plain(kind: str) -> str:
    return re.sub(r"\b(?:typing|collections\.abc|medmat_core(?:\.\w+)*)\.", "", kind)


def _kind(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)


def _written(shape: type, field: str) -> str:
    """A field's type as its class writes it; a name for several literals is spelt out.

    The class's own text, since attrs may or may not have resolved it by now.
    """
    text = str(shape.__annotations__.get(field, ""))
    named = getattr(sys.modules[shape.__module__], text, None)
    return inspect.formatannotation(named) if get_origin(named) is Literal else text


def _signature(name: str, thing: Any, keyword: str, *, method: bool = False) -> str:
    """A signature as it is written in code, on one line where it fits."""
    signature = inspect.signature(thing)
    parts: list[str] = []
    starred = False
    for place, parameter in enumerate(signature.parameters.values()):
        if method and place == 0 and parameter.name in ("self", "cls"):
            continue
        if parameter.name.startswith("_"):
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not starred:
            parts.append("*")
            starred = True
        mark = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        text = mark + parameter.name
        if parameter.annotation is not parameter.empty:
            text += f": {_plain(_kind(parameter.annotation))}"
        if parameter.default is not parameter.empty:
            text += f" = {_default(parameter.default)}"
        parts.append(text)
    made = signature.return_annotation
    arrow = f" -> {_plain(_kind(made))}" if made is not signature.empty and made is not None and keyword else ""
    line = f"{keyword}{name}({', '.join(parts)}){arrow}"
    if len(line) <= WIDTH or method:
        return line
    return f"{keyword}{name}(\n" + "".join(f"    {part},\n" for part in parts) + f"){arrow}"


def _default(value: Any) -> str:
    if value is attrs.NOTHING or type(value).__name__ in ("_Nothing", "Factory"):
        return "..."
    if isinstance(value, (str, int, float, bool, tuple, type(None))):
        return repr(value)
    if isinstance(value, frozenset):
        return "IMAGE_SUFFIXES" if ".png" in value else repr(sorted(value))
    return f"{type(value).__name__}()"


# -- cards --------------------------------------------------------------------------------------------


def _card(head: type = cards.Head) -> str:
    shapes: dict[str, type] = {
        "counts": cards.Counts,
        "classes": cards.Classes,
        "mask": cards.MaskRules,
        "ignored": cards.Ignored,
        "published": cards.Published,
        "known": cards.Known,
        "verified": cards.Verified,
        "download": cards.Download,
        "by_hand": cards.ByHand,
        "example.pictures": example.ExamplePicture,
        "example.files": example.ExampleFile,
        "example.expect": example.Expect,
        "citation": cards.Citation,
    }
    sections = [
        "# Card fields",
        prose(inspect.cleandoc(cards.__doc__ or "")),
        "A field that is not listed here is an error that names file and field, and so is one of the wrong kind.",
        "## Head",
        "Top-level keys.",
        _fields(head, words.HEAD),
        "## [labels]",
        "The codes that lie on disk (folder names, table values, mask classes) to captions, in card order: the order "
        "of classes everywhere. Two codes may share a caption.",
    ]
    sections += [
        "## [layout]",
        "How the data set lies on disk: `kind` and the fields of that kind, all of which [layouts](layouts.md) lists. "
        "A data set that a layout reads needs no module beside its card.",
    ]
    for name, shape in shapes.items():
        several = name.startswith("example.") or name in ("ignored", "known", "verified", "download")
        sections.append(f"## [[{name}]]" if several else f"## [{name}]")
        sections += [docstring(shape), _fields(shape, words.TABLES[name])]
    access = table(("access", "meaning"), [(code(name), meaning) for name, meaning in _ACCESS.items()])
    return page(*sections, "## Kinds of access", access, note="from medmat_core/card.py")


def _fields(shape: type, told: dict[str, str]) -> str:
    rows = []
    for item in attrs.fields(shape):
        kind = _written(shape, item.name)
        needed = item.default is attrs.NOTHING
        if needed:
            default = "required"
        elif isinstance(item.default, attrs.Factory):  # type: ignore[arg-type]
            default = ""
        else:
            default = code(repr(item.default)) if item.default not in ("", None, ()) else ""
        rows.append((code(item.name), code(_plain(kind)), default, told[item.name]))
    return table(("field", "kind", "default", ""), rows)


# -- reasons ------------------------------------------------------------------------------------------


def _reasons() -> str:
    sections = [
        "# Reasons",
        "Every line of `problems.jsonl` has one of these reasons. A refused input sets the exit code to 1; a note does "
        "not. See [how to read problems.jsonl](../howto/problems.md).",
    ]
    for title, level in (("Refused", False), ("Notes", True)):
        rows = [
            (code(reason), meaning[0].upper() + meaning[1:] + ".", words.TO_DO[reason])
            for reason, meaning in REASONS.items()
            if (reason in NOTES) is level
        ]
        sections += [f"## {title}", table(("reason", "meaning", "what to do"), rows)]
    return page(*sections, note="from medmat_core.model.REASONS")


def _faults() -> str:
    def rows(named: Mapping[str, str]) -> list[tuple[str, str]]:
        return [(code(name), meaning[0].upper() + meaning[1:] + ".") for name, meaning in named.items()]

    return page(
        "# What an audit finds",
        "The names in the output of `medmat audit`, which scripts may rely on. "
        "See [how to audit a build](../howto/audit.md).",
        "## Faults",
        "Any of them sets the exit code to 1.",
        table(("name", "meaning"), rows(FAULTS)),
        "## Notes",
        "Worth knowing; an audit with notes alone is sound.",
        table(("name", "meaning"), rows(AUDIT_NOTES)),
        "## Guessers",
        "Each chooses without seeing a picture, by what it learned from other questions; one that cannot decide is "
        "credited with its chance.",
        table(("name", "chooses"), rows(GUESSERS)),
        note="from medmat_core/audit",
    )
