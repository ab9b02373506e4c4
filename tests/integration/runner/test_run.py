"""`transcription-runner run` as a process, on a real store and with real models."""

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jiwer
import pytest

from tests.integration.runner.buckets import Bucket
from tests.integration.runner.pods import RunnerPod, configuration, wait_until
from tests.integration.runner.servers import Account, Minio
from tests.integration.runner.sound import encoded, said, silence, video_without_sound, wav
from transcription_api.ledger import Outcome
from transcription_api.report import read_report

SUFFIXES = ("json", "tsv", "txt", "vtt", "srt")
ENGLISH = "the account is ready"


class Launcher:
    """Starts pods over one bucket and ends those that a test leaves."""

    def __init__(self, folder: Path, account: Account, models: Path) -> None:
        self._folder, self._account, self._models = folder, account, models
        self._pods: list[RunnerPod] = []

    def __call__(self, config: dict[str, Any], index: int = 0, **surroundings: str) -> RunnerPod:
        folder = self._folder / f"pod{len(self._pods)}"
        credentials = self._account.access_key, self._account.secret_key
        pod = RunnerPod(folder, config, *credentials, self._models, index, **surroundings)
        self._pods.append(pod)
        return pod

    def end_all(self) -> None:
        for pod in self._pods:
            pod.kill()


@pytest.fixture
def launch(tmp_path: Path, account: Account, models: Path) -> Any:
    launcher = Launcher(tmp_path, account, models)
    yield launcher
    launcher.end_all()


def outputs_of(keys: list[str]) -> set[str]:
    return {f"out/{key}.{suffix}" for key in keys for suffix in SUFFIXES}


@dataclass(frozen=True)
class FirstRun:
    """A run over good and bad files, shared by the tests that look at what it left."""

    bucket: Bucket
    pod: RunnerPod
    code: int


GOOD = ("in/a.wav", "in/deep/er/b.mp3", "in/with space/ñandú 空.flac", "in/c.M4A", "in/silence.ogg")
BAD = {
    "in/empty.wav": "EmptyObject",
    "in/cut.wav": "DamagedAudio",
    "in/text.wav": "UnsupportedFormat",
    "in/mute.mp4": "NoAudioStream",
    "in/list.wav": "UnsupportedFormat",
}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, account: Account, models: Path) -> Iterator[FirstRun]:
    bucket = Bucket(account.endpoint, account.access_key, account.secret_key, f"runner-{uuid.uuid4().hex[:12]}")
    bucket.make()
    spoken = said(ENGLISH)
    contents = [
        wav(spoken),
        encoded(spoken, ".mp3", "-ar", "44100", "-ac", "2"),
        encoded(said("necesito ocho", "es+f1"), ".flac"),
        encoded(spoken, ".m4a"),
        encoded(silence(4), ".ogg"),
        b"",
        wav(spoken)[:20_000],
        b"no sound at all\n" * 50,
        video_without_sound(),
        b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n",
    ]
    for key, content in zip([*GOOD, *BAD], contents, strict=True):
        bucket.put(key, content)
    bucket.put("in/notes.md", b"left alone")
    pod = RunnerPod(tmp_path_factory.mktemp("first"), configuration(bucket), account.access_key, account.secret_key, models)
    yield FirstRun(bucket, pod, pod.ended())
    bucket.remove()


def test_good_files_are_transcribed_and_bad_ones_fail_alone(first: FirstRun) -> None:
    assert first.code == 0, first.pod.log()
    assert first.bucket.outputs() == outputs_of(list(GOOD))
    entries = first.bucket.entries()
    assert {key: entry.reason for key, entry in entries.items()} == {**dict.fromkeys(GOOD), **BAD}
    assert all(entry.message for entry in entries.values() if entry.outcome is Outcome.FAILED)


def test_the_manifest_lists_every_file(first: FirstRun) -> None:
    manifest = first.bucket.manifest()
    assert manifest.counts.wire() == {"total": 10, "succeeded": 5, "skipped": 0, "failed": 5}
    assert [file.key for file in manifest.files] == sorted([*GOOD, *BAD])


def test_an_estimate_leaves_out_what_is_done_and_writes_nothing(first: FirstRun, launch: Launcher) -> None:
    before = first.bucket.dates()
    job = {"namespace": "default", "name": "how-much", "uid": "uid-2", "jobName": "how-much-1"}
    pod = launch(configuration(first.bucket, job=job, estimateOnly=True))
    assert pod.ended() == 0, pod.log()
    assert "LoadingModel" not in pod.log()
    report = read_report(json.dumps(pod.last_words()["report"]))
    assert report is not None
    assert report.files.wire() == {"total": 10, "succeeded": 0, "skipped": 5, "failed": 0}
    assert report.survey is not None
    assert report.survey.complete
    assert 0 < report.survey.done_bytes < report.survey.bytes
    assert report.audio_seconds.total > 0
    assert first.bucket.dates() == before


