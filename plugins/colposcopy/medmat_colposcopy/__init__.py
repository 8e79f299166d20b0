"""Colposcopy data sets for medmat."""
