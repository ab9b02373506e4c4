"""Long work as TranscriptionJobs of the service's own namespace. Nothing of it is kept here: the custom resource is the truth."""
