"""OCT data sets for medmat."""
