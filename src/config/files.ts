// The files that a configuration names besides configuration: souls, scripts, secrets, skills. Read once, remembered as sources.

import { dirname, isAbsolute, resolve } from 'node:path'
import type { Diagnostic } from '../errors.ts'
import { messageOf } from '../errors.ts'
import { readOrdinaryFile } from '../ordinary-file.ts'
import type { ConfigDocument } from './document.ts'
import { copyOf, type Mirror } from './mirror.ts'
import type { Path } from './shape.ts'

const MAX_TEXT_BYTES = 4 * 1024 * 1024

export interface NamedFiles {
  /** Absolute path of what is named at `path`: relative ones are seen from the file that names them. */
  resolve(text: string, path: Path): string
  /** The text of a file named at `path`; '' after a diagnostic was reported. */
  read(text: string, path: Path, what: string): Promise<{ path: string; text: string }>
  /** The text of a secret's file; '' after a diagnostic was reported, `code` where there is no such file. */
  readSecret(text: string, path: Path, code: 'CLAW003' | 'CLAW009'): Promise<string>
  /** Files that others read, or looked for, on behalf of the configuration. */
  note(paths: readonly string[]): void
  /** Absolute paths of all of them. */
  readonly sources: readonly string[]
  /** Without the secrets. */
  readonly texts: readonly string[]
}

/** `mirror`: where copies of the files are; secrets have none. */
export function createNamedFiles(doc: ConfigDocument, report: (problem: Diagnostic) => void, mirror?: Mirror): NamedFiles {
  const texts = new Map<string, Promise<string | Error>>()
  const secrets = new Map<string, Promise<string | Error>>()
  const noted = new Set<string>()
  const absolute = (text: string, path: Path): string => (isAbsolute(text) ? text : resolve(dirname(doc.fileOf(path)), text))

  async function readOnce(known: Map<string, Promise<string | Error>>, file: string, from: string): Promise<string | Error> {
    const content = known.get(file) ?? readText(from)
    known.set(file, content)
    return await content
  }

  function complain(error: Error, text: string, path: Path, what: string, code: 'CLAW003' | 'CLAW009'): void {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const message = missing ? `There is no file ${text} (${what}).` : `${text} (${what}) cannot be read: ${messageOf(error)}`
    const hint = missing ? `Looked for ${absolute(text, path)}; paths are relative to the file that names them.` : undefined
    report(doc.problem(missing ? code : 'CLAW003', message, path, hint === undefined ? {} : { hint }))
  }

  return {
    resolve: absolute,
    async read(text, path, what) {
      const file = absolute(text, path)
      const content = await readOnce(texts, file, copyOf(file, mirror))
      if (typeof content === 'string') return { path: file, text: content }
      complain(content, text, path, what, 'CLAW003')
      return { path: file, text: '' }
    },
    async readSecret(text, path, code) {
      const file = absolute(text, path)
      const content = await readOnce(secrets, file, file)
      if (typeof content === 'string') {
        const secret = content.trim()
        const unset = code === 'CLAW003' ? 'CLAW007' : 'CLAW009'
        if (secret === '') report(doc.problem(unset, `The file ${text} holds no secret.`, path, { hint: 'It is empty.' }))
        return secret
      }
      complain(content, text, path, 'a secret', code)
      return ''
    },
    note(paths) {
      for (const path of paths) noted.add(path)
    },
    get sources() {
      return [...new Set([...texts.keys(), ...secrets.keys(), ...noted])]
    },
    get texts() {
      return [...new Set([...texts.keys(), ...noted])]
    },
  }
}

async function readText(file: string): Promise<string | Error> {
  try {
    return (await readOrdinaryFile(file, MAX_TEXT_BYTES)).toString('utf8').replace(/^\ufeff/, '')
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}
