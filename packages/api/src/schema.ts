// The parts that several kinds share, as zod schemas: from them come the TypeScript types, the CRDs
// (crd.ts) and the reference page. Names and meanings: reference/controllers.md 1.1.
import { z } from 'zod';
import type { V1PodSpec } from '@kubernetes/client-node';

/** client-node declares classes; what goes over the wire are plain objects of the same fields. */
type Plain<T> = T extends object ? { [Key in keyof T]: Plain<T[Key]> } : T;

type PodSpec = Plain<V1PodSpec>;

/**
 * A pod template as the user wrote it. The API server judges it when a pod is made of it, so the CRD
 * keeps it whole (design.md, decision 3) and fields newer than this program survive.
 */
export interface PodTemplate {
  spec?: PodSpec;
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
}

const kept = <T>(description: string): z.ZodType<T> =>
  z.custom<T>().meta({ description, 'x-kubernetes-preserve-unknown-fields': true });

export const podTemplate = (description: string): z.ZodType<PodTemplate> =>
  kept<PodTemplate>(description);

export const podSpec = (description: string): z.ZodType<PodSpec> => kept<PodSpec>(description);

export const text = (description: string): z.ZodString => z.string().describe(description);

export const count = (description: string): z.ZodNumber =>
  z.int().nonnegative().describe(description);

/** An int64 as JSON; beyond 2^53 it is kept as received and never calculated with. */
export const int64 = (description: string): z.ZodNumber =>
  z.number().meta({ description, type: 'integer', format: 'int64' });

export const resourceMeta = z.object({
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

/** Labels and annotations for an object that the operator makes. */
export type ResourceMeta = z.infer<typeof resourceMeta>;

const proxyServer = z.object({
  url: text('The proxy, for example http://proxy.example.com:3128.').optional(),
  credentialSecretRef: text('A Secret with the keys username and password.').optional(),
});

const proxy = z
  .object({
    http: proxyServer.optional(),
    https: proxyServer.optional(),
    noProxy: z.array(z.string()).describe('Hosts that are reached without the proxy.').optional(),
  })
  .describe('The way to GitHub through a proxy.');

export type Proxy = z.infer<typeof proxy>;

const githubServerTls = z
  .object({
    certificateFrom: z
      .object({
        configMapKeyRef: z
          .object({
            name: z.string().optional(),
            key: z.string(),
            optional: z.boolean().optional(),
          })
          .optional(),
      })
      .optional(),
  })
  .describe('Certificate authorities of a GitHub Enterprise Server, added to the usual ones.');

export type GitHubServerTls = z.infer<typeof githubServerTls>;

const vaultConfig = z
  .object({
    type: text('azure_key_vault, or empty for Kubernetes Secrets.').optional(),
    azureKeyVault: z
      .object({
        url: z.string(),
        tenantId: z.string(),
        clientId: z.string(),
        certificatePath: z.string(),
      })
      .optional(),
    proxy: proxy.optional(),
  })
  .describe('Where credentials come from when not from a Secret.');

export type VaultConfig = z.infer<typeof vaultConfig>;

const labelled = z.object({ labels: z.array(z.string()) });

export const metricsConfig = z
  .object({
    counters: z.record(z.string(), labelled).optional(),
    gauges: z.record(z.string(), labelled).optional(),
    histograms: z
      .record(z.string(), labelled.extend({ buckets: z.array(z.number()).optional() }))
      .optional(),
  })
  .describe("The listener's metrics; only the listed ones exist. All, when absent.");

export type MetricsConfig = z.infer<typeof metricsConfig>;

export const conditions = z
  .array(
    z.object({
      type: z.string(),
      status: z.enum(['True', 'False', 'Unknown']),
      reason: z.string(),
      message: z.string(),
      lastTransitionTime: z.string().meta({ format: 'date-time' }),
      observedGeneration: z.int().optional(),
    }),
  )
  .meta({
    description: 'What is so, and why.',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['type'],
  });

/** What every kind that reaches GitHub says of how. */
export const githubAccess = {
  githubConfigUrl: text('The repository, organization or enterprise that the runners serve.'),
  githubConfigSecret: text('The Secret with a token or a GitHub App; with a vault, its key there.'),
  githubServerTLS: githubServerTls.optional(),
  proxy: proxy.optional(),
  vaultConfig: vaultConfig.optional(),
};
