// What notes were before: each change of a scope with the text it replaced, in .versions/, so that people can read and undo it.

import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Change {
  readonly id: string
  readonly at: string
  readonly action: 'save' | 'remove' | 'undo'
  readonly key: string
  /** The agent or person that made it. */
  readonly by: string
  /** File of the text that it replaced; absent: there was none. */
  readonly before?: string
}

const FOLDER = '.versions'
const LOG = 'log.jsonl'

/** Notes a change with the text it replaces. `before`: null where there was none. */
export function noteChange(
  root: string,
  change: Omit<Change, 'id' | 'at' | 'before'>,
  before: string | null,
  at: number,
): Change {
  const folder = join(root, FOLDER)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const seed = `${at} ${change.key} ${change.action} ${before ?? ''} ${process.hrtime.bigint()}`
  const id = createHash('sha256').update(seed).digest('hex').slice(0, 10)
  const file = `${id}.md`
  if (before !== null) writeFileSync(join(folder, file), before, { mode: 0o600 })
  const line: Change = { id, at: new Date(at).toISOString(), ...change, ...(before === null ? {} : { before: file }) }
  appendFileSync(join(folder, LOG), `${JSON.stringify(line)}\n`, { mode: 0o600 })
  return line
}

/** Oldest first. A line that is damaged is passed over. */
export function readChanges(root: string): readonly Change[] {
  const path = join(root, FOLDER, LOG)
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line): Change[] => {
      try {
        const value: unknown = JSON.parse(line)
        return isChange(value) ? [value] : []
      } catch {
        return []
      }
    })
}

function isChange(value: unknown): value is Change {
  if (typeof value !== 'object' || value === null) return false
  const { id, at, key, before } = value as Readonly<Record<string, unknown>>
  // The name of the file comes from a file that people may edit: it must not lead elsewhere.
  const isFile = before === undefined || (typeof before === 'string' && /^[0-9a-f]{10}\.md$/.test(before))
  return typeof id === 'string' && typeof at === 'string' && typeof key === 'string' && isFile
}

/** The text that a change replaced; null: there was none. */
export const textBefore = (root: string, { before }: Change): string | null =>
  before === undefined ? null : readFileSync(join(root, FOLDER, before), 'utf8')

/** Takes out all that is kept of a key. */
export function eraseChanges(root: string, key: string): void {
  const all = readChanges(root)
  const path = join(root, FOLDER)
  for (const { before } of all.filter((change) => change.key === key))
    if (before !== undefined) rmSync(join(path, before), { force: true })
  const kept = all.filter((change) => change.key !== key)
  if (kept.length === 0) rmSync(path, { recursive: true, force: true })
  else writeFileSync(join(path, LOG), kept.map((change) => `${JSON.stringify(change)}\n`).join(''), { mode: 0o600 })
}
