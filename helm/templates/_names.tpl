{{/* What things are called. */}}

{{- define "alertkube.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Short enough for all that is added to it: names of roles, and of pods with an ordinal. */}}
{{- define "alertkube.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 48 | trimSuffix "-" }}
{{- else if contains (include "alertkube.name" .) .Release.Name }}
{{- .Release.Name | trunc 48 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "alertkube.name" .) | trunc 48 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* In a shared namespace the name of an object says what it is of, also under another fullname. */}}
{{- define "alertkube.electionName" -}}
{{- $name := include "alertkube.fullname" . }}
{{- if contains "alertkube" $name }}{{ $name }}-leader-election{{ else }}{{ $name }}-alertkube-leader-election{{ end }}
{{- end }}

{{- define "alertkube.selectorLabels" -}}
app.kubernetes.io/name: {{ include "alertkube.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "alertkube.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "alertkube.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "alertkube.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default (printf "v%s" .Chart.AppVersion) }}
{{- end }}

{{/* What the names of the state objects begin with. */}}
{{- define "alertkube.stateName" -}}
{{- .Values.persistence.configMapName | default (printf "%s-state" (include "alertkube.fullname" .)) }}
{{- end }}

{{- define "alertkube.leaseNamespace" -}}
{{- .Values.leaderElection.namespace | default .Release.Namespace }}
{{- end }}

{{- define "alertkube.shards" -}}
{{- max 1 (int .Values.sharding.total) }}
{{- end }}

{{- define "alertkube.pods" -}}
{{- mul (int .Values.replicaCount) (include "alertkube.shards" . | int) }}
{{- end }}

{{/* Of what exists only while the release is removed: labels without those that select the program's pods. */}}
{{- define "alertkube.uninstallMeta" -}}
labels:
  app.kubernetes.io/component: uninstall
  app.kubernetes.io/instance: {{ .Release.Name }}
  app.kubernetes.io/managed-by: {{ .Release.Service }}
annotations:
  helm.sh/hook: post-delete
  helm.sh/hook-weight: {{ .weight | default "0" | quote }}
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
