{{/* Written by `cargo xtask chart` from the program's own tables and from values.yaml. */}}

{{- define "alertkube.watchedInCluster" -}}
- apiGroups: [""]
  resources: [nodes, pods, events]
  verbs: [list, watch]
- apiGroups: ["apps"]
  resources: [deployments, replicasets, statefulsets, daemonsets]
  verbs: [list, watch]
- apiGroups: ["batch"]
  resources: [jobs]
  verbs: [list, watch]
{{- end }}

{{- define "alertkube.watchedInNamespace" -}}
- apiGroups: [""]
  resources: [pods, events]
  verbs: [list, watch]
- apiGroups: ["apps"]
  resources: [deployments, replicasets, statefulsets, daemonsets]
  verbs: [list, watch]
- apiGroups: ["batch"]
  resources: [jobs]
  verbs: [list, watch]
{{- end }}

{{- define "alertkube.stateParts" -}}
["head","j00","j01","j02","j03","j04","j05","j06","j07","j08","j09","j10","j11","j12","j13","j14","j15","b00","b01","b02","b03","b04","b05","b06","b07","b08","b09","b10","b11","b12","b13","b14","b15","b16","b17","b18","b19","b20","b21","b22","b23","b24","b25","b26","b27","b28","b29","b30","b31","lost-head","lost-j00","lost-j01","lost-j02","lost-j03","lost-j04","lost-j05","lost-j06","lost-j07","lost-j08","lost-j09","lost-j10","lost-j11","lost-j12","lost-j13","lost-j14","lost-j15","lost-b00","lost-b01","lost-b02","lost-b03","lost-b04","lost-b05","lost-b06","lost-b07","lost-b08","lost-b09","lost-b10","lost-b11","lost-b12","lost-b13","lost-b14","lost-b15","lost-b16","lost-b17","lost-b18","lost-b19","lost-b20","lost-b21","lost-b22","lost-b23","lost-b24","lost-b25","lost-b26","lost-b27","lost-b28","lost-b29","lost-b30","lost-b31"]
{{- end }}

{{- define "alertkube.builtSinks" -}}
["stdout","webhook","pagerduty","slack"]
{{- end }}

{{- define "alertkube.unbuilt" -}}
- {"at":"silences","instead":"leave it empty, or annotate the object with `alert-silence-until`"}
- {"at":"escalations","instead":"leave it empty"}
- {"at":"receiver.enabled","instead":"leave it off"}
- {"at":"grouping.enabled","instead":"leave it off"}
- {"at":"rules","instead":"leave it empty"}
- {"at":"maintenance","instead":"leave it empty"}
- {"at":"correlation.enabled","instead":"leave it off"}
- {"at":"aws.enabled","instead":"leave it off"}
- {"at":"azure.enabled","instead":"leave it off"}
- {"at":"gcp.enabled","instead":"leave it off"}
- {"at":"pprof.enabled","instead":"leave it off"}
- {"at":"api.allowSecretRead","instead":"leave it off"}
- {"at":"api.authMode","instead":"leave it at token","is":"rbac"}
- {"at":"crds.silences.enabled","instead":"leave it off","is":"true"}
{{- end }}

{{- define "alertkube.releaseAnnotation" -}}
alertkube.io/release
{{- end }}

{{- define "alertkube.defaults" -}}
cluster: Change-Me
replicaCount: 1
leaderElection:
  enabled: false
  namespace: ""
  warmStandby: false
  rbac:
    create: true
sharding:
  total: 1
image:
  repository: alertkube
  tag: ""
  pullPolicy: IfNotPresent
imagePullSecrets: []
nameOverride: ""
fullnameOverride: ""
slack:
  webhookUrl: ""
  webhookUrlSecretKeyRef: {}
  botToken: ""
  botTokenSecretKeyRef: {}
  channels:
    critical: alerts-critical
    warning: alerts-warning
    info: alerts-info
pagerduty:
  routingKey: ""
  routingKeySecretKeyRef: {}
teams:
  webhookUrl: ""
  webhookUrlSecretKeyRef: {}
