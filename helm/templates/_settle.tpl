{{/*
`helm upgrade --reuse-values` brings the values of the chart that was installed before, which knew fewer of them. So what
is absent is laid in from a copy of our own defaults, in place and before anything else; to do it twice changes nothing.
*/}}
{{- define "alertkube.settle" -}}
{{- include "alertkube.fill" (dict "into" .Values "from" (include "alertkube.defaults" . | fromYaml)) }}
{{- end }}

{{- define "alertkube.fill" -}}
{{- range $name, $default := .from }}
{{- $own := get $.into $name }}
{{- if or (not (hasKey $.into $name)) (kindIs "invalid" $own) }}
{{- $_ := set $.into $name $default }}
{{- else if and (kindIs "map" $own) (kindIs "map" $default) }}
{{- include "alertkube.fill" (dict "into" $own "from" $default) }}
{{- end }}
{{- end }}
{{- end }}
