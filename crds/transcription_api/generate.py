"""Writes every file that is generated from the contract, and the chart's table of values.

Use: `python -m transcription_api.generate ROOT [--check]`.
"""

import json
import sys
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from transcription_api.chart_values import with_values
from transcription_api.crd import custom_resource_definition
from transcription_api.kinds import KINDS
from transcription_api.ledger import LedgerEntry
from transcription_api.manifest import Manifest
from transcription_api.reason_reference import reason_reference
from transcription_api.reasons import CHAPTERS
from transcription_api.reference import api_reference
from transcription_api.runner_config import RunnerConfig
from transcription_api.transcript import Transcript
from transcription_api.transition import JobTransition

NOTICE = "# Generated from crds/transcription_api by `make generate`; do not edit.\n"

SCHEMAS: dict[str, type[BaseModel]] = {
    "transcript": Transcript,
    "ledger-entry": LedgerEntry,
    "manifest": Manifest,
    "runner-config": RunnerConfig,
    "job-transition": JobTransition,
}


CHART = "deploy/helm/transcription-operator"


def generated_files(root: Path) -> dict[str, str]:
    """Every generated file: path below the repository's root -> text."""
    crds = {kind.plural: custom_resource_definition(kind) for kind in KINDS}
    files = {f"crds/{plural}.yaml": NOTICE + _yaml(crd) for plural, crd in crds.items()}
    files[f"{CHART}/templates/crd.yaml"] = _chart_template(list(crds.values()))
    readme, values = (root / CHART / name for name in ("README.md", "values.yaml"))
    files[f"{CHART}/README.md"] = with_values(readme.read_text(encoding="utf-8"), values.read_text(encoding="utf-8"))
    files["docs/api.md"] = api_reference(list(crds.values()))
    files["docs/reasons.md"] = reason_reference(CHAPTERS)
    for name, model in SCHEMAS.items():
        schema = model.model_json_schema(by_alias=True, mode="serialization")
        files[f"crds/schemas/{name}.json"] = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    return files


def _yaml(document: dict[str, Any]) -> str:
    text: str = yaml.safe_dump(document, sort_keys=False, width=110, allow_unicode=True)
    return text


def _chart_template(crds: list[dict[str, Any]]) -> str:
    """The CRDs as a chart template: behind a value, and kept on uninstall, so that no user's objects vanish with the chart."""
    annotations = "  annotations:\n    {{- if .Values.crds.keep }}\n    helm.sh/resource-policy: keep\n    {{- end }}\n"
    documents = []
    for crd in crds:
        name_line = f"  name: {crd['metadata']['name']}\n"
        body = _yaml(crd)
        if "{{" in body:
            raise ValueError(f"CRD {crd['metadata']['name']} holds template braces; Helm would read them as code")
        documents.append(body.replace(name_line, name_line + annotations, 1))
    return NOTICE + "{{- if .Values.crds.enabled }}\n" + "---\n".join(documents) + "{{- end }}\n"


def main() -> None:
    """Write all generated files below the folder given first; with `--check`, fail where one differs instead."""
    root, check = Path(sys.argv[1]), "--check" in sys.argv[2:]
    stale = []
    for path, text in generated_files(root).items():
        target = root / path
        if check:
            if not target.exists() or target.read_text(encoding="utf-8") != text:
                stale.append(path)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        print(path)
    if stale:
        sys.exit(f"not what the models say, run `make generate`: {', '.join(stale)}")


if __name__ == "__main__":
    main()
