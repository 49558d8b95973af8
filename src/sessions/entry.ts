// One line of a transcript file in, an entry out, or null where it is no entry: people may edit these files by hand.

import type { TranscriptEntry } from '../storage/ports.ts'

const ROLES = new Set(['user', 'assistant', 'system'])
const KINDS = new Set(['summary', 'reset', 'note', 'trim', 'replace'])

/** The entry of a line; null: not one. NULs that a power cut left around it are passed over. */
export function parseEntry(line: string): TranscriptEntry | null {
  let value: unknown
  try {
    value = JSON.parse(line.includes('\0') ? line.replaceAll('\0', '') : line)
  } catch {
    return null
  }
  return isEntry(value) ? value : null
}

function isEntry(value: unknown): value is TranscriptEntry {
  if (!isObject(value)) return false
  const { id, role, content, timestamp, kind, keepFrom, trimmed, replaced, usage, context } = value
  if (typeof id !== 'string' || id === '' || typeof role !== 'string' || !ROLES.has(role)) return false
  if (typeof timestamp !== 'string' || Number.isNaN(Date.parse(timestamp))) return false
  if (kind !== undefined && (typeof kind !== 'string' || !KINDS.has(kind))) return false
  if (keepFrom !== undefined && typeof keepFrom !== 'string') return false
  if (context !== undefined && typeof context !== 'string') return false
  if (trimmed !== undefined && !(Array.isArray(trimmed) && trimmed.every((one) => typeof one === 'string'))) return false
  if (replaced !== undefined && !(Array.isArray(replaced) && replaced.every(isReplacement))) return false
  if (usage !== undefined && !isUsage(usage)) return false
  return typeof content === 'string' || (Array.isArray(content) && content.every(isBlock))
}

/** Blocks are looked at closely only where a wrong one would break a request; unknown types are left out when it is built. */
function isBlock(value: unknown): boolean {
  if (!isObject(value)) return false
  switch (value['type']) {
    case 'text':
      return typeof value['text'] === 'string'
    case 'tool_use':
      return typeof value['id'] === 'string' && typeof value['name'] === 'string'
    case 'tool_result':
      return typeof value['tool_use_id'] === 'string' && isResultContent(value['content'])
    case 'image':
    case 'document':
      return isObject(value['source']) && typeof value['source']['data'] === 'string'
    default:
      return typeof value['type'] === 'string'
  }
}

const isResultContent = (content: unknown): boolean =>
  content === undefined || typeof content === 'string' || (Array.isArray(content) && content.every(isBlock))

const isReplacement = (value: unknown): boolean =>
  isObject(value) &&
  typeof value['entry'] === 'string' &&
  isIndex(value['block']) &&
  (value['inner'] === undefined || isIndex(value['inner'])) &&
  (value['note'] === undefined || typeof value['note'] === 'string') &&
  (value['keep'] === undefined || isIndex(value['keep']))

const isIndex = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0

const isUsage = (usage: unknown): boolean =>
  isObject(usage) && ['input', 'output', 'cacheRead', 'cacheWrite'].every((key) => Number.isFinite(usage[key]))

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
