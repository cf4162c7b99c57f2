{{/*
The operator's ServiceAccount: what the user says, else what the label of the operator's Deployment says; takes a dict of
`root` and `part` (name or namespace).
*/}}
{{- define "set.controller" -}}
{{- $said := get (.root.Values.controllerServiceAccount | default dict) .part -}}
{{- if $said }}{{ $said }}{{ else -}}
{{- $deployment := include "set.controllerDeployment" .root | fromYaml -}}
{{- $label := printf "actions.github.com/controller-service-account-%s" .part -}}
{{- $found := get ($deployment.labels | default dict) $label -}}
{{- if not $found }}{{ fail (printf "the Deployment %s of the controller has no label %s; set controllerServiceAccount.%s" $deployment.name $label .part) }}{{ end -}}
{{- $found -}}
{{- end -}}
{{- end }}

{{/* Name and labels of the Deployment of the one controller that watches this namespace. */}}
{{- define "set.controllerDeployment" -}}
{{- $advice := "; set controllerServiceAccount.name and controllerServiceAccount.namespace" -}}
{{- $namespace := include "set.namespace" . -}}
{{- $everywhere := list -}}
{{- $single := list -}}
{{- $here := list -}}
{{- range (lookup "apps/v1" "Deployment" "" "").items -}}
{{- $labels := .metadata.labels | default dict -}}
{{- if eq (get $labels "app.kubernetes.io/part-of") "gha-rs-controller" -}}
{{- $found := dict "name" (printf "%s/%s" .metadata.namespace .metadata.name) "labels" $labels -}}
{{- $watched := get $labels "actions.github.com/controller-watch-single-namespace" -}}
{{- if not $watched }}{{ $everywhere = append $everywhere $found -}}
{{- else }}{{ $single = append $single $found }}{{ if eq $watched $namespace }}{{ $here = append $here $found }}{{ end }}{{ end -}}
{{- end -}}
{{- end -}}
{{- if not (or $everywhere $single) }}{{ fail (printf "no controller was found: there is no Deployment with the label app.kubernetes.io/part-of=gha-rs-controller%s" $advice) }}{{ end -}}
{{- if and $everywhere $single }}{{ fail (printf "controllers that watch all namespaces and controllers that watch one are installed together, which is not supported%s" $advice) }}{{ end -}}
{{- if gt (len $everywhere) 1 }}{{ fail (printf "more than one controller was found%s" $advice) }}{{ end -}}
{{- if $everywhere }}{{ toYaml (first $everywhere) -}}
{{- else if not $here }}{{ fail (printf "no controller watches the namespace %s%s" $namespace $advice) -}}
{{- else if gt (len $here) 1 }}{{ fail (printf "more than one controller watches the namespace %s%s" $namespace $advice) -}}
{{- else }}{{ toYaml (first $here) }}{{ end -}}
{{- end }}

{{/*
Fails when the controller that would get this scale set is ARC's: that one deletes a scale set whose version is not its own, and ours is
not. With a ServiceAccount that the user names, only its namespace is looked at, for more may not be allowed; where there is no cluster to
look at, nothing is found.
*/}}
{{- define "set.refuseArc" -}}
{{- $said := .Values.controllerServiceAccount | default dict -}}
{{- $isSaid := and $said.name $said.namespace -}}
{{- $namespace := include "set.namespace" . -}}
{{- if not (and $isSaid (hasKey $said "verify") (not $said.verify)) -}}
{{- range (lookup "apps/v1" "Deployment" (ternary $said.namespace "" (not (not $isSaid))) "").items -}}
{{- $labels := .metadata.labels | default dict -}}
{{- $isController := eq (get $labels "app.kubernetes.io/part-of") "gha-rs-controller" -}}
{{- $isOurs := eq (get $labels "actions.github.com/controller-implementation") "muster" -}}
{{- $watches := has (get $labels "actions.github.com/controller-watch-single-namespace") (list "" $namespace) -}}
{{- $isMeant := or (not $isSaid) (eq (get $labels "actions.github.com/controller-service-account-name") ($said.name | default "")) -}}
{{- if and $isController (not $isOurs) $watches $isMeant (ne (toString .spec.replicas) "0") -}}
{{- fail (printf "the controller that watches the namespace %s is ARC's still (Deployment %s/%s), and it would delete this scale set, whose version is not its own. Upgrade the controller's release to Muster's chart first, then this one; or scale that Deployment to 0. Nothing was changed" $namespace .metadata.namespace .metadata.name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}
