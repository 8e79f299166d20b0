"""The commands of ``medmat``, one module each; what they share is here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

    from medmat_core.catalog import Catalog, Peek


def catalog_of(ctx: click.Context, wanted: Callable[[Peek], bool] | None = None) -> Catalog:
    """The catalog of installed plugins, loaded once a run; failed plugins are told on stderr.

    ``wanted`` leaves data sets unloaded that the command has no use for.
    """
    state = ctx.ensure_object(dict)
    if "catalog" not in state:
        from medmat_core.catalog import load_catalog

        state["catalog"] = load_catalog(disable=state.get("disable", ()), wanted=wanted)
        for pattern in state["catalog"].idle:
            click.echo(f"medmat: --disable {pattern}: no installed plugin is called so", err=True)
        for failed in state["catalog"].failed:
            click.echo(f"medmat: {failed}", err=True)
    catalog: Catalog = state["catalog"]
    return catalog


def console(**settings: Any) -> Console:
    """A console that draws tables on a terminal and plain lines in a log."""
    from rich.console import Console

    made = Console(highlight=False, soft_wrap=False, **settings)
    if not made.is_terminal:
        made = Console(highlight=False, width=160, **settings)
    return made


def exit_code(ctx: click.Context, refused: int) -> int:
    """0 done, 1 some inputs refused, 3 a plugin failed to load."""
    if catalog_of(ctx).failed:
        return 3
    return 1 if refused else 0
