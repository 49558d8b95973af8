// Counts in, shares and their bounds out.

export interface Interval {
  readonly low: number
  readonly high: number
}

/** Wilson's interval of a share, at 95 %: it stays between 0 and 1, and says something of few repeats too. */
export function interval(passes: number, runs: number): Interval {
  if (runs === 0) return { low: 0, high: 1 }
  const z = 1.959964
  const share = passes / runs
  const center = share + (z * z) / (2 * runs)
  const spread = z * Math.sqrt((share * (1 - share)) / runs + (z * z) / (4 * runs * runs))
  const scale = 1 + (z * z) / runs
  return { low: Math.max(0, (center - spread) / scale), high: Math.min(1, (center + spread) / scale) }
}

/** Of sorted or unsorted numbers; of none, 0. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}
