// Files of replies: one file each in `<stateDir>/files`, named by an id that cannot be guessed, and a list of them as a column.

import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { StoredFile } from '../../channels/port.ts'
import type { Random } from '../../ports.ts'
import type { FileStore } from '../ports.ts'
import { storageFailure } from './failures.ts'

export interface StoredFiles extends FileStore {
  /** Forgets what was put before this time. */
  clean(before: number): Promise<void>
}

/** Ids are ours; what is asked for by another name is not looked for on the disk. */
const ID = /^[0-9a-z]{20,40}$/

export function createStoredFiles(stateDir: string, random: Random, durability: 'process' | 'power'): StoredFiles {
  const folder = join(stateDir, 'files')

  return {
    async put(file, data) {
      const id = random.id()
      const path = join(folder, id)
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 })
        const handle = await open(`${path}.tmp`, 'wx', 0o600)
        try {
          await handle.writeFile(data)
          if (durability === 'power') await handle.sync()
        } finally {
          await handle.close()
        }
        await rename(`${path}.tmp`, path)
      } catch (error) {
        throw storageFailure(error, path)
      }
      return { id, bytes: data.length, ...file }
    },
    read: (id) => (ID.test(id) ? readFile(join(folder, id)).catch(() => null) : Promise.resolve(null)),
    async clean(before) {
      const names = await readdir(folder).catch(() => [])
      for (const name of names) {
        const path = join(folder, name)
        const info = await stat(path).catch(() => null)
        if (info !== null && info.mtimeMs < before) await rm(path, { force: true })
      }
    },
  }
}

export const filesToText = (files: readonly StoredFile[] | undefined): string | null =>
  files === undefined || files.length === 0 ? null : JSON.stringify(files)

export const filesFromText = (text: unknown): { attachments?: readonly StoredFile[] } =>
  typeof text === 'string' ? { attachments: JSON.parse(text) as readonly StoredFile[] } : {}