def test_a_run_leaves_no_claims_and_no_scratch_files(first: FirstRun) -> None:
    assert first.bucket.claims() == []
    assert first.pod.scratch() == []


def test_each_transcript_has_its_own_language_and_the_words_that_were_said(first: FirstRun) -> None:
    english = first.bucket.transcript("in/a.wav")
    assert english["language"] == english["transcription"]["language"]["code"] == "en"
    assert english["transcription"]["language"]["probability"] > 0.5
    assert jiwer.wer(ENGLISH, " ".join(part["text"] for part in english["segments"])) <= 0.15
    assert first.bucket.transcript("in/with space/ñandú 空.flac")["language"] == "es"


def test_silence_has_valid_empty_transcripts(first: FirstRun) -> None:
    assert first.bucket.transcript("in/silence.ogg")["segments"] == []
    assert first.bucket.get("out/in/silence.ogg.vtt") == b"WEBVTT\n"
    assert first.bucket.get("out/in/silence.ogg.txt") == b""


def test_words_have_times_inside_their_segment_and_are_the_same_in_all_formats(first: FirstRun) -> None:
    transcript = first.bucket.transcript("in/a.wav")
    assert transcript["transcription"]["alignment"]["status"] == "aligned"
    for segment in transcript["segments"]:
        starts = [word["start"] for word in segment["words"]]
        assert starts == sorted(starts)
        assert all(segment["start"] <= word["start"] <= word["end"] <= segment["end"] for word in segment["words"])
    text = " ".join(word["word"] for word in transcript["word_segments"])
    files = {suffix: first.bucket.get(f"out/in/a.wav.{suffix}").decode() for suffix in SUFFIXES}
    assert " ".join(files["txt"].split()) == text
    assert " ".join(files["tsv"].split("\t")[-1].split()) == text
    for suffix in ("srt", "vtt"):
        lines = files[suffix].splitlines()
        spoken = [line for line in lines if line and "-->" not in line and not line.isdigit() and line != "WEBVTT"]
        assert " ".join(spoken) == text


def test_a_second_run_does_only_what_is_new_changed_or_failed(launch: Launcher, bucket: Bucket) -> None:
    spoken = wav(said(ENGLISH))
    bucket.put("in/same.wav", spoken)
    bucket.put("in/changed.wav", spoken)
    bucket.put("in/mended.wav", b"")
    first = launch(configuration(bucket))
    assert first.ended() == 0
    before = bucket.dates("out/")
    bucket.put("in/changed.wav", wav(said("thank you")))
    bucket.put("in/mended.wav", spoken)
    bucket.put("in/new.wav", spoken)

    job = {"namespace": "default", "name": "calls", "uid": "uid-1", "jobName": "calls-2", "runId": "again"}
    assert launch(configuration(bucket, job=job)).ended() == 0
    after = bucket.dates("out/")
    assert {key for key in before if "same.wav" in key and after[key] != before[key]} == set()
    assert bucket.manifest().counts.wire() == {"total": 4, "succeeded": 3, "skipped": 1, "failed": 0}


def test_a_pod_told_to_stop_leaves_in_time_and_the_next_one_ends_the_work(launch: Launcher, bucket: Bucket) -> None:
    keys = [f"in/{number:03}.wav" for number in range(200)]
    spoken = wav(said(ENGLISH))
    for key in keys:
        bucket.put(key, spoken)
    pod = launch(configuration(bucket))
    wait_until(lambda: len(bucket.entries()) >= 2, what="a second finished file")
    began = time.monotonic()
    pod.terminate()
    assert pod.ended(30) == 75
    assert time.monotonic() - began < 25
    assert pod.last_words()["reason"] == "Interrupted"
    assert bucket.claims() == []
    done = bucket.dates("out/")
    assert len(bucket.entries()) < len(keys)

    assert launch(configuration(bucket)).ended() == 0
    assert bucket.outputs() == outputs_of(keys)
    assert {key: bucket.dates("out/")[key] for key in done} == done
    assert bucket.manifest().counts.succeeded == len(keys)


def test_a_killed_pods_files_are_finished_by_the_other(launch: Launcher, bucket: Bucket) -> None:
    keys = [f"in/{number:02}.wav" for number in range(96)]
    spoken = wav(said(ENGLISH))
    for key in keys:
        bucket.put(key, spoken)
    config = configuration(bucket)
    pods = [launch(config, index, TRANSCRIPTION_LEASE_SECONDS="6") for index in range(2)]
    wait_until(lambda: {entry.worker.shard for entry in bucket.entries().values()} == {0, 1}, what="a file of each pod")
    pods[0].kill()
    assert pods[1].ended() == 0, pods[1].log()
    assert bucket.outputs() == outputs_of(keys)
    assert set(bucket.entries()) == set(keys)
    assert bucket.manifest().counts.wire() == {"total": len(keys), "succeeded": len(keys), "skipped": 0, "failed": 0}
    assert bucket.claims() == []


