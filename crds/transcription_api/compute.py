"""Where pods run: the device, the GPU resource, nodes, and what the container may use."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from transcription_api.contract import ATOMIC, Contract, rules
from transcription_api.patterns import DnsSubdomain, ExtendedResource, LabelMap, Quantity
from transcription_api.speech import Device


class Toleration(Contract):
    """As in a pod's spec: lets pods run on nodes with a matching taint."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            ("!has(self.value) || self.operator == 'Equal'", "value needs the operator Equal", ".value"),
            ("has(self.key) || self.operator == 'Exists'", "without a key the operator must be Exists", ".operator"),
            (
                "!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",
                "tolerationSeconds needs the effect NoExecute",
                ".tolerationSeconds",
            ),
        )
    )

    key: Annotated[str, Field(min_length=1, max_length=253)] | None = None
    """The taint's key; left out, every taint."""
    operator: Literal["Exists", "Equal"] = "Equal"
    """How key and value are compared."""
    value: Annotated[str, Field(max_length=63)] | None = None
    """The taint's value."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """The taint's effect; left out, every effect."""
    toleration_seconds: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    """How long a NoExecute taint is tolerated."""


class ResourceList(Contract):
    """Amounts for the runner container. GPUs are not set here, but by compute.gpuResource or resourceClaimTemplateName."""

    cpu: Quantity | None = None
    """Cores, such as 4 or 500m."""
    memory: Quantity | None = None
    """Bytes, such as 16Gi."""
    ephemeral_storage: Annotated[Quantity | None, Field(alias="ephemeral-storage")] = None
    """Bytes of scratch space, such as 20Gi."""


def _request_within_limit(name: str, access: str) -> tuple[str, str, str]:
    request, limit = f"self.requests{access}", f"self.limits{access}"
    return (
        f"!has(self.requests) || !has(self.limits) || !has({request}) || !has({limit}) "
        f"|| quantity(string({request})).compareTo(quantity(string({limit}))) <= 0",
        f"resources.requests.{name} must not be greater than resources.limits.{name}",
        ".requests",
    )


class Resources(Contract):
    """Resource requests and limits of the runner container."""

    model_config = ConfigDict(
        json_schema_extra=rules(_request_within_limit("cpu", ".cpu"), _request_within_limit("memory", ".memory"))
    )

    requests: ResourceList | None = None
    """What the scheduler sets aside."""
    limits: ResourceList | None = None
    """What the container may not exceed."""


class Compute(Contract):
    """Where pods run. What neither job nor profile says comes from the operator's configuration."""

    device: Device | None = None
    """cuda: every pod gets one GPU; cpu: none."""
    gpu_resource: ExtendedResource | None = None
    """The device plugin's resource: nvidia.com/gpu, or a MIG slice such as nvidia.com/mig-1g.10gb."""
    resource_claim_template_name: DnsSubdomain | None = None
    """A ResourceClaimTemplate (resource.k8s.io/v1) in this namespace: every pod claims its GPU from it. Excludes gpuResource."""
    node_selector: LabelMap | None = None
    """Labels that a node must carry; given here, all others are replaced: the profile's and the operator's."""
    tolerations: Annotated[list[Toleration], Field(max_length=32, json_schema_extra=ATOMIC)] | None = None
    """Taints that pods tolerate; given here, all others are replaced: the profile's and the operator's."""
    priority_class_name: DnsSubdomain | None = None
    """The pods' PriorityClass."""
    runtime_class_name: DnsSubdomain | None = None
    """The pods' RuntimeClass, such as nvidia."""
    resources: Resources | None = None
    """CPU, memory and scratch space of each pod; given here, the profile's and the operator's are replaced."""
