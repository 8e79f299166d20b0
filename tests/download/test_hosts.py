"""Hosts by their interfaces, faked in the form that each documents."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from attrs import evolve

from medmat_core.download.hosts import Hosts
from medmat_core.download.web import Remote, Web
from medmat_core.download_entries import Download
from medmat_core.errors import DownloadError
from tests.download.loopback import Loopback, Quiet

MD5 = hashlib.md5(b"body").hexdigest()
SHA = hashlib.sha256(b"body").hexdigest()


@pytest.fixture
def hosts(host: Loopback) -> Hosts:
    return Hosts(zenodo=host.url, figshare=host.url, mendeley=host.url, github=host.url)


def answers(host: Loopback, path: str, body: object) -> None:
    host(path, json.dumps(body).encode(), kind="application/json")


def zenodo(host: Loopback, *names: str) -> None:
    answers(
        host,
        "/api/records/1214456",
        {
            "id": 1214456,
            "metadata": {"access_right": "open", "title": "T"},
            "files": [
                {
                    "id": "0",
                    "key": name,
                    "size": 4,
                    "checksum": f"md5:{MD5}",
                    "links": {"self": f"{host.url}/api/records/1214456/files/{name}/content"},
                }
                for name in names
            ],
        },
    )


def test_zenodo_states_address_size_and_md5(host: Loopback, hosts: Hosts, web: Web) -> None:
    zenodo(host, "a.zip", "b.zip", "notes.txt")
    found = hosts.remotes(Download(host="zenodo", id="1214456", files=("*.zip",)), web)
    assert [remote.name for remote in found] == ["a.zip", "b.zip"]
    assert found[0] == Remote("a.zip", f"{host.url}/api/records/1214456/files/a.zip/content", 4, (f"md5:{MD5}",))
    assert host.asked[0].headers["accept"] == "application/json"


def test_a_restricted_record_lists_no_files_and_says_so(host: Loopback, hosts: Hosts, web: Web) -> None:
    answers(host, "/api/records/5793241", {"id": 5793241, "metadata": {"access_right": "restricted"}})
    with pytest.raises(DownloadError, match=r"zenodo\.org/records/5793241.*access may be restricted"):
        hosts.remotes(Download(host="zenodo", id="5793241"), web)


def figshare(host: Loopback, where: str) -> None:
    file = {"id": 34969398, "size": 4, "is_link_only": False, "supplied_md5": MD5, "mimetype": "application/x-rar"}
    answers(
        host,
        where,
        [
            {**file, "name": "FIVES.rar", "computed_md5": MD5, "download_url": f"{host.url}/files/34969398"},
            {**file, "name": "elsewhere", "is_link_only": True, "computed_md5": "", "download_url": "https://x.org/"},
        ],
    )


@pytest.mark.parametrize(
    ("number", "where"),
    [("19688169", "/v2/articles/19688169/files"), ("19688169/1", "/v2/articles/19688169/versions/1/files")],
)
def test_figshare_states_address_size_and_md5(host: Loopback, hosts: Hosts, web: Web, number: str, where: str) -> None:
    figshare(host, f"{where}?page=1&page_size=1000")
    found = hosts.remotes(Download(host="figshare", id=number), web)
    assert found == (Remote("FIVES.rar", f"{host.url}/files/34969398", 4, (f"md5:{MD5}",)),)


def mendeley(host: Loopback) -> None:
    def file(name: str) -> dict[str, object]:
        told = {"id": "c", "size": 4, "sha256_hash": SHA, "download_url": f"{host.url}/{name}", "content_type": "x"}
        return {"id": name, "filename": name, "size": 4, "content_details": told}

    base = "/public-api/datasets/zr7vgbcyr2"
    answers(
        host,
        f"{base}/folders/1",
        [{"id": "f1", "name": "images"}, {"id": "f2", "name": "more", "parent_id": "f1"}],
    )
    answers(host, f"{base}/files?folder_id=root&version=1", [file("metadata.csv")])
    answers(host, f"{base}/files?folder_id=f1&version=1", [file("imgs_part_1.zip")])
    answers(host, f"{base}/files?folder_id=f2&version=1", [file("x.zip")])


def test_mendeley_lists_folder_by_folder_with_sha256(host: Loopback, hosts: Hosts, web: Web) -> None:
    mendeley(host)
    found = hosts.remotes(Download(host="mendeley", id="zr7vgbcyr2/1"), web)
    assert [remote.name for remote in found] == ["metadata.csv", "images/imgs_part_1.zip", "images/more/x.zip"]
    assert found[1] == Remote("images/imgs_part_1.zip", f"{host.url}/imgs_part_1.zip", 4, (f"sha256:{SHA}",))


def test_a_repository_gives_files_of_one_commit(hosts: Hosts, host: Loopback, web: Web) -> None:
    entry = Download(host="github", id=f"a/b@{'0' * 40}", files=("dir/a b.zip",))
    assert hosts.remotes(entry, web) == (Remote("dir/a b.zip", f"{host.url}/a/b/{'0' * 40}/dir/a%20b.zip"),)


def test_host_and_card_are_both_checked(host: Loopback, hosts: Hosts, web: Web, tmp_path: Path) -> None:
    zenodo(host, "a.zip")
    entry = Download(host="zenodo", id="1214456", hashes={"a.zip": f"sha256:{SHA}"}, sizes={"a.zip": 4})
    (found,) = hosts.remotes(entry, web)
    assert found.hashes == (f"md5:{MD5}", f"sha256:{SHA}")
    host("/api/records/1214456/files/a.zip/content", b"bodx")
    with pytest.raises(DownloadError, match=r"its md5 is .*; its sha256 is"):
        web.fetch(found, tmp_path / "a.zip", Quiet())
    with pytest.raises(DownloadError, match="4 bytes there and 5 on the card"):
        hosts.remotes(evolve(entry, sizes={"a.zip": 5}), web)


@pytest.mark.parametrize("body", [[], {"files": [{"key": "a"}]}, {"files": 3}, {"files": [None]}, "text"])
def test_an_answer_of_another_form_is_told_and_not_guessed_at(
    host: Loopback, hosts: Hosts, web: Web, body: object
) -> None:
    answers(host, "/api/records/1214456", body)
    with pytest.raises(DownloadError, match="in a form that this medmat does not know"):
        hosts.remotes(Download(host="zenodo", id="1214456"), web)


@pytest.mark.parametrize("name", ["../evil.zip", "/etc/evil.zip", "a/../../evil.zip"])
def test_a_host_that_names_a_file_outside_is_refused(host: Loopback, hosts: Hosts, web: Web, name: str) -> None:
    zenodo(host, name)
    with pytest.raises(DownloadError, match="leads out of its folder"):
        hosts.remotes(Download(host="zenodo", id="1214456"), web)


def test_an_address_of_this_machine_is_no_address_of_a_file(host: Loopback, hosts: Hosts, web: Web) -> None:
    answers(
        host,
        "/api/records/1",
        {"files": [{"key": "a", "size": 1, "checksum": "", "links": {"self": "file:///etc/passwd"}}]},
    )
    with pytest.raises(DownloadError, match="no web address"):
        hosts.remotes(Download(host="zenodo", id="1"), web)
