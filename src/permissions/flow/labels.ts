// Labels of a session: which outside text and which private data its model has seen, by the names of what brought them.

export interface FlowLabels {
  /** What brought text that others wrote; none: there is none in the session. */
  readonly outside: readonly string[]
  /** What brought data that is not for everyone. */
  readonly private: readonly string[]
  /** Sendings that were let through because an outside text contained them, since the session held both. */
  readonly followed: number
}

/** What one result adds. */
export interface AddedLabels {
  readonly outside?: boolean
  readonly private?: boolean
}

export const NO_LABELS: FlowLabels = { outside: [], private: [], followed: 0 }

/** Names kept of each kind; the first ones say enough. */
const MOST_NAMES = 8

const joined = (a: readonly string[], b: readonly string[]): readonly string[] =>
  b.every((name) => a.includes(name)) ? a : [...new Set([...a, ...b])].slice(0, MOST_NAMES)

/** Both together. The first value itself where the second adds nothing. */
export function withLabels(labels: FlowLabels, more: FlowLabels): FlowLabels {
  const outside = joined(labels.outside, more.outside)
  const hidden = joined(labels.private, more.private)
  const followed = Math.max(labels.followed, more.followed)
  const same = outside === labels.outside && hidden === labels.private && followed === labels.followed
  return same ? labels : { outside, private: hidden, followed }
}

/** Labels of one source. */
export const labelsFrom = (source: string, added: AddedLabels): FlowLabels => ({
  outside: added.outside === true ? [source] : [],
  private: added.private === true ? [source] : [],
  followed: 0,
})

/** Whether outside text and private data met. */
export const holdsBoth = ({ outside, private: hidden }: FlowLabels): boolean => outside.length > 0 && hidden.length > 0

/** For people: what a session holds; undefined: neither. */
export function labelsText({ outside, private: hidden }: FlowLabels): string | undefined {
  const parts = [
    ...(outside.length === 0 ? [] : [`outside text (${outside.join(', ')})`]),
    ...(hidden.length === 0 ? [] : [`private data (${hidden.join(', ')})`]),
  ]
  return parts.length === 0 ? undefined : parts.join(' and ')
}
