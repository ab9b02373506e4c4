"""The CRDs of this tree in the cluster, as Helm would apply them, so that the chart can take them over without a conflict."""

from pathlib import Path

from tests.integration.kubectl import Kubectl

FOLDER = Path(__file__).parents[2] / "crds"


def install_definitions(kubectl: Kubectl) -> None:
    """Apply every CRD, and wait until the API server serves the kinds."""
    kubectl("apply", "--server-side", "--force-conflicts", "--field-manager=helm", "-f", str(FOLDER))
    kubectl("wait", "--for=condition=Established", "-f", str(FOLDER), "--timeout=30s")
