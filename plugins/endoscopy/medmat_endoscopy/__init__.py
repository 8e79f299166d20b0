"""Endoscopy data sets for medmat."""
