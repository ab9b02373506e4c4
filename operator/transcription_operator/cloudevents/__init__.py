"""Telling a sink what became of TranscriptionJobs: CloudEvents over HTTP, signed, at least once."""
