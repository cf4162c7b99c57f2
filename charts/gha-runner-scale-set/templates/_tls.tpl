{{/* The certificate authority in the runner's container: a map of `volume`, `mount` and `env`, or an empty one. */}}
{{- define "set.tls" -}}
{{- $tls := .Values.githubServerTLS | default dict -}}
{{- if $tls.runnerMountPath -}}
{{- $ref := (($tls.certificateFrom | default dict).configMapKeyRef | default dict) -}}
{{- if not (and $ref.name $ref.key) -}}
{{- fail "githubServerTLS.certificateFrom.configMapKeyRef: name and key must be set when runnerMountPath is" -}}
{{- end -}}
{{- $path := clean (printf "%s/%s" $tls.runnerMountPath $ref.key) -}}
volume:
  name: github-server-tls-cert
  configMap:
    name: {{ $ref.name | quote }}
    items:
      - key: {{ $ref.key | quote }}
        path: {{ $ref.key | quote }}
mount:
  name: github-server-tls-cert
  mountPath: {{ $path | quote }}
  subPath: {{ $ref.key | quote }}
env:
  - name: NODE_EXTRA_CA_CERTS
    value: {{ $path | quote }}
  - name: RUNNER_UPDATE_CA_CERTS
    value: '1'
{{- end -}}
{{- end }}
