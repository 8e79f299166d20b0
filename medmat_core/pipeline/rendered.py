"""Where rendered pictures go: under OUT/rendered at the build's end, in the work folder until then.

A picture belongs to what it was made of: its :func:`tie` is a hash of its name, of its source's bytes and of the rule
by which it was rendered. No time is asked: a file copied over another of the same name is another source.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from attrs import frozen

from medmat_core.fileio import sha256_of, write_bytes
from medmat_core.pipeline.finished import rendered_folder, state_path
from medmat_core.pipeline.state import Shown, ties_of


def tie(name: str, source_sha256: str, rule: str) -> str:
    """The tie of a picture: 32 hex digits. ``name`` below OUT/rendered/SLUG, ``rule`` all that rendering hangs on."""
    return hashlib.sha256("\0".join((name, source_sha256, rule)).encode("utf-8", "surrogateescape")).hexdigest()[:32]


@frozen
class Rendered:
    """The rendered pictures of one data set in one build. It pickles and is small.

    ``work`` is the data set's folder below OUT/.medmat-work, ``state`` the SHA-256 of its standing state, "" where it
    does not stand. Without ``keep`` pictures are rendered to see whether they can be, and let go.
    """

    out: Path
    work: Path
    slug: str
    state: str = ""
    keep: bool = True

    def path(self, name: str) -> str:
        """'a/b.png' -> 'rendered/SLUG/a/b.png', as records name it."""
        return rendered_folder(self.slug) + name

    def draft(self, tie: str) -> Path:
        """Where the picture of this tie is to be written, whole or not at all."""
        return self.work / f"{tie}.png"

    def put(self, tie: str, png: bytes) -> None:
        """Leave a picture for the build's end."""
        if self.keep:
            write_bytes(self.draft(tie), png, durable=False)

    def standing(self, name: str, tie: str) -> Shown | None:
        """The picture that was made of the same source by the same rule, by this build before it was killed or by
        one that stands; None where it must be rendered."""
        draft = self.draft(tie)
        try:
            if draft.is_file():
                return Shown(self.path(name), tie, sha256_of(draft))
            if self.state:
                known = ties_of(self.out / state_path(self.slug), self.state).sha256_of(tie)
                file = self.out / self.path(name)
                if known and not file.is_symlink() and file.is_file() and sha256_of(file) == known:
                    return Shown(self.path(name), tie, known)
        except OSError:
            return None
        return None

    def file(self, picture: Shown) -> Path:
        """Where the picture's bytes lie now."""
        draft = self.draft(picture.tie)
        return draft if draft.exists() else self.out / picture.path
