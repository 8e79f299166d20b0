"""Agar plates for medmat."""
