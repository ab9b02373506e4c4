{{/* The name of this release's objects. A release called "transcription" need not be called so twice. */}}
{{- define "operator.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if or (contains $name .Release.Name) -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else if hasPrefix .Release.Name $name -}}
{{- $name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "operator.selectorLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "operator.labels" -}}
{{ include "operator.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The service's pods are none of the operator's, whom its Deployment, its Service and its NetworkPolicy select. */}}
{{- define "operator.serviceSelectorLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 55 | trimSuffix "-" }}-service
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "operator.serviceLabels" -}}
{{ include "operator.serviceSelectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "operator.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "operator.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "operator.runnerRole" -}}
{{- printf "%s-runner" (include "operator.fullname" .) -}}
{{- end -}}

{{/* The Lease by which one operator tells the sink. */}}
{{- define "operator.eventsLease" -}}
{{- printf "%s-events" (include "operator.fullname" .) -}}
{{- end -}}

{{/* The annotation of a runner pod that holds its report. */}}
{{- define "operator.reportAnnotation" -}}
transcription.whisperx.dev/report
{{- end -}}

{{/* An image reference; takes (dict "image" <values> "root" $). */}}
{{- define "operator.image" -}}
{{- if .image.digest -}}
{{- printf "%s@%s" .image.repository .image.digest -}}
{{- else -}}
{{- printf "%s:%s" .image.repository (default .root.Chart.AppVersion .image.tag) -}}
{{- end -}}
{{- end -}}

{{/* What the operator may do in the namespaces that it serves. */}}
{{- define "operator.rules" -}}
# create, delete: the jobs of TranscriptionSchedules alone, by an admission policy (schedule-policy.yaml).
- apiGroups: [transcription.whisperx.dev]
  resources: [transcriptionjobs]
  verbs: [get, list, watch, create, delete]
- apiGroups: [transcription.whisperx.dev]
  resources: [transcriptionschedules]
  verbs: [get, list, watch]
- apiGroups: [transcription.whisperx.dev]
  resources: [transcriptionprofiles]
  verbs: [list, watch]
- apiGroups: [transcription.whisperx.dev]
  resources: [transcriptionjobs/status, transcriptionschedules/status]
  verbs: [patch]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [create, get, list, watch, patch, delete]
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
# list: the Events of a Job that makes no pod say why (a quota, an admission plugin); nothing else does.
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, list]
{{- end -}}
