"""MRI data sets for medmat."""
