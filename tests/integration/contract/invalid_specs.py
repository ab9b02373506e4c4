"""Manifests that must be refused: what is wrong, the spec that shows it, and the field that the message must name."""

from typing import Any, NamedTuple


class Invalid(NamedTuple):
    """A valid spec with one thing wrong."""

    what: str
    change: dict[str, Any]
    """Merged over VALID; None removes a field."""
    names: str
    """Must stand in the API server's message."""


VALID: dict[str, Any] = {"source": {"bucket": "calls", "prefix": "2026/"}}


def source(**fields: Any) -> dict[str, Any]:
    return {"source": {"bucket": "calls", **fields}}


INVALID = [
    # source
    Invalid("no source", {"source": None}, "spec.source"),
    Invalid("no bucket", {"source": {"prefix": "a/"}}, "spec.source.bucket"),
    Invalid("bucket in capitals", {"source": {"bucket": "Calls"}}, "spec.source.bucket"),
    Invalid("bucket too short", {"source": {"bucket": "ab"}}, "spec.source.bucket"),
    Invalid("bucket too long", {"source": {"bucket": "b" * 64}}, "spec.source.bucket"),
    Invalid("bucket with a slash", {"source": {"bucket": "calls/2026"}}, "spec.source.bucket"),
    Invalid("bucket as a number", {"source": {"bucket": 7}}, "spec.source.bucket"),
    Invalid("prefix and keys", source(prefix="a/", keys=["a/x.wav"]), "source.prefix"),
    Invalid("prefix with a leading slash", source(prefix="/2026"), "spec.source.prefix"),
    Invalid("prefix too long", source(prefix="p" * 513), "spec.source.prefix"),
    Invalid("no keys in the list", source(keys=[]), "spec.source.keys"),
    Invalid("an empty key", source(keys=[""]), "spec.source.keys"),
    Invalid("a folder as a key", source(keys=["2026/"]), "spec.source.keys"),
    Invalid("the same key twice", source(keys=["a.wav", "a.wav"]), "spec.source.keys"),
    Invalid("a key over 1024 characters", source(keys=["k" * 1025]), "spec.source.keys"),
    Invalid("more keys than fit", source(keys=[f"{n}.wav" for n in range(257)]), "spec.source.keys"),
    Invalid("keys as one string", source(keys="a.wav"), "spec.source.keys"),
    Invalid("include with keys", source(keys=["a.wav"], include=["*.wav"]), "source.include"),
    Invalid("an empty glob", source(include=[""]), "spec.source.include"),
    Invalid("a glob with a leading slash", source(include=["/*.wav"]), "spec.source.include"),
    Invalid("a negative number of files", source(minFiles=-1), "spec.source.minFiles"),
    Invalid("an unknown field in source", source(suffix=".wav"), "spec.source.suffix"),
    # output
    Invalid("an unknown format", {"output": {"formats": ["docx"]}}, "spec.output.formats"),
    Invalid("no format", {"output": {"formats": []}}, "spec.output.formats"),
    Invalid("a format twice", {"output": {"formats": ["srt", "srt"]}}, "spec.output.formats"),
    Invalid("output bucket with spaces", {"output": {"bucket": "my bucket"}}, "spec.output.bucket"),
    Invalid("output prefix with a leading slash", {"output": {"prefix": "/out/"}}, "spec.output.prefix"),
    Invalid("lines too narrow", {"output": {"subtitles": {"maxLineWidth": 5}}}, "spec.output.subtitles.maxLineWidth"),
    Invalid("lines too wide", {"output": {"subtitles": {"maxLineWidth": 500}}}, "spec.output.subtitles.maxLineWidth"),
    Invalid("no lines", {"output": {"subtitles": {"maxLineCount": 0}}}, "spec.output.subtitles.maxLineCount"),
    Invalid("highlighting as a word", {"output": {"subtitles": {"highlightWords": "yes"}}}, "highlightWords"),
    # storage
    Invalid("endpoint without a scheme", {"storage": {"endpoint": "minio:9000"}}, "spec.storage.endpoint"),
    Invalid("endpoint of another scheme", {"storage": {"endpoint": "ftp://minio:9000"}}, "spec.storage.endpoint"),
    Invalid("endpoint with credentials", {"storage": {"endpoint": "http://user:word@minio:9000"}}, "spec.storage.endpoint"),
    Invalid("endpoint with a path", {"storage": {"endpoint": "http://minio:9000/bucket"}}, "spec.storage.endpoint"),
    Invalid("Secret name in capitals", {"storage": {"secretName": "Minio"}}, "spec.storage.secretName"),
    Invalid("Secret of another namespace", {"storage": {"secretName": "other/minio"}}, "spec.storage.secretName"),
    Invalid("credentials in the spec", {"storage": {"secretKey": "abc"}}, "spec.storage.secretKey"),
    # model, language, task
    Invalid("an empty model name", {"model": {"name": ""}}, "spec.model.name"),
    Invalid("a model path with ..", {"model": {"name": "/models/../etc"}}, "spec.model.name"),
    Invalid("a model by URL", {"model": {"name": "https://models.example/large"}}, "spec.model.name"),
    Invalid("an unknown compute type", {"model": {"computeType": "float8"}}, "spec.model.computeType"),
    Invalid("a batch of none", {"model": {"batchSize": 0}}, "spec.model.batchSize"),
    Invalid("a batch too large", {"model": {"batchSize": 257}}, "spec.model.batchSize"),
    Invalid("a batch and a half", {"model": {"batchSize": 1.5}}, "spec.model.batchSize"),
    Invalid("an unknown language", {"language": "xx"}, "spec.language"),
    Invalid("a language by name", {"language": "Spanish"}, "spec.language"),
    Invalid("an unknown task", {"task": "summarise"}, "spec.task"),
    Invalid("translation by a turbo model", {"task": "translate", "model": {"name": "large-v3-turbo"}}, "spec.model.name"),
    Invalid("Spanish by an English-only model", {"language": "es", "model": {"name": "small.en"}}, "spec.language"),
    Invalid("float16 on a CPU", {"model": {"computeType": "float16"}, "compute": {"device": "cpu"}}, "spec.model.computeType"),
    # decoding, vad, alignment, diarization
    Invalid("a beam of none", {"decoding": {"beamSize": 0}}, "spec.decoding.beamSize"),
    Invalid("a beam too wide", {"decoding": {"beamSize": 21}}, "spec.decoding.beamSize"),
    Invalid("a prompt too long", {"decoding": {"initialPrompt": "p" * 1001}}, "spec.decoding.initialPrompt"),
    Invalid("an empty list of hotwords", {"decoding": {"hotwords": ""}}, "spec.decoding.hotwords"),
    Invalid("an unknown decoding option", {"decoding": {"temperature": 0.5}}, "spec.decoding.temperature"),
    Invalid("no temperature", {"decoding": {"temperatures": []}}, "spec.decoding.temperatures"),
    Invalid("a temperature too high", {"decoding": {"temperatures": [3]}}, "spec.decoding.temperatures"),
    Invalid("patience of none", {"decoding": {"patience": 0}}, "spec.decoding.patience"),
    Invalid("a negative length penalty", {"decoding": {"lengthPenalty": -1}}, "spec.decoding.lengthPenalty"),
    Invalid("a log-probability above nought", {"decoding": {"logProbThreshold": 1}}, "spec.decoding.logProbThreshold"),
    Invalid("a token below nought", {"decoding": {"suppressTokens": [-1]}}, "spec.decoding.suppressTokens"),
    Invalid("an unknown alignment method", {"alignment": {"method": "dtw"}}, "spec.alignment.method"),
    Invalid(
        "a CTC model for attention",
        {"alignment": {"method": "attention", "model": "owner/wav2vec2"}},
        "alignment.model",
    ),
    Invalid("an unknown way with channels", {"audio": {"channels": "left"}}, "spec.audio.channels"),
    Invalid("names for mixed channels", {"audio": {"channelNames": ["agent"]}}, "audio.channelNames"),
    Invalid("a channel name twice", {"audio": {"channels": "split", "channelNames": ["a", "a"]}}, "channelNames"),
    Invalid("a channel name with markup", {"audio": {"channels": "split", "channelNames": ["<b>"]}}, "channelNames"),
    Invalid("an empty channel name", {"audio": {"channels": "split", "channelNames": [" "]}}, "channelNames"),
    Invalid("a track below nought", {"audio": {"track": -1}}, "spec.audio.track"),
    Invalid("speakers of split channels", {"audio": {"channels": "split"}, "diarization": {"enabled": True}}, "diarization"),
    Invalid("an unknown candidate", {"languageDetection": {"candidates": ["xx"]}}, "spec.languageDetection.candidates"),
    Invalid("a probability above one", {"languageDetection": {"minProbability": 2}}, "spec.languageDetection.minProbability"),
    Invalid("a given language and a heard one", {"language": "es", "languageDetection": {"perChunk": True}}, "languageDetection"),
    Invalid("an unknown detector", {"vad": {"method": "webrtc"}}, "spec.vad.method"),
    Invalid("an onset above one", {"vad": {"onset": 1.5}}, "spec.vad.onset"),
    Invalid("an onset of nothing", {"vad": {"onset": 0, "offset": 0.1}}, "spec.vad.onset"),
    Invalid("an offset above the onset", {"vad": {"onset": 0.3, "offset": 0.5}}, "spec.vad.offset"),
    Invalid("a chunk longer than Whisper's window", {"vad": {"chunkSize": 31}}, "spec.vad.chunkSize"),
    Invalid("alignment as a word", {"alignment": {"enabled": "on"}}, "spec.alignment.enabled"),
    Invalid("more speakers at least than at most", {"diarization": {"minSpeakers": 4, "maxSpeakers": 2}}, "minSpeakers"),
    Invalid("speakers at least, and no diarization", {"diarization": {"minSpeakers": 2}}, "diarization.enabled"),
    Invalid("speakers at most, and no diarization", {"diarization": {"maxSpeakers": 2}}, "diarization.enabled"),
    Invalid("a pipeline, and no diarization", {"diarization": {"model": "owner/name"}}, "diarization.enabled"),
    Invalid("vectors of voices, and no diarization", {"diarization": {"embeddings": True}}, "diarization.enabled"),
    Invalid("a method, and no alignment", {"alignment": {"enabled": False, "method": "ctc"}}, "alignment.enabled"),
    Invalid("characters, and no alignment", {"alignment": {"enabled": False, "characters": True}}, "alignment.enabled"),
    Invalid("an aligner, and no alignment", {"alignment": {"enabled": False, "model": "owner/name"}}, "alignment.enabled"),
    Invalid("characters by attention", {"alignment": {"method": "attention", "characters": True}}, "alignment.characters"),
    Invalid(
        "characters, and no JSON", {"alignment": {"characters": True}, "output": {"formats": ["srt"]}}, "spec.output.formats"
    ),
    Invalid(
        "vectors of voices, and no JSON",
        {"diarization": {"enabled": True, "embeddings": True}, "output": {"formats": ["srt"]}},
        "spec.output.formats",
    ),
    Invalid(
        "words to highlight, and no subtitles",
        {"output": {"formats": ["json"], "subtitles": {"highlightWords": True}}},
        "highlightWords",
    ),
    Invalid(
        "words to highlight, and no word times",
        {"alignment": {"enabled": False}, "output": {"subtitles": {"highlightWords": True}}},
        "highlightWords",
    ),
    Invalid("no speakers", {"diarization": {"maxSpeakers": 0}}, "spec.diarization.maxSpeakers"),
    # profile
    Invalid("a profile without a name", {"profileRef": {"kind": "TranscriptionProfile"}}, "spec.profileRef.name"),
    Invalid("a profile of an unknown kind", {"profileRef": {"name": "a", "kind": "Profile"}}, "spec.profileRef.kind"),
    Invalid("a profile of another namespace", {"profileRef": {"name": "others/a"}}, "spec.profileRef.name"),
    # running
    Invalid("no pods", {"parallelism": 0}, "spec.parallelism"),
    Invalid("too many pods", {"parallelism": 257}, "spec.parallelism"),
    Invalid("parallelism as a string", {"parallelism": "two"}, "spec.parallelism"),
    Invalid("a negative number of failed files", {"maxFailedFiles": -1}, "spec.maxFailedFiles"),
    Invalid("suspend as a string", {"suspend": "true"}, "spec.suspend"),
    Invalid("a run id with spaces", {"runId": "second run"}, "spec.runId"),
    Invalid("a run id too long", {"runId": "r" * 64}, "spec.runId"),
    Invalid("a negative back-off", {"backoffLimit": -1}, "spec.backoffLimit"),
    Invalid("a negative back-off of a shard", {"backoffLimitPerIndex": -1}, "spec.backoffLimitPerIndex"),
    Invalid("a deadline of no time", {"activeDeadlineSeconds": 0}, "spec.activeDeadlineSeconds"),
    Invalid("no time to wait", {"pendingDeadlineSeconds": 0}, "spec.pendingDeadlineSeconds"),
    Invalid("a negative time to live", {"ttlSecondsAfterFinished": -5}, "spec.ttlSecondsAfterFinished"),
    Invalid("an unknown field in spec", {"paralelism": 2}, "spec.paralelism"),
    # compute
    Invalid("an unknown device", {"compute": {"device": "tpu"}}, "spec.compute.device"),
    Invalid("a GPU resource without a domain", {"compute": {"gpuResource": "gpu"}}, "spec.compute.gpuResource"),
    Invalid("a GPU for a CPU", {"compute": {"device": "cpu", "gpuResource": "nvidia.com/gpu"}}, "compute.gpuResource"),
    Invalid(
        "a claimed GPU for a CPU",
        {"compute": {"device": "cpu", "resourceClaimTemplateName": "gpu"}},
        "compute.resourceClaimTemplateName",
    ),
    Invalid(
        "a GPU in two ways",
        {"compute": {"gpuResource": "nvidia.com/gpu", "resourceClaimTemplateName": "gpu"}},
        "compute.resourceClaimTemplateName",
    ),
    Invalid(
        "a claim template in another namespace",
        {"compute": {"resourceClaimTemplateName": "other/gpu"}},
        "spec.compute.resourceClaimTemplateName",
    ),
    Invalid("a node label with spaces", {"compute": {"nodeSelector": {"a b": "x"}}}, "spec.compute.nodeSelector"),
    Invalid("a node label's value as a number", {"compute": {"nodeSelector": {"gpus": 8}}}, "spec.compute.nodeSelector"),
    Invalid("an unknown taint effect", {"compute": {"tolerations": [{"key": "gpu", "effect": "Never"}]}}, "effect"),
    Invalid("a toleration of nothing", {"compute": {"tolerations": [{"operator": "Equal"}]}}, "tolerations[0].operator"),
    Invalid(
        "a toleration that exists and equals",
        {"compute": {"tolerations": [{"key": "gpu", "operator": "Exists", "value": "x"}]}},
        "tolerations[0].value",
    ),
    Invalid("a priority class in capitals", {"compute": {"priorityClassName": "High"}}, "spec.compute.priorityClassName"),
    Invalid("a runtime class with a slash", {"compute": {"runtimeClassName": "a/b"}}, "spec.compute.runtimeClassName"),
    Invalid("memory that is no quantity", {"compute": {"resources": {"limits": {"memory": "lots"}}}}, "limits.memory"),
    Invalid("GPUs among resources", {"compute": {"resources": {"limits": {"nvidia.com/gpu": 2}}}}, "nvidia.com/gpu"),
    Invalid(
        "a request above its limit",
        {"compute": {"resources": {"requests": {"cpu": 4}, "limits": {"cpu": "500m"}}}},
        "resources.requests.cpu",
    ),
]
