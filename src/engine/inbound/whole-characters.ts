// A message as it came in, the same without halves of characters out: no store, service or screen takes those as text.

import type { InboundMessage } from '../../channels/port.ts'
import { wellFormed } from '../../text-cut.ts'

export const withWholeCharacters = (message: InboundMessage): InboundMessage => fixed(message) as InboundMessage

/** All texts of a value, at any depth; ids too, as a half of one names nobody. */
function fixed(value: unknown): unknown {
  if (typeof value === 'string') return wellFormed(value)
  if (Array.isArray(value)) return value.map(fixed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fixed(one)]))
}
