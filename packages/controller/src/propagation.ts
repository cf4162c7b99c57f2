// Labels and annotations on their way from an object to what is made of it.
// reference/controllers.md 1.6: keys with an excluded prefix stay where they are.

type Labels = Record<string, string>;

/** One map of several; later ones win. Absent ones are empty. */
export const merged = (...layers: readonly (Labels | undefined)[]): Labels =>
  Object.assign({}, ...layers) as Labels;

/** The labels that may be handed on. */
export const propagated = (
  labels: Labels | undefined,
  excludedPrefixes: readonly string[],
): Labels =>
  Object.fromEntries(
    Object.entries(labels ?? {}).filter(
      ([key]) => !excludedPrefixes.some((prefix) => key.startsWith(prefix)),
    ),
  );
