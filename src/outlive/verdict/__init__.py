"""From observations to verdicts, with reasons. PURE: nothing here looks, remembers or asks what time it is."""
