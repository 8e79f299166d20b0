"""The dataset card of the Hugging Face Hub: YAML at the head of a README, and what its members may be used for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from medmat_core.formats.protocol import Facts, Told

_KNOWN: Final[Mapping[str, str]] = {
    "cc0": "cc0-1.0", "cc by 4.0": "cc-by-4.0", "cc by 3.0": "cc-by-3.0", "cc by-sa 4.0": "cc-by-sa-4.0",
    "cc by-nc 4.0": "cc-by-nc-4.0", "cc by-nc-sa 4.0": "cc-by-nc-sa-4.0", "cc by-nc-sa 3.0": "cc-by-nc-sa-3.0",
    "cc by-nc-nd 4.0": "cc-by-nc-nd-4.0", "apache-2.0": "apache-2.0", "mit": "mit",
}  # fmt: skip
"""Licenses as our cards name them -> as the Hub does. Whatever has more words than these is 'other'."""

_FREE: Final = re.compile(r"cc0|cc by(?:-sa|-nc|-nc-sa)?(?: \d\.\d)?|apache-2\.0|mit|odbl|public domain", re.IGNORECASE)
_NOT: Final = re.compile(
    r"no redistribution|redistribution prohibited|not to share|competition rules|rules of the competition|restricted"
    r"|-nd\b|on request|by a form|no renting",
    re.IGNORECASE,
)


@frozen
class Config:
    """A config of a card: file names by split, and (records, bytes) by split."""

    name: str
    files: Mapping[str, Sequence[str]]
    sizes: Mapping[str, tuple[int, int]]

    @classmethod
    def over(cls, configs: Iterable[Config]) -> Config:
        """The config 'default' over all others."""
        files: dict[str, list[str]] = {}
        sizes: dict[str, tuple[int, int]] = {}
        for config in configs:
            for split, names in config.files.items():
                files.setdefault(split, []).extend(names)
                records, size = sizes.get(split, (0, 0))
                sizes[split] = (records + config.sizes[split][0], size + config.sizes[split][1])
        return cls("default", files, sizes)


def withheld(facts: Facts) -> str:
    """Why a data set's pictures and labels must not be passed on; "" where its license allows it.

    What is not known to be allowed is not: an unknown license is a reason.
    """
    if facts.access in ("credentialed", "competition"):
        return f"access is {facts.access}: everyone has to get it from its source"
    found = _NOT.search(facts.license)
    if found is not None:
        return f"its license says so: {facts.license}"
    if facts.license.casefold().startswith("unknown") or _FREE.search(facts.license) is None:
        return f"its license is not known to allow it: {facts.license or 'none is stated'}"
    return ""


def quoted(text: str) -> str:
    """A YAML scalar that reads as this text, whatever it holds."""
    return json.dumps(text, ensure_ascii=False)


def card_text(configs: Sequence[Config], told: Told, features: Mapping[str, Any]) -> str:
    """The whole card."""
    return front_matter(configs, told, features) + "\n# Questions about medical pictures\n\n" + members_text(told)


def front_matter(configs: Sequence[Config], told: Told, features: Mapping[str, Any]) -> str:
    """The YAML at the head of the card, between its two lines of dashes."""
    licenses = {facts.license for facts in told.facts.values()}
    only = _KNOWN.get(next(iter(licenses)).casefold()) if len(licenses) == 1 else None
    lines = ["---", f"license: {only or 'other'}"]
    if only is None:
        lines += ["license_name: of-each-member", "license_link: README.md"]
    total = sum(records for records, _ in configs[0].sizes.values()) if configs else 0
    lines += [
        "task_categories:", "- visual-question-answering", "- image-text-to-text", "language:", "- en",
        "tags:", "- medical", "size_categories:", f"- {_size_category(total)}", "configs:",
    ]  # fmt: skip
    for config in configs:
        lines += [f"- config_name: {quoted(config.name)}", "  data_files:"]
        for split, files in config.files.items():
            lines += [f"  - split: {split}", "    path:", *(f"    - {quoted(name)}" for name in files)]
    lines.append("dataset_info:")
    for config in configs:
        lines += [f"- config_name: {quoted(config.name)}", "  features:"]
        lines += [line for name, kind in features.items() for line in _feature(name, kind, "  ")]
        lines.append("  splits:")
        for split, (records, size) in config.sizes.items():
            lines += [f"  - name: {split}", f"    num_bytes: {size}", f"    num_examples: {records}"]
        whole = sum(size for _, size in config.sizes.values())
        lines += [f"  download_size: {whole}", f"  dataset_size: {whole}"]
    return "\n".join([*lines, "---", ""])


def _feature(name: str, kind: Any, indent: str) -> list[str]:
    lines = [f"{indent}- name: {quoted(name)}"]  # a bare `no` is false in YAML
    if isinstance(kind, dict):
        return [*lines, f"{indent}  dtype: image"]
    if not isinstance(kind, list):
        return [*lines, f"{indent}  dtype: {kind}"]
    if isinstance(kind[0], dict):
        inner = [line for key, value in kind[0].items() for line in _feature(key, value, indent + "  ")]
        return [*lines, f"{indent}  list:", *inner]
    return [*lines, f"{indent}  sequence: {kind[0]}"]


def _size_category(total: int) -> str:
    for limit, name in ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M")):
        if total < limit:
            return name
    return "1M<n<10M"


def members_text(told: Told) -> str:
    """The members with their licenses, what must not be passed on, and how to cite them."""
    members = list(told.facts.values())
    lines = ["## Members", "", "| data set | license | access | source |", "|---|---|---|---|"]
    for facts in members:
        no = f"{facts.no} " if facts.no else ""
        cells = (f"{no}{facts.title or facts.slug}", facts.license, facts.access or "not known", facts.source)
        lines.append("| " + " | ".join(_cell(text) for text in cells) + " |")
    kept = [(facts, why) for facts in members if (why := withheld(facts))]
    if kept:
        lines += [
            "", "## Not to be passed on", "",
            "Nobody may put these rows on the Hub or pass them on otherwise, pictures and labels alike:", "",
            *(f"- {_cell(facts.title or facts.slug)} (`{facts.slug}`): {_cell(why)}" for facts, why in kept),
        ]  # fmt: skip
    cited = [facts.citation.strip() for facts in members if facts.citation.strip()]
    if cited:
        fence = "`" * max(3, 1 + max(len(run) for run in re.findall(r"`*", "\n".join(cited))))
        lines += ["", "## Cite", "", f"{fence}bibtex", *dict.fromkeys(cited), fence]
    return "\n".join([*lines, ""])


def _cell(text: str) -> str:
    """Text that stays inside its cell and its line, and is no HTML."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
