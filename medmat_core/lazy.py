"""Commands that are imported when they are called."""

from __future__ import annotations

from importlib import import_module

import click


class LazyCommand(click.Command):
    """A command that stands in a module of its own, imported when it is called; until then name and help do."""

    def __init__(self, name: str, module: str, short_help: str) -> None:
        super().__init__(name, short_help=short_help)
        self.module = module

    def load(self) -> click.Command:
        """The command itself."""
        command: click.Command = import_module(self.module).command
        return command
