{{/* The pod, for the Deployment and for the StatefulSet of shards. */}}
{{- define "alertkube.pod" -}}
metadata:
  labels:
    {{- include "alertkube.labels" . | nindent 4 }}
  annotations:
    checksum/config: {{ include "alertkube.config" . | sha256sum }}
    checksum/credentials: {{ include "alertkube.credentials" . | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "alertkube.fullname" . }}
  automountServiceAccountToken: {{ .Values.automountServiceAccountToken }}
  terminationGracePeriodSeconds: {{ int .Values.terminationGracePeriodSeconds }}
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.podSecurityContext }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: alertkube
      image: {{ include "alertkube.image" . | quote }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args:
        {{- include "alertkube.arguments" . | nindent 8 }}
      env:
        {{- include "alertkube.environment" . | nindent 8 }}
      ports:
        - name: metrics
          containerPort: {{ int .Values.metrics.port }}
        {{- with .Values.api.addr }}
        - name: api
          containerPort: {{ last (splitList ":" .) | int }}
        {{- end }}
      {{- include "alertkube.probes" . | nindent 6 }}
      {{- with .Values.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.securityContext }}
      securityContext:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      volumeMounts:
        - name: config
          mountPath: /etc/alertkube/config
          readOnly: true
        {{- if include "alertkube.credentials" . | fromYamlArray }}
        - name: credentials
          mountPath: {{ include "alertkube.credentialFolder" . }}
          readOnly: true
        {{- end }}
  volumes:
    - name: config
      configMap:
        name: {{ include "alertkube.fullname" . }}-config
    {{- with include "alertkube.credentials" . | fromYamlArray }}
    - name: credentials
      projected:
        sources:
          {{- range . }}
          - secret:
              name: {{ .in }}
              optional: true
              items:
                - key: {{ .name }}
                  path: {{ .variable }}
          {{- end }}
    {{- end }}
  {{- include "alertkube.places" . | nindent 2 }}
{{- end }}

{{- define "alertkube.arguments" -}}
- --config=/etc/alertkube/config/config.yaml
{{- if .Values.leaderElection.enabled }}
- --leader-elect
- --leader-election-namespace={{ include "alertkube.leaseNamespace" . }}
{{- if .Values.leaderElection.warmStandby }}
- --leader-election-warm-standby
{{- end }}
{{- end }}
{{- with .Values.extraArgs }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/*
Readiness is the kubelet's question: does it lead, or could it? `/readyz` is 503 on a follower, on purpose; asked here, a
rollout with maxUnavailable 0 would never end. The other two ask whether the process lives: a follower is never killed.
*/}}
{{- define "alertkube.probes" -}}
startupProbe:
  httpGet: {path: /healthz, port: metrics}
  periodSeconds: 2
  timeoutSeconds: 5
  failureThreshold: 75
livenessProbe:
  httpGet: {path: /healthz, port: metrics}
  periodSeconds: 15
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet: {path: "/readyz?standby=ok", port: metrics}
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 3
{{- end }}

{{/* Where pods run. */}}
{{- define "alertkube.places" -}}
{{- if .Values.priorityClassName }}
priorityClassName: {{ .Values.priorityClassName }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .Values.topologySpread.enabled }}
topologySpreadConstraints:
  {{- with .Values.topologySpread.constraints }}
  {{- toYaml . | nindent 2 }}
  {{- else }}
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "alertkube.selectorLabels" $ | nindent 8 }}
  {{- end }}
  {{- end }}
{{- end }}
{{- end }}
