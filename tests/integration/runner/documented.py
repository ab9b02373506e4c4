"""schemathesis against a service that runs: what its `/openapi.json` allows, and what it does not, a few hundred times."""

import re
import subprocess
import sys
from pathlib import Path

from tests.integration.runner.service_process import ServiceProcess

CASES = 15
"""Random ones for each route, beside those that cover each bound of each parameter; always the same."""
LEFT_OUT = "positive_data_acceptance"
"""The document cannot say what is sound, so what it allows is refused all the same."""


def asked_as_documented(service: ServiceProcess, key: str, folder: Path, routes: int, *options: str) -> None:
    """No answer is a fault, and each is one that the document knows. `routes`: how many at least there are to be asked."""
    host, port = service.address
    command = [
        str(Path(sys.executable).with_name("schemathesis")),
        "run",
        f"http://{host}:{port}/openapi.json",
        f"--header=Authorization: Bearer {key}",
        "--checks=all",
        f"--exclude-checks={LEFT_OUT}",
        "--phases=examples,coverage,fuzzing",
        f"--max-examples={CASES}",
        "--generation-deterministic",
        "--continue-on-failure",
        "--no-shrink",
        "--request-timeout=60",
        "--warnings=off",
        "--no-color",
        *options,
    ]
    run = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=300)
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr[-2000:]
    tested = re.search(r"Tested: (\d+)", run.stdout)
    assert tested, run.stdout[-2000:]
    assert int(tested[1]) >= routes
    assert "status=500" not in service.log
