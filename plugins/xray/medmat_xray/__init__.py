"""X-ray data sets for medmat."""
