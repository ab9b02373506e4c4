"""Whether every job ends as it should, whatever happens to the operator and to its connection: `make chaos`."""
