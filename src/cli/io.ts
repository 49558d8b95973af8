// What a verb may touch of the process: passed in, so that verbs run in tests without one.

import { EXIT } from '../errors.ts'
import type { Registry } from '../registry.ts'

export interface Io {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly color: boolean
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  out(text: string): void
  err(text: string): void
}

/** What a verb is given: the process, and what the program was composed of. */
export interface VerbIo extends Io {
  readonly registry: Registry
}

/** Options every verb has, beside its own (camelCase, as commander gives them). */
export interface GlobalOptions {
  /** Absolute path of the root file. */
  readonly config: string
  readonly format: string
}

export type Options = GlobalOptions & Readonly<Record<string, unknown>>

/** A verb's work: gives the exit code. Prints nothing but its result on `out`, problems on `err`. */
export type Verb = (args: readonly string[], options: Options, io: VerbIo) => Promise<number>

/** Prints a versioned JSON document. */
export function printJson(io: Io, value: object): void {
  io.out(`${JSON.stringify({ formatVersion: 1, ...value }, null, 2)}\n`)
}

/** A usage mistake, said in one line with what to do. */
export function usage(io: Io, message: string): number {
  io.err(`claw: ${message}\n`)
  return EXIT.usage
}

/** Paints for a terminal, or leaves the text alone. */
export function paint(io: Io, style: 'bold' | 'dim' | 'red' | 'yellow' | 'green' | 'cyan', text: string): string {
  const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const
  return io.color ? `\u001b[${codes[style]}m${text}\u001b[0m` : text
}

/** The page's address; on a terminal with the key that makes whoever opens it the owner, which no log should keep. */
export const pageLink = (url: string, ownerSecret: string, io: Io): string =>
  io.stdin.isTTY === true ? `${url}/#key=${ownerSecret}` : `${url}/ (\`claw status\` on a terminal has the owner's link)`
