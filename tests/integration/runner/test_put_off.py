"""One object that a real store does not give: the pod does the others meanwhile, and tries it again later."""

from pathlib import Path

from tests.integration.runner.buckets import Bucket
from tests.integration.runner.one_bad_object import gateway
from tests.integration.runner.pods import RunnerPod, configuration
from tests.integration.runner.servers import Account
from tests.integration.runner.sound import said, wav
from transcription_api.ledger import Outcome


def test_a_bad_object_holds_up_no_others_and_fails_alone(bucket: Bucket, account: Account, models: Path, tmp_path: Path) -> None:
    sound = wav(said("the account is ready"))
    keys = ["in/a-bad.wav", "in/b-late.wav", "in/c.wav", "in/d.wav"]
    for key in keys:
        bucket.put(key, sound)
    with gateway(account.endpoint, {"in/a-bad.wav": 10**6, "in/b-late.wav": 6}) as store:
        config = configuration(bucket, endpoint=store.endpoint)
        pod = RunnerPod(tmp_path / "pod", config, account.access_key, account.secret_key, models)
        assert pod.ended() == 0, pod.log()
    entries = bucket.entries()
    assert {key: entry.outcome for key, entry in entries.items()} == dict.fromkeys(keys[1:], Outcome.SUCCEEDED) | {
        keys[0]: Outcome.FAILED
    }
    bad, late = entries["in/a-bad.wav"], entries["in/b-late.wav"]
    assert bad.reason == "ObjectUnavailable"
    assert "in 5 tries" in (bad.message or "")
    assert "SlowDownRead" in (bad.message or "")
    assert all(entries[key].finished_at < late.finished_at < bad.finished_at for key in ("in/c.wav", "in/d.wav"))
    assert bucket.manifest().counts.wire() == {"total": 4, "succeeded": 3, "skipped": 0, "failed": 1}
    assert bucket.claims() == []
    assert pod.log().count("put off, to be tried again later: in/a-bad.wav") == 4
