"""The service beside itself, and beside a usual wrapper of stock whisperx. `python -m benchmarks.service` measures all of it."""
