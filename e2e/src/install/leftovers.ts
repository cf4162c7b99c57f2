// What a release may leave behind in a namespace: everything that we, our charts or our runners make there.
import { OUR_KINDS } from '../our-kinds.ts';
import type { Stage } from './stage.ts';

/** `Kind name` each, without the ServiceAccount that every namespace has. */
export async function leftovers(stage: Stage, ...namespaces: string[]): Promise<string[]> {
  const found = await Promise.all(
    namespaces.flatMap((namespace) =>
      OUR_KINDS.map(async (kind) =>
        (await stage.names(kind, namespace)).map((name) => `${namespace} ${kind.kind} ${name}`),
      ),
    ),
  );
  return found.flat().filter((one) => !one.endsWith(' ServiceAccount default'));
}
