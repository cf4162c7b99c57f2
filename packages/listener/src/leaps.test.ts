// The built program through an hour without a network, and with clocks that leap: as a process over real sockets, whose
// clocks a file sets ahead.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { aGround } from './testing/ground.ts';
import { freePort, page } from './testing/pages.ts';
import { aTimeMachine } from './testing/time-machine.ts';
import { STORY, Teller } from './testing/teller.ts';
import type { Ground } from './testing/ground.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let ground: Ground;
let teller: Teller;

beforeAll(async () => {
  ground = await aGround();
  teller = new Teller(ground);
}, STORY.timeout);

afterEach(() => {
  ground.github.mend();
  ground.kubernetes.mend();
});

afterAll(() => ground.end(), STORY.timeout);

describe('goes on after', STORY, () => {
  test('an hour without GitHub, in which it is well and says what it waits for', async () => {
    const health = await freePort();
    const time = await aTimeMachine(ground.folder);
    const env = { ...time.env, LISTENER_HEALTH_ADDR: `:${health}` };
    const told = await teller.listening({}, env);
    const { set } = told;
    ground.github.cut();
    await teller.standing(set, 'unreachable');
    for (let minutes = 0; minutes < 60; minutes += 1) {
      const before = ground.github.refused;
      await time.pass(MINUTE_MS);
      await teller.until('it asks again', () => ground.github.refused > before || undefined);
    }
    expect((await page(health, '/healthz'))[0]).toBe(200);
    expect((await page(health, '/readyz'))[0]).toBe(503);
    // After so long the service has forgotten it.
    await ground
      .operatorOf()
      .deleteSession(set.scaleSetId, teller.atService(set).session?.id ?? '');
    teller.aJob(set);
    ground.github.mend();
    await time.pass(MINUTE_MS);
    await teller.isRight(set);
    await teller.standing(set, 'listening');
    await teller.ended(told);
  });

  test('an hour without Kubernetes, in which it hears every job', async () => {
    const time = await aTimeMachine(ground.folder);
    const told = await teller.listening({}, time.env);
    const { set, program } = told;
    ground.kubernetes.cut();
    for (let jobs = 1; jobs <= 6; jobs += 1) {
      teller.aJob(set);
      await teller.until('it is assigned', () =>
        teller.atService(set).statistics.totalAssignedJobs === jobs ? true : undefined,
      );
      await time.pass(10 * MINUTE_MS);
      await sleep(30);
    }
    await teller.logged(program, 'is kubernetes-away');
    expect((await ground.set(set.setName))?.spec.replicas).toBe(0);
    expect(teller.atService(set).undeletedMessages).toBeGreaterThan(0);
    ground.kubernetes.mend();
    await time.pass(MINUTE_MS);
    await teller.isRight(set);
    await teller.standing(set, 'listening');
    await teller.ended(told);
  });

  test.each([
    { name: 'an hour back', ms: -HOUR_MS },
    { name: 'an hour ahead', ms: HOUR_MS },
  ])('a wall clock that was set $name', async ({ ms }) => {
    const time = await aTimeMachine(ground.folder);
    const told = await teller.listening({}, time.env);
    const { set } = told;
    teller.aJob(set);
    await teller.wished(set, 1);
    await time.setWall(ms);
    teller.aJob(set);
    await teller.isRight(set);
    // Its own timers go by a clock that nobody sets: the converging patch comes as soon as ever.
    await teller.until('it converges', async () =>
      (await ground.set(set.setName))?.spec.patchID === 0 ? true : undefined,
    );
    expect((await ground.set(set.setName))?.status?.listener?.state).toBe('listening');
    await teller.ended(told);
  });

  test('a machine that slept for an hour', async () => {
    const time = await aTimeMachine(ground.folder);
    const told = await teller.listening({}, time.env);
    const { set } = told;
    await time.pass(HOUR_MS);
    teller.aJob(set);
    await teller.isRight(set);
    await teller.standing(set, 'listening');
    await teller.ended(told);
  });
});
