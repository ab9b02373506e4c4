"""What Prometheus scrapes of a service. Labels are bounded: routes, status codes."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, PlatformCollector, ProcessCollector

from transcription_runner.serve.figures import Figures
from transcription_runner.serve.served import Served

_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200)
_DELAYS = (0.5, 1, 1.5, 2, 3, 4, 6, 10, 30)
_AUDIO = (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 7200, 14400, 43200)
HUNG_UP = "hung-up"
"""Stands for the status code of an answer that nobody was there for."""


class Metrics:
    """All metrics of a service."""

    def __init__(self, served: Served, places: int, streams: int) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        Info("transcription_service_model", "The model that is loaded", registry=registry).info(
            {"model": served.name, "compute_type": str(served.compute_type), "device": served.device}
        )
        Gauge("transcription_service_places", "Requests that are taken in at once, at most", registry=registry).set(places)
        self.taken = Gauge(
            "transcription_service_places_taken", "Requests that are in: they upload, wait or are in work", registry=registry
        )
        self.connections = Gauge("transcription_service_connections", "Connections that are open", registry=registry)
        self.at_hand = Gauge(
            "transcription_service_model_at_hand", "Whether Whisper's weights are on the device", registry=registry
        )
        self.requests = Counter("transcription_service_requests", "Requests answered", ["route", "code"], registry=registry)
        self.seconds = Histogram(
            "transcription_service_request_seconds",
            "From a request's first byte to its answer's last",
            ["route"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.waiting = Histogram(
            "transcription_service_wait_seconds",
            "From the end of an upload to the moment that its sound is decoded",
            buckets=_SECONDS,
            registry=registry,
        )
        self.audio = Histogram(
            "transcription_service_audio_length_seconds", "Length of a transcribed sound", buckets=_AUDIO, registry=registry
        )
        Gauge("transcription_service_streams", "Live streams that may be open at once", registry=registry).set(streams)
        self.streaming = Gauge("transcription_service_streams_open", "Live streams that are open", registry=registry)
        self.streamed = Counter(
            "transcription_service_stream_audio_seconds", "Sound of live streams, now over", registry=registry
        )
        self.delay = Histogram(
            "transcription_service_stream_delay_seconds",
            "From the end of a word to the moment that it is certain, by the sound that has come meanwhile",
            buckets=_DELAYS,
            registry=registry,
        )
        self.uploaded = Counter("transcription_service_upload_bytes", "Bytes of sound that were uploaded", registry=registry)

    def answered(self, route: str, status: int, seconds: float, figures: Figures) -> None:
        """A request is over."""
        self.requests.labels(route, HUNG_UP if figures.hung_up else str(status)).inc()
        self.seconds.labels(route).observe(seconds)
        self.uploaded.inc(figures.upload_bytes)
        if figures.waited_seconds is not None:
            self.waiting.observe(figures.waited_seconds)
        if status == 200 and figures.audio_seconds and not figures.hung_up:
            self.audio.observe(figures.audio_seconds)