discord:
  webhookUrl: ""
  webhookUrlSecretKeyRef: {}
googlechat:
  webhookUrl: ""
  webhookUrlSecretKeyRef: {}
mattermost:
  webhookUrl: ""
  webhookUrlSecretKeyRef: {}
telegram:
  botToken: ""
  botTokenSecretKeyRef: {}
  chatId: ""
opsgenie:
  apiKey: ""
  apiKeySecretKeyRef: {}
  apiUrl: ""
genericWebhook:
  url: ""
  urlSecretKeyRef: {}
  signingSecret: ""
  signingSecretSecretKeyRef: {}
api:
  token: ""
  tokenSecretKeyRef: {}
  writeToken: ""
  writeTokenSecretKeyRef: {}
  addr: ""
  authMode: token
  allowSecretRead: false
  allowUnauthenticatedRead: false
receiver:
  enabled: false
  allowAnonymous: false
  token: ""
  tokenSecretKeyRef: {}
persistence:
  enabled: true
  configMapName: ""
  kind: ConfigMap
  deleteOnUninstall: false
routing:
  - match: {severity: critical}
    sinks: [slack, pagerduty]
  - match: {severity: warning}
    sinks: [slack]
  - match: {severity: info}
    sinks: [slack]
inhibitions:
  - source: {kind: Node, reason: NodeNotReady}
    target: {kind: Pod}
    equal: [node]
    duration: 10m
severityOverrides: []
sinkRates: {}
sinks: {}
conditions: {}
alerts: {}
silences: []
escalations: []
rules: []
maintenance: []
correlation: {}
filters:
  watchedNamespaces: ""
  ignoredNamespaces: ""
  watchedPodNamePrefixes: ""
  ignoredPodNamePrefixes: ""
behavior:
  muteSeconds: 600
  repeatSeconds: 14400
  resolveTTLSeconds: 600
  ignoreRestartCount: 30
  ignoreRestartsWithExitCodeZero: false
  firstRun: digest
  startupGraceSeconds: 30
  pvcPendingSeconds: 300
  disableLogCollection: false
  disableAnnotationSilences: false
grouping:
  enabled: false
  windowSeconds: 30
  by: [kind, namespace, reason, severity]
aws:
  enabled: false
  regions: []
  pollSeconds: 60
azure:
  enabled: false
  subscriptions: []
  pollSeconds: 60
gcp:
  enabled: false
  projects: []
  pollSeconds: 60
client:
  qps: 50
  burst: 100
dispatch:
  workers: 0
  queueSize: 0
pprof:
  enabled: false
crds:
  keep: true
  silences:
    enabled: false
extraArgs: []
extraEnv: []
rbac:
  scope: cluster
serviceAccount:
  annotations: {}
automountServiceAccountToken: true
metrics:
  enabled: true
  port: 9090
  serviceMonitor:
    enabled: false
    interval: 30s
    scrapeTimeout: 10s
    labels: {}
  podMonitor:
    enabled: false
    interval: 30s
    scrapeTimeout: 10s
    labels: {}
prometheusRule:
  enabled: false
  namespace: ""
  labels: {}
  absentFor: 10m
  dispatchInflightThreshold: 20
  additionalRules: []
dashboard:
  enabled: false
  namespace: ""
  labels: {grafana_dashboard: "1"}
flowSchema:
  enabled: false
resources:
  requests:
    cpu: 50m
    memory: 64Mi
  limits:
    cpu: 200m
    memory: 128Mi
terminationGracePeriodSeconds: 45
podAnnotations: {}
nodeSelector: {}
tolerations: []
affinity: {}
priorityClassName: ""
topologySpread:
  enabled: true
  constraints: []
podSecurityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
podDisruptionBudget:
  enabled: false
  maxUnavailable: 1
  minAvailable: ""
networkPolicy:
  enabled: false
  apiServer:
    cidrs: []
    port: 443
  sinkCIDRs: []
  sinkPorts: [443]
  ingressFrom: []
  extraEgress: []
{{- end }}
