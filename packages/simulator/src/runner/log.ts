// A job's log: every secret is masked before anybody sees a line.

export interface JobLog {
  line: (text: string) => void;
  /** From here on the value, and each line of it, is shown as `***`. */
  mask: (value: string) => void;
  /** True when the text holds something masked. */
  holdsSecret: (text: string) => boolean;
}

export function createLog(write: (text: string) => void): JobLog {
  // Longest first, so that a secret inside of another does not leave the rest of that one readable.
  let secrets: string[] = [];
  const masked = (text: string): string =>
    secrets.reduce((shown, secret) => shown.replaceAll(secret, '***'), text);
  return {
    line: (text) => {
      write(`${masked(text)}\n`);
    },
    mask: (value) => {
      const parts = [value, ...value.split(/\r?\n/)].filter((part) => part.trim() !== '');
      secrets = [...new Set([...secrets, ...parts])].sort((a, b) => b.length - a.length);
    },
    holdsSecret: (text) => secrets.some((secret) => text.includes(secret)),
  };
}

const SPACING_MS = 100;

export interface LogSender {
  write: (text: string) => void;
  /** Resolves when all that was written has been sent. */
  flush: () => Promise<void>;
}

/** Sends what was written in order, one call at a time; what comes meanwhile goes together. */
export function createLogSender(send: (text: string) => Promise<void>): LogSender {
  let waiting = '';
  let timer: NodeJS.Timeout | undefined;
  let sending = Promise.resolve();
  const push = (): void => {
    timer = undefined;
    sending = sending.then(async () => {
      const text = waiting;
      waiting = '';
      if (text !== '') await send(text);
    });
    // Whoever flushes hears of the failure; until then it is nobody's.
    sending.catch(() => undefined);
  };
  return {
    write: (text) => {
      waiting += text;
      timer ??= setTimeout(push, SPACING_MS);
    },
    flush: () => {
      clearTimeout(timer);
      push();
      return sending;
    },
  };
}
