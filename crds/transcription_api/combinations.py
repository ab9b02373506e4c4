"""Settings that exclude or need each other: refused by the API server in one object, by the operator in a job with its profile.

Each combination is said twice: in CEL for the API server, which sees one object and judges only what stands in it, and as a
function of settings with every default filled in, for the operator. What a job leaves out a profile may say; where a
combination rests on what is left out, a job without `profileRef` is judged by the built-in defaults (`WITHOUT_PROFILE`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from transcription_api.speech import AlignmentMethod, Channels, Format, Task, Vad

if TYPE_CHECKING:
    from transcription_api.job_settings import JobSettings

Rule = tuple[str, str, str]
"""As `contract.rules` takes it: CEL expression, message, field path."""

_OFFSET = "vad.offset must not be greater than vad.onset"
_CHANNEL_NAMES = "audio.channelNames needs audio.channels split: mixed channels cannot be told apart"
_SPEAKERS = "diarization.minSpeakers, maxSpeakers, model, embeddings need diarization.enabled: set it to true or remove them"


@dataclass(frozen=True, slots=True)
class Combination:
    """Settings that do not go with every value of each other."""

    message: str
    """What is wrong and what to do."""
    at: str
    """The field that the API server's error names."""
    fields: tuple[str, ...]
    """The fields that have a part in it, as paths below the spec."""
    cel: str
    """True where what the object itself says goes together."""
    holds: Callable[[JobSettings], bool]
    """Whether settings with every default filled in go together."""

    @property
    def rule(self) -> Rule:
        """The rule for the API server."""
        return self.cel, self.message, f".{self.at}"


def contradictions(settings: JobSettings) -> list[Combination]:
    """The combinations that `settings`, with every default filled in, break."""
    return [combination for combination in COMBINATIONS if not combination.holds(settings)]


def _said(path: str) -> str:
    """CEL: whether the object says something there."""
    part, _, field = path.partition(".")
    return f"has(self.{part}) && has(self.{part}.{field})" if field else f"has(self.{part})"


def _value(path: str, otherwise: object) -> str:
    """CEL: what the object says there, or else a literal. (`.?` and orValue would exceed the API server's cost budget.)"""
    literal = str(otherwise).lower() if isinstance(otherwise, bool) else repr(otherwise)
    return f"({_said(path)} ? self.{path} : {literal})"


def _is(path: str, value: object) -> str:
    """CEL: whether the object says just that there."""
    return f"({_said(path)} && {_value(path, value)} == {value!r})"


def _is_true(path: str) -> str:
    return _value(path, False)


def _any_of(*expressions: str) -> str:
    return f"({' || '.join(expressions)})"


def _speaks_english_only(settings: JobSettings) -> bool:
    return (settings.model.name or "").endswith(".en")


_OF_DIARIZATION = _any_of(
    *(f"({_said(f'diarization.{field}')})" for field in ("minSpeakers", "maxSpeakers", "model")),
    _is_true("diarization.embeddings"),
)
_NAMES_CHANNELS = f"{_said('audio.channelNames')} && size(self.audio.channelNames) > 0"
_FORMATS = f"!({_said('output.formats')})"
_SUBTITLES = f"({_FORMATS} || 'vtt' in self.output.formats || 'srt' in self.output.formats)"
_HIGHLIGHTS = (
    "has(self.output) && has(self.output.subtitles) && has(self.output.subtitles.highlightWords) "
    "&& self.output.subtitles.highlightWords"
)
_MODEL_NAME = _said("model.name")

