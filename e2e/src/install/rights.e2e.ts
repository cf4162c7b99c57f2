// After all other stories: the rights that the charts grant are those that were needed (docs/rbac.yaml). The API server's own record says so.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readAudit } from './audit.ts';
import { thisGround } from './ground-file.ts';
import type { Audit, RoleName } from './audit.ts';

const ruleShape = z.object({ resources: z.string(), verbs: z.array(z.string()) });
const rightsShape = z.object({
  roles: z.array(z.object({ template: z.string(), rules: z.array(ruleShape) })),
  listener: z.array(ruleShape),
});

type Rule = z.infer<typeof ruleShape>;

/** Rights that no request shows. */
const EXCEPTIONS: readonly { why: string; of: (template: string, rule: Rule) => boolean }[] = [
  {
    why: 'the API server asks for it where owners block deletion, which is not its default',
    of: (_, { resources }) => resources.endsWith('/finalizers'),
  },
  { why: 'of runners, whose hooks are not ours', of: (template) => template === 'kube_mode_role' },
];

const { audit: file } = await thisGround();
const audit: Audit | undefined = file === undefined ? undefined : await readAudit(file);

test.skipIf(audit === undefined)('nothing that our programs asked was denied', () => {
  expect([...new Set(audit?.denied)]).toEqual([]);
});

test.skipIf(audit === undefined)('every rule of our roles was used', async () => {
  const text = await readFile(new URL('../../../docs/rbac.yaml', import.meta.url), 'utf8');
  const { roles, listener } = rightsShape.parse(parse(text));
  const all = [...roles, { template: 'listener', rules: listener }];
  const unused = all.flatMap(({ template, rules }) =>
    rules
      .filter((rule) => rule.verbs.length > 0 && !isUsed(template, rule))
      .filter((rule) => !EXCEPTIONS.some(({ of }) => of(template, rule)))
      .map(({ resources, verbs }) => `${template}: ${resources} ${verbs.join(' ')}`),
  );
  expect(unused).toEqual([]);
});

function isUsed(template: string, { resources, verbs }: Rule): boolean {
  const rights = audit?.used.get(template as RoleName);
  return verbs.some((verb) => rights?.has(`${resources} ${verb}`));
}
