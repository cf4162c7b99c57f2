// Helm and kubectl as a user runs them.
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** With the program's complaint. */
class ToolError extends Error {}

interface Call {
  env: NodeJS.ProcessEnv;
  cwd?: string;
  /** For its stdin. */
  input?: string;
}

/** What it prints; throws with its complaint when it fails. */
export async function runTool(
  program: string,
  args: readonly string[],
  { input = '', ...where }: Call,
): Promise<string> {
  const child = spawn(program, args, { ...where, stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  // It may end without reading it.
  child.stdin.on('error', () => undefined).end(input);
  const [output, complaint, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    ended,
  ]);
  if (code !== 0) throw new ToolError(complaint);
  return output;
}
