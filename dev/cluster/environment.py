"""`.dev/env`: what a shell, a test or `make demo` has to know about the running cluster."""

from dev.cluster import credentials
from dev.cluster.places import BIN, ENVIRONMENT, KUBECONFIG, MODELS_CLAIM, OPERATOR_IMAGE, RUNNER_IMAGE, STORE


def write_environment() -> None:
    """Write the file, readable by the owner alone, as `export NAME='value'` lines to be sourced."""
    keys = credentials.store()
    values = {
        "KUBECONFIG": KUBECONFIG,
        "S3_ENDPOINT": STORE,
        "S3_ENDPOINT_IN_CLUSTER": STORE,
        "S3_ACCESS_KEY": keys["accessKey"],
        "S3_SECRET_KEY": keys["secretKey"],
        "OPERATOR_IMAGE": OPERATOR_IMAGE,
        "RUNNER_IMAGE": RUNNER_IMAGE,
        "MODELS_CLAIM": MODELS_CLAIM,
        "DEV_BIN": BIN,
    }
    ENVIRONMENT.touch(mode=0o600)
    ENVIRONMENT.write_text("".join(f"export {name}='{value}'\n" for name, value in values.items()))
