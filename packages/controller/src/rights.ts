// What this program may do beyond what ARC's charts grant: asked of the API server, and done without where the answer
// is no, so that scale sets rendered by ARC's chart keep working.
import { isKubeError } from '@muster/kube';
import type { AccessQuestion, Clock, Events, KubeClient } from '@muster/kube';

/** In one namespace of runners. */
export interface Granted {
  /** To write Events. */
  events: boolean;
  /** To change pods that are there. */
  patchPods: boolean;
}

export interface Rights {
  /** Never rejects: what could not be asked counts as granted, and its use tells. */
  of(namespace: string): Promise<Granted>;
  /** Does what was granted. A refusal is no failure: another chart took the right away, and what is granted is asked anew. */
  attempt(namespace: string, granted: () => Promise<unknown>): Promise<void>;
}

type Question = Omit<AccessQuestion, 'namespace'>;

const QUESTIONS: Record<keyof Granted, Question> = {
  events: { verb: 'create', group: '', resource: 'events' },
  patchPods: { verb: 'patch', group: '', resource: 'pods' },
};

// So that a chart's upgrade is noticed, for two requests a namespace.
const KEPT_MS = 3_600_000;

interface Known {
  until: number;
  granted: Promise<Granted>;
}

export function createRights({ kube, clock }: { kube: KubeClient; clock: Clock }): Rights {
  const byNamespace = new Map<string, Known>();
  const ask = async (namespace: string): Promise<Granted> => {
    const may = (question: Question): Promise<boolean> => kube.may({ ...question, namespace });
    try {
      const [events, patchPods] = await Promise.all([
        may(QUESTIONS.events),
        may(QUESTIONS.patchPods),
      ]);
      return { events, patchPods };
    } catch {
      byNamespace.delete(namespace);
      return { events: true, patchPods: true };
    }
  };
  return {
    of(namespace) {
      const known = byNamespace.get(namespace);
      if (known && clock.now() < known.until) return known.granted;
      const granted = ask(namespace);
      byNamespace.set(namespace, { until: clock.now() + KEPT_MS, granted });
      return granted;
    },
    async attempt(namespace, granted) {
      try {
        await granted();
      } catch (error) {
        if (!isKubeError(error, 'forbidden')) throw error;
        byNamespace.delete(namespace);
      }
    },
  };
}

/** The same Events, but none where they would be refused one by one. */
export function permitted(events: Events, rights: Rights): Events {
  const asking = new Set<Promise<void>>();
  return {
    record(subject, happening) {
      const { namespace = 'default' } = subject.metadata;
      const asked = rights.of(namespace).then((granted) => {
        asking.delete(asked);
        if (granted.events) events.record(subject, happening);
      });
      asking.add(asked);
    },
    async flush() {
      await Promise.all(asking);
      await events.flush();
    },
  };
}
