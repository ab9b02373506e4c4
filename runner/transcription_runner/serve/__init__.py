"""`serve`: the engine as a service over HTTP. What is HTTP's is known here alone; the engine knows nothing of it."""
