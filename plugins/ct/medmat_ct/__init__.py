"""CT data sets for medmat."""
