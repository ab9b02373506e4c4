"""`transcription-runner serve`: its arguments."""

import argparse
from pathlib import Path

from transcription_runner.loading import loading_options

PORT = 9080
PLACES = {"cuda": 32, "cpu": 8}
"""By device. On two CPU cores eight requests of a few seconds of sound are about ten seconds of work: who is let in last waits so
long, and so long after a crowd the next one is answered as fast as ever. A GPU needs more at once; 32 was not measured."""
STREAMS = 8
JOBS_PREFIX = "service/"


def serve_options(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = (
        "Serves one model over HTTP, resident and warm: POST /transcribe with a file gives its transcript; /docs shows every "
        "parameter. On SIGTERM no more requests are taken, and those that were are answered. Exit codes: 0 ended by a signal, 2 "
        "wrong arguments or a port that is taken, 70 internal error or a device that failed, 75 interrupted before it served, 78 "
        "the model or the device is not there."
    )
    group = parser.add_argument_group("service")
    group.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="the address to listen on: 0.0.0.0 for everybody who reaches this machine, as in a container; default: %(default)s",
    )
    group.add_argument("--port", type=int, default=PORT, metavar="N", help="default: %(default)s")
    group.add_argument(
        "--places",
        type=int,
        metavar="N",
        help="requests that are taken in at once; the next one gets 429 and is told when to come back; a quarter more can be "
        f"taken for clients that have fewer than their share; default: {PLACES['cuda']} on a GPU, {PLACES['cpu']} on a CPU",
    )
    group.add_argument(
        "--idle-seconds",
        type=float,
        default=0.0,
        metavar="S",
        help="after so long without work the memory of Whisper's weights is given back; the next request waits until they are "
        "loaded again; default: 0, never",
    )
    group.add_argument(
        "--streams",
        type=int,
        default=STREAMS,
        metavar="N",
        help="live streams that may be open at once, beside the places, and shared likewise; default: %(default)s",
    )
    group.add_argument(
        "--api-keys-file",
        type=Path,
        metavar="FILE",
        help="keys, one a line, and those in TRANSCRIPTION_API_KEYS: each request must bring one; default: everybody is served",
    )
    group.add_argument(
        "--trusted-proxy",
        action="append",
        default=[],
        metavar="NETWORK",
        help="the address, or the network, of a proxy whose X-Forwarded-For says who asks, such as 10.0.0.0/8; may be given "
        "several times; default: nobody is believed, and without keys all who come through a proxy are one client",
    )
    group.add_argument(
        "--requests-per-minute",
        type=int,
        default=0,
        metavar="N",
        help="transcriptions and streams that each client may begin in a minute; the next one gets 429; default: 0, any number",
    )
    group.add_argument(
        "--cors-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="an origin, such as https://calls.example.com, whose pages may ask from a browser; may be given several times; "
        "default: the service's own alone",
    )
    group.add_argument("--log-format", choices=("text", "json"), default="text", help="default: %(default)s")
    _jobs_options(parser)
    loading_options(parser)


def _jobs_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "jobs",
        "long work as TranscriptionJobs of the namespace that the service's pod is in: POST /transcribe?async=true. Needs "
        "S3_ACCESS_KEY and S3_SECRET_KEY in the environment.",
    )
    group.add_argument("--jobs-bucket", metavar="BUCKET", help="for uploads and transcripts; default: there are no jobs")
    group.add_argument(
        "--jobs-prefix", default=JOBS_PREFIX, metavar="PREFIX", help="what their keys begin with; default: %(default)s"
    )
    group.add_argument("--jobs-endpoint", metavar="URL", help="the store's address, for this service and for the jobs' pods")
    group.add_argument(
        "--jobs-secret", metavar="NAME", help="the Secret with the store's keys, for the jobs' pods; default: the operator's"
    )
    group.add_argument(
        "--jobs-source",
        action="append",
        default=[],
        metavar="BUCKET",
        help="a further bucket whose recordings requests may name, source=s3://BUCKET/KEY; may be given several times",
    )
    group.add_argument(
        "--jobs-account",
        type=Path,
        default=Path("/var/run/secrets/kubernetes.io/serviceaccount"),
        metavar="DIR",
        help="token, ca.crt and namespace of the pod's account; default: %(default)s",
    )
