{{/* The fields of the AutoscalingRunnerSet's spec, one define each where there is something to check. */}}

{{- define "set.githubConfigUrl" -}}
{{- $url := .Values.githubConfigUrl | default "" | trimSuffix "/" -}}
{{- if not $url }}{{ fail "githubConfigUrl: must be set to the address of a repository, an organization or an enterprise" }}{{ end -}}
{{- $url -}}
{{- end }}

{{- define "set.githubConfigSecret" -}}
{{- if include "set.makesSecret" . }}{{ include "set.githubSecretName" . -}}
{{- else if not .Values.githubConfigSecret }}{{ fail "githubConfigSecret: must name a Secret, or hold github_token or the three github_app_ keys" -}}
{{- else }}{{ .Values.githubConfigSecret }}{{ end -}}
{{- end }}

{{/* minRunners and maxRunners, those that are numbers. A values file gives floats and --set integers. */}}
{{- define "set.limits" -}}
{{- $limits := dict -}}
{{- range $key := list "maxRunners" "minRunners" -}}
{{- $value := get $.Values $key -}}
{{- if or (kindIs "float64" $value) (kindIs "int64" $value) (kindIs "int" $value) }}{{ $_ := set $limits $key (int64 $value) }}{{ end -}}
{{- end -}}
{{- if and (hasKey $limits "minRunners") (hasKey $limits "maxRunners") -}}
{{- if gt (int64 $limits.minRunners) (int64 $limits.maxRunners) }}{{ fail (printf "maxRunners: %d must be at least minRunners, which is %d" (int64 $limits.maxRunners) (int64 $limits.minRunners)) }}{{ end -}}
{{- end -}}
{{- range $key, $value := $limits -}}
{{- if lt (int64 $value) 0 }}{{ fail (printf "%s: %d must be 0 or more" $key (int64 $value)) }}{{ end -}}
{{- end -}}
{{- toYaml $limits -}}
{{- end }}

{{- define "set.scaleSetLabels" -}}
{{- $labels := list -}}
{{- if kindIs "slice" .Values.scaleSetLabels -}}
{{- range .Values.scaleSetLabels -}}
{{- $label := toString . -}}
{{- if or (not $label) (ge (len $label) 256) }}{{ fail (printf "scaleSetLabels: %q must have 1 to 255 characters" $label) }}{{ end -}}
{{- $labels = append $labels $label -}}
{{- end -}}
{{- end -}}
{{- toYaml $labels -}}
{{- end }}

{{- define "set.proxy" -}}
{{- $proxy := dict -}}
{{- range $scheme := list "http" "https" -}}
{{- with get ($.Values.proxy | default dict) $scheme -}}
{{- $one := dict "url" .url -}}
{{- with .credentialSecretRef }}{{ $_ := set $one "credentialSecretRef" . }}{{ end -}}
{{- $_ := set $proxy $scheme $one -}}
{{- end -}}
{{- end -}}
{{- $noProxy := (.Values.proxy | default dict).noProxy -}}
{{- if and (kindIs "slice" $noProxy) $noProxy }}{{ $_ := set $proxy "noProxy" $noProxy }}{{ end -}}
{{- toYaml $proxy -}}
{{- end }}

{{/* The chart's comments of ARC write the vault's keys with underscores, its template without: both are read. */}}
{{- define "set.vaultConfig" -}}
{{- $vault := .Values.keyVault | default dict -}}
{{- $result := dict -}}
{{- if $vault.type -}}
{{- if ne $vault.type "azure_key_vault" }}{{ fail (printf "keyVault.type: %q is not supported; it must be azure_key_vault" $vault.type) }}{{ end -}}
{{- $azure := $vault.azureKeyVault | default $vault.azure_key_vault | default dict -}}
{{- $read := dict
      "url" $azure.url
      "tenantId" ($azure.tenantId | default $azure.tenant_id)
      "clientId" ($azure.clientId | default $azure.client_id)
      "certificatePath" ($azure.certificatePath | default $azure.certificate_path) -}}
{{- range $key, $value := $read -}}
{{- if not $value }}{{ fail (printf "keyVault.azureKeyVault.%s: must be set" $key) }}{{ end -}}
{{- end -}}
{{- $result = dict "type" $vault.type "azureKeyVault" $read -}}
{{- with $vault.proxy | default $azure.proxy }}{{ $_ := set $result "proxy" . }}{{ end -}}
{{- end -}}
{{- toYaml $result -}}
{{- end }}

{{- define "set.githubServerTLS" -}}
{{- $result := dict -}}
{{- with .Values.githubServerTLS -}}
{{- $ref := (.certificateFrom | default dict).configMapKeyRef | default dict -}}
{{- if not (and $ref.name $ref.key) }}{{ fail "githubServerTLS.certificateFrom.configMapKeyRef: name and key must be set" }}{{ end -}}
{{- $result = dict "certificateFrom" (dict "configMapKeyRef" (dict "name" $ref.name "key" $ref.key)) -}}
{{- end -}}
{{- toYaml $result -}}
{{- end }}

{{/* The annotations by which the operator finds what to free when the scale set is deleted. */}}
{{- define "set.cleanupAnnotations" -}}
actions.github.com/values-hash: {{ toJson .Values | sha256sum | trunc 63 | quote }}
{{- if include "set.makesSecret" . }}
actions.github.com/cleanup-github-secret-name: {{ include "set.githubSecretName" . | quote }}
{{- end }}
actions.github.com/cleanup-manager-role-binding: {{ include "set.managerRoleName" . | quote }}
actions.github.com/cleanup-manager-role-name: {{ include "set.managerRoleName" . | quote }}
{{- if not (include "set.userServiceAccountName" .) }}
{{- if include "set.isKubeMode" . }}
actions.github.com/cleanup-kubernetes-mode-role-binding-name: {{ include "set.kubeModeRoleName" . | quote }}
actions.github.com/cleanup-kubernetes-mode-role-name: {{ include "set.kubeModeRoleName" . | quote }}
actions.github.com/cleanup-kubernetes-mode-service-account-name: {{ include "set.kubeModeServiceAccountName" . | quote }}
{{- else }}
actions.github.com/cleanup-no-permission-service-account-name: {{ include "set.noPermissionServiceAccountName" . | quote }}
{{- end }}
{{- end }}
{{- end }}
