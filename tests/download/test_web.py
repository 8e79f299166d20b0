"""One file from the web: resumed, verified, and never taken for what it is not."""

from __future__ import annotations

import hashlib
import time
from email.utils import formatdate
from pathlib import Path

import pytest

from medmat_core.download import space
from medmat_core.download import web as rooms
from medmat_core.download.web import Remote, Web
from medmat_core.errors import DownloadError, NoSpaceError
from tests.download.loopback import Loopback, Quiet

BODY = bytes(range(256)) * 4000


def remote(host: Loopback, path: str = "/a.zip", size: int = 0, *hashes: str) -> Remote:
    return Remote("a.zip", host.url + path, size, hashes)


def sha(body: bytes = BODY) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def test_a_file_comes_with_its_bytes_and_leaves_nothing_else(
    host: Loopback, web: Web, quiet: Quiet, tmp_path: Path
) -> None:
    host("/a.zip", BODY)
    web.fetch(remote(host, "/a.zip", len(BODY), sha(), f"md5:{hashlib.md5(BODY).hexdigest()}"), tmp_path / "a", quiet)
    assert (tmp_path / "a").read_bytes() == BODY
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert quiet.started == [("a.zip", len(BODY), 0)] and quiet.done == len(BODY)
    assert host.asked[0].headers["user-agent"].startswith("medmat/")


def test_a_download_that_breaks_off_goes_on_by_range(host: Loopback, web: Web, quiet: Quiet, tmp_path: Path) -> None:
    host("/a.zip", BODY, cuts=[300_000, 200_000])
    web.fetch(remote(host), tmp_path / "a", quiet)
    assert (tmp_path / "a").read_bytes() == BODY
    assert host.ranges("/a.zip") == ["", "bytes=300000-", "bytes=500000-"]
    assert host.asked[1].headers["if-range"] == '"1"'


def test_a_run_that_was_stopped_goes_on_in_the_next(host: Loopback, web: Web, quiet: Quiet, tmp_path: Path) -> None:
    host("/a.zip", BODY)

    def stop(done: int) -> None:
        raise KeyboardInterrupt

    quiet.at = stop
    with pytest.raises(KeyboardInterrupt):
        web.fetch(remote(host), tmp_path / "a", quiet)
    left = (tmp_path / "a.part").stat().st_size
    assert 0 < left <= len(BODY) and not (tmp_path / "a").exists()
    (tmp_path / "a.part").write_bytes(BODY[:70_000])
    again = Quiet()
    web.fetch(remote(host), tmp_path / "a", again)
    assert (tmp_path / "a").read_bytes() == BODY
    assert host.ranges("/a.zip")[-1] == "bytes=70000-" and again.started == [("a.zip", len(BODY), 70_000)]


def test_a_part_that_is_whole_already_is_not_fetched_again(
    host: Loopback, web: Web, quiet: Quiet, tmp_path: Path
) -> None:
    host("/a.zip", BODY)
    (tmp_path / "a.part").write_bytes(BODY)
    web.fetch(remote(host, "/a.zip", len(BODY), sha()), tmp_path / "a", quiet)
    assert (tmp_path / "a").read_bytes() == BODY and quiet.done == 0


def test_a_file_that_changed_at_the_host_comes_anew(host: Loopback, web: Web, quiet: Quiet, tmp_path: Path) -> None:
    page = host("/a.zip", b"old" * 100_000)

    def stop(done: int) -> None:
        raise KeyboardInterrupt

    quiet.at = stop
    with pytest.raises(KeyboardInterrupt):
        web.fetch(remote(host), tmp_path / "a", quiet)
    quiet.at = lambda done: None
    (tmp_path / "a.part").write_bytes(b"old" * 1000)
    page.body, page.etag = BODY, '"2"'
    web.fetch(remote(host), tmp_path / "a", quiet)
    assert (tmp_path / "a").read_bytes() == BODY and host.ranges("/a.zip")[-1] == "bytes=3000-"


