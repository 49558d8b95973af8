// How a verb fails under `--format json`: whatever it told the user in words, as one document on standard output.

import { EXIT } from '../errors.ts'
import type { Io } from './io.ts'

/** What an exit code means, for programs. 2 and 3 are results, not failures, and are not here. */
const CODES: Readonly<Record<number, string>> = {
  [EXIT.invalid]: 'failed',
  [EXIT.usage]: 'usage',
  [EXIT.noInput]: 'not_found',
  [EXIT.bug]: 'bug',
  [EXIT.refused]: 'refused',
}

export interface WatchedIo {
  readonly io: Io
  /** The document of a failed verb that printed none; undefined: it succeeded, or printed a document of its own. */
  failure(exitCode: number): { readonly error: { readonly code: string; readonly message: string } } | undefined
}

/** The same io, remembering whether a result was printed and what was told. */
export function watchIo(io: Io): WatchedIo {
  let printed = false
  let told = ''
  const watched: Io = {
    cwd: io.cwd,
    env: io.env,
    color: io.color,
    // To ask these costs time, so it is left to who needs the answer.
    get stdin() {
      return io.stdin
    },
    get isTerminal() {
      return io.isTerminal ?? { out: false, err: false }
    },
    out(text) {
      printed ||= text !== ''
      io.out(text)
    },
    err(text) {
      told += text
      io.err(text)
    },
  }
  return {
    io: watched,
    failure(exitCode) {
      const code = CODES[exitCode]
      if (code === undefined || printed) return undefined
      const message = told.replaceAll(/^claw: /gm, '').trim()
      return { error: { code, message: message === '' ? `claw ended with exit code ${exitCode}` : message } }
    },
  }
}
