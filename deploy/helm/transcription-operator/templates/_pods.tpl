{{/* Labels of pods: those that are given, and over them the chart's own; takes (dict "given" <labels> "own" <YAML>). */}}
{{- define "operator.podLabels" -}}
{{ mergeOverwrite (dict) .given (fromYaml .own) | toYaml }}
{{- end -}}

{{/* The claim with the models: the one that is named, or the one that the chart makes. */}}
{{- define "operator.modelClaim" -}}
{{- with .Values.runner.modelCache -}}
{{- if .existingClaim -}}{{ .existingClaim }}
{{- else if .size -}}{{ include "operator.fullname" $ }}-models
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What the volume of models is, as JSON; nothing where there is none. */}}
{{- define "operator.modelVolume" -}}
{{- $cache := .Values.runner.modelCache -}}
{{- $claim := include "operator.modelClaim" . -}}
{{- if $claim -}}
{{ dict "persistentVolumeClaim" (dict "claimName" $claim) | toJson }}
{{- else if $cache.hostPath -}}
{{ dict "hostPath" (dict "path" $cache.hostPath "type" "Directory") | toJson }}
{{- else if $cache.image.reference -}}
{{ dict "image" $cache.image | toJson }}
{{- end -}}
{{- end -}}

{{/* Whether pods only read it: "true" or nothing. */}}
{{- define "operator.modelsReadOnly" -}}
{{- $cache := .Values.runner.modelCache -}}
{{- if or $cache.readOnly (not (include "operator.modelClaim" .)) -}}true{{- end -}}
{{- end -}}

{{/* Namespaces in which the chart makes the claim and fills it, as a JSON list. */}}
{{- define "operator.modelNamespaces" -}}
{{ .Values.runner.modelCache.namespaces | default .Values.watchNamespaces | default (list .Release.Namespace) | toJson }}
{{- end -}}

{{/* Of the runner's variables those that come from elsewhere, as a JSON list. */}}
{{- define "operator.sourcedEnv" -}}
{{- $sourced := list -}}
{{- range .Values.runner.extraEnv -}}{{- if .valueFrom -}}{{- $sourced = append $sourced . -}}{{- end -}}{{- end -}}
{{ toJson $sourced }}
{{- end -}}

{{/* And the plain ones. */}}
{{- define "operator.plainEnv" -}}
{{- $plain := list -}}
{{- range .Values.runner.extraEnv -}}{{- if not .valueFrom -}}{{- $plain = append $plain . -}}{{- end -}}{{- end -}}
{{ toJson $plain }}
{{- end -}}

{{/* What the operator adds to runner pods, as JSON. What is as the operator has it anyway is left out: it is recorded with each run. */}}
{{- define "operator.runnerPod" -}}
{{- $added := dict -}}
{{- with .Values.runner -}}
{{- $_ := set $added "labels" .podLabels -}}
{{- $_ := set $added "annotations" .podAnnotations -}}
{{- if .affinity -}}{{- $_ := set $added "affinity" .affinity -}}{{- end -}}
{{- $_ := set $added "topologySpreadConstraints" .topologySpreadConstraints -}}
{{- $_ := set $added "env" (include "operator.sourcedEnv" $ | fromJsonArray) -}}
{{- $_ := set $added "volumes" .extraVolumes -}}
{{- $_ := set $added "volumeMounts" .extraVolumeMounts -}}
{{- $usual := dict "runAsUser" 65532 "runAsGroup" 65532 "fsGroup" 65532 "fsGroupChangePolicy" "OnRootMismatch" -}}
{{- if ne (toJson .podSecurityContext) (toJson $usual) -}}{{- $_ := set $added "user" .podSecurityContext -}}{{- end -}}
{{- end -}}
{{ toJson $added }}
{{- end -}}

{{/* A PodDisruptionBudget; takes (dict "name" <suffix> "budget" <values> "labels" <YAML> "selector" <YAML> "root" $). */}}
{{- define "operator.disruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "operator.fullname" .root }}{{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- .labels | nindent 4 }}
spec:
  selector:
    matchLabels:
      {{- .selector | nindent 6 }}
  {{- if kindIs "invalid" .budget.minAvailable }}
  maxUnavailable: {{ if kindIs "invalid" .budget.maxUnavailable }}1{{ else }}{{ .budget.maxUnavailable }}{{ end }}
  {{- else }}
  minAvailable: {{ .budget.minAvailable }}
  {{- end }}
{{- end -}}
