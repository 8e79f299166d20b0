"""One browser for all tests of the page; without one they are skipped, unless MEDMAT_REQUIRE_BROWSER=1."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.preview.chromium import Browser, found


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if found() is None:
        reason = "no Chromium is installed (apt-get install chromium, or name one in MEDMAT_CHROMIUM)"
        if os.environ.get("MEDMAT_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with Browser(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def browser(started: Browser) -> Browser:
    started.size(1360, 860)
    return started
