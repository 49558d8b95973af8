// `30s`, `10m`, `2h` → milliseconds. The schema has checked the shape.

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

export function durationMs(text: string): number {
  const match = /^(\d+)(ms|s|m|h|d)$/.exec(text)
  if (match === null) throw new Error(`Not a duration: ${text}`)
  return Number(match[1]) * UNITS[match[2] as keyof typeof UNITS]
}
