// Where the demo tells what happens: lines, and in a terminal a picture below them that is redrawn.
import { createLogUpdate } from 'log-update';

export interface Screen {
  /** What has happened, for good. */
  line(text: string): void;
  /** What is so now; shown in a terminal only. */
  picture(lines: readonly string[]): void;
  /** Takes the picture away. */
  close(): void;
}

export function createScreen(stream: NodeJS.WriteStream): Screen {
  return stream.isTTY ? drawn(stream) : plain(stream);
}

const plain = (stream: NodeJS.WritableStream): Screen => ({
  line: (text) => {
    stream.write(`${text}\n`);
  },
  picture: () => undefined,
  close: () => undefined,
});

function drawn(stream: NodeJS.WriteStream): Screen {
  const update = createLogUpdate(stream);
  let shown = '';
  return {
    line(text) {
      update.clear();
      stream.write(`${text}\n`);
      if (shown !== '') update(shown);
    },
    picture(lines) {
      shown = lines.join('\n');
      update(shown);
    },
    close() {
      shown = '';
      update.clear();
      update.done();
    },
  };
}
