"""What all tests share: how many examples Hypothesis draws."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "medmat",
    max_examples=int(os.environ.get("MEDMAT_EXAMPLES", "100")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("medmat")
