"""Cases of hostile input, as data: how each is built, and what has to come of it. ``docs/reference/hostile.md`` is made
of them."""

from tests.hostile import adapters, inputs

CASES = (*adapters.CASES, *inputs.CASES)
