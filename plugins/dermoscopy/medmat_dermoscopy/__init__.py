"""Dermoscopy and skin photography data sets for medmat."""
