"""From what a user types to names that pip, Python and cards accept."""

from __future__ import annotations

import keyword
import re
import unicodedata
from typing import Final

from attrs import frozen

from medmat_core.errors import UsageError

_PREFIXES: Final = ("medmat-plugin-", "medmat-")
_TAKEN: Final = frozenset({"core"})
"""Names whose package would be the framework's own (``medmat_core``)."""
_BESIDE: Final = frozenset({"subset"})
"""What a plugin package holds beside card and adapter: its own subset is called subset.toml."""


@frozen
class Names:
    """What one plugin is called: ``slug`` on its card and in its entry point, ``dist`` for pip (normalised as PEP 503
    asks), ``package`` and ``module`` in Python."""

    slug: str

    @property
    def dist(self) -> str:
        return f"medmat-plugin-{self.slug}"

    @property
    def package(self) -> str:
        return f"medmat_{self.slug.replace('-', '_')}"

    @property
    def module(self) -> str:
        name = self.slug.replace("-", "_")
        if name[0].isdigit():
            return f"data_{name}"
        return f"{name}_" if keyword.iskeyword(name) or keyword.issoftkeyword(name) or name in _BESIDE else name


def names_of(text: str) -> Names:
    """The names for a plugin called ``text``: letters lose their accents, all but a-z and 0-9 becomes single hyphens.

    >>> names_of("My Größe_2.0").slug
    'my-grosse-2-0'

    Raises :class:`UsageError` where no letter or digit is left, or the name is the framework's own.
    """
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    for prefix in _PREFIXES:
        slug = slug.removeprefix(prefix)
    if not slug:
        raise UsageError(f"{text!r} holds no letter a-z and no digit; choose a name such as my-dataset")
    if slug in _TAKEN:
        raise UsageError(f"the name {slug!r} is taken by medmat itself; choose another")
    return Names(slug)
