{{/* What a container mode and the certificate put into the runner's container: a map of `env` and `volumeMounts`. */}}
{{- define "set.runner.injected" -}}
{{- $mode := include "set.mode" .root -}}
{{- $tls := include "set.tls" .root | fromYaml -}}
{{- $env := list -}}
{{- $mounts := list -}}
{{- if eq $mode "dind" -}}
{{- $env = list
      (dict "name" "DOCKER_HOST" "value" "unix:///var/run/docker.sock")
      (dict "name" "RUNNER_WAIT_FOR_DOCKER_IN_SECONDS" "value" "120") -}}
{{- $mounts = list
      (dict "name" "work" "mountPath" "/home/runner/_work")
      (dict "name" "dind-sock" "mountPath" "/var/run") -}}
{{- else if include "set.isKubeMode" .root -}}
{{- $hooks := ternary "k8s-novolume" "k8s" (eq $mode "kubernetes-novolume") -}}
{{- $env = list
      (dict "name" "ACTIONS_RUNNER_CONTAINER_HOOKS" "value" (printf "/home/runner/%s/index.js" $hooks))
      (dict "name" "ACTIONS_RUNNER_POD_NAME" "valueFrom" (dict "fieldRef" (dict "fieldPath" "metadata.name")))
      (dict "name" "ACTIONS_RUNNER_REQUIRE_JOB_CONTAINER" "value" "true") -}}
{{- if eq $mode "kubernetes" -}}
{{- $mounts = list (dict "name" "work" "mountPath" "/home/runner/_work") -}}
{{- else -}}
{{- $env = append $env (dict "name" "ACTIONS_RUNNER_IMAGE" "value" (.container.image | default "")) -}}
{{- end -}}
{{- end -}}
{{- with $tls.env }}{{ $env = concat $env . }}{{ end -}}
{{- with $tls.mount }}{{ $mounts = append $mounts . }}{{ end -}}
{{- toYaml (dict "env" $env "volumeMounts" $mounts) -}}
{{- end }}

{{/* The user's list with what is injected behind it, but for what has a name of the user's; takes a dict of `own` and `injected`. */}}
{{- define "set.byName" -}}
{{- $result := .own | default list -}}
{{- $names := dict -}}
{{- range $result }}{{ $_ := set $names .name true }}{{ end -}}
{{- range .injected }}{{ if not (hasKey $names .name) }}{{ $result = append $result . }}{{ end }}{{ end -}}
{{- toYaml $result -}}
{{- end }}

{{/* The container `runner`: the user's, completed; takes a dict of `root` and `container`. */}}
{{- define "set.runner.container" -}}
{{- $injected := include "set.runner.injected" . | fromYaml -}}
{{- $container := deepCopy .container -}}
{{- $env := include "set.byName" (dict "own" $container.env "injected" $injected.env) | fromYamlArray -}}
{{- $mounts := include "set.byName" (dict "own" $container.volumeMounts "injected" $injected.volumeMounts) | fromYamlArray -}}
{{- if $env }}{{ $_ := set $container "env" $env }}{{ else }}{{ $_ := unset $container "env" }}{{ end -}}
{{- if or $mounts (eq (include "set.mode" .root) "kubernetes-novolume") }}{{ $_ := set $container "volumeMounts" $mounts }}{{ else }}{{ $_ := unset $container "volumeMounts" }}{{ end -}}
{{- toYaml $container -}}
{{- end }}
