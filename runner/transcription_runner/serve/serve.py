"""`serve`: the process takes its port, loads the model, warms it up, and serves until SIGTERM, and then answers what it took.

The port is taken before the model is loaded, so that a wrong one is told at once, but nobody is let in: until the model is there,
connections are refused, which is what a probe has to see.
"""

import argparse
import ipaddress
import logging
import os
import re
import signal
import socket
import sys
from contextlib import closing

from transcription_api.names import ExitCode
from transcription_runner.errors import ConfigurationError, DeviceError
from transcription_runner.limits import limits_from_environment
from transcription_runner.loading import check_loading, engine, in_words_of_options, placed
from transcription_runner.serve.application import application
from transcription_runner.serve.command import PLACES
from transcription_runner.serve.connections import bounded_by_the_kernel, connections_at_most
from transcription_runner.serve.idle import putting_away
from transcription_runner.serve.jobs.jobs import Jobs
from transcription_runner.serve.jobs.options import jobs_of
from transcription_runner.serve.keys import Keys, keys_of
from transcription_runner.serve.live.streams import Streams
from transcription_runner.serve.metrics import Metrics
from transcription_runner.serve.places import Places
from transcription_runner.serve.rates import Rate
from transcription_runner.serve.request_log import JsonFormatter
from transcription_runner.serve.served import served
from transcription_runner.serve.server import Server
from transcription_runner.serve.service import Service
from transcription_runner.serve.uploads import Scratch
from transcription_runner.serve.warm_up import warm_up

log = logging.getLogger(__name__)

USAGE_ERROR = 2
MOST_PLACES = 1000
ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?")
"""As browsers write it: in small letters, without a path, and without the port that is the scheme's own."""


def serve(arguments: argparse.Namespace, version: str) -> int:
    """Serve until a signal comes; the exit code."""
    if arguments.log_format == "json":
        for handler in logging.getLogger().handlers:
            handler.setFormatter(JsonFormatter())
    try:
        keys, jobs = _checked(arguments), jobs_of(arguments)
        listener = _listener(arguments.host, arguments.port)
    except ValueError as error:
        print(f"transcription-runner: {error}", file=sys.stderr)
        return USAGE_ERROR
    try:
        with closing(listener):
            return _served(arguments, keys, jobs, listener, version)
    except (ConfigurationError, DeviceError) as error:
        print(f"transcription-runner: {error.reason}: {in_words_of_options(error.message)}", file=sys.stderr)
        return int(ExitCode.CONFIGURATION if isinstance(error, ConfigurationError) else ExitCode.INTERNAL)


def _served(arguments: argparse.Namespace, keys: Keys, jobs: Jobs | None, listener: socket.socket, version: str) -> int:
    limits, what = limits_from_environment(), placed(arguments)
    most_places = arguments.places or PLACES[what.device]
    most_connections = connections_at_most(most_places + arguments.streams)
    loaded = served(what.model, what.device)
    with engine(what) as resident:
        warm_up(resident)
        places, streams = Places(most_places), Streams(arguments.streams)
        metrics = Metrics(loaded, most_places, arguments.streams)
        metrics.taken.set_function(lambda: places.taken)
        metrics.streaming.set_function(lambda: streams.taken)
        metrics.at_hand.set_function(lambda: resident.at_hand)
        rate = Rate(arguments.requests_per_minute)
        scratch, most, longest = Scratch(limits.scratch_bytes), limits.fetch_bytes, limits.audio_seconds
        service = Service(
            resident, loaded, keys, places, scratch, most, metrics, streams, longest, jobs, rate, arguments.cors_origin
        )
        server = Server(application(service, version), streams, most_connections, arguments.trusted_proxy)
        for number in (
            signal.SIGTERM,
            signal.SIGINT,
        ):  # until uvicorn listens, and when it raises them anew
            signal.signal(number, server.stop)
        metrics.connections.set_function(lambda: len(server.server_state.connections))
        host, port = listener.getsockname()[:2]
        log.info("serving %s (%s, %s) on %s port %d", loaded.name, loaded.compute_type, loaded.device, host, port)
        if jobs is not None:
            jobs.ending = lambda: server.should_exit
        with putting_away(resident, arguments.idle_seconds):
            server.run(sockets=[listener])
        log.info("every request that was taken is answered")
    return int(ExitCode.DONE)


def _checked(arguments: argparse.Namespace) -> Keys:
    """All that can be refused before anything is loaded is refused here. Raises ValueError."""
    check_loading(arguments)
    if arguments.places is not None and not 1 <= arguments.places <= MOST_PLACES:
        raise ValueError(f"--places must be 1 to {MOST_PLACES}, not {arguments.places}")
    if not 0 <= arguments.idle_seconds < float("inf"):
        raise ValueError(f"--idle-seconds must be 0 or more, not {arguments.idle_seconds}; 0: never")
    if not 0 <= arguments.streams <= MOST_PLACES:
        raise ValueError(f"--streams must be 0 to {MOST_PLACES}, not {arguments.streams}; 0: none")
    if not 0 <= arguments.port < 1 << 16:
        raise ValueError(f"--port must be 0 to 65535, not {arguments.port}; 0: any that is free, which the log then tells")
    if arguments.requests_per_minute < 0:
        raise ValueError(f"--requests-per-minute must be 0 or more, not {arguments.requests_per_minute}; 0: any number")
    for origin in arguments.cors_origin:
        if not ORIGIN.fullmatch(origin):
            raise ValueError(
                f"--cors-origin must be scheme and host as browsers send them, https://calls.example.com, not {origin}"
            )
    for network in arguments.trusted_proxy:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise ValueError(f"--trusted-proxy must be an address or a network, such as 10.0.0.0/8: {error}") from None
    return keys_of(arguments.api_keys_file)


def _listener(host: str, port: int) -> socket.socket:
    """A socket that holds the port, and does not listen yet. Raises ValueError."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        holder = socket.socket(family)
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind((host, port))
        bounded_by_the_kernel(holder)
    except OSError as error:
        raise ValueError(f"--host {host} --port {port} cannot be had: {os.strerror(error.errno or 0)}") from None
    return holder
