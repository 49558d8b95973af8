// The files that a configuration names besides configuration: souls, scripts, secrets, skills. Read once, remembered as sources.

import { readFile, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import type { Diagnostic } from '../errors.ts'
import { messageOf } from '../errors.ts'
import type { ConfigDocument } from './document.ts'
import type { Path } from './shape.ts'

const MAX_TEXT_BYTES = 4 * 1024 * 1024

export interface NamedFiles {
  /** Absolute path of a folder named at `path`, seen from where the root file counts as standing. */
  resolve(text: string, path: Path): string
  /** The text of a file named at `path`; '' after a diagnostic was reported. */
  read(text: string, path: Path, what: string): Promise<{ path: string; text: string }>
  readonly sources: readonly string[]
}

/** `standsAt`: for a copy of a configuration, the file it is a copy of; state, workspaces and secrets stay there. */
export function createNamedFiles(doc: ConfigDocument, report: (problem: Diagnostic) => void, standsAt = doc.file): NamedFiles {
  const texts = new Map<string, Promise<string | Error>>()
  const absolute = (text: string, path: Path): string => (isAbsolute(text) ? text : resolve(dirname(doc.fileOf(path)), text))
  const moved = (text: string, path: Path): string => {
    const inside = relative(dirname(doc.file), absolute(text, path))
    return isAbsolute(text) ? text : resolve(dirname(standsAt), inside)
  }
  return {
    resolve: moved,
    async read(text, path, what) {
      const file = what === 'a secret' ? moved(text, path) : absolute(text, path)
      let known = texts.get(file)
      if (known === undefined) {
        known = readText(file)
        texts.set(file, known)
      }
      const content = await known
      if (typeof content === 'string') return { path: file, text: content }
      const missing = (content as NodeJS.ErrnoException).code === 'ENOENT'
      const message = missing ? `There is no file ${text} (${what}).` : `${text} (${what}) cannot be read: ${messageOf(content)}`
      const hint = missing ? `Looked for ${file}; paths are relative to the file that names them.` : undefined
      report(doc.problem('CLAW003', message, path, hint === undefined ? {} : { hint }))
      return { path: file, text: '' }
    },
    get sources() {
      return [...texts.keys()]
    },
  }
}

async function readText(file: string): Promise<string | Error> {
  try {
    const { size } = await stat(file)
    if (size > MAX_TEXT_BYTES) return new Error('it is larger than 4 MiB')
    return (await readFile(file, 'utf8')).replace(/^\ufeff/, '')
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** Folder of a skill, seen from the root file. */
export const skillFolder = (rootFile: string, name: string): string => join(dirname(rootFile), 'skills', name)
