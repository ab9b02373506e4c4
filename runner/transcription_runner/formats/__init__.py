"""Output formats: one pure function Transcript -> str in each file. All five carry the same words."""
