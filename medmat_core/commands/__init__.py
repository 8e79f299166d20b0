"""The commands of ``medmat``, one module each; what they share is here."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from medmat_core.shown import shown, shown_lines

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from medmat_core.catalog import Catalog


def catalog_of(ctx: click.Context) -> Catalog:
    """The catalog of installed plugins, loaded once a run; failed plugins are told on stderr."""
    state = ctx.ensure_object(dict)
    if "catalog" not in state:
        from medmat_core.catalog import load_catalog

        # a command is looked for before the group that takes --disable is called
        state["catalog"] = load_catalog(disable=ctx.find_root().params.get("disable") or ())
        for pattern in state["catalog"].idle:
            click.echo(f"medmat: --disable {pattern}: no installed plugin is called so", err=True)
        tell_failed(ctx)
    catalog: Catalog = state["catalog"]
    return catalog


def tell_failed(ctx: click.Context) -> bool:
    """Tell each plugin that failed so far, once; whether there is any."""
    state = ctx.ensure_object(dict)
    failed = catalog_of(ctx).failed
    for plugin in failed[state.get("told", 0) :]:
        click.echo(f"medmat: {shown(' '.join(str(plugin).split()))}", err=True)
    state["told"] = len(failed)
    return bool(failed)


def hush_libraries(ctx: click.Context) -> None:
    """Let decoders say nothing of single files on stderr, where the process is this command's own."""
    state = ctx.ensure_object(dict)
    if state.get("alone") and not state.get("debug"):
        from medmat_core.pipeline.workers import hush

        hush()


def console(**settings: Any) -> Console:
    """A console that draws tables on a terminal and plain lines in a log."""
    from rich.console import Console

    class Careful(Console):
        """Text is shown and never obeyed, whatever a file's name holds."""

        def render_str(self, text: str, **settings: Any) -> Text:
            return super().render_str(shown_lines(text), **settings)

    made = Careful(highlight=False, soft_wrap=False, **settings)
    if not made.is_terminal:
        made = Careful(highlight=False, width=160, **settings)
    return made


def say(page: Console, text: str = "") -> None:
    """Lines as they stand: nothing in them is markup, and nothing is cut."""
    page.print(text, markup=False, soft_wrap=True)


def table(titles: Sequence[str], left: Collection[str] = (), fold: Collection[str] = ()) -> Table:
    """An empty table whose columns stand to the right, but for those at the ``left``; what has no room in a column of
    ``fold`` goes on in the next line."""
    from rich.table import Table

    made = Table(box=None, header_style="bold", pad_edge=False)
    for title in titles:
        how: Any = "fold" if title in fold else "ellipsis"
        made.add_column(title, justify="left" if title in left else "right", overflow=how)
    return made


def print_rows(
    titles: Sequence[str], rows: Sequence[Sequence[object]], left: Collection[str], *, least: int = 0, head: bool = True
) -> None:
    """A table on a terminal, where columns at the ``left`` have ``least`` room; elsewhere cells with tabs between them,
    the titles at their ``head``."""
    if not sys.stdout.isatty():
        for row in (titles, *rows) if head else rows:
            click.echo("\t".join(shown(" ".join(str(cell).split())) for cell in row))
        return
    from rich.markup import escape

    made = table(titles, left, titles)
    for column in made.columns:
        column.min_width = least if least and column.header in left else None
    for row in rows:
        made.add_row(*(escape(str(cell)) for cell in row))
    console().print(made)


def complete_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What the shell offers for a data set: slugs that begin so, with their titles, and numbers once one is begun."""
    from click.shell_completion import CompletionItem

    typed, heads = incomplete.casefold(), [entry.head for entry in catalog_of(ctx).entries]
    if typed.isdecimal():
        return [CompletionItem(str(head.no), help=head.title) for head in heads if str(head.no).startswith(typed)]
    return [CompletionItem(head.slug, help=head.title) for head in heads if head.slug.startswith(typed)]


def complete_modality(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What the shell offers for --modality: the codes, and other names once one is begun."""
    from click.shell_completion import CompletionItem

    from medmat_core.filters import SYNONYMS

    names = [*SYNONYMS, *(name for names in SYNONYMS.values() if incomplete for name in names)]
    found = (name for name in names if name.casefold().startswith(incomplete.casefold()))
    return [CompletionItem(name) for name in dict.fromkeys(found)]


def counted(number: int, name: str) -> str:
    """A number of things: "1 data set", "2 data sets"; only of names that take an s."""
    return f"{number:,} {name}" + "s" * (number != 1)


def print_table(rows: Sequence[Mapping[str, Any]], may_shrink: Mapping[str, int] | None = None) -> None:
    """Rows of equal keys: on a terminal aligned under bold titles, each on one line, for which the columns named may
    be cut to the widths given, the first of them first; in a pipe a title line and the values with tabs between."""
    titles = list(rows[0])
    cells = [[" ".join(str(row[title]).split()) for title in titles] for row in rows]
    if not sys.stdout.isatty():
        click.echo("\n".join("\t".join(line) for line in [titles, *cells]))
        return
    numeric = [all(str(row[title])[:1].isdecimal() or row[title] == "" for row in rows) for title in titles]
    widths = [max(map(len, column)) for column in zip(titles, *cells, strict=True)]
    spare = shutil.get_terminal_size().columns - sum(widths) - (len(widths) - 1)
    for title, least in (may_shrink or {}).items():
        place = titles.index(title)
        cut = min(max(0, -spare), max(0, widths[place] - least))
        widths[place] -= cut
        spare += cut
    gap = "  " if spare >= len(widths) - 1 else " "
    for number, line in enumerate([titles, *cells]):
        parts = (
            _cut(cell, width).rjust(width) if right else _cut(cell, width).ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        )
        click.echo(click.style(gap.join(parts).rstrip(), bold=True) if number == 0 else gap.join(parts).rstrip())


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}\N{HORIZONTAL ELLIPSIS}"


def exit_code(ctx: click.Context, refused: int) -> int:
    """0 done, 1 some inputs refused, 3 a plugin failed."""
    if tell_failed(ctx):
        return 3
    return 1 if refused else 0
