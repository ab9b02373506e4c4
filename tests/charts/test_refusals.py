"""Values that cannot work are refused with a sentence that says what to do."""

import pytest

from tests.charts.programs import refusal

BY_TEMPLATES = [
    (["podDisruptionBudget.enabled=true", "podDisruptionBudget.minAvailable=1"], "no node with such a pod could ever be drained"),
    (
        [
            *("replicas=2", "podDisruptionBudget.enabled=true"),
            *("podDisruptionBudget.minAvailable=1", "podDisruptionBudget.maxUnavailable=1"),
        ],
        "set one of them to null",
    ),
    (["runner.modelCache.existingClaim=a", "runner.modelCache.hostPath=/b"], "takes one of existingClaim, hostPath and image"),
    (["runner.modelCache.existingClaim=a", "runner.modelCache.size=1Gi"], "leave one of the two empty"),
    (["runner.modelCache.pull.models={large-v2}"], "set runner.modelCache.size, such as 20Gi"),
    (["runner.modelCache.hostPath=/srv"], "set runner.modelPath=/models:/opt/models"),
    (["runner.modelCache.image.reference=m:1", "runner.modelPath=/opt/models"], "set runner.modelPath=/models:/opt/models"),
    (["runner.extraEnv[0].name=S3_SECRET_KEY", "runner.extraEnv[0].value=x"], "storage.existingSecret names"),
    (["runner.extraVolumeMounts[0].name=a", "runner.extraVolumeMounts[0].mountPath=/a"], "add it to runner.extraVolumes"),
    (["runner.extraVolumes[0].name=token", "runner.extraVolumes[0].emptyDir.sizeLimit=1Gi"], "give yours another name"),
    (["service.extraVolumes[0].name=keys", "service.extraVolumes[0].configMap.name=x"], "give yours another name"),
    (
        [f"extraVolumes[{n}].{field}" for n in (0, 1) for field in ("name=a", "configMap.name=x")],
        "give one of them another name",
    ),
]
BY_THE_SCHEMA = [
    (["propagateLabels={app.kubernetes.io/name}"], "/propagateLabels/0"),
    (["propagateLabels={kueue.x-k8s.io/queue-name}"], "/propagateLabels/0"),
    (["propagateLabels={transcription.whisperx.dev/job-uid}"], "/propagateLabels/0"),
    (["commonLabels.app\\.kubernetes\\.io/name=x"], "invalid propertyName 'app.kubernetes.io/name'"),
    (["runner.podLabels.app\\.kubernetes\\.io/name=x"], "invalid propertyName 'app.kubernetes.io/name'"),
    (["runner.extraVolumes[0].name=a", "runner.extraVolumes[0].hostPath.path=/"], "hostPath"),
    (["runner.podSecurityContext.runAsUser=0"], "/runner/podSecurityContext/runAsUser"),
    (["runner.podSecurityContext.runAsNonRoot=false"], "runAsNonRoot"),
    (
        ["runner.extraEnv[0].name=A", "runner.extraEnv[0].valueFrom.fieldRef.fieldPath=metadata.uid"],
        "/runner/extraEnv/0/valueFrom",
    ),
    (["storage.caSecret=No Name"], "/storage/caSecret"),
]


@pytest.mark.parametrize(("values", "said"), BY_TEMPLATES + BY_THE_SCHEMA, ids=lambda value: str(value[0])[:40])
def test_it_is_refused_and_said_why(values: list[str], said: str) -> None:
    assert said in refusal(*(flag for value in values for flag in ("--set", value)))
