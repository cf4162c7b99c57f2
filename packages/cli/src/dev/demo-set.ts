// The demo's one scale set: where it is, here and at the service.

export const DEMO_SET = { name: 'demo', namespace: 'runners', owner: 'my-org' } as const;
