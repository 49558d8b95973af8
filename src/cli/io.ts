// What a verb may touch of the process: passed in, so that verbs run in tests without one.

import { EXIT } from '../errors.ts'
import type { Registry } from '../registry.ts'

export interface Io {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly color: boolean
  /** Whether a person's terminal shows what is written; absent: none does. */
  readonly isTerminal?: { readonly out: boolean; readonly err: boolean }
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  out(text: string): void
  err(text: string): void
}

/** What a verb is given: the process, and what the program was composed of. */
export interface VerbIo extends Io {
  readonly registry: Registry
  /** All there are, for what describes them. */
  readonly verbs: readonly VerbEntry[]
}

export interface VerbEntry {
  readonly name: string
  readonly summary: string
  readonly args?: string
  readonly options?: readonly (readonly [flags: string, description: string, choices?: readonly string[]])[]
  /** Formats beside `human` and `json`. */
  readonly formats?: readonly string[]
  load(): Promise<{ run: Verb }>
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

/** A versioned JSON document. */
export const jsonText = (value: object): string => `${JSON.stringify({ formatVersion: 1, ...value }, null, 2)}\n`

export const printJson = (io: Io, value: object): void => io.out(jsonText(value))

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

/** A thing was named that does not exist, said in one line with what to do. */
export function notFound(io: Io, message: string): number {
  io.err(`claw: ${message}\n`)
  return EXIT.noInput
}

/** The page's address; with the owner's key only where the output is a terminal, as files and pipes would keep it. */
export const pageLink = (url: string, ownerSecret: string, io: Io): string =>
  io.isTerminal?.out === true ? `${url}/#key=${ownerSecret}` : `${url}/ (\`claw status\` on a terminal has the owner's link)`
