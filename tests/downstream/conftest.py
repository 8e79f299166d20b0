"""The plugins here are strangers: `tox -e downstream` installs each and runs its tests, `pytest tests` must not."""

collect_ignore_glob = ["medmat-plugin-*"]
