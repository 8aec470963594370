"""The page that `outlive keep` serves: reads the documents that `--json` gives, leaves requests."""
