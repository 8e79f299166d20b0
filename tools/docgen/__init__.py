"""What ``tools/make_docs.py`` is made of: one module a kind of page."""
