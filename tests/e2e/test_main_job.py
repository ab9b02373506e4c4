"""The main job: a manifest in, transcripts out, and everything that status promises on the way."""

import json

from tests.e2e.house import Bucket, Job, outputs_of, without_ledger
from tests.e2e.speech import ENGLISH, SPANISH, encode, samples, wav, word_error_rate
from tests.integration.kubectl import Kubectl

HELLO = "please confirm the order number seven four two"
HOLA = "por favor quiero confirmar mi pedido"


def test_every_kind_of_file_that_users_bring_is_transcribed(kubectl: Kubectl, bucket: Bucket) -> None:
    """Suffixes, rates, channels, nested and non-ASCII keys, both languages: five outputs each, and the right words."""
    english, spanish = samples(HELLO, **ENGLISH), samples(HOLA, **SPANISH)
    files = {
        "plain.wav": (HELLO, encode(english, ".wav")),
        "2026/11/telephone.wav": (HELLO, encode(english, ".wav", rate=8000)),
        "2026/11/studio 48k.WAV": (HELLO, encode(english, ".wav", rate=48000, channels=2)),
        "2026/11/deep/er/cd.flac": (HOLA, encode(spanish, ".flac", rate=44100, channels=2)),
        "llamadas/mañana niño.mp3": (HOLA, encode(spanish, ".mp3", rate=22050)),
        "通话/call one.m4a": (HELLO, encode(english, ".m4a", rate=32000)),
        "voice notes/ünï.ogg": (HOLA, encode(spanish, ".ogg", options=("-c:a", "libopus"), rate=48000)),
    }
    for key, (_, data) in files.items():
        bucket.put(key, data)
    bucket.put("notes.pdf", b"not audio, and not asked for")

    job = Job.apply(kubectl, "own-audio", source={"bucket": bucket.name}, storage={"secretName": "minio-credentials"})
    status = job.succeeded()

    assert status["files"] == {"total": 7, "succeeded": 7, "skipped": 0, "failed": 0}
    assert status["progress"] == "100%"
    assert status["fileProgress"] == "7/7"
    assert status["languages"] == {"en": 4, "es": 3}
    assert outputs_of(list(files)) <= bucket.keys("transcripts/")
    rates = {key: word_error_rate(text, bucket.transcript(key)) for key, (text, _) in files.items()}
    assert sum(rates.values()) / len(rates) <= 0.15, rates
    manifest = json.loads(bucket.get("transcripts/_manifest-own-audio.json"))
    assert {entry["key"] for entry in manifest["files"]} == set(files)


def test_a_second_job_over_the_same_files_does_nothing_again_and_a_changed_file_is_done(kubectl: Kubectl, bucket: Bucket) -> None:
    bucket.put("one.wav", wav(HELLO, **ENGLISH))
    bucket.put("two.wav", wav(HOLA, **SPANISH))
    spec = {"source": {"bucket": bucket.name}}
    Job.apply(kubectl, "first", **spec).succeeded()
    before = bucket.dates("transcripts/")

    again = Job.apply(kubectl, "again", **spec)
    assert again.succeeded()["files"] == {"total": 2, "succeeded": 0, "skipped": 2, "failed": 0}
    after = bucket.dates("transcripts/")
    assert {key: after[key] for key in without_ledger(set(before))} == {key: before[key] for key in without_ledger(set(before))}

    bucket.put("two.wav", wav("hola buenos días", **SPANISH))
    again.patch(runId="2")
    status = again.wait(lambda status: status.get("runId") == "2" and status.get("phase") == "Succeeded")
    assert status["files"] == {"total": 2, "succeeded": 1, "skipped": 1, "failed": 0}
    assert bucket.dates("transcripts/")["transcripts/one.wav.json"] == before["transcripts/one.wav.json"]


def test_pods_share_the_files_and_each_is_done_once(kubectl: Kubectl, bucket: Bucket) -> None:
    keys = [f"{number:02}.wav" for number in range(12)]
    for key in keys:
        bucket.put(key, wav(f"order {key[1]}", **ENGLISH))
    job = Job.apply(kubectl, "shared", source={"bucket": bucket.name}, parallelism=2, language="en")
    status = job.succeeded()
    assert status["files"] == {"total": 12, "succeeded": 12, "skipped": 0, "failed": 0}
    assert sum(shard["files"]["succeeded"] for shard in status["shards"]) == 12
    assert outputs_of(keys) <= bucket.keys("transcripts/")


def test_a_prefix_without_audio_succeeds_and_says_so(kubectl: Kubectl, bucket: Bucket) -> None:
    status = Job.apply(kubectl, "nothing", source={"bucket": bucket.name, "prefix": "2031/"}).succeeded()
    assert status["files"]["total"] == 0
    complete = next(c for c in status["conditions"] if c["type"] == "Complete")
    assert complete["reason"] == "NoFilesMatched"
