// `owner/repo/.github/workflows/file.yml@refs/...` to metric labels (reference/protocol.md 9.2).

export interface WorkflowLabels {
  name: string;
  target: string;
}

/** Both empty unless there is exactly one `@`. */
export function workflowOf(ref: string): WorkflowLabels {
  const [path, at, ...rest] = ref.split('@');
  if (path === undefined || at === undefined || rest.length > 0) return { name: '', target: '' };
  const file = path.split('/').at(-1) ?? '';
  return { name: file.replace(/\.ya?ml$/, ''), target: targetOf(at) };
}

function targetOf(ref: string): string {
  const branch = /^refs\/((?:heads|tags)\/.+)$/.exec(ref);
  const pull = /^refs\/(pull\/[^/]+)\//.exec(ref);
  return branch?.[1] ?? pull?.[1] ?? '';
}