COMBINATIONS = (
    Combination(
        "spec.model.name: .en and turbo models cannot translate; use large-v3 or another multilingual model",
        "model.name",
        ("task", "model.name"),
        f"!{_is('task', 'translate')} || !({_MODEL_NAME}) "
        "|| !(self.model.name.endsWith('.en') || self.model.name.endsWith('turbo'))",
        lambda s: s.task != Task.TRANSLATE or not (s.model.name or "").endswith((".en", "turbo")),
    ),
    Combination(
        "spec.language: an English-only (.en) model knows no language but en",
        "language",
        ("language", "model.name"),
        f"!has(self.language) || self.language == 'en' || !({_MODEL_NAME}) || !self.model.name.endsWith('.en')",
        lambda s: s.language in (None, "en") or not _speaks_english_only(s),
    ),
    Combination(
        "spec.languageDetection is for jobs without spec.language: remove one of them",
        "languageDetection",
        ("language", "languageDetection.perChunk", "languageDetection.candidates"),
        f"!has(self.language) || !({_is_true('languageDetection.perChunk')} "
        f"|| ({_said('languageDetection.candidates')} && size(self.languageDetection.candidates) > 0))",
        lambda s: s.language is None or not (s.language_detection.per_chunk or s.language_detection.candidates),
    ),
    Combination(
        "spec.diarization: with audio.channels split each channel is a speaker; set diarization.enabled to false",
        "diarization",
        ("audio.channels", "diarization.enabled"),
        f"!{_is('audio.channels', 'split')} || !{_is_true('diarization.enabled')}",
        lambda s: s.audio.channels != Channels.SPLIT or not s.diarization.enabled,
    ),
    Combination(
        "spec.output.formats: alignment.characters and diarization.embeddings stand in the JSON alone; add json",
        "output.formats",
        ("output.formats", "alignment.characters", "diarization.embeddings"),
        f"{_FORMATS} || 'json' in self.output.formats "
        f"|| !({_is_true('alignment.characters')} || {_is_true('diarization.embeddings')})",
        lambda s: Format.JSON in s.output.formats or not (s.alignment.characters or s.diarization.embeddings),
    ),
    Combination(
        "spec.output.subtitles.highlightWords needs vtt or srt among output.formats, and alignment.enabled",
        "output.subtitles.highlightWords",
        ("output.subtitles.highlightWords", "output.formats", "alignment.enabled"),
        f"!({_HIGHLIGHTS}) || ({_value('alignment.enabled', True)} && {_SUBTITLES})",
        lambda s: (
            not s.output.subtitles.highlight_words
            or (s.alignment.enabled and (Format.VTT in s.output.formats or Format.SRT in s.output.formats))
        ),
    ),
    Combination(
        "spec.model.computeType: float16 kinds need compute.device cuda; a CPU computes in int8 or float32",
        "model.computeType",
        ("model.computeType", "compute.device"),
        f"!{_is('compute.device', 'cpu')} || !({_said('model.computeType')}) || !self.model.computeType.endsWith('float16')",
        lambda s: s.compute.device != "cpu" or not (s.model.compute_type or "").endswith("float16"),
    ),
    Combination(
        "compute.gpuResource is for pods on a GPU, and compute.device is cpu: remove one of them",
        "compute.gpuResource",
        ("compute.gpuResource", "compute.device"),
        f"!{_is('compute.device', 'cpu')} || !has(self.compute.gpuResource)",
        lambda s: s.compute.device != "cpu" or s.compute.gpu_resource is None,
    ),
    Combination(
        "compute.resourceClaimTemplateName is for pods on a GPU, and compute.device is cpu: remove one of them",
        "compute.resourceClaimTemplateName",
        ("compute.resourceClaimTemplateName", "compute.device"),
        f"!{_is('compute.device', 'cpu')} || !has(self.compute.resourceClaimTemplateName)",
        lambda s: s.compute.device != "cpu" or s.compute.resource_claim_template_name is None,
    ),
    Combination(
        "compute.resourceClaimTemplateName and compute.gpuResource are two ways to the same GPU: remove one of them",
        "compute.resourceClaimTemplateName",
        ("compute.resourceClaimTemplateName", "compute.gpuResource"),
        f"!({_said('compute.resourceClaimTemplateName')}) || !has(self.compute.gpuResource)",
        lambda s: s.compute.resource_claim_template_name is None or s.compute.gpu_resource is None,
    ),
    Combination(
        _OFFSET,
        "vad.offset",
        ("vad.offset", "vad.onset"),
        f"{_value('vad.offset', 0.0)} <= {_value('vad.onset', 1.0)}",
        lambda s: s.vad.offset <= s.vad.onset,
    ),
    Combination(
        _CHANNEL_NAMES,
        "audio.channelNames",
        ("audio.channelNames", "audio.channels"),
        f"!({_NAMES_CHANNELS}) || !has(self.audio.channels) || self.audio.channels == 'split'",
        lambda s: not s.audio.channel_names or s.audio.channels == Channels.SPLIT,
    ),
    Combination(
        "alignment.model names a CTC aligner, which alignment.method attention does not use: remove one of them",
        "alignment.model",
        ("alignment.model", "alignment.method"),
        f"!{_is('alignment.method', 'attention')} || !has(self.alignment.model)",
        lambda s: s.alignment.model is None or s.alignment.method != AlignmentMethod.ATTENTION,
    ),
    Combination(
        "alignment.characters come from a CTC aligner, which alignment.method attention does not use: remove one of them",
        "alignment.characters",
        ("alignment.characters", "alignment.method"),
        f"!{_is('alignment.method', 'attention')} || !{_is_true('alignment.characters')}",
        lambda s: not s.alignment.characters or s.alignment.method != AlignmentMethod.ATTENTION,
    ),
    Combination(
        "alignment.method, characters and model need alignment.enabled: set it to true or remove them",
        "alignment.enabled",
        ("alignment.enabled", "alignment.method", "alignment.characters", "alignment.model"),
        f"{_value('alignment.enabled', True)} || ({_value('alignment.method', 'auto')} == 'auto' "
        f"&& !{_is_true('alignment.characters')} && !has(self.alignment.model))",
        lambda s: (
            s.alignment.enabled
            or (s.alignment.method == AlignmentMethod.AUTO and not s.alignment.characters and s.alignment.model is None)
        ),
    ),
    Combination(
        "diarization.minSpeakers must not be greater than diarization.maxSpeakers",
        "diarization.minSpeakers",
        ("diarization.minSpeakers", "diarization.maxSpeakers"),
        f"{_value('diarization.minSpeakers', 0)} <= {_value('diarization.maxSpeakers', 1000)}",
        lambda s: (s.diarization.min_speakers or 0) <= (s.diarization.max_speakers or 1000),
    ),
    Combination(
        _SPEAKERS,
        "diarization.enabled",
        ("diarization.enabled", *(f"diarization.{field}" for field in ("minSpeakers", "maxSpeakers", "model", "embeddings"))),
        f"{_value('diarization.enabled', True)} || !{_OF_DIARIZATION}",
        lambda s: (
            s.diarization.enabled
            or not (s.diarization.min_speakers or s.diarization.max_speakers or s.diarization.model or s.diarization.embeddings)
        ),
    ),
)

WITHOUT_PROFILE: tuple[Rule, ...] = (
    (
        f"has(self.profileRef) || {_value('vad.offset', Vad().offset)} <= {_value('vad.onset', Vad().onset)}",
        _OFFSET,
        ".vad.offset",
    ),
    (
        f"has(self.profileRef) || !({_NAMES_CHANNELS}) || has(self.audio.channels)",
        _CHANNEL_NAMES,
        ".audio.channelNames",
    ),
    (
        f"has(self.profileRef) || ({_said('diarization.enabled')}) || !{_OF_DIARIZATION}",
        _SPEAKERS,
        ".diarization.enabled",
    ),
)
"""Where what is left out matters: a job that names no profile says it itself, as the built-in defaults would have it."""
