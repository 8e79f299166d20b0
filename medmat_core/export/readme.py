"""The README of an exported folder: what lies there, what was changed and why, and what may be done with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from medmat_core.export.pictures import FOLDER, WHY
from medmat_core.formats.card import front_matter, members_text
from medmat_core.formats.protocol import Folder, Told

if TYPE_CHECKING:
    from medmat_core.export.run import Exported, ExportOptions


def readme(exported: Exported, options: ExportOptions, told: Told, about: Mapping[str, str], hub: Folder | None) -> str:
    """The text; with the Hub's YAML at its head where there is parquet, so that `datasets` loads the folder itself."""
    from medmat_core import __version__

    head = ""
    if hub is not None:
        from medmat_core.formats.hf import FEATURES, configs_of

        head = front_matter(configs_of(hub, ""), told, FEATURES) + "\n"
    lines = [
        "# Questions about medical pictures", "",
        f"Written by `medmat export` {__version__}. Every record has a `key`, which names it across builds, and a "
        "`round`: the pictures of a round share one question and one list of options, and each option is right for "
        "exactly one of them.", "",
        "| format | records | for |", "|---|---|---|",
        *(f"| {name} | {exported.records[name]} | {text} |" for name, text in about.items()), "",
    ]  # fmt: skip
    for name, count in exported.left.items():
        if count:
            lines += [f"- {name}: {count} records are not in it: {_left(name, options)}."]
    if exported.removed:
        lines += [
            f"- {exported.removed} records are of pictures that more than one data set has, or that would be train in "
            "one and test in another: where they stand at all, it is in a data set's own file of `jsonl` or `medmat`."
        ]
    lines += ["", "## Pictures", "", _root(options), ""]
    if exported.anew:
        lines += ["Made anew, boxes with them where their size changed:", ""]
        for reason, count in exported.anew.items():
            lines += [f"- {count}: {WHY[reason]}"]
            listed = exported.examples[reason]
            lines += [f"    - `{_tick(before)}` is `{_tick(after)}`" for before, after in listed]
            if len(listed) < count:
                lines += [
                    f"    - and {count - len(listed)} more, below `{FOLDER}/_converted` and `{FOLDER}/_rewritten`"
                ]
        lines += [""]
    else:
        lines += ["No picture was changed.", ""]
    if exported.refused:
        lines += [f"## Left out: {exported.refused} records", ""]
        lines += [f"- `{one.key}` `{_tick(one.image)}`: {_tick(one.why)}" for one in exported.refusals]
        lines += [""]
    return head + "\n".join(lines) + "\n" + members_text(told)


def _root(options: ExportOptions) -> str:
    if options.pictures == "absolute":
        return (
            "Files name pictures by absolute paths, where they lie on this machine; those that had to be made anew lie "
            f"below `{FOLDER}/`."
        )
    how = "hard links to (or symbolic, where those fail)" if options.pictures == "link" else "copies of"
    return (
        f"This folder is the one root: paths in files start here (`{FOLDER}/...`). Pictures are {how} those that the "
        "records were built from."
    )


def _left(name: str, options: ExportOptions) -> str:
    if options.ask_as == "choice" and name in ("llava", "sharegpt", "chat"):
        return "they are open questions, which stand here with --ask-as open or both"
    return "the format has no place for them"


def _tick(text: str) -> str:
    return " ".join(text.replace("`", "'").split())
