// The files that a configuration names besides configuration: souls, scripts, secrets, skills. Read once, remembered as sources.

import { readFile, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { Diagnostic } from '../errors.ts'
import { messageOf } from '../errors.ts'
import type { ConfigDocument } from './document.ts'
import type { Path } from './shape.ts'

const MAX_TEXT_BYTES = 4 * 1024 * 1024

export interface NamedFiles {
  /** Absolute path of what is named at `path`. */
  resolve(text: string, path: Path): string
  /** The text of a file named at `path`; '' after a diagnostic was reported. */
  read(text: string, path: Path, what: string): Promise<{ path: string; text: string }>
  readonly sources: readonly string[]
}

export function createNamedFiles(doc: ConfigDocument, report: (problem: Diagnostic) => void): NamedFiles {
  const texts = new Map<string, Promise<string | Error>>()
  const absolute = (text: string, path: Path): string => (isAbsolute(text) ? text : resolve(dirname(doc.fileOf(path)), text))
  return {
    resolve: absolute,
    async read(text, path, what) {
      const file = absolute(text, path)
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
