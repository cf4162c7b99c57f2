{{/* What is accepted as ARC's chart does although it does nothing, or not what it seems: a YAML list of sentences. */}}
{{- define "set.warnings" -}}
{{- $warnings := list -}}
{{- range include "values.unknown" . | fromYamlArray -}}
{{- $nearest := ternary (printf "; did you mean %s?" .nearest) "" (ne .nearest "") -}}
{{- $warnings = append $warnings (printf "%s: no such value; nothing reads it%s" .path $nearest) -}}
{{- end -}}
{{- range $key := list "minRunners" "maxRunners" -}}
{{- if and (kindIs "string" (get $.Values $key)) (get $.Values $key) -}}
{{- $warnings = append $warnings (printf "%s: %q is text and is ignored; write the number without quotes" $key (get $.Values $key)) -}}
{{- end -}}
{{- end -}}
{{- range $path, $value := dict "scaleSetLabels" .Values.scaleSetLabels "proxy.noProxy" (.Values.proxy | default dict).noProxy -}}
{{- if and $value (kindIs "string" $value) -}}
{{- $warnings = append $warnings (printf "%s: %q is text and is ignored; write a list" $path $value) -}}
{{- end -}}
{{- end -}}
{{- $mode := (.Values.containerMode | default dict).type | default "none" -}}
{{- if not (has $mode (list "none" "dind" "kubernetes" "kubernetes-novolume")) -}}
{{- $warnings = append $warnings (printf "containerMode.type: %q is no mode and the same as none; there are dind, kubernetes and kubernetes-novolume" $mode) -}}
{{- end -}}
{{- if .Values.nameOverride -}}
{{- $warnings = append $warnings "nameOverride: has no effect; runnerScaleSetName is the scale set's name" -}}
{{- end -}}
{{- if and (eq $mode "kubernetes") (not .Values.containerMode.kubernetesModeWorkVolumeClaim) -}}
{{- $warnings = append $warnings "containerMode.kubernetesModeWorkVolumeClaim: is needed in mode kubernetes; without it no runner's pod can be made" -}}
{{- end -}}
{{- range .Values.template.spec.containers -}}
{{- if and (eq .name "runner") (not .command) -}}
{{- $warnings = append $warnings "template.spec.containers: `runner` has no command, for your list replaces the chart's; it is usually [/home/runner/run.sh]" -}}
{{- end -}}
{{- end -}}
{{- toYaml $warnings -}}
{{- end }}
