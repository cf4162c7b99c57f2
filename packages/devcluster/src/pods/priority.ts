// The priority that a pod's class gives it.
import { objectAt, stringAt } from '../json.ts';
import type { KubeObject } from '../object.ts';
import { forbidden } from '../status.ts';
import { TABLES } from '../world.ts';
import type { Target, World } from '../world.ts';

export function admitPriority(world: World, { resource }: Target, pod: KubeObject): void {
  const spec = objectAt(pod, 'spec');
  if (spec === undefined) return;
  const name = stringAt(spec, 'priorityClassName') ?? '';
  const found =
    name === ''
      ? world.store.list(TABLES.priorityClasses).find((item) => item['globalDefault'] === true)
      : world.store.get(TABLES.priorityClasses, { name });
  if (found) {
    spec['priorityClassName'] = found.metadata.name;
    spec['priority'] = found['value'];
    spec['preemptionPolicy'] = found['preemptionPolicy'] ?? spec['preemptionPolicy'];
  } else if (name !== '') {
    const why = `no PriorityClass with name ${name} was found`;
    throw forbidden({ ...resource, name: pod.metadata.name }, why);
  }
}
