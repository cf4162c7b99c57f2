{{/* What is accepted as ARC's chart does although it does nothing, or not what it seems: a YAML list of sentences. */}}
{{- define "controller.warnings" -}}
{{- $flags := .Values.flags | default dict -}}
{{- $warnings := list -}}
{{- range include "values.unknown" . | fromYamlArray -}}
{{- $nearest := ternary (printf "; did you mean %s?" .nearest) "" (ne .nearest "") -}}
{{- $warnings = append $warnings (printf "%s: no such value; nothing reads it%s" .path $nearest) -}}
{{- end -}}
{{- if and .Values.env (not (kindIs "slice" .Values.env)) -}}
{{- $warnings = append $warnings "env: is ignored, for it is no list of `name` and `value`" -}}
{{- end -}}
{{- if (.Values.pprof | default dict).addr -}}
{{- $warnings = append $warnings "pprof.addr: has no effect, for Node has no pprof" -}}
{{- end -}}
{{- if not (has ($flags.updateStrategy | default "") (list "" "immediate" "eventual")) -}}
{{- $warnings = append $warnings (printf "flags.updateStrategy: %q means immediate; there are immediate and eventual" $flags.updateStrategy) -}}
{{- end -}}
{{- if contains "actions/gha-runner-scale-set-controller" .Values.image.repository -}}
{{- $warnings = append $warnings (printf "image.repository: %s looks like ARC's image; this chart is made for ghcr.io/muster-runners/muster" .Values.image.repository) -}}
{{- end -}}
{{- $tag := toString (.Values.image.tag | default .Chart.AppVersion) -}}
{{- if ne $tag .Chart.AppVersion -}}
{{- $warnings = append $warnings (printf "image.tag: %s is not %s, for which this chart is made; a tag of ARC's is no image of Muster's" $tag .Chart.AppVersion) -}}
{{- end -}}
{{- toYaml $warnings -}}
{{- end }}
