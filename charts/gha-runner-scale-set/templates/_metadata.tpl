{{/* Labels and annotations: those of all objects, then those of one kind, then the reserved ones. Each key once. */}}

{{- define "set.standardLabels" -}}
helm.sh/chart: {{ printf "gha-rs-%s" .Chart.Version | replace "+" "_" | quote }}
app.kubernetes.io/name: {{ include "set.scaleSetName" . | quote }}
app.kubernetes.io/instance: {{ include "set.scaleSetName" . | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
app.kubernetes.io/part-of: gha-rs
actions.github.com/scale-set-name: {{ include "set.scaleSetName" . | quote }}
actions.github.com/scale-set-namespace: {{ include "set.namespace" . | quote }}
{{- end }}

{{/* A user's labels without those that are not the user's to set; takes a dict of `labels` and `root`. */}}
{{- define "set.ownLabels" -}}
{{- $standard := include "set.standardLabels" .root | fromYaml -}}
{{- $labels := dict -}}
{{- range $key, $value := .labels -}}
{{- if not (or (hasKey $standard $key) (eq $key "app.kubernetes.io/component") (hasPrefix "actions.github.com/" $key)) -}}
{{- $_ := set $labels $key (toString $value) -}}
{{- end -}}
{{- end -}}
{{- toYaml $labels -}}
{{- end }}

{{/* A user's annotations without those by which the operator finds what it must clean up. */}}
{{- define "set.ownAnnotations" -}}
{{- $annotations := dict -}}
{{- range $key, $value := . -}}
{{- if not (or (hasPrefix "actions.github.com/cleanup-" $key) (eq $key "actions.github.com/values-hash")) -}}
{{- $_ := set $annotations $key (toString $value) -}}
{{- end -}}
{{- end -}}
{{- toYaml $annotations -}}
{{- end }}

{{- define "set.strings" -}}
{{- $strings := dict -}}
{{- range $key, $value := . }}{{ $_ := set $strings $key (toString $value) }}{{ end -}}
{{- toYaml $strings -}}
{{- end }}

{{/*
The metadata of an object of this chart but for the AutoscalingRunnerSet; takes a dict of `root`, `name`, `kind` (its
key in resourceMeta) and, if it has one, `component`. The finalizer keeps it until the operator has cleaned up.
*/}}
{{- define "set.metadata" -}}
{{- $root := .root -}}
{{- $meta := get ($root.Values.resourceMeta | default dict) .kind | default dict -}}
{{- $labels := include "set.ownLabels" (dict "root" $root "labels" $root.Values.labels) | fromYaml -}}
{{- $_ := mergeOverwrite $labels (include "set.strings" $meta.labels | fromYaml) -}}
{{- with .component }}{{ $_ := set $labels "app.kubernetes.io/component" . }}{{ end -}}
{{- $_ := mergeOverwrite $labels (include "set.standardLabels" $root | fromYaml) -}}
{{- $annotations := include "set.strings" $root.Values.annotations | fromYaml -}}
{{- $_ := mergeOverwrite $annotations (include "set.strings" $meta.annotations | fromYaml) -}}
name: {{ .name | quote }}
namespace: {{ include "set.namespace" $root | quote }}
labels:
  {{- toYaml $labels | nindent 2 }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
finalizers:
  - actions.github.com/cleanup-protection
{{- end }}

{{/* What the operator shall put on what it makes: a map by field of the spec, of those that say anything. */}}
{{- define "set.resourceMeta" -}}
{{- $fields := dict
      "autoscalingListener" "autoscalingListener"
      "listenerServiceAccount" "listenerServiceAccountMetadata"
      "listenerRole" "listenerRoleMetadata"
      "listenerRoleBinding" "listenerRoleBindingMetadata"
      "listenerConfigSecret" "listenerConfigSecretMetadata"
      "ephemeralRunnerSet" "ephemeralRunnerSetMetadata"
      "ephemeralRunner" "ephemeralRunnerMetadata"
      "ephemeralRunnerConfigSecret" "ephemeralRunnerConfigSecretMetadata" -}}
{{- $result := dict -}}
{{- range $kind, $field := $fields -}}
{{- $meta := get ($.Values.resourceMeta | default dict) $kind | default dict -}}
{{- $said := dict -}}
{{- with $meta.labels }}{{ $_ := set $said "labels" (include "set.strings" . | fromYaml) }}{{ end -}}
{{- with $meta.annotations }}{{ $_ := set $said "annotations" (include "set.strings" . | fromYaml) }}{{ end -}}
{{- with $said }}{{ $_ := set $result $field . }}{{ end -}}
{{- end -}}
{{- toYaml $result -}}
{{- end }}
