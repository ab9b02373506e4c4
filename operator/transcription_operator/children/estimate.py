"""What an estimate's pod works with. Its run would need a GPU; to look through a source, a tenth of a core is plenty."""

from transcription_api.effective import Effective, recorded

REQUESTS = {"cpu": "100m", "memory": "256Mi"}
LIMITS = {"cpu": "1", "memory": "1Gi"}
"""Said of both, for namespaces whose quota asks for them. A listing is a stream, however long it is."""


def without_gpu(effective: Effective) -> Effective:
    """The same without GPU, models and what leads pods to nodes that have them. Taints are tolerated as before: that keeps nobody
    from another node."""
    return effective.model_copy(
        update={
            "device": "cpu",
            "gpu_resource": None,
            "resource_claim_template_name": None,
            "requests": REQUESTS,
            "limits": LIMITS,
            "model_cache": None,
            "node_selector": {} if effective.on_gpu else effective.node_selector,
            "runtime_class_name": None if effective.on_gpu else effective.runtime_class_name,
            "pod": recorded(effective.added.model_copy(update={"affinity": None})),
        }
    )
