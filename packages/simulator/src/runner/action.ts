// A `uses` step. Checkout is played; any other action is left out, and that is said.
import { checkOut } from './checkout.ts';
import { fillTexts, scopeOf } from './job-state.ts';
import type { Doing, Done } from './step.ts';

export async function runAction(doing: Doing): Promise<Done> {
  const { state, step, stepEnv } = doing;
  if (!('uses' in step.does)) return { outcome: 'skipped' };
  const { uses } = step.does;
  if (!/^actions\/checkout(?:@|$)/i.test(uses)) {
    return skip(
      doing,
      `${uses} is not run here: actions need GitHub, and only actions/checkout is played`,
    );
  }
  const inputs = fillTexts(step.does.with, scopeOf(state, stepEnv));
  const { owner, name } = state.payload.repository;
  const wanted = inputs['repository'] ?? '';
  if (wanted !== '' && wanted.toLowerCase() !== `${owner}/${name}`.toLowerCase()) {
    return skip(doing, `the repository ${wanted} is not on this machine`);
  }
  return await check(doing, inputs);
}

async function check({ state }: Doing, inputs: Readonly<Record<string, string>>): Promise<Done> {
  const { log, paths, payload } = state;
  log.line('##[group]Run actions/checkout');
  for (const [name, value] of Object.entries(inputs)) log.line(`  ${name}: ${value}`);
  log.line('##[endgroup]');
  if (inputs['ref']) {
    log.line(`##[warning]the files are taken as they are now, and not from ${inputs['ref']}`);
  }
  const { path: repository } = payload.repository;
  const files = await checkOut({
    repository,
    workspace: paths.workspace,
    path: inputs['path'] ?? '',
  });
  log.line(`copied ${files} files of ${repository}`);
  return { outcome: 'success' };
}

function skip({ state }: Doing, reason: string): Done {
  state.log.line(`##[warning]skipped: ${reason}`);
  return { outcome: 'skipped', reason };
}
