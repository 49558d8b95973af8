// The summary of what was left out when no model would make one: units in, the user's last words in them out. It is made from
// scratch each time, so that it neither repeats itself nor grows.

import { shortened } from '../text-cut.ts'
import { resultsIn } from './blocks.ts'
import { renderUnit } from './render.ts'
import { BYTES_PER_TOKEN } from './tokens.ts'
import type { Unit } from './units.ts'

const HEAD = 'Earlier messages were left out, and no summary of them could be made. What the user wrote last in them:'
const LONGEST_LINE = 200
const MOST_LINES = 20

/** `previous`: the summary so far, made by a model or here. The whole takes at most `maxTokens`. */
export function forgotten(previous: string, units: readonly Unit[], maxTokens: number): string {
  const at = previous.indexOf(HEAD)
  const base = (at === -1 ? previous : previous.slice(0, at)).trim()
  const before =
    at === -1
      ? []
      : previous
          .slice(at + HEAD.length)
          .split('\n')
          .filter((line) => line.startsWith('- '))
  const asked = units
    .flat()
    .filter((entry) => entry.role === 'user' && resultsIn(entry.content).length === 0)
    .map((entry) => `- ${shortened(renderUnit([entry]).replace(/\s+/g, ' '), LONGEST_LINE)}`)
  const size = maxTokens * BYTES_PER_TOKEN
  const lines = lastThatFit([...before, ...asked].slice(-MOST_LINES), size / 2 - HEAD.length)
  const rest = size - HEAD.length - lines.join('\n').length
  return [...(base === '' ? [] : [shortened(base, Math.max(0, rest))]), HEAD, ...lines].join('\n')
}

function lastThatFit(lines: readonly string[], size: number): readonly string[] {
  let left = size
  const kept: string[] = []
  for (const line of lines.toReversed()) {
    left -= Buffer.byteLength(line) + 1
    if (left < 0) break
    kept.unshift(line)
  }
  return kept
}
