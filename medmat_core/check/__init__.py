"""Is what lies in the data folder what the card says?"""

from __future__ import annotations

from medmat_core.check.compare import check_dataset
from medmat_core.check.found import Class, Finding, Found
from medmat_core.check.published import Comparison, Difference, compare_published

__all__ = ["Class", "Comparison", "Difference", "Finding", "Found", "check_dataset", "compare_published"]
