"""Which data sets are meant: by subset, modality, access and license, as ``list`` and ``build`` take them."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping
from typing import Final

from attrs import frozen

from medmat_core.card import Head
from medmat_core.errors import UsageError

SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "Co": ("colposcopy", "colposcope"),
    "CT": ("computed tomography", "CAT"),
    "DP": ("digital photography", "photography", "photo", "dental"),
    "Der": ("dermoscopy", "dermatoscopy", "skin"),
    "End": ("endoscopy", "laparoscopy", "colonoscopy"),
    "FP": ("fundus", "fundus photography", "retinal photography", "CFP"),
    "MRI": ("MR", "magnetic resonance", "magnetic resonance imaging"),
    "Mic": ("microscopy", "histology", "pathology", "histopathology"),
    "OCT": ("optical coherence tomography",),
    "US": ("ultrasound", "sonography", "ultrasonography", "echo"),
    "Ultrasound": ("US", "sonography", "ultrasonography", "echo"),
    "X-Ray": ("radiography", "radiograph", "X-ray image", "CR", "DX"),
}
"""What else the modalities of Med-MAT's table are called; it writes ultrasound in two ways."""

ACCESS: Final[Mapping[str, str]] = {
    "open": "open",
    "account": "account",
    "competition": "rules",
    "credentialed": "apply",
}
"""The kinds of access, and each in the one word that a table has room for."""


def _folded(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _names(modality: str, shown: str) -> set[str]:
    names = {_folded(name) for name in (modality, shown, *SYNONYMS.get(modality, ()))}
    # "CT" finds what questions call a CT scan, "mammogram image" a mammogram
    return names | {re.sub("(image|scan|photograph)$", "", name) or name for name in names}


def license_fits(license_: str, wanted: str) -> bool:
    """Whether a data set's license is the one meant: a shell pattern for all of it, or how it begins, in whole words;
    case folded, SPDX's spelling as well. "CC BY" is not "CC BY-NC"."""
    text, asked = license_.casefold(), re.sub(r"^cc-(by[a-z-]*?)-?(\d\.\d)?$", r"cc \1 \2", wanted.casefold()).strip()
    return fnmatch.fnmatchcase(text, asked) or re.match(re.escape(asked) + r"(?![\w.-])", text) is not None


def unknown(option: str, value: object, known: Iterable[str], told: str, more: Iterable[str] = ()) -> UsageError:
    """The error for a value that fits nothing: the nearest one that there is (of ``more``, too), and all known ones."""
    import difflib

    every = list(dict.fromkeys(known))
    names = [*every, *more]
    near = difflib.get_close_matches(str(value).casefold(), [name.casefold() for name in names], n=1)
    meant = next((name for name in names if near and name.casefold() == near[0]), None)
    hint = f"did you mean {meant!r}? " if meant is not None else ""
    return UsageError(f"--{option} {value!r}: {hint}{told} {', '.join(every)}")


@frozen
class Filters:
    """What is asked for; None and empty take everything."""

    subset: int | None = None
    modality: str | None = None
    access: tuple[str, ...] = ()
    licenses: tuple[str, ...] = ()

    def takes(self, head: Head) -> bool:
        """Whether a data set is meant."""
        return (
            (self.subset is None or head.subset == self.subset)
            and (not self.modality or _folded(self.modality) in _names(head.modality, head.modality_shown))
            and (not self.access or any(name.casefold() in (head.access, ACCESS[head.access]) for name in self.access))
            and (not self.licenses or any(license_fits(head.license, name) for name in self.licenses))
        )

    def check(self, heads: Iterable[Head], subsets: Iterable[int]) -> None:
        """Refuse a filter that fits none of the installed data sets, each by itself, as :class:`UsageError`."""
        every = list(heads)
        if self.subset is not None and self.subset not in {*subsets, *(head.subset for head in every)}:
            raise UsageError(f"--subset {self.subset}: there is no such subset; `medmat list --subsets` shows all")
        for access in self.access:
            if access.casefold() not in {*ACCESS, *ACCESS.values()}:
                raise unknown("access", access, ACCESS, "choose from")
        if self.modality and not any(_folded(self.modality) in _names(name, name) for name in SYNONYMS):
            shown = [(head.modality, head.modality_shown) for head in every]
            if not any(_folded(self.modality) in _names(*names) for names in shown):
                codes = [name for name in dict.fromkeys([*SYNONYMS, *(code for code, _ in shown)]) if name != "US"]
                more = [name for names in SYNONYMS.values() for name in names]
                raise unknown("modality", self.modality, codes, "choose from", more)
        for license_ in self.licenses:
            if not any(license_fits(head.license, license_) for head in every):
                held = sorted({re.split(r" [(]|;|,| for | on ", head.license)[0] for head in every}, key=str.casefold)
                raise unknown("license", license_, held, "the installed data sets have")
