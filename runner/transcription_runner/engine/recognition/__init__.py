"""From speech to text, by Whisper; which language it is, and whether the text can be believed."""