def test_a_part_of_which_nobody_knows_the_rest_is_dropped(
    host: Loopback, web: Web, quiet: Quiet, tmp_path: Path
) -> None:
    host("/a.zip", BODY, etag="")
    (tmp_path / "a.part").write_bytes(b"of another file")
    web.fetch(remote(host), tmp_path / "a", quiet)
    assert (tmp_path / "a").read_bytes() == BODY and host.ranges("/a.zip") == [""]


def test_a_host_without_ranges_gives_the_file_from_its_start(
    host: Loopback, web: Web, quiet: Quiet, tmp_path: Path
) -> None:
    host("/a.zip", BODY, ranges=False, cuts=[5000])
    web.fetch(remote(host), tmp_path / "a", quiet)
    assert (tmp_path / "a").read_bytes() == BODY


def test_a_file_of_unstated_length_is_taken_as_it_comes(host: Loopback, web: Web, quiet: Quiet, tmp_path: Path) -> None:
    host("/a.zip", BODY, length=False)
    web.fetch(remote(host, "/a.zip", 0, sha()), tmp_path / "a", quiet)
    assert (tmp_path / "a").read_bytes() == BODY


def test_an_archive_that_is_always_cut_is_told_after_a_few_tries_and_its_part_stays(
    host: Loopback, web: Web, quiet: Quiet, tmp_path: Path
) -> None:
    host("/a.zip", BODY, ranges=False, cuts=[1000] * 20)
    with pytest.raises(DownloadError, match=r"1000 of 1024000 bytes came.*run again"):
        web.fetch(remote(host), tmp_path / "a", quiet)
    assert (tmp_path / "a.part").stat().st_size == 1000 and not (tmp_path / "a").exists()


def test_a_wrong_hash_names_both_and_drops_the_file(host: Loopback, web: Web, quiet: Quiet, tmp_path: Path) -> None:
    host("/a.zip", BODY)
    wrong = "sha256:" + "0" * 64
    with pytest.raises(DownloadError, match=f"{hashlib.sha256(BODY).hexdigest()} and should be {'0' * 64}"):
        web.fetch(remote(host, "/a.zip", 0, wrong), tmp_path / "a", quiet)
    assert list(tmp_path.iterdir()) == []


def test_another_size_than_the_card_knows_is_refused_before_a_byte_comes(
    host: Loopback, web: Web, quiet: Quiet, tmp_path: Path
) -> None:
    host("/a.zip", BODY)
    with pytest.raises(DownloadError, match="1024000 bytes are offered and 7 expected"):
        web.fetch(remote(host, "/a.zip", 7), tmp_path / "a", quiet)
    assert quiet.started == []


@pytest.mark.parametrize(
    ("status", "told"),
    [(401, "wants a login"), (403, "refuses"), (404, "no such file"), (410, "taken away"), (418, "error 418")],
)
def test_a_refusal_says_what_to_do_and_is_not_tried_again(
    host: Loopback, web: Web, quiet: Quiet, tmp_path: Path, status: int, told: str
) -> None:
    host("/a.zip", BODY, errors=[(status, {})])
    with pytest.raises(DownloadError, match=told):
        web.fetch(remote(host), tmp_path / "a", quiet)
    assert len(host.asked) == 1


def test_a_host_that_asks_for_patience_gets_it(
    host: Loopback, web: Web, quiet: Quiet, waited: list[float], tmp_path: Path
) -> None:
    soon = formatdate(time.time() + 30, usegmt=True)
    host("/a.zip", BODY, errors=[(429, {"Retry-After": "0.25"}), (503, {"Retry-After": soon})])
    web.fetch(remote(host), tmp_path / "a", quiet)
    assert (tmp_path / "a").read_bytes() == BODY
    assert waited[0] == 0.25 and 0 < waited[1] <= 30


