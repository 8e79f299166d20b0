"""What a card says of its download: entries that a machine can fetch, and steps for what it cannot."""

from __future__ import annotations

import re
from collections.abc import Mapping
from operator import methodcaller
from typing import Final, Literal

from attrs import Factory, field, frozen

from medmat_core._structure import must

Host = Literal["link", "github", "zenodo", "figshare", "mendeley", "kaggle", "kaggle-competition"]

HOST_NAMES: Final[Mapping[str, str]] = {
    "github": "GitHub",
    "zenodo": "Zenodo",
    "figshare": "Figshare",
    "mendeley": "Mendeley Data",
    "kaggle": "Kaggle",
    "kaggle-competition": "a Kaggle competition",
}

_IDS: Final[Mapping[str, tuple[str, str]]] = {
    "link": ("", "no id: the addresses stand in links"),
    "github": (r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", "'owner/repository@commit', the commit with all 40 digits"),
    "zenodo": (r"[0-9]+", "the number of the record"),
    "figshare": (r"[0-9]+(/[0-9]+)?", "the number of the item, or 'item/version'"),
    "mendeley": (r"[0-9a-z]+/[0-9]+", "'dataset/version', such as 'zr7vgbcyr2/1'"),
    "kaggle": (r"[\w-]+/[\w-]+(/versions/[0-9]+)?", "'owner/dataset'"),
    "kaggle-competition": (r"[\w-]+", "the name in the competition's address"),
}
_values = methodcaller("values")
_are_addresses = must(re.compile(r"https?://[^\s/]+/").match, "{!r} is no web address", _values)
_are_hashes = must(
    re.compile(r"md5:[0-9a-f]{32}|sha256:[0-9a-f]{64}").fullmatch,
    "{!r} is no hash; write 'md5:' or 'sha256:' and all lower-case hex digits",
    _values,
)
_is_size = must(lambda size: size >= 0, "must be a number of bytes")
_are_sizes = must(lambda size: size >= 0, "must be a number of bytes", _values)


@frozen(kw_only=True)
class Download:
    """Files that one host gives.

    ``id`` is what the host calls them: ``owner/repository@commit`` (github), a record (zenodo), an item (figshare),
    ``dataset/version`` (mendeley), ``owner/dataset`` (kaggle), the competition's name. ``links`` (host ``link``) maps
    file names to addresses. ``files`` are the wanted ones of a record (shell patterns; none: all), or the paths in a
    repository. ``sizes`` (bytes, exact) and ``hashes`` (``md5:``, ``sha256:``) hold what is known of files by name, and
    are checked; ``about`` is a rounded size of all in bytes, for plans only. Archives are unpacked into ``into``, a
    folder below the data set's ("": that folder itself). ``inner`` maps shell patterns of archives inside archives to
    the folder, relative to where they lie, that they are unpacked into ("": there). ``note`` is for whoever reads.
    """

    host: Host
    id: str = ""
    links: Mapping[str, str] = field(factory=dict, validator=_are_addresses)
    files: tuple[str, ...] = ()
    sizes: Mapping[str, int] = field(factory=dict, validator=_are_sizes)
    hashes: Mapping[str, str] = field(factory=dict, validator=_are_hashes)
    about: int = field(default=0, validator=_is_size)
    into: str = ""
    inner: Mapping[str, str] = Factory(dict)
    note: str = ""

    def __attrs_post_init__(self) -> None:
        pattern, told = _IDS[self.host]
        if not re.fullmatch(pattern, self.id):
            raise ValueError(f"id {self.id!r} does not fit the host {self.host}: write {told}")
        if (self.host == "link") != bool(self.links):
            raise ValueError("links belong to the host link, and it needs some")
        if self.host == "github" and not self.files:
            raise ValueError("the host github needs files: paths in the repository")

    @property
    def names(self) -> tuple[str, ...]:
        """The files by name as far as the card tells: () where the host tells when asked."""
        if self.host == "link":
            return tuple(self.links)
        return self.files if self.host == "github" else ()

    @property
    def size(self) -> int:
        """Bytes to fetch: exact where the size of every file is known, else rounded, 0 where the card does not tell."""
        return sum(self.sizes[name] for name in self.names) if self.exact else self.about

    @property
    def exact(self) -> bool:
        """Whether the size of every file stands on the card."""
        return bool(self.names) and set(self.names) <= set(self.sizes)

    @property
    def host_name(self) -> str:
        """The host as people call it: the site's name for plain links."""
        if self.host == "link":
            return re.sub(r"https?://(www\.)?([^/:]+).*", r"\2", self.page)
        return HOST_NAMES[self.host]

    @property
    def page(self) -> str:
        """Where a person finds it, as an address."""
        return {
            "link": next(iter(self.links.values()), ""),
            "github": "https://github.com/" + self.id.replace("@", "/tree/"),
            "zenodo": f"https://zenodo.org/records/{self.id}",
            "figshare": f"https://figshare.com/articles/dataset/_/{self.id}",
            "mendeley": f"https://data.mendeley.com/datasets/{self.id}",
            "kaggle": f"https://www.kaggle.com/datasets/{self.id}",
            "kaggle-competition": f"https://www.kaggle.com/competitions/{self.id}",
        }[self.host]


@frozen
class ByHand:
    """What a person has to do, because a form, a login or an application stands before the files.

    ``why`` says in a few words what stands there, ``steps`` what to do, a sentence each. A card may have both: entries
    for what can be fetched, and steps for the rest.
    """

    why: str = ""
    steps: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        if bool(self.why.strip()) != bool(self.steps):
            raise ValueError("why and steps come together: say what stands before the files, and what to do")


def size_text(size: int) -> str:
    """Bytes as people read them, in powers of ten, as hosts and disks state them: '3.6 GB'."""
    value = float(size)
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if value < 999.5 or unit == "TB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "bytes" or value >= 100 else f"{value:.1f} {unit}"


def card_size(entries: tuple[Download, ...]) -> str:
    """The size of a card's download in words: '3.6 GB', 'about 12 GB', 'at least 800 MB', 'unknown'."""
    total = sum(entry.size for entry in entries)
    if not total:
        return "unknown"
    if not all(entry.size for entry in entries):
        return f"at least {size_text(total)}"
    return size_text(total) if all(entry.exact for entry in entries) else f"about {size_text(total)}"
