"""The operator and its runners beside a real API server: what they cost it."""
