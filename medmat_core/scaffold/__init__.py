"""From a folder of pictures to a complete plugin package: what ``medmat new-plugin`` does.

A :class:`~medmat_core.scaffold.survey.Survey` lists what lies there; one look a layout turns it into a
:class:`~medmat_core.scaffold.proposal.Proposal` with the adapter's text and an example; the proposal is tried on the
folder (:mod:`~medmat_core.scaffold.proof`) and written as a package (:mod:`~medmat_core.scaffold.package`).
"""
