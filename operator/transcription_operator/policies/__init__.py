"""Policies: each file answers one question about a run, as a pure function of what was observed."""
