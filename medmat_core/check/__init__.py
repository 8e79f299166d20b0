"""Is what lies in the data folder what the card says?"""

from __future__ import annotations

from medmat_core.check.compare import Finding, Found, check_dataset
from medmat_core.check.published import Difference, compare_published

__all__ = ["Difference", "Finding", "Found", "check_dataset", "compare_published"]
