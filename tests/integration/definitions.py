"""The CRDs of this tree in the cluster, as Helm would apply them, so that the chart can take them over without a conflict."""

from pathlib import Path

from tests.integration.kubectl import Kubectl

FOLDER = Path(__file__).parents[2] / "crds"


def install_definitions(kubectl: Kubectl) -> None:
    """Apply every CRD, and wait until the API server serves the kinds."""
    files = [flag for file in sorted(FOLDER.glob("*.yaml")) for flag in ("-f", str(file))]
    kubectl("apply", "--server-side", "--force-conflicts", "--field-manager=helm", *files)
    kubectl("wait", "--for=condition=Established", *files, "--timeout=30s")
