// Names of what a listener owns (reference/controllers.md 5.1).
export const configSecretName = (listener: string): string => `${listener}-config`;
export const proxySecretName = (listener: string): string => `${listener}-proxy`;
