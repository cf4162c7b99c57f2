{{/* The Docker daemon beside the runner; takes a dict of `root` and `sidecar` (whether the cluster knows native sidecars). */}}
{{- define "set.dind.container" -}}
{{- $dind := .root.Values.dind | default dict -}}
name: dind
image: {{ $dind.image | default "docker:dind" | quote }}
args:
  - dockerd
  - --host=unix:///var/run/docker.sock
  - --group=$(DOCKER_GROUP_GID)
env:
  - name: DOCKER_GROUP_GID
    value: '123'
securityContext:
  privileged: true
{{- with $dind.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .sidecar }}
restartPolicy: Always
startupProbe:
  exec:
    command: [docker, info]
  initialDelaySeconds: 0
  failureThreshold: 24
  periodSeconds: 5
{{- end }}
volumeMounts:
  - name: work
    mountPath: /home/runner/_work
  - name: dind-sock
    mountPath: /var/run
  - name: dind-externals
    mountPath: /home/runner/externals
{{- end }}

{{/* Copies the runner's own tools to where the daemon's containers find them; takes the runner's image. */}}
{{- define "set.dind.init" -}}
name: init-dind-externals
image: {{ . | quote }}
command: [cp]
args: ['-r', '/home/runner/externals/.', '/home/runner/tmpDir/']
volumeMounts:
  - name: dind-externals
    mountPath: /home/runner/tmpDir
{{- end }}

{{/* "true" when the cluster knows native sidecars. Some report a minor version such as `29+`. */}}
{{- define "set.knowsSidecars" -}}
{{- $version := .Capabilities.KubeVersion -}}
{{- if or (gt (int $version.Major) 1) (ge (int (regexFind "[0-9]+" $version.Minor)) 29) }}true{{ end -}}
{{- end }}
