{{/* What the user gives replaces the whole of our default, so that nothing of ours surprises it. */}}
{{- define "controller.podSecurityContext" -}}
{{- with .Values.podSecurityContext -}}
{{- toYaml . -}}
{{- else -}}
runAsNonRoot: true
seccompProfile:
  type: RuntimeDefault
{{- end -}}
{{- end }}

{{- define "controller.securityContext" -}}
{{- with .Values.securityContext -}}
{{- toYaml . -}}
{{- else -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}
{{- end }}

{{/* Container ports, a YAML list: those that have an address. */}}
{{- define "controller.ports" -}}
{{- with .Values.metrics }}
- containerPort: {{ include "controller.port" (dict "address" (.controllerManagerAddr | default "") "value" "metrics.controllerManagerAddr") }}
  protocol: TCP
  name: metrics
{{- end }}
{{- with (.Values.pprof | default dict).addr }}
- containerPort: {{ include "controller.port" (dict "address" . "value" "pprof.addr") }}
  protocol: TCP
  name: pprof
{{- end }}
{{- end }}
