// One message: from here on it is finished, whatever happens to the poll or the session.
import { hear } from './loop.ts';
import type { Message } from '@muster/actions';
import type { Loop } from './loop.ts';

/** `left`: no more can be kept, so it stays at the service; only its statistics are used. */
export function take(loop: Loop, message: Message): 'taken' | 'known' | 'left' {
  const { ledger, bell } = loop;
  const { id, statistics } = message;
  if (ledger.knows(id)) {
    loop.lastMessageId = id;
    hear(loop, { statistics });
    // Were it acknowledged, it would not have come again.
    ledger.acknowledgeAgain(id);
    bell.ring();
    return 'known';
  }
  if (ledger.isFull) {
    hear(loop, { statistics });
    return 'left';
  }
  loop.lastMessageId = id;
  tell(loop, message);
  const { available, started, completed } = message;
  hear(loop, {
    statistics,
    queuedAt: message.queuedAt ?? [],
    news: {
      assigned: message.assigned,
      started: started.length,
      completed: completed.length,
    },
    heard: {
      started: started.map(jobKey),
      completed: completed.map(jobKey),
      finished: completed.map(({ runnerName }) => runnerName),
    },
  });
  const offers = available.map(({ runnerRequestId }) => runnerRequestId);
  ledger.take({ messageId: id, started, offers });
  bell.ring();
  return 'taken';
}

function tell({ set, deps }: Loop, message: Message): void {
  const { id, statistics, started, completed, unknown, malformed = [] } = message;
  for (const job of started) deps.metrics.started(set, job);
  for (const job of completed) deps.metrics.completed(set, job);
  deps.log.info('heard of jobs', {
    set: set.setName,
    message: id,
    assigned: statistics?.totalAssignedJobs,
    started: started.length,
    completed: completed.length,
  });
  if (unknown === 0 && malformed.length === 0) return;
  deps.log.warn('could not read all of a message', {
    set: set.setName,
    message: id,
    unknown,
    malformed,
  });
}

/** The id is 0 for every offer on github.com, and the job's own id is absent on old servers. */
const jobKey = (job: { jobId?: string; runnerRequestId: number }): string =>
  job.jobId ?? String(job.runnerRequestId);
