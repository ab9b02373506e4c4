"""The control plane: turns TranscriptionJobs into Kubernetes Jobs and says how far they are."""
