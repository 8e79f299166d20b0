"""Imported once by the process from which the workers are forked, and by nothing else.

What workers need is imported here, so that each of them starts with it. A worker for which there is no room ends with
a traceback; that it ended is told by the build, in one line, and the traceback to nobody.
"""

from __future__ import annotations

import sys

import medmat_core.pipeline.inspection
import medmat_core.regions.extract  # noqa: F401

sys.excepthook = lambda kind, error, trace: None