def test_thirty_seconds_without_a_store_lose_and_double_nothing(tmp_path: Path, minio: Minio, models: Path) -> None:
    account = minio.account
    bucket = Bucket(account.endpoint, account.access_key, account.secret_key, "outage")
    bucket.make()
    keys = [f"in/{number:02}.wav" for number in range(96)]
    spoken = wav(said(ENGLISH))
    for key in keys:
        bucket.put(key, spoken)
    launch = Launcher(tmp_path, account, models)
    pods = [launch(configuration(bucket), index, TRANSCRIPTION_LEASE_SECONDS="10") for index in range(2)]
    try:
        wait_until(lambda: len(bucket.entries()) >= 2, what="a second finished file")
        minio.kill()
        time.sleep(30)
        minio.start()
        assert [pod.ended() for pod in pods] == [0, 0], "\n".join(pod.log() for pod in pods)
    finally:
        launch.end_all()
    assert bucket.outputs() == outputs_of(keys)
    assert set(bucket.entries()) == set(keys)
    assert bucket.manifest().counts.wire() == {"total": len(keys), "succeeded": len(keys), "skipped": 0, "failed": 0}
    assert sum(pod.log().count("INFO done:") for pod in pods) == len(keys)
    assert any("waiting for the store" in pod.log() for pod in pods)


def test_a_store_that_is_not_there_ends_the_pod_with_a_code_that_is_retried_and_says_where_it_looked(
    launch: Launcher, bucket: Bucket
) -> None:
    config = configuration(bucket, endpoint="http://127.0.0.1:9")
    pod = launch(config, TRANSCRIPTION_FIRST_ANSWER_SECONDS="2")
    assert pod.ended(60) == 69
    words = pod.last_words()
    assert words["reason"] == "StorageUnreachable"
    assert words["message"].startswith("http://127.0.0.1:9 cannot be reached: Connection refused (never reached in 2 s")


def test_wrong_credentials_are_final_and_named(tmp_path: Path, bucket: Bucket, account: Account) -> None:
    pod = RunnerPod(tmp_path, configuration(bucket), account.access_key, "not-the-secret", None)
    assert pod.ended(60) == 77
    words = pod.last_words()
    assert words["reason"] == "StorageAccessDenied"
    assert all(part in words["message"] for part in ("accessKey", "secretKey", bucket.name, bucket.endpoint))


@pytest.mark.parametrize("which", ["source", "output"])
def test_a_missing_bucket_is_final_and_named(launch: Launcher, bucket: Bucket, which: str) -> None:
    config = configuration(bucket)
    config[which] = {**config[which], "bucket": "no-such-bucket-anywhere"}
    pod = launch(config)
    assert pod.ended(60) == 77
    assert pod.last_words()["reason"] == "BucketNotFound"
    assert "no-such-bucket-anywhere" in pod.last_words()["message"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"model": {"name": "no-such-model", "computeType": "int8", "batchSize": 1}}, "ModelNotFound"),
        ({"model": {"name": "/nowhere/model", "computeType": "int8", "batchSize": 1}}, "ModelNotFound"),
        ({"model": {"name": "asr-small", "computeType": "float16", "batchSize": 1}}, "UnsupportedComputeType"),
        (
            {"model": {"name": "asr-small", "computeType": "int8", "batchSize": 1}, "device": "cuda"},
            "DeviceUnavailable",
        ),
    ],
    ids=["unknown-model", "missing-folder", "compute-type", "no-gpu"],
)
def test_what_this_machine_lacks_is_final_and_told(launch: Launcher, bucket: Bucket, change: dict[str, Any], reason: str) -> None:
    bucket.put("in/a.wav", wav(silence(1)))
    pod = launch(configuration(bucket, **change))
    assert pod.ended(120) == 78, pod.log()
    assert pod.last_words()["reason"] == reason
    assert bucket.claims() == []


def test_keys_that_cannot_be_used_fail_by_name(launch: Launcher, bucket: Bucket) -> None:
    keys = ["in/../escape.wav", "in/missing.wav", "in/" + "n" * 250 + ".wav"]
    config = configuration(bucket, source={"bucket": bucket.name, "keys": keys})
    pod = launch(config)
    assert pod.ended(60) == 0, pod.log()
    reasons = {key: entry.reason for key, entry in bucket.entries().items()}
    assert reasons[keys[0]] == "InvalidKey"
    assert reasons[keys[1]] == "ObjectNotFound"
    assert reasons[keys[2]] in ("ObjectNotFound", "InvalidKey")
    assert bucket.manifest().counts.failed == 3
