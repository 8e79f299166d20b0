"""From a folder of pictures to a complete plugin package: what ``medmat new-plugin`` does.

A :class:`~medmat_core.scaffold.survey.Survey` lists what lies there. Looks at names, tables, masks and boxes
(:mod:`~medmat_core.scaffold.choose`) turn it into a :class:`~medmat_core.scaffold.proposal.Proposal`: a layout as data,
with what was found and what is doubtful. That is tried on the folder and gets an example
(:mod:`~medmat_core.scaffold.proof`), becomes a card (:mod:`~medmat_core.scaffold.card`), and, with the files in
``templates``, a package (:mod:`~medmat_core.scaffold.package`). No code is generated.
"""
