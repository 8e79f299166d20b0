"""The errors medmat raises on purpose: one line each, naming the file, what is wrong and what to do."""

from __future__ import annotations


class MedmatError(Exception):
    """Base of all errors with a message meant for users. ``exit_code`` is the command's."""

    exit_code = 2


class UsageError(MedmatError):
    """Bad arguments, or nothing to do."""


class CardError(MedmatError):
    """A card that cannot be read: the message names file, field and reason."""

    exit_code = 3


class CatalogError(MedmatError):
    """Plugins that contradict one another, such as two data sets of one number."""

    exit_code = 3


class PluginError(MedmatError):
    """A plugin that failed when one of its data sets was asked for: the message names it, its version and why."""

    exit_code = 3


class BuildError(MedmatError):
    """The build could not go on (disk full, output folder not writable, a worker that died)."""

    exit_code = 3


class StrictError(MedmatError):
    """``--strict`` met a refused input."""

    exit_code = 1


class DownloadError(MedmatError):
    """A file that could not be fetched, verified, unpacked or put in its place."""

    exit_code = 1


class NoSpaceError(DownloadError):
    """A download that does not fit on the disk."""

    exit_code = 3
