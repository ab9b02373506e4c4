"""Provision: models fetched into plain folders with checksums, for clusters that reach no hub."""
