// What one run of a container needs before its process can start: environment, mounts, a room.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { argvOf } from './command.ts';
import { environment } from './env.ts';
import type { Env } from './env.ts';
import type { Placed } from './fields.ts';
import type { Image } from './images.ts';
import { mountsOf } from './mounts.ts';
import type { Container } from './pod.ts';
import type { MakeRoom, Room } from './room.ts';
import { MissingError } from './sources.ts';
import type { Sources } from './sources.ts';

export interface LaunchSetting {
  /** The pod as it is now. */
  placed(): Placed;
  sources: Sources;
  /** The pod's folder. */
  dir: string;
  /** Beneath what the container asks for: the machine's variables, and those of the API's Service. */
  machineEnv(): Env;
  serviceEnv: Env;
  makeRoom: MakeRoom;
}

export interface Launch {
  argv: string[];
  env: Env;
  room: Room;
  /** The container's folder, by which its descendants are found. */
  root: string;
  /** Where it leaves its last words. */
  messagePath: string;
}

/** Throws `MissingError` for what may come right by itself, anything else when it cannot start. */
export async function prepareLaunch(
  container: Container,
  image: Image,
  pod: LaunchSetting,
): Promise<Launch> {
  refuseGrpc(container);
  const placed = pod.placed();
  const own = await environment({
    container,
    services: pod.serviceEnv,
    placed,
    sources: pod.sources,
  });
  const env = { ...pod.machineEnv(), ...image.env, ...own };
  const argv = argvOf(container, image, own);
  const dir = join(pod.dir, 'containers', container.name);
  const { root, messagePath } = await freshFolder(dir);
  const at = { dir: join(pod.dir, 'volumes'), env: own };
  const mounts = await mountsOf(placed.pod, container, at);
  const { terminationMessagePath = '/dev/termination-log' } = container;
  const lastWords = { source: messagePath, path: terminationMessagePath, readOnly: false };
  const room = await pod.makeRoom({
    root,
    mounts: [...mounts, lastWords],
    workingDir: container.workingDir ?? '/',
    program: argv[0] ?? '',
    path: env['PATH'] ?? '',
    needs: [pod.dir, ...pathsOf(image)],
    isPrivileged: container.securityContext?.privileged === true,
  });
  return { argv, env: { ...env, ...room.env }, room, root, messagePath };
}

/** The machine's paths that an image is made of. */
const pathsOf = ({ entrypoint = [], programs = {}, env = {} }: Image): string[] =>
  [...entrypoint, ...Object.values(programs).flat(), ...Object.values(env)].filter((word) =>
    word.startsWith('/'),
  );

/** What a container wrote outside its volumes does not survive it. */
async function freshFolder(dir: string): Promise<{ root: string; messagePath: string }> {
  const root = join(dir, 'root');
  const messagePath = join(dir, 'termination-log');
  for (const left of [root, join(dir, 'remade')]) await rm(left, { recursive: true, force: true });
  await mkdir(root, { recursive: true, mode: 0o755 });
  await writeFile(messagePath, '', { mode: 0o666 });
  return { root, messagePath };
}

function refuseGrpc({ startupProbe, readinessProbe, livenessProbe }: Container): void {
  if ([startupProbe, readinessProbe, livenessProbe].some((probe) => probe?.grpc)) {
    throw new MissingError('this node has no gRPC probes');
  }
}
