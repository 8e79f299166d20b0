"""Endoscopy and laparoscopy data sets for medmat."""
