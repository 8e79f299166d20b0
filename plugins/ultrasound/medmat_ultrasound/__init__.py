"""Ultrasound data sets for medmat."""
