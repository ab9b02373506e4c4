{{/* Puts an admission policy of this release to work; takes (dict "policy" <its name after the full name> "root" $). */}}
{{- define "operator.policyBinding" -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: {{ include "operator.fullname" .root }}-{{ .policy }}
  labels:
    {{- include "operator.labels" .root | nindent 4 }}
spec:
  policyName: {{ include "operator.fullname" .root }}-{{ .policy }}
  validationActions: [Deny]
{{- end -}}

{{/* CEL: what policy.<field> allows in the request's namespace; takes (dict "field" <its name> "root" $). JSON is CEL, too. */}}
{{- define "operator.allowed" -}}
{{- $field := .field -}}
{{- $general := get .root.Values.policy $field | toJson -}}
{{- $special := dict -}}
{{- range $namespace, $rules := .root.Values.policy.namespaces -}}
{{- if hasKey $rules $field -}}{{- $_ := set $special $namespace (get $rules $field) -}}{{- end -}}
{{- end -}}
{{- if $special -}}
{{ toJson $special }}[?request.namespace].orValue({{ $general }})
{{- else -}}
{{ $general }}
{{- end -}}
{{- end -}}

{{/* CEL: the priority classes that are listed anywhere, and the operator's own. */}}
{{- define "operator.priorityClasses" -}}
{{- $classes := append .Values.policy.priorityClasses .Values.runner.priorityClassName -}}
{{- range .Values.policy.namespaces -}}{{- $classes = concat $classes (.priorityClasses | default list) -}}{{- end -}}
{{ $classes | compact | uniq | toJson }}
{{- end -}}

{{/* CEL: the repositories of the images that the operator may run. */}}
{{- define "operator.runnerRepositories" -}}
{{ prepend .Values.policy.runnerRepositories .Values.runner.image.repository | toJson }}
{{- end -}}

{{/* Whose models pods may take from the hub, as a JSON list; the owner of the operator's own model is always among them. */}}
{{- define "operator.hubOwners" -}}
{{- $owners := .Values.policy.hubOwners -}}
{{- $parts := splitList "/" .Values.runner.model.name -}}
{{- if and $owners (eq (len $parts) 2) (first $parts) -}}{{- $owners = append $owners (first $parts) | uniq -}}{{- end -}}
{{ toJson $owners }}
{{- end -}}

{{/* What the operator's pods may mount and read beside what they all have, from the values, as JSON; each entry is "<volume or variable>
<object>[ <key>]". */}}
{{- define "operator.admitted" -}}
{{- $kinds := list "name" "downwardAPI" "emptyDir" "persistentVolumeClaim" "projected" -}}
{{- $claims := list -}}{{- $secrets := list -}}{{- $configMaps := list -}}{{- $secretKeys := list -}}{{- $configMapKeys := list -}}
{{- with .Values.storage.caSecret -}}{{- $secrets = append $secrets (printf "store-ca %s" .) -}}{{- end -}}
{{- range .Values.runner.extraVolumes -}}
{{- if .persistentVolumeClaim -}}{{- $claims = append $claims (printf "%s %s" .name .persistentVolumeClaim.claimName) -}}{{- end -}}
{{- if .secret -}}{{- $secrets = append $secrets (printf "%s %s" .name .secret.secretName) -}}{{- end -}}
{{- if .configMap -}}{{- $configMaps = append $configMaps (printf "%s %s" .name .configMap.name) -}}{{- end -}}
{{- end -}}
{{- range .Values.runner.extraEnv -}}
{{- $variable := .name -}}
{{- with (.valueFrom | default dict).secretKeyRef -}}
{{- $secretKeys = append $secretKeys (printf "%s %s %s" $variable .name .key) -}}
{{- end -}}
{{- with (.valueFrom | default dict).configMapKeyRef -}}
{{- $configMapKeys = append $configMapKeys (printf "%s %s %s" $variable .name .key) -}}
{{- end -}}
{{- end -}}
{{- $image := "" -}}{{- $hostPath := "" -}}
{{- if not (include "operator.modelClaim" .) -}}
{{- $hostPath = .Values.runner.modelCache.hostPath -}}
{{- if not $hostPath -}}{{- $image = .Values.runner.modelCache.image.reference -}}{{- end -}}
{{- end -}}
{{- if $secrets -}}{{- $kinds = append $kinds "secret" -}}{{- end -}}
{{- if $configMaps -}}{{- $kinds = append $kinds "configMap" -}}{{- end -}}
{{- if $image -}}{{- $kinds = append $kinds "image" -}}{{- end -}}
{{- if $hostPath -}}{{- $kinds = append $kinds "hostPath" -}}{{- end -}}
{{ dict "kinds" $kinds "claims" $claims "secrets" $secrets "configMaps" $configMaps "secretKeys" $secretKeys
  "configMapKeys" $configMapKeys "image" $image "hostPath" $hostPath
  "groups" (.Values.runner.podSecurityContext.supplementalGroups | default list) | toJson }}
{{- end -}}
