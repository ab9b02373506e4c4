"""The decoding process: has libav loaded, and forks a process for each file, which no other file can harm.

    python -m transcription_runner.engine.decoding.decode_child RATE BOUNDS-AS-JSON     (standard input: a socket, see `serve`)

A file's process lives until its answer. It can open nothing: standard input, output and error, the file and what is written are
the five descriptors that it may have, so neither a path nor an address in a file leads anywhere. An interval timer ends it in
time, a limit on address space bounds its memory, a limit on file size its output.
"""

import ctypes
import errno
import gc
import io
import json
import os
import resource
import signal
import socket
import sys
import traceback
from contextlib import suppress
from dataclasses import asdict
from typing import Any, NoReturn

import av
import av.subtitles.codeccontext
import av.subtitles.stream  # av imports these two when it first sees a stream; by then no file can be opened any more

from transcription_runner.engine.decoding.decode_bounds import DecodeBounds
from transcription_runner.engine.decoding.decode_planes import region_bytes
from transcription_runner.engine.decoding.decode_sound import write_sound
from transcription_runner.engine.decoding.probe import opened
from transcription_runner.engine.decoding.wanted import MOST_CHANNELS, Wanted
from transcription_runner.errors import FileError

DESCRIPTORS = 5
CODECS = ("mp3float", "aac", "opus")
"""Codecs with tables that libav computes when it first opens them."""
CLONE_NEWUSER, CLONE_NEWNET = 0x1000_0000, 0x4000_0000
"""Of <linux/sched.h>; Python has `os.unshare` from 3.12 on."""

REQUEST_BYTES = 256
Answer = dict[str, Any]
"""`channels`, `samples` (how many of each channel), `track` and `tracks`; or `reason` and `message` of a FileError; or how the
process `ended` without either."""


def serve(channel: socket.socket, rate: int, bounds: DecodeBounds) -> None:
    """Answer each request until the other side hangs up.

    A message is one packet (SOCK_SEQPACKET). First goes `ready`; a request is a byte, its number, and a `Wanted` in JSON, nothing
    for the default, with two descriptors, of the media file and of an empty file for the samples (see decode_planes); the answer
    is an `Answer` in JSON with the `number` of its request.
    """
    channel.send(b"ready")
    while True:
        request, descriptors, _, _ = socket.recv_fds(channel, REQUEST_BYTES, 2)
        if not request:
            return
        process = os.fork()
        if process == 0:
            _answer_and_end(channel, request, descriptors[0], descriptors[1], rate, bounds)
        for descriptor in descriptors:
            os.close(descriptor)
        _, status = os.waitpid(process, 0)
        if status:
            channel.send(json.dumps({"number": request[0], "ended": os.waitstatus_to_exitcode(status)}).encode())


def _answer_and_end(
    channel: socket.socket, request: bytes, media_file: int, sound_file: int, rate: int, bounds: DecodeBounds
) -> NoReturn:
    try:
        number, wanted = request[0], Wanted(**json.loads(request[1:] or "{}"))
        if not wanted.split:
            _limit_output(1, rate, bounds)
        found = answer(media_file, sound_file, wanted, rate, bounds)
        signal.setitimer(signal.ITIMER_REAL, 0)  # an answer is not followed by the status of a late end
        channel.send(json.dumps({"number": number, **found}).encode())
        os._exit(0)
    finally:
        os._exit(1)


def answer(media_file: int, sound_file: int, wanted: Wanted, rate: int, bounds: DecodeBounds) -> Answer:
    """Decode within the bounds on time. SIGALRM, which nobody handles, ends the process when they are passed."""
    try:
        signal.setitimer(signal.ITIMER_REAL, bounds.opening_seconds)
        with (
            _MediaFile(media_file) as file,
            av.logging.Capture() as log,
            opened(file, log, wanted.track) as media,
        ):
            signal.setitimer(signal.ITIMER_REAL, bounds.patience(media.stated_seconds))
            written = write_sound(media, file, sound_file, rate, bounds.longest_seconds, log, wanted.split)
            return {**asdict(written), "track": media.track, "tracks": media.tracks}
    except FileError as fault:
        return {"reason": fault.reason, "message": fault.message}
    except MemoryError:
        message = f"decoding it takes more than the {bounds.memory_bytes >> 20} MiB of memory that a file may"
        return {"reason": "DamagedAudio", "message": message}
    except Exception as error:  # a hostile file finds what no list of exceptions has
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return {"reason": "ScratchFull", "message": f"the scratch folder does not take the sound: {error.strerror}"}
        traceback.print_exc()
        return {"reason": "DamagedAudio", "message": f"the decoder gave up: {type(error).__name__}: {str(error)[:200]}"}


class _MediaFile(io.FileIO):
    """A file in which a seek to nowhere fails as libav's own files have it, by a number; an exception would end the decoding."""

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        try:
            return super().seek(offset, whence)
        except OSError as error:
            return -(error.errno or errno.EIO)


def confine(rate: int, bounds: DecodeBounds) -> None:
    """Limits of this process and of those that it forks; none can be raised again.

    Where the kernel allows it, also a network of its own, which leads nowhere.
    """
    ctypes.CDLL(None).unshare(CLONE_NEWUSER | CLONE_NEWNET)
    limits = {
        resource.RLIMIT_AS: bounds.memory_bytes,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: DESCRIPTORS,
    }
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))
    _limit_output(MOST_CHANNELS, rate, bounds)


def _limit_output(channels: int, rate: int, bounds: DecodeBounds) -> None:
    most = channels * region_bytes(bounds.longest_seconds, rate)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


def prepare() -> None:
    """What every file would have to do again."""
    av.logging.set_level(av.logging.WARNING)
    av.logging.set_skip_repeated(False)  # the second file to complain of the same thing has complained
    for codec in CODECS:
        av.CodecContext.create(codec, "r").open(strict=False)
    gc.freeze()  # what is collected is written to, and a page that is written to is copied


def main() -> None:
    rate, bounds = int(sys.argv[1]), DecodeBounds(**json.loads(sys.argv[2]))
    prepare()
    confine(rate, bounds)
    with suppress(ConnectionError):  # whoever asked was killed before it read the answer
        serve(socket.socket(fileno=0), rate, bounds)


if __name__ == "__main__":
    main()
