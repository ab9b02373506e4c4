"""Evaluation: how far transcripts are from what was said (WER, CER), when (word times) and by whom (DER). No models, no torch."""
