"""Building records: the pipeline and its engines."""
