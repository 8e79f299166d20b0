from __future__ import annotations

from collections.abc import Iterator

import pytest

from medmat_core.download.web import Web
from tests.download.loopback import Loopback, Quiet, serving


@pytest.fixture
def host() -> Iterator[Loopback]:
    with serving() as host:
        yield host


@pytest.fixture
def quiet() -> Quiet:
    return Quiet()


@pytest.fixture
def waited() -> list[float]:
    """The seconds that the downloads would have waited."""
    return []


@pytest.fixture
def web(waited: list[float], monkeypatch: pytest.MonkeyPatch) -> Web:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return Web(timeout=10, attempts=3, sleep=waited.append)
