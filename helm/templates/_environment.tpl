{{/* The variables of the container: the chart's, without those that extraEnv sets too, and then extraEnv. A doubled name
would be refused by an apply on the server. */}}
{{- define "alertkube.environment" -}}
{{- $own := include "alertkube.ownEnvironment" . | fromYamlArray }}
{{- $named := list }}
{{- range .Values.extraEnv }}
{{- $named = append $named .name }}
{{- end }}
{{- $all := list }}
{{- range $own }}
{{- if not (has .name $named) }}
{{- $all = append $all . }}
{{- end }}
{{- end }}
{{- concat $all .Values.extraEnv | toYaml }}
{{- end }}

{{- define "alertkube.ownEnvironment" -}}
- {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
- {name: POD_NAMESPACE, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
- {name: POD_UID, valueFrom: {fieldRef: {fieldPath: metadata.uid}}}
- {name: ALERTKUBE_RELEASE, value: {{ printf "%s/%s" .Release.Namespace .Release.Name | quote }}}
- {name: CLUSTER_NAME, value: {{ .Values.cluster | quote }}}
- {name: METRICS_ADDR, value: {{ printf ":%d" (int .Values.metrics.port) | quote }}}
- {name: ALERTKUBE_CLIENT_QPS, value: {{ int .Values.client.qps | quote }}}
- {name: ALERTKUBE_CLIENT_BURST, value: {{ int .Values.client.burst | quote }}}
{{- if gt (int .Values.dispatch.workers) 0 }}
- {name: ALERTKUBE_DISPATCH_WORKERS, value: {{ int .Values.dispatch.workers | quote }}}
{{- end }}
{{- if gt (int .Values.dispatch.queueSize) 0 }}
- {name: ALERTKUBE_DISPATCH_QUEUE, value: {{ int .Values.dispatch.queueSize | quote }}}
{{- end }}
{{- if eq .Values.rbac.scope "namespace" }}
- {name: WATCH_NAMESPACE, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
{{- end }}
{{- if gt (include "alertkube.shards" . | int) 1 }}
- {name: ALERTKUBE_SHARD_TOTAL, value: {{ include "alertkube.shards" . | quote }}}
{{- end }}
{{- with .Values.telegram.chatId }}
- {name: TELEGRAM_CHAT_ID, value: {{ toString . | quote }}}
{{- end }}
{{- with .Values.opsgenie.apiUrl }}
- {name: OPSGENIE_API_URL, value: {{ . | quote }}}
{{- end }}
{{- range include "alertkube.credentials" . | fromYamlArray }}
- {name: {{ .variable }}_FILE, value: {{ printf "%s/%s" (include "alertkube.credentialFolder" $) .variable | quote }}}
{{- end }}
{{- end }}
