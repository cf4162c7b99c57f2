{{/* The scale set's name, as it is written; object names have no underscore. */}}
{{- define "set.scaleSetName" -}}
{{- default .Release.Name .Values.runnerScaleSetName -}}
{{- end }}

{{- define "set.name" -}}
{{- $name := include "set.scaleSetName" . | replace "_" "-" -}}
{{- if or (not $name) (gt (len $name) 45) -}}
{{- fail (printf "the scale set's name %q must have 1 to 45 characters, for the names of its objects are made of it; set runnerScaleSetName or choose another release name" $name) -}}
{{- end -}}
{{- $name -}}
{{- end }}

{{- define "set.namespace" -}}
{{- $namespace := default .Release.Namespace .Values.namespaceOverride -}}
{{- if gt (len $namespace) 63 }}{{ fail (printf "the namespace %q must have at most 63 characters" $namespace) }}{{ end -}}
{{- $namespace -}}
{{- end }}

{{/* What the names of roles are made of: it may hold underscores. */}}
{{- define "set.fullName" -}}
{{- printf "%s-gha-rs" (include "set.scaleSetName" .) | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{- define "set.objectName" -}}
{{- include "set.fullName" . | replace "_" "-" -}}
{{- end }}

{{- define "set.githubSecretName" -}}{{ include "set.objectName" . }}-github-secret{{- end }}
{{- define "set.noPermissionServiceAccountName" -}}{{ include "set.objectName" . }}-no-permission{{- end }}
{{- define "set.kubeModeServiceAccountName" -}}{{ include "set.objectName" . }}-kube-mode{{- end }}
{{- define "set.kubeModeRoleName" -}}{{ include "set.fullName" . }}-kube-mode{{- end }}
{{- define "set.managerRoleName" -}}{{ include "set.fullName" . }}-manager{{- end }}

{{/* dind, kubernetes, kubernetes-novolume, or nothing. */}}
{{- define "set.mode" -}}
{{- $type := (.Values.containerMode | default dict).type | default "" -}}
{{- if has $type (list "dind" "kubernetes" "kubernetes-novolume") }}{{ $type }}{{ end -}}
{{- end }}

{{/* "true" when jobs run in pods of their own, which the runner makes. */}}
{{- define "set.isKubeMode" -}}
{{- if hasPrefix "kubernetes" (include "set.mode" .) }}true{{ end -}}
{{- end }}

{{- define "set.userServiceAccountName" -}}
{{- ((.Values.template | default dict).spec | default dict).serviceAccountName | default "" -}}
{{- end }}

{{- define "set.serviceAccountName" -}}
{{- $name := include "set.userServiceAccountName" . -}}
{{- if $name }}{{ $name -}}
{{- else if include "set.isKubeMode" . }}{{ include "set.kubeModeServiceAccountName" . -}}
{{- else }}{{ include "set.noPermissionServiceAccountName" . }}{{ end -}}
{{- end }}

{{/* "true" when this chart makes the Secret. */}}
{{- define "set.makesSecret" -}}
{{- if not (kindIs "string" .Values.githubConfigSecret) }}true{{ end -}}
{{- end }}
