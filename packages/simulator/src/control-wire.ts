// What the control API takes, checked at its border.
import { z } from 'zod';
import { readPublicKey } from './app-credentials.ts';
import { CALLS, misfit } from './faults.ts';

export const jobBody = z.strictObject({
  id: z.string().min(1).exactOptional(),
  labels: z.array(z.string().min(1)).min(1),
  displayName: z.string().exactOptional(),
  runnerGroup: z.string().exactOptional(),
  owner: z.string().min(1).exactOptional(),
  repository: z.string().min(1).exactOptional(),
  enterprise: z.string().exactOptional(),
  workflowRef: z.string().exactOptional(),
  runId: z.int().exactOptional(),
  eventName: z.string().exactOptional(),
  payload: z.unknown().exactOptional(),
});

const status = z.int().min(200).max(599);

const effectBody = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('answer'),
    status,
    typeName: z.string().exactOptional(),
    message: z.string().exactOptional(),
    text: z.string().exactOptional(),
    contentType: z.string().exactOptional(),
    retryAfterSeconds: z.int().min(0).exactOptional(),
    retryAfter: z.string().exactOptional(),
  }),
  z.strictObject({ do: z.literal('delay'), ms: z.number().min(0) }),
  z.strictObject({ do: z.literal('forget'), status }),
  z.strictObject({
    do: z.enum([
      'hang',
      'drop',
      'lose-answer',
      'empty',
      'byte-order-mark',
      'null-statistics',
      'zero-statistics',
      'empty-queue-url',
      'unknown-message',
    ]),
  }),
]);

export const faultBody = z
  .strictObject({
    call: z.enum(CALLS),
    scope: z.string().exactOptional(),
    scaleSet: z.string().exactOptional(),
    after: z.int().min(0).exactOptional(),
    times: z.int().min(1).exactOptional(),
    forMs: z.number().min(0).exactOptional(),
    effect: effectBody,
  })
  .superRefine((wish, context) => {
    const message = misfit(wish);
    if (message !== undefined) context.addIssue({ code: 'custom', path: ['effect'], message });
  });

const actions = z.enum(['read', 'write']).exactOptional();

export const tokenBody = z.strictObject({
  token: z.string().min(1),
  scopes: z.array(z.string()).exactOptional(),
  actions,
});

export const appBody = z.strictObject({
  appId: z.string().min(1),
  installationId: z.int(),
  publicKey: z
    .string()
    .refine((pem) => readPublicKey(pem) !== undefined, 'must be the PEM of an RSA key'),
  scopes: z.array(z.string()).exactOptional(),
  actions,
});

const lifeMs = z.number().min(0).exactOptional();

export const livesBody = z.strictObject({
  registrationMs: lifeMs,
  adminMs: lifeMs,
  queueMs: lifeMs,
});

const scope = z
  .string()
  .refine(isScope, 'must be an organization, owner/repository or enterprises/name');

export const groupBody = z.strictObject({ scope, name: z.string().min(1) });

export const modeBody = z.strictObject({
  scope,
  mode: z.enum(['assign', 'acquire']),
});

function isScope(name: string): boolean {
  const parts = name.split('/').filter((part) => part !== '').length;
  return parts === 1 || parts === 2;
}
