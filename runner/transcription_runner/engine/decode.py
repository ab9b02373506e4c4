"""From a local media file to samples, through ffmpeg in a child process with bounds on time and on what it may open."""

import subprocess
import tempfile
from pathlib import Path
from threading import Timer

import numpy as np

from transcription_runner.engine.audio import SAMPLE_RATE, Audio
from transcription_runner.engine.completeness import missing_bytes
from transcription_runner.engine.containers import GAPS_ARE_LEGAL
from transcription_runner.engine.probe import Media, probe
from transcription_runner.errors import FileError

BYTES_PER_SAMPLE = 2
BLOCK_BYTES = 1 << 20
LEAST_SECONDS_TO_DECODE = 120.0
SECONDS_TO_DECODE_A_SECOND = 0.2
"""With the least above, the time limit: a slow core decodes more than twenty times as fast as the sound lasts."""
TOLERATED_SECONDS = 0.25
TOLERATED_SHARE = 0.001
"""Encoders pad and trim; a stated length that is off by no more than both of these is no sign of damage."""


def decode(path: Path, longest_seconds: float) -> Audio:
    """The first audio stream as 16 kHz mono.

    Raises FileError: what `probe` raises, DamagedAudio for a file that holds less than it says, TooLong, DecodeTimeout.
    """
    media = probe(path)
    if media.stated_seconds and media.stated_seconds > longest_seconds:
        raise _too_long(longest_seconds)
    if missing := missing_bytes(path, media.container):
        raise FileError(
            "DamagedAudio", f"the file is cut off: by its own account ({media.container}) {missing} bytes are missing"
        )
    audio, complaints = _ffmpeg(path, media, longest_seconds)
    _check_whole(audio, media, complaints)
    return audio


def _ffmpeg(path: Path, media: Media, longest_seconds: float) -> tuple[Audio, str]:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-protocol_whitelist", "file", "-f", media.container, "-i", f"file:{path}"]
    command += ["-map", "0:a:0"]
    command += ["-f", "s16le", "-acodec", "pcm_s16le", "-ac", "1", "-ar", str(SAMPLE_RATE), "pipe:1"]
    patience = LEAST_SECONDS_TO_DECODE + SECONDS_TO_DECODE_A_SECOND * (media.stated_seconds or longest_seconds)
    blocks, size, expired = [], 0, []
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors)

        def expire() -> None:
            expired.append(True)
            process.kill()

        timer = Timer(patience, expire)
        timer.daemon = True
        timer.start()
        try:
            assert process.stdout is not None
            while block := process.stdout.read(BLOCK_BYTES):
                size += len(block)
                if size > longest_seconds * SAMPLE_RATE * BYTES_PER_SAMPLE:
                    raise _too_long(longest_seconds)
                blocks.append(np.frombuffer(block[: len(block) // 2 * 2], np.int16).astype(np.float32) / 32768.0)
        finally:
            timer.cancel()
            process.kill()
            process.wait()
        errors.seek(0)
        complaints = errors.read(1 << 16).decode("utf-8", "replace").replace(str(path), "the file")
    if expired:
        raise FileError("DecodeTimeout", f"decoding took longer than {patience:.0f} s")
    return Audio(np.concatenate(blocks) if blocks else np.zeros(0, np.float32)), complaints


def _check_whole(audio: Audio, media: Media, complaints: str) -> None:
    """Sound that was cut in transit must not pass for the whole."""
    first_complaint = (complaints.strip().splitlines() or [""])[0][:200]
    if not len(audio.samples):
        raise FileError(
            "DamagedAudio", f"no sound could be decoded from the {media.container} file: {first_complaint or 'no reason given'}"
        )
    if media.stated_seconds is None or (media.container in GAPS_ARE_LEGAL and not complaints):
        return
    tolerated = TOLERATED_SECONDS + TOLERATED_SHARE * media.stated_seconds
    if audio.seconds < media.stated_seconds - tolerated:
        raise FileError(
            "DamagedAudio",
            f"the {media.container} file states {media.stated_seconds:.1f} s of sound; only {audio.seconds:.1f} s can be decoded",
        )


def _too_long(longest_seconds: float) -> FileError:
    return FileError("TooLong", f"the audio is longer than the limit of {longest_seconds:.0f} s")
