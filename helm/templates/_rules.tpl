{{/* Which series are those of this release: pods of a Deployment have two more words in their names, those of shards an
ordinal. */}}
{{- define "alertkube.series" -}}
{{- $more := ternary "[0-9]+" "[^-]+-[^-]+" (gt (include "alertkube.shards" . | int) 1) -}}
namespace="{{ .Release.Namespace }}",pod=~"{{ include "alertkube.fullname" . }}-{{ $more }}"
{{- end }}

{{- define "alertkube.rules" -}}
{{- $series := include "alertkube.series" . -}}
{{- $seats := include "alertkube.shards" . | int -}}
- alert: AlertkubeAbsent
  expr: absent(alertkube_active_alerts{{ printf "{%s}" $series }})
  for: {{ .Values.prometheusRule.absentFor }}
  labels: {severity: critical}
  annotations:
    summary: No alertkube is heard of.
    description: Nothing watches the cluster, or its metrics are not scraped.
- alert: AlertkubeSinkErrors
  expr: sum by (sink) (rate(alertkube_sink_errors_total{{ printf "{%s}" $series }}[5m])) > 0
  for: 10m
  labels: {severity: warning}
  annotations:
    summary: The sink {{ "{{ $labels.sink }}" }} has refused or failed tries for ten minutes.
    description: Tries are repeated; the log says why they fail.
- alert: AlertkubeSinkFailing
  expr: >-
    max by (sink) (alertkube_sink_breaker_open{{ printf "{%s}" $series }}) > 0
    or sum by (sink) (increase(alertkube_sink_noop_total{{ printf "{%s}" $series }}[10m])) > 0
  for: 5m
  labels: {severity: critical}
  annotations:
    summary: The sink {{ "{{ $labels.sink }}" }} takes nothing.
    description: It fails so often that it is tried rarely, or it has no credential. What it should say waits.
- alert: AlertkubeDeadLetters
  expr: sum(increase(alertkube_dead_letter_total{{ printf "{%s}" $series }}[15m])) > 0
  labels: {severity: warning}
  annotations:
    summary: A sink has refused messages for good.
    description: The log names them and says why.
- alert: AlertkubeRateLimited
  expr: sum by (sink) (alertkube_sink_queue_depth{{ printf "{%s}" $series }}) > 0
  for: 10m
  labels: {severity: warning}
  annotations:
    summary: Messages have waited for the sink {{ "{{ $labels.sink }}" }} for ten minutes.
    description: There are more than its rate lets through (sinkRates), or it is slow. Nothing is dropped.
- alert: AlertkubeDispatchSaturated
  expr: sum by (sink) (alertkube_dispatch_inflight{{ printf "{%s}" $series }}) > {{ int .Values.prometheusRule.dispatchInflightThreshold }}
  for: 10m
  labels: {severity: warning}
  annotations:
    summary: Many messages are on their way to the sink {{ "{{ $labels.sink }}" }}.
    description: It answers slowly.
- alert: AlertkubeStateUnsaved
  expr: max(alertkube_state_unsaved{{ printf "{%s}" $series }}) > 0
  for: 2m
  labels: {severity: critical}
  annotations:
    summary: The state of alertkube cannot be saved.
    description: Alerts are told all the same, later than usual, and a restart may repeat them. /readyz says why.
- alert: AlertkubeWatchStale
  expr: >-
    alertkube_watch_live{{ printf "{%s}" $series }} == 0
    and on (namespace, pod) max by (namespace, pod) (alertkube_seat_held{{ printf "{%s}" $series }}) > 0
  for: 5m
  labels: {severity: warning}
  annotations:
    summary: The kind {{ "{{ $labels.kind }}" }} is not watched.
    description: Its problems are neither told nor ended. /readyz says why.
{{- if .Values.leaderElection.enabled }}
- alert: AlertkubeNoLeader
  expr: (max(alertkube_leader{{ printf "{%s}" $series }}) or vector(0)) < 1
  for: 2m
  labels: {severity: critical}
  annotations:
    summary: No replica of alertkube leads.
    description: Nothing is told. `alertkube seats` shows the Lease and who holds it.
- alert: AlertkubeForeignLease
  expr: max(alertkube_lease_foreign{{ printf "{%s}" $series }}) > 0
  for: 2m
  labels: {severity: warning}
  annotations:
    summary: A replica of another release holds the Lease.
    description: Only one of the two releases works; give one of them another leaderElection.namespace.
{{- end }}
- alert: AlertkubeShardUncovered
  expr: (count(max by (seat) (alertkube_seat_held{{ printf "{%s}" $series }}) > 0) or vector(0)) < {{ $seats }}
  for: 2m
  labels: {severity: critical}
  annotations:
    summary: Only {{ "{{ $value }}" }} of {{ $seats }} shards of alertkube are served.
    description: Problems of the others are not told. `alertkube seats` shows which.
{{- end }}
