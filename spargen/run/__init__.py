"""From a job to files."""
