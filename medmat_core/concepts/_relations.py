"""Concept relations as they stand in a file or on a card: plain pairs, nothing worked out yet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import Factory, evolve, frozen

from medmat_core._structure import structure
from medmat_core.errors import CardError, CatalogError

if TYPE_CHECKING:
    from medmat_core.card import Card

Pair = tuple[str, str]


@frozen
class Group:
    """Relations from one source.

    ``wider`` maps a wider caption to narrower ones. A name there may be a concept that no data set uses as a
    caption ("Brain tumor"), to say what a "No X" caption denies.
    """

    source: str
    same: tuple[Pair, ...] = ()
    wider: Mapping[str, tuple[str, ...]] = Factory(dict)
    may_coincide: tuple[Pair, ...] = ()
    excludes: tuple[Pair, ...] = ()


@frozen
class Relations:
    """One ``NN.toml``: what the captions of a subset mean relative to one another.

    ``findings_coexist``: several captions may be true of one picture (multi-label subsets), so two different ones
    are no contradiction. ``normal`` captions say that nothing was found. ``catch_all`` and ``beside_any`` captions
    may be true beside any finding. ``side_by_side`` lists families of captions about different things that one
    picture can show together (bones of a hand). ``negates`` maps "No X" to X. ``apart`` records pairs of captions
    that were checked to be unrelated, though they read alike or are kinds of what may coincide: (one, other, reason).
    """

    findings_coexist: bool = False
    normal: tuple[str, ...] = ()
    catch_all: tuple[str, ...] = ()
    beside_any: tuple[str, ...] = ()
    side_by_side: tuple[tuple[str, ...], ...] = ()
    negates: Mapping[str, str] = Factory(dict)
    apart: tuple[tuple[str, str, str], ...] = ()
    group: tuple[Group, ...] = ()

    def with_card(self, card: Card) -> Relations:
        """These relations and those of a card, whose captions may be new here."""
        classes = card.tables.classes
        normal = card.head.normal
        wider: dict[str, tuple[str, ...]] = {name: tuple(narrow) for name, narrow in classes.wider.items()}
        for wide, narrow in classes.nested:
            wider[wide] = (*wider.get(wide, ()), narrow)
        own = Group(f"card of {card.head.slug}", same=classes.same, wider=wider, may_coincide=classes.overlapping)
        return evolve(
            self,
            # "No tumor" is a card's normal caption and denies tumors only
            normal=self.normal if not normal or normal in classes.negates else (*self.normal, normal),
            catch_all=(*self.catch_all, *classes.catch_all, *classes.anatomy),
            negates={**self.negates, **classes.negates},
            group=(*self.group, own),
        )


def read(path: Path) -> Relations:
    """The relations of a file; CatalogError names file and fault."""
    import tomllib

    try:
        return structure(tomllib.loads(path.read_text(encoding="utf-8")), Relations, path)
    except FileNotFoundError:
        raise CatalogError(f"{path}: no concept file") from None
    except tomllib.TOMLDecodeError as error:
        raise CatalogError(f"{path}: {error}") from error
    except CardError as error:
        raise CatalogError(str(error)) from error
