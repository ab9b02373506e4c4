"""Reusable constrained strings: one definition for each kind of name that Kubernetes or S3 gives rules for."""

from typing import Annotated, Any, Final

from pydantic import Field, WithJsonSchema

LABEL_VALUE: Final = r"^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$"
LABEL_KEY: Final = r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$"
QUANTITY: Final = r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$"

BucketName = Annotated[str, Field(min_length=3, max_length=63, pattern=r"^[a-z0-9][a-z0-9.-]*[a-z0-9]$")]
"""S3 bucket naming rules: 3 to 63 lower-case letters, digits, dots and hyphens."""

ObjectKey = Annotated[str, Field(min_length=1, max_length=1024, pattern=r"[^/]$")]
"""An S3 object key; one that ends in `/` is a folder marker, not audio."""

KeyPrefix = Annotated[str, Field(max_length=512, pattern=r"^([^/].*)?$")]
"""The beginning of object keys. S3 keys do not start with a slash."""

Glob = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[^/]")]

DnsSubdomain = Annotated[
    str, Field(min_length=1, max_length=253, pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
]
"""The name of a namespaced object such as a Secret (RFC 1123)."""

Endpoint = Annotated[str, Field(min_length=8, max_length=253, pattern=r"^https?://[A-Za-z0-9.\-\[\]:]+/?$")]
"""Scheme, host and optional port; no path, no credentials."""

SinkUrl = Annotated[
    str,
    Field(
        min_length=8,
        max_length=2048,
        pattern=r"^https?://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?(\?[!-\"$-~]*)?$",
    ),
]
"""Scheme, host and optional port, path and query; no credentials, no fragment."""

ModelName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=253,
        pattern=r"^(/([A-Za-z0-9_-][A-Za-z0-9._-]*/?)+|[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?)$",
    ),
]
"""A model by name (`large-v2`), by hub name (`owner/name`) or by absolute folder (`/models/mine`)."""

HubOwner = Annotated[str, Field(min_length=1, max_length=96, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""Whose a repository on the model hub is: the part of its name before the slash."""

RunId = Annotated[str, Field(max_length=63, pattern=r"^[A-Za-z0-9._-]*$")]

ExtendedResource = Annotated[
    str, Field(max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$")
]
"""The name of a device plugin's resource, such as `nvidia.com/gpu`."""

_QUANTITY_SCHEMA: dict[str, Any] = {"x-kubernetes-int-or-string": True, "pattern": QUANTITY}
Quantity = Annotated[str | int, WithJsonSchema(_QUANTITY_SCHEMA)]
"""A Kubernetes quantity: `2`, `500m`, `16Gi`."""

LabelMap = Annotated[
    dict[str, Annotated[str, Field(max_length=63, pattern=LABEL_VALUE)]],
    Field(
        max_length=32,
        json_schema_extra={
            "x-kubernetes-validations": [
                {
                    "rule": f"self.all(key, size(key) <= 253 && key.matches('{LABEL_KEY}'))",
                    "message": "every key must be a label name, such as nvidia.com/gpu.product",
                }
            ]
        },
    ),
]
