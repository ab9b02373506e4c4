"""`python -m transcription_runner` is `transcription-runner`."""

from transcription_runner.cli import main

if __name__ == "__main__":
    main()
