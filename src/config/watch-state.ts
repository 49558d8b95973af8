// What the watched files hold, by content: paths in, a hash each out. Files whose numbers haven't moved aren't read again.

import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** `null`: there is no such file, or it can't be read. */
export interface FileState {
  readonly hash: string | null
  readonly empty: boolean
  /** The last change of the file or its names, in ms; of a missing one, that of the folder it is missing from, or 0. */
  readonly changedAt: number
}

export interface StateReader {
  read(path: string): Promise<FileState>
  forget(kept: ReadonlySet<string>): void
}

/** Times of files move in steps; a file that changed this shortly before it was read may have changed after, too. */
const STEP_MS = 50

const changeOf = (folder: string): Promise<number> =>
  stat(folder).then(
    ({ ctimeMs }) => ctimeMs,
    () => 0,
  )

export function createStateReader(): StateReader {
  const known = new Map<string, { readonly key: string; readonly state: FileState }>()
  return {
    async read(path) {
      try {
        const numbers = await stat(path, { bigint: true })
        const { dev, ino, size, mtimeNs, ctimeNs } = numbers
        const key = `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`
        const before = known.get(path)
        if (before?.key === key) return before.state
        const startedAt = Date.now()
        const bytes = numbers.isDirectory() ? (await readdir(path)).sort().join('\n') : await readFile(path)
        const changedAt = Number(numbers.ctimeMs)
        const state = { hash: createHash('sha256').update(bytes).digest('base64'), empty: bytes.length === 0, changedAt }
        if (startedAt - changedAt > STEP_MS) known.set(path, { key, state })
        else known.delete(path)
        return state
      } catch {
        known.delete(path)
        return { hash: null, empty: false, changedAt: await changeOf(dirname(path)) }
      }
    },
    forget(kept) {
      for (const path of known.keys()) if (!kept.has(path)) known.delete(path)
    },
  }
}
