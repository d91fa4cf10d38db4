export const entryPoints: Readonly<Record<string, string>>;
export function entriesOf(name: string): Record<string, string>;
