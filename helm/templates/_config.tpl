{{/* `default` when the routes are those of the chart, which are the program's own: then it may leave out sinks without a
credential, which it may not with sinks that a user named. */}}
{{- define "alertkube.routing" -}}
{{- $defaults := include "alertkube.defaults" . | fromYaml }}
{{- ternary "default" "own" (eq (toJson .Values.routing) (toJson $defaults.routing)) }}
{{- end }}

{{/* The configuration file. */}}
{{- define "alertkube.config" -}}
{{- $config := dict "cluster" .Values.cluster "channels" .Values.slack.channels }}
{{- range $key := list "filters" "behavior" "severityOverrides" "sinkRates" "inhibitions" "silences" "escalations" "grouping" "rules" "maintenance" "correlation" "aws" "azure" "gcp" "conditions" "alerts" "sinks" }}
{{- if get $.Values $key }}
{{- $_ := set $config $key (get $.Values $key) }}
{{- end }}
{{- end }}
{{- if eq (include "alertkube.routing" .) "own" }}
{{- $_ := set $config "routing" .Values.routing }}
{{- end }}
{{- with .Values.api.addr }}
{{- $_ := set $config "apiAddr" . }}
{{- end }}
{{- $_ := set $config "receiver" (pick .Values.receiver "enabled" "allowAnonymous") }}
{{- $kept := dict "enabled" .Values.persistence.enabled "kind" .Values.persistence.kind }}
{{- $_ := set $kept "configMapName" (include "alertkube.stateName" .) }}
{{- $_ := set $kept "namespace" .Release.Namespace }}
{{- $_ := set $config "persistence" $kept }}
{{- toYaml $config }}
{{- end }}
