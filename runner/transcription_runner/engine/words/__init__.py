"""When each word is said: by a CTC aligner, or by Whisper's cross-attention; and the segments that words make."""
