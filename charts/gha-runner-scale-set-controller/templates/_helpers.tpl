{{/* Names, labels and addresses. What a user gives is quoted by toYaml, and a key is written once. */}}

{{- define "controller.baseName" -}}
{{- default "gha-rs-controller" .Values.nameOverride -}}
{{- end }}

{{- define "controller.fullName" -}}
{{- $base := include "controller.baseName" . -}}
{{- $name := printf "%s-%s" .Release.Name $base -}}
{{- if .Values.fullnameOverride }}{{ $name = .Values.fullnameOverride }}
{{- else if contains $base .Release.Name }}{{ $name = .Release.Name }}{{ end -}}
{{- $name | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{- define "controller.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end }}

{{- define "controller.serviceAccountName" -}}
{{- $account := .Values.serviceAccount | default dict -}}
{{- if eq ($account.name | default "") "default" -}}
{{- fail "serviceAccount.name: `default` is not allowed, for every pod of the namespace would have the operator's rights; choose another name" -}}
{{- end -}}
{{- if $account.name -}}
{{- $account.name -}}
{{- else if $account.create -}}
{{- include "controller.fullName" . -}}
{{- else -}}
{{- fail "serviceAccount.name: must be set when serviceAccount.create is false" -}}
{{- end -}}
{{- end }}

{{- define "controller.image" -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion | toString) -}}
{{- end }}

{{/* The selector of the Deployment: it can never change. */}}
{{- define "controller.selectorLabels" -}}
app.kubernetes.io/name: {{ include "controller.baseName" . | quote }}
app.kubernetes.io/namespace: {{ include "controller.namespace" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "controller.standardLabels" -}}
helm.sh/chart: {{ printf "gha-rs-controller-%s" .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" | quote }}
{{ include "controller.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: gha-rs-controller
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
{{- end }}

{{/* Labels with the user's beside them; the standard ones win. */}}
{{- define "controller.labels" -}}
{{- $labels := dict -}}
{{- range $key, $value := .Values.labels }}{{ $_ := set $labels $key (toString $value) }}{{ end -}}
{{- toYaml (mergeOverwrite $labels (include "controller.standardLabels" . | fromYaml)) -}}
{{- end }}

{{/* Which controller this is, for the scale set chart to find its ServiceAccount by, and to know it from ARC's. */}}
{{- define "controller.discoveryLabels" -}}
actions.github.com/controller-implementation: muster
actions.github.com/controller-service-account-namespace: {{ include "controller.namespace" . | quote }}
actions.github.com/controller-service-account-name: {{ include "controller.serviceAccountName" . | quote }}
{{- with (.Values.flags | default dict).watchSingleNamespace }}
actions.github.com/controller-watch-single-namespace: {{ . | quote }}
{{- end }}
{{- end }}

{{/* The port of an address such as `:8080`; takes a dict of `address` and `value`, the value's path. */}}
{{- define "controller.port" -}}
{{- $port := regexFind "[0-9]+$" (toString .address) -}}
{{- if not $port }}{{ fail (printf "%s: %q must end with a port number, such as `:8080`" .value (toString .address)) }}{{ end -}}
{{- $port -}}
{{- end }}

{{/* A whole number as the operator's flags read it: values files make 2000000 out to be 2e+06. */}}
{{- define "controller.integer" -}}
{{- if kindIs "float64" . }}{{ int64 . }}{{ else }}{{ . }}{{ end -}}
{{- end }}

{{/* The one subject of every binding. */}}
{{- define "controller.subjects" -}}
- kind: ServiceAccount
  name: {{ include "controller.serviceAccountName" . | quote }}
  namespace: {{ include "controller.namespace" . | quote }}
{{- end }}
