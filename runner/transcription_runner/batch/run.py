"""`transcription-runner run`: one pod of a run, from its configuration and environment to its exit code."""

import logging
import os
import tempfile
from pathlib import Path

from pydantic import ValidationError

from transcription_api import names
from transcription_api.ledger import Worker
from transcription_api.names import ExitCode
from transcription_api.runner_config import RunnerConfig
from transcription_runner.batch.exit import run_error
from transcription_runner.batch.pod import Means, Pod
from transcription_runner.batch.shard import SpeechEngine
from transcription_runner.batch.termination import write_termination_message
from transcription_runner.errors import ConfigurationError
from transcription_runner.limits import limits_from_environment
from transcription_runner.models.hub import use_hub_owners
from transcription_runner.store.s3 import S3Store
from transcription_runner.surroundings import available_threads, prepare_libraries, prepare_surroundings, without_collecting

log = logging.getLogger(__name__)


def run(config_path: Path) -> ExitCode:
    """Do this pod's part of the run. The exit code is the process's; the reason is left as the termination message."""
    prepare_surroundings()
    try:
        config = read_config(config_path)
        use_hub_owners(config.hub_owners or ())
        store = S3Store(config.endpoint, _credential(names.ENV_S3_ACCESS_KEY), _credential(names.ENV_S3_SECRET_KEY))
        means = Means(store, limits_from_environment(), _load_engine)
        pod_name = os.environ.get(names.ENV_POD_NAME, "") or os.uname().nodename
        worker = Worker(job_name=config.job.job_name, shard=_index(), pod_name=pod_name)
    except ConfigurationError as error:
        log.error("%s: %s", error.reason, error.message)
        write_termination_message(error.reason, error.message)
        return run_error(error).exit_code
    return Pod(config, worker, means).run()


@without_collecting()
def _load_engine(config: RunnerConfig) -> SpeechEngine:
    from transcription_runner.engine.engine import Engine

    threads = available_threads()
    prepare_libraries(threads)
    return Engine(
        config.model,
        config.device,
        scratch=Path(tempfile.gettempdir()),
        longest_seconds=limits_from_environment().audio_seconds,
        threads=threads,
    )


def read_config(path: Path) -> RunnerConfig:
    """Raises ConfigurationError for a file that is missing or that says what the contract does not know."""
    try:
        return RunnerConfig.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ConfigurationError("InvalidConfiguration", f"the configuration {path} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()[:5])
        raise ConfigurationError("InvalidConfiguration", f"the configuration {path} is not valid: {faults}") from None


def _credential(name: str) -> str:
    value = os.environ.get(name)
    if value and value.strip() != value:
        message = f"{name} begins or ends with white space, most likely a line break: write the job's Secret without it"
        raise ConfigurationError("InvalidCredentials", message)
    if value:
        return value
    raise ConfigurationError("MissingCredentials", f"the environment variable {name} is not set; it comes from the job's Secret")


def _index() -> int:
    text = os.environ.get(names.ENV_COMPLETION_INDEX, "0")
    if text.isdigit():
        return int(text)
    raise ConfigurationError("InvalidConfiguration", f"{names.ENV_COMPLETION_INDEX} must be a whole number, not {text!r}")
