// Samples in; a median, a spread and the exponent of a growth out.

export interface Summary {
  readonly n: number
  readonly median: number
  readonly min: number
  readonly max: number
}

export function summarize(samples: readonly number[]): Summary {
  const sorted = [...samples].sort((a, b) => a - b)
  const half = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[half] : ((sorted[half - 1] ?? Number.NaN) + (sorted[half] ?? Number.NaN)) / 2
  return { n: sorted.length, median: median ?? Number.NaN, min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN }
}

export const percentile = (samples: readonly number[], share: number): number => {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

export interface Point {
  readonly size: number
  readonly value: number
}

/** The slope of log(value) over log(size) by least squares: 0 is flat, 1 linear. null: fewer than three points. */
export function exponentOf(points: readonly Point[]): number | null {
  const usable = points.filter(({ size, value }) => size > 0 && value > 0)
  if (usable.length < 3) return null
  const xs = usable.map(({ size }) => Math.log(size))
  const ys = usable.map(({ value }) => Math.log(value))
  const mean = (list: readonly number[]): number => list.reduce((sum, one) => sum + one, 0) / list.length
  const [mx, my] = [mean(xs), mean(ys)]
  const above = xs.reduce((sum, x, i) => sum + (x - mx) * ((ys[i] ?? 0) - my), 0)
  return above / xs.reduce((sum, x) => sum + (x - mx) ** 2, 0)
}
