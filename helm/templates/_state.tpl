{{/* What the names of state objects may begin with: the configured name, that without the index of a shard of a release of
its own, and each with the indexes that the program may add. */}}
{{- define "alertkube.statePrefixes" -}}
{{- $name := include "alertkube.stateName" . }}
{{- $bases := list $name (regexReplaceAll "-[0-9]+$" $name "") | uniq }}
{{- $all := $bases }}
{{- range $base := $bases }}
{{- range $index := untilStep 0 16 1 }}
{{- $all = append $all (printf "%s-%d" $base $index) }}
{{- end }}
{{- end }}
{{- $all | uniq | toJson }}
{{- end }}

{{/* A name that is created is not known to the authoriser, so that right has no names. The Go program's own object, which
has the prefix for its name, is read and never written. */}}
{{- define "alertkube.stateRules" -}}
{{- $resource := ternary "secrets" "configmaps" (eq .Values.persistence.kind "Secret") -}}
{{- $prefixes := include "alertkube.statePrefixes" . | fromJsonArray -}}
- apiGroups: [""]
  resources: [{{ $resource }}]
  verbs: [create]
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: {{ toJson $prefixes }}
  verbs: [get]
{{- range $prefix := $prefixes }}
- apiGroups: [""]
  resources: [{{ $resource }}]
  resourceNames: {{ include "alertkube.stateObjects" $prefix }}
  verbs: [get, update]
{{- end }}
{{- end }}

{{- define "alertkube.stateObjects" -}}
{{- $names := list }}
{{- range $part := include "alertkube.stateParts" . | fromYamlArray }}
{{- $names = append $names (printf "%s-%s" $ $part) }}
{{- end }}
{{- toJson $names }}
{{- end }}
