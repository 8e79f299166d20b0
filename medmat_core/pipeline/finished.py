"""What a finished build left in OUT: its manifest, read as what it may be, a stranger's file."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Final

from attrs import Factory, field, frozen

from medmat_core.errors import UsageError
from medmat_core.fileio import NotAFileError, open_regular
from medmat_core.model import PARTS

MANIFEST: Final = "manifest.json"
PROBLEMS: Final = "problems.jsonl"
STATES: Final = ".medmat"
RENDERED: Final = "rendered"

_PART: Final = f"-({'|'.join(PARTS)})"
_MADE: Final = re.compile(
    rf"{MANIFEST}|{PROBLEMS}|{STATES}/[^/]+\.state|{RENDERED}/.+\.png|records/Ori--[^/]+{_PART}\.jsonl"
    rf"|Original_Medical_Datasets/Ori--[^/]+{_PART}\.json|Aggregated_Subsets/Subset--[0-9]+{_PART}\.json",
    re.DOTALL,
)
"""The names of all that a build leaves."""

_OPEN: Final = "0" * 64
"""Stands for a manifest's own digest while that is taken."""

_FLAGS: Final = {"formats": "format"}


def state_path(slug: str) -> str:
    """Where the state of a data set lies below OUT."""
    return f"{STATES}/{slug}.state"


def rendered_folder(slug: str) -> str:
    """The folder below OUT of a data set's rendered pictures, with a slash at its end."""
    return f"{RENDERED}/{slug}/"


def is_below(path: str) -> bool:
    """Whether a path from a file stays below the folder that it is relative to."""
    pure = PurePosixPath(path)
    plain = os.name != "nt" or not {"\\", ":"} & set(path)  # elsewhere these are letters like any other
    return bool(pure.parts) and not pure.is_absolute() and ".." not in pure.parts and "\0" not in path and plain


def is_made(path: str) -> bool:
    """Whether medmat makes files of such a path below OUT. In a folder from elsewhere ``records`` may be a link to
    anywhere, and a manifest or a plan there that names other files would have them removed, or made."""
    return is_below(path) and _MADE.fullmatch(path) is not None


def sealed(body: Mapping[str, Any]) -> str:
    """A manifest's text. It ends with the SHA-256 of itself (taken with that digest as zeros), so that a manifest
    which somebody edited is told from one that medmat wrote."""
    text = json.dumps({**body, "sha256": _OPEN}, ensure_ascii=False, indent=1) + "\n"
    head, _, tail = text.rpartition(_OPEN)
    return head + hashlib.sha256(text.encode()).hexdigest() + tail


@frozen
class Finished:
    """A finished build, or several that were added to one another; empty where there is none.

    ``datasets`` are the manifest's entries, as they are. ``files`` maps a path below OUT to its SHA-256;
    ``digest`` is that of manifest.json.
    """

    versions: Mapping[str, Any] = Factory(dict)
    arguments: Mapping[str, Any] = Factory(dict)
    datasets: tuple[Mapping[str, Any], ...] = ()
    files: Mapping[str, str] = Factory(dict)
    subset_removals: tuple[Mapping[str, Any], ...] = ()
    digest: str = ""
    _own: Mapping[str, dict[str, str]] = field(init=False, repr=False, eq=False)

    @_own.default
    def _by_owner(self) -> dict[str, dict[str, str]]:
        owners = {
            path: entry["slug"] for entry in self.datasets for path in (*entry["files"], state_path(entry["slug"]))
        }
        found: dict[str, dict[str, str]] = {slug: {} for slug in self.slugs}
        for path, digest in self.files.items():
            top, _, rest = path.partition("/")
            owner = rest.partition("/")[0] if top == RENDERED else owners.get(path)
            if owner in found:
                found[owner][path] = digest
        return found

    @classmethod
    def read(cls, out: Path) -> Finished:
        """What stands in ``out``; :class:`UsageError` for a manifest that medmat did not write as it lies there."""
        try:
            with open_regular(out / MANIFEST) as file:
                raw = file.read()
        except (FileNotFoundError, NotADirectoryError):
            return cls()
        except (NotAFileError, PermissionError) as error:
            raise _foreign(out) from error
        try:
            body = json.loads(raw)
            body["versions"]["medmat_core"]
        except (ValueError, TypeError, KeyError, RecursionError):
            raise _foreign(out) from None
        try:
            digest = body["sha256"]
            text = raw.decode()
            head, found_there, tail = text.rpartition(digest)
            blank = head + _OPEN + tail
            if len(found_there) != len(_OPEN) or hashlib.sha256(blank.encode()).hexdigest() != digest:
                raise ValueError
            found = cls(
                body["versions"], body["arguments"], tuple(body["datasets"]), body["files"],
                tuple(body["subset_removals"]), hashlib.sha256(raw).hexdigest(),
            )  # fmt: skip
            slugs = [entry["slug"] for entry in found.datasets]
        except (ValueError, TypeError, KeyError, AttributeError):
            raise UsageError(
                f"{out / MANIFEST}: changed since medmat wrote it, or written by another version; "
                "put the old file back, or give another --out"
            ) from None
        if not all(map(is_made, (*found.files, *map(state_path, slugs)))):
            raise _foreign(out)
        return found

    @property
    def slugs(self) -> tuple[str, ...]:
        """The data sets that stand, in the manifest's order."""
        return tuple(entry["slug"] for entry in self.datasets)

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats that are written for all of them."""
        return tuple(self.arguments.get("formats", ()))

    def files_of(self, slug: str) -> dict[str, str]:
        """The files that are a data set's own, with their SHA-256."""
        return self._own.get(slug, {})

    def agree(
        self, out: Path, versions: Mapping[str, Any], arguments: Mapping[str, Any], built: Collection[str]
    ) -> None:
        """Raise :class:`UsageError` where data sets built with other arguments, or by another version, would stay
        beside those built now (``built``: their slugs)."""
        if not self.datasets:
            return
        now = json.loads(json.dumps(dict(arguments)))
        for name in now:
            if name not in _FLAGS and self.arguments.get(name) != now[name]:
                raise UsageError(
                    f"--out {out}: its data sets were built with --{flag(name)} {shown(self.arguments.get(name))}, "
                    f"this build has {shown(now[name])}; give the same arguments, or another --out"
                )
        others = [slug for slug in self.slugs if slug not in built]
        if not others:
            return
        for name in {**versions, **self.versions}:
            if versions.get(name) != self.versions.get(name):
                raise UsageError(
                    f"--out {out}: {others[0]} there was built by {name} {self.versions.get(name)}, this is "
                    f"{versions.get(name)}; build {' '.join(others)} anew in the same command, or give another --out"
                )
        lacking = [name for name in now.get("formats", ()) if name not in self.formats]
        if lacking:
            raise UsageError(
                f"--out {out}: {others[0]} there has no files of --format {lacking[0]}; "
                f"build {' '.join(others)} anew in the same command, or give another --out"
            )


def flag(name: str) -> str:
    """How the command line calls a recorded argument."""
    return _FLAGS.get(name, name.replace("_", "-"))


def shown(value: Any) -> str:
    """A recorded value as a message shows it."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "unset" if value is None else str(value)


def _foreign(out: Path) -> UsageError:
    return UsageError(f"--out {out}: its {MANIFEST} was not written by medmat build; give another --out")
