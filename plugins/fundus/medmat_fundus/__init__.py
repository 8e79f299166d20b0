"""Fundus photography data sets for medmat."""
