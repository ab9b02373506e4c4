"""`run`: one pod of a run, from its configuration to its exit code."""
