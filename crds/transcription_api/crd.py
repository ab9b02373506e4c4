"""The CustomResourceDefinition document of a kind, built from its pydantic model."""

from typing import Any

from transcription_api import names
from transcription_api.kinds import CustomKind
from transcription_api.structural import structural_schema


def custom_resource_definition(kind: CustomKind) -> dict[str, Any]:
    """The CRD as `kubectl apply` takes it."""
    subresources: dict[str, Any] = {"subresources": {"status": {}}} if "status" in kind.model.model_fields else {}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": kind.crd_name},
        "spec": {
            "group": names.GROUP,
            "scope": kind.scope,
            "names": {
                "kind": kind.kind,
                "listKind": f"{kind.kind}List",
                "plural": kind.plural,
                "singular": kind.kind.lower(),
                "shortNames": [kind.short_name],
                "categories": list(names.CATEGORIES if kind.scope == "Namespaced" else names.CATEGORIES[1:]),
            },
            "versions": [
                {
                    "name": names.VERSION,
                    "served": True,
                    "storage": True,
                    **subresources,
                    "additionalPrinterColumns": list(kind.columns),
                    "schema": {"openAPIV3Schema": _root_schema(kind)},
                }
            ],
        },
    }


def _root_schema(kind: CustomKind) -> dict[str, Any]:
    schema = structural_schema(kind.model)
    schema["properties"]["apiVersion"] = {"type": "string"}
    schema["properties"]["kind"] = {"type": "string"}
    schema["properties"]["metadata"] = {"type": "object"}
    schema["required"] = ["spec"]
    return schema
