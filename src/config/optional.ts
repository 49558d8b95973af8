// Objects whose optional properties are absent rather than undefined.

/** `{ key: value }`, or nothing: optional properties are absent rather than undefined. */
export const optional = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: V }
