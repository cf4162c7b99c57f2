// Resource versions, as far as they may be compared.

const NUMBER = /^\d+$/;

/** Versions are numbers that grow. One that is no number can only be compared for equality. */
export function isAtLeast(version: string, wanted: string): boolean {
  if (!NUMBER.test(version) || !NUMBER.test(wanted)) return version === wanted;
  return version.length === wanted.length ? version >= wanted : version.length > wanted.length;
}

/** Whether a server that was at `from` has come to be at an older version: its data was restored. */
export const wentBack = (version: string, from: string): boolean =>
  NUMBER.test(version) && NUMBER.test(from) && !isAtLeast(version, from);
