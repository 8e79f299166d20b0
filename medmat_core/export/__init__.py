"""Export: a self-contained folder for a trainer or a judge, made from any built one."""

from __future__ import annotations

from medmat_core.export.run import Exported, ExportOptions, export
from medmat_core.export.select import Filters

__all__ = ["ExportOptions", "Exported", "Filters", "export"]
