{{/* The manager's arguments, a YAML list, in the order of ARC's chart. */}}
{{- define "controller.args" -}}
{{- $flags := .Values.flags | default dict -}}
{{- $args := list "--auto-scaling-runner-set-only" -}}
{{- if gt (int .Values.replicaCount) 1 -}}
{{- $args = concat $args (list "--enable-leader-election" (printf "--leader-election-id=%s" (include "controller.fullName" .))) -}}
{{- end -}}
{{- range .Values.imagePullSecrets }}{{ $args = append $args (printf "--auto-scaler-image-pull-secrets=%s" .name) }}{{ end -}}
{{- with $flags.logLevel }}{{ $args = append $args (printf "--log-level=%s" .) }}{{ end -}}
{{- with $flags.logFormat }}{{ $args = append $args (printf "--log-format=%s" .) }}{{ end -}}
{{- with $flags.watchSingleNamespace }}{{ $args = append $args (printf "--watch-single-namespace=%s" .) }}{{ end -}}
{{- with $flags.runnerMaxConcurrentReconciles }}{{ $args = append $args (printf "--runner-max-concurrent-reconciles=%s" (include "controller.integer" .)) }}{{ end -}}
{{- with $flags.updateStrategy }}{{ $args = append $args (printf "--update-strategy=%s" .) }}{{ end -}}
{{- with .Values.metrics -}}
{{- $args = append $args (printf "--listener-metrics-addr=%s" (.listenerAddr | default "")) -}}
{{- $args = append $args (printf "--listener-metrics-endpoint=%s" (.listenerEndpoint | default "")) -}}
{{- $args = append $args (printf "--metrics-addr=%s" (.controllerManagerAddr | default "")) -}}
{{- else -}}
{{- $args = concat $args (list "--listener-metrics-addr=0" "--listener-metrics-endpoint=" "--metrics-addr=0") -}}
{{- end -}}
{{- with (.Values.pprof | default dict).addr }}{{ $args = append $args (printf "--pprof-addr=%s" .) }}{{ end -}}
{{- range $flags.excludeLabelPropagationPrefixes }}{{ $args = append $args (printf "--exclude-label-propagation-prefix=%s" .) }}{{ end -}}
{{- with $flags.k8sClientRateLimiterQPS }}{{ $args = append $args (printf "--k8s-client-rate-limiter-qps=%s" (include "controller.integer" .)) }}{{ end -}}
{{- with $flags.k8sClientRateLimiterBurst }}{{ $args = append $args (printf "--k8s-client-rate-limiter-burst=%s" (include "controller.integer" .)) }}{{ end -}}
{{- with ($flags.rateLimiter | default dict).name }}{{ $args = append $args (printf "--workqueue-rate-limiter=%s" .) }}{{ end -}}
{{- with $flags.healthProbeBindAddress }}{{ $args = append $args (printf "--health-probe-bind-address=%s" .) }}{{ end -}}
{{- toYaml $args -}}
{{- end }}
