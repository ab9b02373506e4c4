"""What an administrator adds to every runner pod, in the words of a pod's spec.

A job says none of it, but for the values of labels that are handed on.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from transcription_api.contract import ATOMIC, Contract
from transcription_api.patterns import LABEL_VALUE, DnsSubdomain

KubernetesObject = Annotated[dict[str, Any], Field(max_length=32)]
"""A part of a pod's spec that is handed on as it is; the API server judges it when the Job is made."""
PosixId = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""A user or a group; never root."""
Labels = Annotated[dict[str, Annotated[str, Field(max_length=63, pattern=LABEL_VALUE)]], Field(max_length=32)]

VOLUME_SOURCES = ("configMap", "secret", "persistentVolumeClaim", "emptyDir")
"""What an additional volume may be: all of them come from the job's own namespace, and none reaches the node."""


class KeyReference(Contract):
    """One key of a Secret or a ConfigMap in the job's namespace."""

    name: DnsSubdomain
    """The object."""
    key: Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[-._a-zA-Z0-9]+$")]
    """Its key."""
    optional: bool | None = None
    """true: a pod starts without it."""


class VariableSource(Contract):
    """Where a variable's value comes from: one of the two."""

    secret_key_ref: KeyReference | None = None
    """A Secret's key."""
    config_map_key_ref: KeyReference | None = None
    """A ConfigMap's key."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.secret_key_ref is None) == (self.config_map_key_ref is None):
            raise ValueError("valueFrom needs secretKeyRef or configMapKeyRef, one of them")
        return self


class SourcedVariable(Contract):
    """An environment variable whose value stands elsewhere, so that it is not recorded."""

    name: Annotated[str, Field(max_length=253, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
    """Its name."""
    value_from: VariableSource
    """Where its value comes from."""


class PodUser(Contract):
    """As whom pods run: all of it that an administrator may change of the pods' security context."""

    run_as_user: PosixId | None = None
    """The user; left out, the image's, or the one that the namespace gives (OpenShift)."""
    run_as_group: PosixId | None = None
    """The first group."""
    fs_group: PosixId | None = None
    """The group that volumes are made writable for."""
    fs_group_change_policy: Literal["OnRootMismatch", "Always"] | None = None
    """When the files of a volume are given to that group."""
    supplemental_groups: Annotated[list[PosixId], Field(max_length=16, json_schema_extra=ATOMIC)] | None = None
    """Further groups, such as that of an NFS export."""


class PodAdditions(Contract):
    """What is added to every runner pod."""

    labels: Labels = Field(default_factory=dict)
    """Further labels of pods, those that are handed on among them."""
    annotations: Annotated[dict[str, Annotated[str, Field(max_length=1024)]], Field(max_length=32)] = Field(default_factory=dict)
    """Further annotations of pods."""
    affinity: KubernetesObject | None = None
    """For pods that take a GPU."""
    topology_spread_constraints: Annotated[list[KubernetesObject], Field(max_length=8, json_schema_extra=ATOMIC)] = Field(
        default_factory=list
    )
    """How pods are spread over nodes."""
    env: Annotated[list[SourcedVariable], Field(max_length=32, json_schema_extra=ATOMIC)] = Field(default_factory=list)
    """Environment variables whose values stand in Secrets and ConfigMaps."""
    volumes: Annotated[list[KubernetesObject], Field(max_length=16, json_schema_extra=ATOMIC)] = Field(default_factory=list)
    """Further volumes."""
    volume_mounts: Annotated[list[KubernetesObject], Field(max_length=16, json_schema_extra=ATOMIC)] = Field(default_factory=list)
    """Where these are mounted."""
    user: PodUser | None = None
    """As whom pods run; left out, as user and group 65532."""
