"""Bytes changed at random, fed to whatever reads a stranger's file. ``tox -e fuzz`` runs each target for a while."""
