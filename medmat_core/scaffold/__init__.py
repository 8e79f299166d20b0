"""From a layout that was guessed to a complete plugin package: what ``medmat new-plugin`` does.

:mod:`medmat_core.layouts.guess` says how a folder is laid out, as data, and what is doubtful. Here that gets an example
(:mod:`~medmat_core.scaffold.propose`), becomes a card (:mod:`~medmat_core.scaffold.card`), and, with the files in
``templates``, a package (:mod:`~medmat_core.scaffold.package`). No code is generated.
"""
