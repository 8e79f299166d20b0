"""Is what was built sound: every promise about records checked again, from the files alone.

Nothing here uses the question generator or the pipeline: what both share are cards, subsets and concepts, which are
data. :func:`audit` reads a folder, :func:`check_records` judges records in memory.
"""

from __future__ import annotations

from medmat_core.audit.check import check_records
from medmat_core.audit.faults import FAULTS, NOTES, Fault, Faults
from medmat_core.audit.report import Report
from medmat_core.audit.run import audit

__all__ = ["FAULTS", "NOTES", "Fault", "Faults", "Report", "audit", "check_records"]