def test_a_host_that_asks_for_hours_is_left_alone(
    host: Loopback, web: Web, quiet: Quiet, waited: list[float], tmp_path: Path
) -> None:
    host("/a.zip", BODY, errors=[(429, {"Retry-After": "7200"})])
    with pytest.raises(DownloadError, match="wait 7200 seconds"):
        web.fetch(remote(host), tmp_path / "a", quiet)
    assert waited == []


def test_a_host_that_stays_down_is_given_up(
    host: Loopback, web: Web, quiet: Quiet, waited: list[float], tmp_path: Path
) -> None:
    host("/a.zip", BODY, errors=[(503, {})] * 3)
    with pytest.raises(DownloadError, match="error 503"):
        web.fetch(remote(host), tmp_path / "a", quiet)
    assert waited == [2.0, 4.0]


def test_a_web_page_instead_of_the_archive_is_no_archive(
    host: Loopback, web: Web, quiet: Quiet, tmp_path: Path
) -> None:
    host("/a.zip", b"<html>Please log in</html>", kind="text/html; charset=utf-8")
    with pytest.raises(DownloadError, match=r"a web page came instead of a\.zip"):
        web.fetch(remote(host), tmp_path / "a", quiet)
    assert list(tmp_path.iterdir()) == []


def test_an_answer_that_gives_no_file_yet_is_no_empty_file(
    host: Loopback, web: Web, quiet: Quiet, tmp_path: Path
) -> None:
    host("/a.zip", BODY, errors=[(202, {})])
    with pytest.raises(DownloadError, match=r"answers 202 instead of giving a\.zip"):
        web.fetch(remote(host), tmp_path / "a", quiet)
    assert list(tmp_path.iterdir()) == []


def test_redirects_are_followed_but_never_to_a_file_of_this_machine(
    host: Loopback, web: Web, quiet: Quiet, tmp_path: Path
) -> None:
    host("/b.zip", BODY)
    host("/a.zip", leads_to="/b.zip")
    web.fetch(remote(host), tmp_path / "a", quiet)
    assert (tmp_path / "a").read_bytes() == BODY
    host("/a.zip", leads_to=(tmp_path / "a").as_uri())
    with pytest.raises(DownloadError):
        web.fetch(remote(host), tmp_path / "other", quiet)
    assert not (tmp_path / "other").exists()


def test_a_redirect_that_gives_encryption_up_is_not_followed() -> None:
    asked = rooms.urllib.request.Request("https://example.org/a.zip")
    with pytest.raises(DownloadError, match="not encrypted"):
        rooms._Redirects().redirect_request(asked, None, 302, "", {}, "http://example.org/a.zip")


def test_a_file_that_does_not_fit_is_not_begun(
    host: Loopback, web: Web, quiet: Quiet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host("/a.zip", BODY)
    monkeypatch.setattr(space, "free", lambda folder: space.RESERVE + len(BODY) - 1)
    with pytest.raises(NoSpaceError, match=r"a\.zip needs 1\.0 MB and .* are free") as full:
        web.fetch(remote(host), tmp_path / "a", quiet)
    assert full.value.exit_code == 3 and list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_meanwhile_keeps_the_part(host: Loopback, web: Web, quiet: Quiet, tmp_path: Path) -> None:
    host("/a.zip", BODY)

    def full(done: int) -> None:
        raise OSError(28, "No space left on device")

    quiet.at = full
    with pytest.raises(NoSpaceError, match="the disk is full"):
        web.fetch(remote(host), tmp_path / "a", quiet)
    assert (tmp_path / "a.part").exists() and not (tmp_path / "a").exists()


def test_what_is_no_json_is_no_list_of_files(host: Loopback, web: Web) -> None:
    host("/api", b"<html>", kind="text/html")
    with pytest.raises(DownloadError, match="did not answer with a list"):
        web.json(host.url + "/api")


def test_a_size_is_asked_for_without_fetching(host: Loopback, web: Web) -> None:
    host("/a.zip", BODY)
    assert web.size(host.url + "/a.zip") == len(BODY) and host.asked[0].method == "HEAD"
    assert web.size(host.url + "/none.zip") == 0
