"""The index of a plugin package: what the heads of its cards say, so that start-up reads one file a package.

``index.json`` lies in the package and is made by ``python -m medmat_core.index FOLDER`` (the folder of the package's
pyproject.toml). An entry counts only while its module and its cards are, byte for byte, what it was made from; for
all others, and for packages without an index, modules are imported and cards are read. It is never a condition.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from medmat_core.card import Card, Head
from medmat_core.hooks import API_VERSION

NAME: Final = "index.json"

_HOOK: Final = "medmat_datasets"


@frozen
class Told:
    """What an index says of a data set: its card's head, and how many pictures the card says were published."""

    head: Head
    pictures: int


class Indexes:
    """The indexes of the installed packages, each read once."""

    def __init__(self) -> None:
        self._read: dict[str, tuple[Path, Mapping[str, Any]] | None] = {}

    def heads(self, module: str) -> tuple[Told, ...] | None:
        """The heads of a module's data sets by its package's index; None where the module has to be imported: it has
        no entry, or one that is stale, or it implements another hook as well."""
        package = module.partition(".")[0]
        try:
            if package not in self._read:
                self._read[package] = None  # unless it can be read
                self._read[package] = _read(package)
            read = self._read[package]
            entry = read[1].get(module) if read is not None else None
            if read is None or entry is None or entry["hooks"] != [_HOOK]:
                return None
            if entry["sha256"] != _digest(read[0], module, entry["cards"]):
                return None
            return tuple(_told(fields) for fields in entry["cards"].values())
        except Exception:  # whatever is wrong with an index, it is only a short way to what the cards say
            return None


def _read(package: str) -> tuple[Path, Mapping[str, Any]]:
    """Where a package lies, which is not imported for it, and the entries of its index."""
    spec = importlib.util.find_spec(package)
    folder = Path(next(iter(spec.submodule_search_locations or ()))) if spec is not None else Path()
    raw = json.loads((folder / NAME).read_bytes())
    return folder, raw["modules"] if raw["hooks"] == API_VERSION else {}


def _digest(folder: Path, module: str, cards: Mapping[str, Any]) -> str:
    """A hash of the module, where there is one, of its cards, and of what the index says of them."""
    found = hashlib.sha256(json.dumps(cards, sort_keys=True).encode())
    for file in (*_code(folder, module, cards), *cards):
        raw = (folder / file).read_bytes()
        found.update(b"%d\0" % len(raw) + raw)
    return found.hexdigest()


def _code(folder: Path, module: str, cards: Mapping[str, Any]) -> tuple[str, ...]:
    """The file of the module; none where the card of its name is all there is."""
    own = module.partition(".")[2].replace(".", "/")
    if [*cards] == [f"{own}.toml"] and not (folder / f"{own}.py").exists() and not (folder / own).is_dir():
        return ()
    return (f"{own}.py",)


def _told(fields: Mapping[str, Any]) -> Told:
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()
    }
    pictures = values.pop("pictures", 0)
    return Told(Head(**values), pictures)


# -- making it ----------------------------------------------------------------------------------------


def made(modules: Iterable[str]) -> dict[Path, str]:
    """The text of the index of each package that these plugins, which are loaded, belong to; by file."""
    from medmat_core.plugins import plugin_called

    packages: dict[Path, dict[str, Any]] = {}
    for name in sorted(modules):
        module = plugin_called(name)
        folder = Path(str(sys.modules[name.partition(".")[0]].__file__)).parent
        packages.setdefault(folder / NAME, {})[name] = _entry(folder, name, module)
    return {file: _text(entries) for file, entries in packages.items()}


def _entry(folder: Path, name: str, module: Any) -> dict[str, Any]:
    from medmat_core.plugins import hooks_in

    hooks = hooks_in(module)
    datasets = module.medmat_datasets() if hooks == [_HOOK] else ()
    cards = {dataset.card.path.relative_to(folder).as_posix(): _fields(dataset.card) for dataset in datasets}
    return {"hooks": hooks, "sha256": _digest(folder, name, cards), "cards": cards}


def _fields(card: Card) -> dict[str, Any]:
    """What a card's head says, as JSON has it, and how many pictures there are; what it leaves open is left out."""
    import attrs

    told = {field.name: getattr(card, field.name) for field in attrs.fields(Head)}
    defaults = {field.name: field.default for field in attrs.fields(Head)}
    shown = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in told.items()
        if value != defaults[name]
    }
    return shown | ({"pictures": card.counts.images} if card.counts.images else {})


def _text(entries: Mapping[str, Any]) -> str:
    """A line a module, so that two changes seldom meet."""
    lines = ",\n".join(
        f"{json.dumps(name)}: {json.dumps(entry, ensure_ascii=False)}" for name, entry in entries.items()
    )
    return f'{{"hooks": {API_VERSION}, "modules": {{\n{lines}\n}}}}\n'


def plugin_modules(folder: Path) -> list[str]:
    """The plugin modules of the project in ``folder``, by its pyproject.toml; they can be imported from there."""
    import tomllib

    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    places = {str(folder.resolve()), str((folder / "src").resolve())}
    sys.path[:0] = sorted(places - set(sys.path))
    return sorted(project.get("entry-points", {}).get("medmat", {}).values())


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m medmat_core.index [--check] FOLDER...``: 0 if all are current (now), 1 where ``--check`` found one
    that is not."""
    import argparse

    parser = argparse.ArgumentParser(prog="python -m medmat_core.index", description=str(__doc__).partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="only say which are stale")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="where a pyproject.toml lies")
    given = parser.parse_args(arguments)
    found = made(module for folder in given.folders for module in plugin_modules(folder))
    stale = [file for file, text in found.items() if not file.is_file() or file.read_text("utf-8") != text]
    for file in stale:
        print(f"{file} is not current" if given.check else f"{file} is made anew")
        if not given.check:
            file.write_text(found[file], "utf-8", newline="\n")
    if stale and given.check:
        print("run: python -m medmat_core.index FOLDER")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
