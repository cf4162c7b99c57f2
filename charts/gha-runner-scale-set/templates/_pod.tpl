{{/* The runner's pod: the user's template, with what the container mode and the certificate need. */}}

{{- define "set.pod.containers" -}}
{{- $mode := include "set.mode" . -}}
{{- $runner := list -}}
{{- $others := list -}}
{{- $all := list -}}
{{- range .Values.template.spec.containers -}}
{{- if eq .name "runner" -}}
{{- $runner = list (include "set.runner.container" (dict "root" $ "container" .) | fromYaml) -}}
{{- $all = concat $all $runner -}}
{{- else if not (and (eq $mode "dind") (eq .name "dind")) -}}
{{- $others = append $others . -}}
{{- $all = append $all . -}}
{{- end -}}
{{- end -}}
{{- if and $mode (not $runner) -}}
{{- fail (printf "template.spec.containers: containerMode.type %s needs a container called `runner`" $mode) -}}
{{- end -}}
{{- if not $mode }}{{ toYaml $all -}}
{{- else if and (eq $mode "dind") (not (include "set.knowsSidecars" .)) -}}
{{- toYaml (concat $runner (list (include "set.dind.container" (dict "root" . "sidecar" false) | fromYaml)) $others) -}}
{{- else }}{{ toYaml (concat $runner $others) }}{{ end -}}
{{- end }}

{{- define "set.pod.initContainers" -}}
{{- $own := .Values.template.spec.initContainers | default list -}}
{{- $injected := list -}}
{{- if eq (include "set.mode" .) "dind" -}}
{{- range .Values.template.spec.containers -}}
{{- if eq .name "runner" }}{{ $injected = list (include "set.dind.init" (.image | default "") | fromYaml) }}{{ end -}}
{{- end -}}
{{- if include "set.knowsSidecars" . -}}
{{- $injected = append $injected (include "set.dind.container" (dict "root" . "sidecar" true) | fromYaml) -}}
{{- end -}}
{{- end -}}
{{- toYaml (concat $injected $own) -}}
{{- end }}

{{/* The injected volumes first; the user's own `work` stands where ours would, and no name comes twice. */}}
{{- define "set.pod.volumes" -}}
{{- $mode := include "set.mode" . -}}
{{- $own := .Values.template.spec.volumes | default list -}}
{{- $work := dict -}}
{{- if eq $mode "dind" }}{{ $work = dict "name" "work" "emptyDir" dict -}}
{{- else if eq $mode "kubernetes" -}}
{{- $claim := (.Values.containerMode | default dict).kubernetesModeWorkVolumeClaim -}}
{{- $work = dict "name" "work" "ephemeral" (dict "volumeClaimTemplate" (dict "spec" $claim)) -}}
{{- end -}}
{{- $injected := list -}}
{{- with (include "set.tls" . | fromYaml).volume }}{{ $injected = append $injected . }}{{ end -}}
{{- if eq $mode "dind" -}}
{{- $injected = concat $injected (list (dict "name" "dind-sock" "emptyDir" dict) (dict "name" "dind-externals" "emptyDir" dict)) -}}
{{- end -}}
{{- $rest := list -}}
{{- range $own -}}
{{- if and $work (eq .name "work") }}{{ $work = . }}{{ else }}{{ $rest = append $rest . }}{{ end -}}
{{- end -}}
{{- if $work }}{{ $injected = append $injected $work }}{{ end -}}
{{- $names := dict -}}
{{- range $rest }}{{ $_ := set $names .name true }}{{ end -}}
{{- $volumes := list -}}
{{- range $injected }}{{ if not (hasKey $names .name) }}{{ $volumes = append $volumes . }}{{ end }}{{ end -}}
{{- toYaml (concat $volumes $rest) -}}
{{- end }}

{{- define "set.pod.spec" -}}
{{- $spec := omit (deepCopy .Values.template.spec) "containers" "initContainers" "volumes" "serviceAccountName" -}}
{{- $spec = merge $spec (dict "restartPolicy" "Never") -}}
{{- $_ := set $spec "serviceAccountName" (include "set.serviceAccountName" .) -}}
{{- with include "set.pod.initContainers" . | fromYamlArray }}{{ $_ := set $spec "initContainers" . }}{{ end -}}
{{- $_ := set $spec "containers" (include "set.pod.containers" . | fromYamlArray) -}}
{{- $volumes := include "set.pod.volumes" . | fromYamlArray -}}
{{- if or $volumes (eq (include "set.mode" .) "kubernetes-novolume") }}{{ $_ := set $spec "volumes" $volumes }}{{ end -}}
{{- toYaml $spec -}}
{{- end }}

{{- define "set.template" -}}
{{- $template := dict "spec" (include "set.pod.spec" . | fromYaml) -}}
{{- $metadata := dict -}}
{{- with (.Values.template.metadata | default dict).labels }}{{ $_ := set $metadata "labels" (include "set.strings" . | fromYaml) }}{{ end -}}
{{- with (.Values.template.metadata | default dict).annotations }}{{ $_ := set $metadata "annotations" (include "set.strings" . | fromYaml) }}{{ end -}}
{{- with $metadata }}{{ $_ := set $template "metadata" . }}{{ end -}}
{{- toYaml $template -}}
{{- end }}
