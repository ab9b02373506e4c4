{{/* A rule's peers, for `from` or `to`; nobody named is anybody. Takes (dict "side" "from" "peers" <list>). */}}
{{- define "operator.peers" -}}
{{ .side }}: {{ .peers | toJson }}
{{- end -}}

{{/* Egress rules: DNS, and whatever (dict "rules" <list of to and ports> "dns" <to>) names. */}}
{{- define "operator.egress" -}}
- {{ include "operator.peers" (dict "side" "to" "peers" .dns.to) }}
  ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]
{{- range .rules }}
- {{ include "operator.peers" (dict "side" "to" "peers" .to) }}
  ports:
    {{- range .ports }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
{{- end }}
{{- end -}}

{{/* The port of a URL. */}}
{{- define "operator.port" -}}
{{- $authority := regexFind "^https?://[^/?]+" . -}}
{{- regexFind "[0-9]+$" (regexFind ":[0-9]+$" $authority) | default (ternary "443" "80" (hasPrefix "https:" .)) -}}
{{- end -}}

{{/* The ports of the stores that the values know, as a JSON list. */}}
{{- define "operator.storePorts" -}}
{{- $endpoints := append .Values.policy.endpoints .Values.storage.endpoint -}}
{{- range .Values.policy.namespaces -}}{{- $endpoints = concat $endpoints (.endpoints | default list) -}}{{- end -}}
{{- $ports := list -}}
{{- range compact $endpoints -}}{{- $ports = append $ports (include "operator.port" . | int) -}}{{- end -}}
{{ $ports | uniq | toJson }}
{{- end -}}
