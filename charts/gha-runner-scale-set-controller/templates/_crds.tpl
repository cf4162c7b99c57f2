{{/* Helm makes the definitions in crds/ once and never changes them; a hook replaces them. */}}

{{/* "true" when a hook replaces them. Whoever may work in one namespace only may not change what is the
whole cluster's. `helm upgrade --reuse-values` gives a chart the values of the one before it, which may know nothing of this one. */}}
{{- define "controller.crds.upgrade" -}}
{{- $isOff := eq (toString (.Values.crds | default dict).upgrade) "false" -}}
{{- if and (not $isOff) (not (.Values.flags | default dict).watchSingleNamespace) }}true{{ end -}}
{{- end }}

{{/*
When it does: before every upgrade, and before an installation that finds other definitions than ours, such as those
that an uninstalled ARC leaves behind.
*/}}
{{- define "controller.crds.hooks" -}}
{{- $hooks := "pre-upgrade" -}}
{{- range $path, $_ := .Files.Glob "crds/*.yaml" -}}
{{- $ours := $.Files.Get $path | fromYaml -}}
{{- $theirs := lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" $ours.metadata.name -}}
{{- if $theirs -}}
{{- $wanted := first $ours.spec.versions -}}
{{- $there := first $theirs.spec.versions -}}
{{- if ne (toJson $wanted.schema) (toJson $there.schema) }}{{ $hooks = "pre-install,pre-upgrade" }}{{ end -}}
{{- end -}}
{{- end -}}
{{- $hooks -}}
{{- end }}

{{- define "controller.crds.name" -}}
{{- printf "%s-crds" (include "controller.fullName" . | trunc 58 | trimSuffix "-") -}}
{{- end }}

{{/* Metadata of each object of the hook; takes a dict of `root`, `hooks`, `weight` and `namespaced`. Nothing stays when all went well. */}}
{{- define "controller.crds.metadata" -}}
name: {{ include "controller.crds.name" .root | quote }}
{{- if .namespaced }}
namespace: {{ include "controller.namespace" .root | quote }}
{{- end }}
annotations:
  helm.sh/hook: {{ .hooks }}
  helm.sh/hook-weight: {{ .weight | quote }}
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}
