{{/* Refuses values that cannot work together, all of them at once. */}}
{{- define "alertkube.check" -}}
{{- $wrong := list }}
{{- $elects := .Values.leaderElection.enabled }}
{{- if and (gt (int .Values.replicaCount) 1) (not $elects) }}
{{- $wrong = append $wrong (printf "replicaCount: %d replicas without leader election would each tell every problem; set leaderElection.enabled=true, or replicaCount=1" (int .Values.replicaCount)) }}
{{- end }}
{{- if and .Values.networkPolicy.enabled (not .Values.networkPolicy.apiServer.cidrs) }}
{{- $wrong = append $wrong "networkPolicy.apiServer.cidrs: empty, and without a way to the API server nothing is seen; list its addresses (kubectl get endpointslices -n default kubernetes), or set networkPolicy.enabled=false" }}
{{- end }}
{{- if not .Values.cluster }}
{{- $wrong = append $wrong "cluster: empty; name the cluster, so that alerts say where they come from" }}
{{- end }}
{{- range $given := include "alertkube.credentials" . | fromYamlArray }}
{{- if not (and $given.in $given.name) }}
{{- $wrong = append $wrong (printf "%s: needs both name, of a Secret, and key" $given.path) }}
{{- end }}
{{- if and $given.sink (not (has $given.sink (include "alertkube.builtSinks" $ | fromYamlArray))) }}
{{- $wrong = append $wrong (printf "%s: the sink %s is not built yet; leave it empty" $given.path $given.sink) }}
{{- end }}
{{- end }}
{{- range $field := list "routing" "escalations" }}
{{- range $n, $route := get $.Values $field }}
{{- if not (eq (include "alertkube.routing" $ ) "default") }}
{{- range $sink := get $route "sinks" }}
{{- if not (has $sink (include "alertkube.builtSinks" $ | fromYamlArray)) }}
{{- $wrong = append $wrong (printf "%s[%d].sinks: the sink %s is not built yet; there are %s" $field $n $sink (include "alertkube.builtSinks" $ | fromYamlArray | join ", ")) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- range $row := include "alertkube.unbuilt" . | fromYamlArray }}
{{- $value := $.Values }}
{{- range $name := splitList "." $row.at }}
{{- $value = ternary (get ($value | default dict) $name) nil (kindIs "map" $value) }}
{{- end }}
{{- if and $value (or (not (hasKey $row "is")) (eq (toString $value) (get $row "is"))) }}
{{- $wrong = append $wrong (printf "%s: not built yet; %s" $row.at $row.instead) }}
{{- end }}
{{- end }}
{{- if $wrong }}
{{- fail (printf "\n\n- %s\n" (join "\n- " $wrong)) }}
{{- end }}
{{- end }}
