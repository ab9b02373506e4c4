"""From a media file or its bytes to sound, by decoding processes with bounds on time, on memory and on what they may open."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from queue import LifoQueue
from types import TracebackType
from typing import Any, BinaryIO, Self, cast

import numpy as np
from numpy.typing import NDArray

from transcription_runner.engine.audio import SAMPLE_RATE, Audio, Sound
from transcription_runner.engine.decoding.decode_bounds import DecodeBounds
from transcription_runner.engine.decoding.decode_planes import region_bytes
from transcription_runner.engine.decoding.decode_samples import sound_of_samples
from transcription_runner.engine.decoding.wanted import Wanted
from transcription_runner.errors import ConfigurationError, FileError

__all__ = ["DecodeBounds", "Decoder", "Source", "Wanted"]

Source = Path | str | bytes | NDArray[np.float32]
"""A media file by its path, the content of one, or samples from -1 to 1 at 16 kHz, shape (n,) or (channels, n)."""
PLAYED = Wanted()

MODULE = "transcription_runner.engine.decoding.decode_child"
INHERITED = ("PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "LD_LIBRARY_PATH", "LANG", "LC_ALL")
"""Variables that the decoding process sees: none that could hold a secret."""
ANSWER_BYTES = 1 << 16
Answer = dict[str, Any]
"""See decode_child."""
STARTING_SECONDS = 300.0
SLACK_SECONDS = 10.0
"""A process ends itself when its time is over; when it does not, this much later it is ended."""


class Decoder:
    """Decodes files, up to `children` of them at a time: `decode` may be called from several threads."""

    children: int
    """How many files are decoded at a time; each has a process of its own."""

    def __init__(self, scratch: Path, bounds: DecodeBounds, children: int = 1) -> None:
        """Start the processes; they get ready while other things are done. `scratch`: folder for sound, nothing stays there."""
        self.children, self._scratch, self._bounds = children, scratch, bounds
        self._processes = [_Child(bounds) for _ in range(children)]
        self._idle: LifoQueue[_Child] = LifoQueue()
        for child in self._processes:
            self._idle.put(child)

    def decode(self, source: Source, want: Wanted = PLAYED) -> Sound:
        """The wanted track at 16 kHz: all channels mixed as ffmpeg mixes them, or each on its own. Time 0 is that of a player: a
        track that starts late, or in which time passes without sound, has silence there.

        Raises FileError: NotReadable, EmptyObject, UnsupportedFormat, NoAudioStream, NoSuchTrack, TooManyChannels, DamagedAudio
        (also when libav crashes on it), TooLong, DecodeTimeout, ScratchFull. Raises ConfigurationError when no decoding process
        starts.
        """
        if isinstance(source, np.ndarray):
            return sound_of_samples(source, want, self._bounds.longest_seconds)
        with self._media_file(source) as file, self._empty_file() as sound:
            child = self._idle.get()
            try:
                answer = child.ask(file, sound, want)
            finally:
                self._idle.put(child)
            samples, count = int(answer["samples"]), int(answer["channels"])
            mapped = samples * count >= self._bounds.mapped_from_seconds * SAMPLE_RATE
            channels = tuple(self._channel(sound, channel, samples, mapped) for channel in range(count))
            return Sound(channels, answer["track"], answer["tracks"])

    def _channel(self, sound: BinaryIO, channel: int, samples: int, mapped: bool) -> Audio:
        """One region of the decoded file (see decode_planes)."""
        offset = channel * region_bytes(self._bounds.longest_seconds, SAMPLE_RATE)
        if mapped:
            return Audio(np.memmap(sound, "<i2", "r", offset, (samples,)))
        sound.seek(offset)
        return Audio(np.fromfile(sound, "<i2", samples))

    def _media_file(self, source: Path | str | bytes) -> BinaryIO:
        if isinstance(source, Path | str):
            return _readable(Path(source))
        file = self._empty_file()
        try:
            file.write(source)
            file.flush()
        except OSError as error:
            with suppress(OSError):  # closing would write again
                file.close()
            raise FileError("ScratchFull", f"the scratch folder does not take the file: {error.strerror}") from None
        file.seek(0)
        return file

    def _empty_file(self) -> BinaryIO:
        try:
            return tempfile.TemporaryFile(dir=self._scratch)
        except OSError as error:
            raise FileError("ScratchFull", f"the scratch folder does not take the sound: {error.strerror}") from None

    def close(self) -> None:
        """End the processes, those at work as well."""
        for child in self._processes:
            child.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _readable(path: Path) -> BinaryIO:
    try:
        if path.exists() and not path.is_file():
            raise FileError("NotReadable", "the path leads to no file but to a folder, a pipe or a device")
        return path.open("rb")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise FileError("NotReadable", f"the file cannot be opened: {why}") from None


class _Child:
    """One decoding process (`decode_child`) and the socket to it; started again when it has ended."""

    _process: subprocess.Popen[bytes]
    _channel: socket.socket
    _ready: bool
    _ended: bool

    def __init__(self, bounds: DecodeBounds) -> None:
        self._bounds, self._number = bounds, 0
        self._start()

    def ask(self, file: BinaryIO, sound: BinaryIO, want: Wanted) -> Answer:
        """Have `file` decoded into `sound`; returns what the process says of it. Raises FileError, ConfigurationError."""
        if self._ended or self._process.poll() is not None:
            self.end()
            self._start()
        if not self._ready:
            self._await_ready()
        self._channel.settimeout(self._bounds.opening_seconds + self._bounds.patience(None) + SLACK_SECONDS)
        began = time.monotonic()
        number = self._number = (self._number + 1) % 256
        request = bytes([number]) + json.dumps(asdict(want)).encode()
        try:
            socket.send_fds(self._channel, [request], [file.fileno(), sound.fileno()])
            answer = self._next_answer()
            while answer and answer["number"] != number:  # a process that was killed after it had answered
                answer = self._next_answer()
        except TimeoutError:
            answer = {"ended": -signal.SIGALRM}
            self.end()
        except OSError:
            answer = {}
        if not answer:
            self.end()
        if "samples" in answer:
            return answer
        if "reason" in answer:
            raise FileError(answer["reason"], answer["message"])
        if answer.get("ended") == -signal.SIGALRM:
            raise FileError("DecodeTimeout", f"decoding took longer than {time.monotonic() - began:.0f} s")
        raise FileError("DamagedAudio", f"the decoder crashed on it (exit code {answer.get('ended', 'unknown')})")

    def _next_answer(self) -> Answer:
        return cast(Answer, json.loads(self._channel.recv(ANSWER_BYTES) or "{}"))

    def end(self) -> None:
        """End it and what it forked."""
        if self._ended:
            return  # its process id may be another's by now
        self._ended = True
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._channel.close()

    def _start(self) -> None:
        self._ready = self._ended = False
        self._channel, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-P", "-m", MODULE, str(SAMPLE_RATE), json.dumps(asdict(self._bounds))]
        surroundings = {name: os.environ[name] for name in INHERITED if name in os.environ}
        with other:
            self._process = subprocess.Popen(
                command, stdin=other.fileno(), stdout=subprocess.DEVNULL, env=surroundings, process_group=0
            )

    def _await_ready(self) -> None:
        self._channel.settimeout(STARTING_SECONDS)
        with suppress(OSError):
            self._ready = bool(self._channel.recv(ANSWER_BYTES))
        if not self._ready:
            self.end()
            message = f"the decoding process did not start (exit code {self._process.returncode}); its own words are in the log"
            raise ConfigurationError("NoDecoder", message)
