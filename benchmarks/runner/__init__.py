"""Our runner beside the stock whisperx command: speed, text, memory. `python -m benchmarks.runner` measures all of it."""
