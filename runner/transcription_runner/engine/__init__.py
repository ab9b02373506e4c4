"""From audio to transcripts: decode, VAD, recognise, align, diarize. Knows nothing of Kubernetes or of stores."""
