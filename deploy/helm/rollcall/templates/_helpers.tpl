{{/* Beginning of every name: the release, with "rollcall" unless it says so itself. */}}
{{- define "rollcall.name" -}}
{{- if contains "rollcall" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-rollcall" (.Release.Name | trunc 31 | trimSuffix "-") }}{{ end -}}
{{- end }}

{{- define "rollcall.selector" -}}
app.kubernetes.io/name: rollcall
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "rollcall.labels" -}}
{{ include "rollcall.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "rollcall.image" -}}
{{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) | quote }}
{{- end }}

{{- define "rollcall.secret" -}}
{{ .Values.existingSecret | default (include "rollcall.name" .) }}
{{- end }}

{{/* An environment variable from the Secret. */}}
{{- define "rollcall.fromSecret" -}}
- name: {{ .variable }}
  valueFrom: { secretKeyRef: { name: {{ include "rollcall.secret" .root }}, key: {{ .key }} } }
{{- end }}

{{/* What every container may not do. */}}
{{- define "rollcall.confined" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{- define "rollcall.rootless" -}}
runAsNonRoot: true
runAsUser: 1000
runAsGroup: 1000
fsGroup: 1000
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{/* Configuration that servers and clients share. */}}
{{- define "rollcall.commonConfig" -}}
datacenter: {{ .Values.datacenter }}
domain: {{ .Values.domain }}
client_addr: 0.0.0.0
data_dir: /data
auto_reload_config: true
telemetry: { prometheus_retention_time: 1m }
{{- if .Values.acl.enabled }}
acl: { enabled: true, default_policy: deny }
{{- end }}
{{- end }}

{{/* Names under which the servers meet: one for each, so that one which is not there yet keeps no other waiting. */}}
{{- define "rollcall.serverNames" -}}
{{- $name := include "rollcall.name" . -}}
{{- range $i := until (int .Values.server.replicas) }}
- {{ printf "%s-server-%d.%s-server" $name $i $name }}
{{- end }}
{{- end }}

{{- define "rollcall.serverConfig" -}}
{{ include "rollcall.commonConfig" . }}
server: true
bootstrap_expect: {{ .Values.server.replicas }}
{{- if gt (int .Values.server.replicas) 1 }}
retry_join:
{{- include "rollcall.serverNames" . | nindent 2 }}
{{- end }}
ui_config: { enabled: {{ .Values.server.page }} }
{{- if .Values.tls.secretName }}
ports: { https: 8501, dns_tls: 8853 }
tls: { https: { cert_file: /tls/tls.crt, key_file: /tls/tls.key } }
{{- end }}
{{- end }}

{{- define "rollcall.clientConfig" -}}
{{ include "rollcall.commonConfig" . }}
disable_host_node_id: true
retry_join:
{{- include "rollcall.serverNames" . | nindent 2 }}
{{- end }}
