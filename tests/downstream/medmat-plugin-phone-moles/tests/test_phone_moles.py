"""medmat's conformance suite over this package."""

from medmat_core.testing.conformance import *  # noqa: F403

MEDMAT_DATASETS = ["phone-moles"]
