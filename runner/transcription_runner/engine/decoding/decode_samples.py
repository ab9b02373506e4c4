"""From samples that a program holds to sound, without a decoder."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from transcription_runner.engine.audio import SAMPLE_RATE, Audio, Sound
from transcription_runner.engine.decoding.wanted import MOST_CHANNELS, Wanted
from transcription_runner.errors import FileError

FULL_SCALE = 32768.0


def sound_of_samples(samples: NDArray[np.floating[Any]], want: Wanted, longest_seconds: float) -> Sound:
    """16 kHz samples from -1 to 1, shape (n,) or (channels, n), as 16-bit sound; louder ones are clipped.

    Raises FileError: EmptyObject, UnsupportedFormat (another shape, integers, values that are no numbers), TooManyChannels,
    TooLong, NoSuchTrack.
    """
    if want.track:
        raise FileError("NoSuchTrack", f"samples are one audio track, counted from 0; track {want.track} was asked for")
    if samples.ndim not in (1, 2) or samples.dtype.kind != "f":
        found = f"{samples.dtype} of shape {samples.shape}"
        raise FileError("UnsupportedFormat", f"samples must be float32 of shape (n,) or (channels, n) at 16 kHz, not {found}")
    channels = np.atleast_2d(samples)
    if not channels.size:
        raise FileError("EmptyObject", "there are no samples")
    if len(channels) > MOST_CHANNELS:
        message = f"samples of shape {samples.shape} have {len(channels)} channels; at most {MOST_CHANNELS} are taken"
        raise FileError("TooManyChannels", f"{message}: the shape is (channels, n)")
    if channels.shape[1] > longest_seconds * SAMPLE_RATE:
        raise FileError("TooLong", f"the audio is longer than the limit of {longest_seconds:.0f} s")
    if not want.split and len(channels) > 1:
        channels = channels.mean(axis=0, keepdims=True)
    return Sound(tuple(Audio(_pcm(channel)) for channel in channels))


def _pcm(channel: NDArray[np.floating[Any]]) -> NDArray[np.int16]:
    scaled = channel * np.float32(FULL_SCALE)
    np.rint(scaled, out=scaled)
    np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1, out=scaled)
    if np.isnan(scaled).any():
        raise FileError("UnsupportedFormat", "some of the samples are no numbers (NaN)")
    return scaled.astype(np.int16)
