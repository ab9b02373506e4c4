"""Writes a shard's report into the TranscriptionJob's status, by server-side apply through the pod's own token."""

import logging
from pathlib import Path

from transcription_api import names
from transcription_api.runner_config import JobReference
from transcription_api.status import ShardReport

log = logging.getLogger(__name__)

REQUEST_SECONDS = 5.0


class StatusPublisher:
    """The API server, as far as a runner may talk to it."""

    def __init__(self, job: JobReference, index: int, token_folder: Path = Path(names.TOKEN_FOLDER)) -> None:
        """Raises what the kubernetes client raises when this is no pod or it has no token."""
        from kubernetes import client
        from kubernetes.config.incluster_config import InClusterConfigLoader

        configuration = client.Configuration()
        # The loader reads the token again every minute: the kubelet replaces it before it runs out.
        files = {"token_filename": str(token_folder / "token"), "cert_filename": str(token_folder / "ca.crt")}
        loader = InClusterConfigLoader(**files)  # type: ignore[no-untyped-call]
        loader.load_and_set(configuration)  # type: ignore[no-untyped-call]
        configuration.retries = False
        self._api = client.CustomObjectsApi(client.ApiClient(configuration))
        self._job = job
        self._manager = f"{names.RUNNER_FIELD_MANAGER_PREFIX}{index}"

    def publish(self, shard: ShardReport) -> None:
        """Apply this shard's entry, and nothing else.

        A later object of the same name cannot be told apart here: the API server ignores a uid that is applied to the status
        subresource. The entry names its Job, so the operator ignores it, and the admission policy refuses it.
        """
        body = {
            "apiVersion": names.API_VERSION,
            "kind": names.KIND,
            "metadata": {"name": self._job.name, "namespace": self._job.namespace},
            "status": {"shards": [shard.wire()]},
        }
        self._api.patch_namespaced_custom_object_status(
            names.GROUP,
            names.VERSION,
            self._job.namespace,
            names.PLURAL,
            self._job.name,
            body,
            field_manager=self._manager,
            force=True,
            _content_type="application/apply-patch+yaml",
            _request_timeout=REQUEST_SECONDS,
        )
