// Counts for /metrics by the names of the Prometheus text format. A label's values are quoted, and only so many of them are counted
// apart: a name that a model or a person makes up must neither break a line nor add a series for ever.

/** Combinations of labels that a metric counts apart; the rest is counted together, as `other`. */
const MOST_SERIES = 1_000
export const OTHER = 'other'

type Labels = Readonly<Record<string, string | boolean>>

/** A label value as the text format wants it. */
export const quoteLabel = (value: string): string =>
  `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`

export class Counters {
  readonly #counts = new Map<string, number>()
  /** Series of each metric that has labels. */
  readonly #series = new Map<string, number>()

  add(name: string, labels: Labels = {}, by = 1): void {
    const series = this.#seriesOf(name, labels)
    this.#counts.set(series, (this.#counts.get(series) ?? 0) + by)
  }

  set(name: string, value: number): void {
    this.#counts.set(name, value)
  }

  get all(): ReadonlyMap<string, number> {
    return this.#counts
  }

  #seriesOf(name: string, labels: Labels): string {
    const series = nameOf(name, Object.entries(labels))
    if (series === name || this.#counts.has(series)) return series
    const known = this.#series.get(name) ?? 0
    if (known >= MOST_SERIES) {
      return nameOf(
        name,
        Object.entries(labels).map(([label, value]) => [label, typeof value === 'boolean' ? value : OTHER]),
      )
    }
    this.#series.set(name, known + 1)
    return series
  }
}

function nameOf(name: string, labels: readonly (readonly [string, string | boolean])[]): string {
  if (labels.length === 0) return name
  return `${name}{${labels.map(([label, value]) => `${label}=${quoteLabel(String(value))}`).join(',')}}`
}
