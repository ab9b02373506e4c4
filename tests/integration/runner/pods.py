"""Runner pods as processes: the real program, with the surroundings that Kubernetes gives it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.integration.runner.buckets import Bucket


def configuration(bucket: Bucket, **more: Any) -> dict[str, Any]:
    """Source `in/`, output `out/` of one bucket, the small models on the CPU."""
    fields: dict[str, Any] = {
        "job": {"namespace": "default", "name": "calls", "uid": "uid-1", "jobName": "calls-1", "parallelism": 1},
        "source": {"bucket": bucket.name, "prefix": "in/"},
        "output": {"bucket": bucket.name, "prefix": "out/", "formats": ["json", "tsv", "txt", "vtt", "srt"]},
        "endpoint": bucket.endpoint,
        "model": {"name": "asr-small", "computeType": "int8", "batchSize": 4},
        "recipe": {},
        "device": "cpu",
    }
    return {**fields, **more}


class RunnerPod:
    """One pod's process."""

    def __init__(
        self,
        folder: Path,
        config: dict[str, Any],
        access_key: str,
        secret_key: str,
        models: Path | None,
        index: int = 0,
        **surroundings: str,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._config, self._log = folder / "config.json", folder / "log"
        self._last_words = folder / "termination-log"
        self._config.write_text(json.dumps(config))
        environment = {name: value for name, value in os.environ.items() if not name.startswith("KUBERNETES_")}
        environment |= {
            "S3_ACCESS_KEY": access_key,
            "S3_SECRET_KEY": secret_key,
            "JOB_COMPLETION_INDEX": str(index),
            "POD_NAME": f"{config['job']['jobName']}-{index}-{folder.name[:5]}",
            "TRANSCRIPTION_TERMINATION_LOG": str(self._last_words),
            "TRANSCRIPTION_MODEL_PATH": str(models) if models else "",
            "HF_HUB_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",
            "TMPDIR": str(folder),
            **surroundings,
        }
        command = [sys.executable, "-m", "transcription_runner", "run", "--config", str(self._config)]
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
        self._folder = folder

    def ended(self, timeout: float = 240) -> int:
        """Wait for the end; the exit code."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"the pod did not end within {timeout} s:\n{self.log()[-3000:]}") from None

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def last_words(self) -> dict[str, str]:
        words: dict[str, str] = json.loads(self._last_words.read_text())
        return words

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def scratch(self) -> list[str]:
        """What it left in its temporary folder."""
        return [path.name for path in self._folder.glob("transcription-*")]


def wait_until(condition: Callable[[], bool], timeout: float = 120, what: str = "the condition") -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come about within {timeout} s"
        time.sleep(0.1)
