"""Digital photography (teeth and mouth) data sets for medmat."""
