{{/*
Every credential: its value, its key in the chart's own Secret, and its variable. All of them are mounted as files, which
the program reads again when they change; so a rotation reaches it without a restart.
*/}}
{{- define "alertkube.credentialTable" -}}
- {at: [slack, webhookUrl], key: slackWebhookUrl, variable: SLACK_WEBHOOK_URL, sink: slack}
- {at: [slack, botToken], key: slackBotToken, variable: SLACK_BOT_TOKEN, sink: slack}
- {at: [pagerduty, routingKey], key: pagerdutyRoutingKey, variable: PAGERDUTY_ROUTING_KEY, sink: pagerduty}
- {at: [teams, webhookUrl], key: teamsWebhookUrl, variable: TEAMS_WEBHOOK_URL, sink: teams}
- {at: [discord, webhookUrl], key: discordWebhookUrl, variable: DISCORD_WEBHOOK_URL, sink: discord}
- {at: [googlechat, webhookUrl], key: googlechatWebhookUrl, variable: GOOGLECHAT_WEBHOOK_URL, sink: googlechat}
- {at: [mattermost, webhookUrl], key: mattermostWebhookUrl, variable: MATTERMOST_WEBHOOK_URL, sink: mattermost}
- {at: [telegram, botToken], key: telegramBotToken, variable: TELEGRAM_BOT_TOKEN, sink: telegram}
- {at: [opsgenie, apiKey], key: opsgenieApiKey, variable: OPSGENIE_API_KEY, sink: opsgenie}
- {at: [genericWebhook, url], key: genericWebhookUrl, variable: GENERIC_WEBHOOK_URL, sink: webhook}
- {at: [genericWebhook, signingSecret], key: genericWebhookSecret, variable: GENERIC_WEBHOOK_SECRET, sink: webhook}
- {at: [receiver, token], key: receiverToken, variable: ALERTKUBE_RECEIVER_TOKEN}
- {at: [api, token], key: apiToken, variable: ALERTKUBE_API_TOKEN}
- {at: [api, writeToken], key: apiWriteToken, variable: ALERTKUBE_API_WRITE_TOKEN}
{{- end }}

{{/* Those that are given, each with `name` and `in`, the key and the Secret that it is in; `value` if it is ours. */}}
{{- define "alertkube.credentials" -}}
{{- $given := list }}
{{- range $row := include "alertkube.credentialTable" . | fromYamlArray }}
{{- $group := get $.Values (first $row.at) }}
{{- $path := join "." $row.at }}
{{- $reference := get $group (printf "%sSecretKeyRef" (last $row.at)) | default dict }}
{{- $value := get $group (last $row.at) }}
{{- if $reference }}
{{- $secret := dict "in" (get $reference "name") "name" (get $reference "key") }}
{{- $given = append $given (merge $secret (dict "path" (printf "%sSecretKeyRef" $path) "variable" $row.variable "sink" (get $row "sink"))) }}
{{- else if $value }}
{{- $secret := dict "in" (include "alertkube.fullname" $) "name" $row.key "value" (toString $value) }}
{{- $given = append $given (merge $secret (dict "path" $path "variable" $row.variable "sink" (get $row "sink"))) }}
{{- end }}
{{- end }}
{{- toYaml $given }}
{{- end }}

{{/* The folder in which they are. */}}
{{- define "alertkube.credentialFolder" -}}
/etc/alertkube/credentials
{{- end }}
