"""Microscopy data sets for medmat."""
