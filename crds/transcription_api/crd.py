"""The CustomResourceDefinition document, built from the pydantic models."""

from typing import Any

from transcription_api import names
from transcription_api.job import TranscriptionJob
from transcription_api.structural import structural_schema

# As in `kubectl get tsj`; priority 1 shows with `-o wide` only.
PRINTER_COLUMNS: list[dict[str, Any]] = [
    {"name": "Phase", "type": "string", "jsonPath": ".status.phase"},
    {"name": "Progress", "type": "string", "jsonPath": ".status.progress"},
    {"name": "Files", "type": "string", "jsonPath": ".status.fileProgress", "description": "Files done of files found"},
    {"name": "Failed", "type": "integer", "jsonPath": ".status.files.failed"},
    {
        "name": "Speed",
        "type": "number",
        "jsonPath": ".status.realTimeFactor",
        "description": "Seconds of audio transcribed in a second",
    },
    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    {"name": "Model", "type": "string", "jsonPath": ".status.model", "priority": 1},
    {"name": "Language", "type": "string", "jsonPath": ".spec.language", "priority": 1},
    {"name": "Job", "type": "string", "jsonPath": ".status.jobName", "priority": 1},
    {"name": "Message", "type": "string", "jsonPath": ".status.message", "priority": 1},
]


def custom_resource_definition() -> dict[str, Any]:
    """The CRD as `kubectl apply` takes it."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{names.PLURAL}.{names.GROUP}"},
        "spec": {
            "group": names.GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": names.KIND,
                "listKind": f"{names.KIND}List",
                "plural": names.PLURAL,
                "singular": names.SINGULAR,
                "shortNames": [names.SHORT_NAME],
                "categories": list(names.CATEGORIES),
            },
            "versions": [
                {
                    "name": names.VERSION,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": PRINTER_COLUMNS,
                    "schema": {"openAPIV3Schema": _root_schema()},
                }
            ],
        },
    }


def _root_schema() -> dict[str, Any]:
    schema = structural_schema(TranscriptionJob)
    schema["properties"]["apiVersion"] = {"type": "string"}
    schema["properties"]["kind"] = {"type": "string"}
    schema["properties"]["metadata"] = {"type": "object"}
    schema["required"] = ["spec"]
    return schema
