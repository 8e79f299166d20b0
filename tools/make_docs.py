"""Write the generated pages under ``docs/`` from cards, commands, docstrings and classes.

Run it after a card, a command or a public docstring changed: ``python tools/make_docs.py``. With ``--check``
nothing is written and the exit code is 1 where a page is stale, missing or left over. A data set's sample question is
drawn anew where its card's example changed (about a second each, with its plugin installed).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "tools"))

from docgen import datasets, hostile, layouts, reference, samples  # noqa: E402

DOCS = ROOT / "docs"


def made(root: Path = ROOT) -> dict[str, str]:
    """Path below docs/ -> text of every generated page."""
    return {
        **dict(datasets.pages(datasets.load(root / "plugins"), samples.read(root / "docs"))),
        **dict(reference.pages()),
        **dict(layouts.pages()),
        **dict(hostile.pages(root)),
    }


def stale(pages: dict[str, str], docs: Path = DOCS) -> list[str]:
    """What differs between ``pages`` and the files under ``docs``, a line each."""
    found = []
    for path, text in pages.items():
        file = docs / path
        if not file.is_file():
            found.append(f"{path} is missing")
        elif file.read_text(encoding="utf-8") != text:
            found.append(f"{path} is not current")
    left = {f"datasets/{file.name}" for file in (docs / "datasets").glob("*.md")} - set(pages)
    return found + [f"{path} is left over" for path in sorted(left)]


def write(pages: dict[str, str], docs: Path = DOCS) -> None:
    """Write every page and remove data set pages that no card makes any more."""
    for path, text in pages.items():
        file = docs / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    for file in (docs / "datasets").glob("*.md"):
        if f"datasets/{file.name}" not in pages:
            file.unlink()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say which pages are stale")
    check: bool = parser.parse_args(arguments).check
    cards = [entry.card for entry in datasets.load(ROOT / "plugins")]
    older = list(samples.stale(cards, DOCS)) if check else samples.refresh(cards, DOCS)
    pages = made()
    differing = [*(f"{slug}: its sample question is not current" for slug in older), *stale(pages)]
    if not differing:
        print(f"{len(pages)} pages are up to date")
        return 0
    print("\n".join(differing))
    if check:
        print("run: python tools/make_docs.py")
        return 1
    write(pages)
    print(f"wrote {len(pages)} pages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
