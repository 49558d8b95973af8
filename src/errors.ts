// The language of problems. A mistake in the user's input is a Diagnostic (a value; all are collected and shown);
// an exception is for bugs and for start-up that cannot go on.

import { branded } from './branded.ts'

/** How bad it is: an `error` makes a configuration invalid, a `warning` fails `--strict`, a `note` only informs. */
export type Severity = 'error' | 'warning' | 'note'

/**
 * The closed catalogue of codes. 0xx text and files, 1xx shape, 2xx references, 3xx meaning, 4xx safety, 5xx running.
 * `claw explain CODE` prints the long form, see `config/explain.ts`; a test keeps both lists the same.
 */
export const CODES = {
  CLAW001: { severity: 'error', title: 'Not valid YAML' },
  CLAW002: { severity: 'error', title: 'Duplicate key' },
  CLAW003: { severity: 'error', title: 'File cannot be read' },
  CLAW004: { severity: 'error', title: 'Input is too large, too deep or not UTF-8' },
  CLAW005: { severity: 'error', title: 'Include cycle' },
  CLAW006: { severity: 'error', title: 'Defined in two files' },
  CLAW007: { severity: 'error', title: 'Variable is not set' },
  CLAW008: { severity: 'error', title: 'Malformed variable' },
  CLAW009: { severity: 'note', title: 'Secret is not set' },
  CLAW010: { severity: 'warning', title: 'Include matches no file' },
  CLAW011: { severity: 'error', title: 'Plugin cannot be read' },
  CLAW012: { severity: 'error', title: 'List of accepted MCP tools cannot be read' },
  CLAW101: { severity: 'error', title: 'Unknown key' },
  CLAW102: { severity: 'error', title: 'Missing key' },
  CLAW103: { severity: 'error', title: 'Wrong type' },
  CLAW104: { severity: 'error', title: 'Value not allowed' },
  CLAW105: { severity: 'error', title: 'Value out of range' },
  CLAW106: { severity: 'error', title: 'Malformed value' },
  CLAW107: { severity: 'error', title: 'Malformed manifest of a plugin' },
  CLAW201: { severity: 'error', title: 'Unknown agent' },
  CLAW202: { severity: 'error', title: 'Unknown channel' },
  CLAW203: { severity: 'error', title: 'Unknown tool' },
  CLAW204: { severity: 'error', title: 'Unknown model' },
  CLAW205: { severity: 'error', title: 'Unknown owner or approver' },
  CLAW206: { severity: 'error', title: 'Malformed identity' },
  CLAW207: { severity: 'error', title: 'Unknown skill' },
  CLAW208: { severity: 'error', title: 'Unknown heartbeat' },
  CLAW301: { severity: 'error', title: 'Reserved or clashing name' },
  CLAW302: { severity: 'error', title: 'Identity in two links' },
  CLAW303: { severity: 'error', title: 'Malformed schedule' },
  CLAW304: { severity: 'error', title: 'Unknown time zone' },
  CLAW305: { severity: 'error', title: 'Pattern is not a linear-time expression' },
  CLAW306: { severity: 'error', title: 'Duplicate name' },
  CLAW307: { severity: 'warning', title: 'Rule can never win' },
  CLAW308: { severity: 'warning', title: 'No route reaches the agent' },
  CLAW309: { severity: 'warning', title: 'Schedule never fires' },
  CLAW310: { severity: 'warning', title: 'Schedule fires very often' },
  CLAW311: { severity: 'note', title: 'Pattern has no required literal' },
  CLAW312: { severity: 'warning', title: 'Limit of zero' },
  CLAW313: { severity: 'warning', title: 'Deny cancels allow' },
  CLAW314: { severity: 'error', title: 'Agents cannot start each other without end' },
  CLAW315: { severity: 'warning', title: 'No agent answers' },
  CLAW316: { severity: 'warning', title: 'Prefix hides a command' },
  CLAW317: { severity: 'error', title: 'Malformed script of a scripted model' },
  CLAW318: { severity: 'warning', title: 'Model has ended or ends soon' },
  CLAW319: { severity: 'warning', title: 'Model name looks misspelled' },
  CLAW320: { severity: 'error', title: 'Limit in money without a price' },
  CLAW321: { severity: 'warning', title: 'Text is probably not what was meant' },
  CLAW322: { severity: 'warning', title: 'Grant of a command without a tool that runs it' },
  CLAW323: { severity: 'warning', title: 'Summaries do not fit into the window' },
  CLAW325: { severity: 'note', title: 'Model has less than is asked of it' },
  CLAW401: { severity: 'error', title: 'Gateway is open without a token' },
  CLAW402: { severity: 'warning', title: 'A stranger can reach a dangerous tool' },
  CLAW403: { severity: 'warning', title: 'Nobody can answer an approval' },
  CLAW404: { severity: 'error', title: 'Grant is too broad' },
  CLAW405: { severity: 'warning', title: 'Grant is for a tool without a list' },
  CLAW406: { severity: 'warning', title: 'Secret stands in the file' },
  CLAW407: { severity: 'warning', title: 'Sandbox is off' },
  CLAW408: { severity: 'warning', title: 'Name of a tool and of a command' },
  CLAW409: { severity: 'error', title: 'Workspace lies in the engine’s own files' },
  CLAW410: { severity: 'warning', title: 'Anyone can speak for a channel' },
  CLAW412: { severity: 'note', title: 'No tool of the MCP server is accepted' },
  CLAW413: { severity: 'note', title: 'Programs of a skill are not loaded' },
  CLAW501: { severity: 'error', title: 'Endpoint does not answer' },
  CLAW502: { severity: 'error', title: 'Port is in use' },
  CLAW503: { severity: 'error', title: 'State folder is in use' },
  CLAW504: { severity: 'error', title: 'Preparation failed' },
  CLAW505: { severity: 'error', title: 'Plugin is not what its manifest says' },
} as const satisfies Record<string, { severity: Severity; title: string }>

export type Code = keyof typeof CODES

/** A place in a file; lines and columns count from 1, the end is exclusive. */
export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly endLine: number
  readonly endColumn: number
}

/** One problem. `path` is a JSON pointer into the merged configuration (`''`: the whole). */
export interface Diagnostic extends Position {
  readonly code: Code
  readonly severity: Severity
  readonly message: string
  readonly hint?: string
  readonly path: string
  /** Other places that matter, such as the first of two duplicates. */
  readonly related?: readonly (Position & { readonly message: string })[]
}

const START = { file: '', line: 1, column: 1, endLine: 1, endColumn: 1 }

/** Makes a diagnostic; severity comes from the catalogue unless given. */
export function diagnostic(
  code: Code,
  message: string,
  at?: Partial<Position> & { path?: string },
  more?: { hint?: string; severity?: Severity; related?: Diagnostic['related'] },
): Diagnostic {
  return {
    code,
    severity: more?.severity ?? CODES[code].severity,
    message,
    ...(more?.hint === undefined ? {} : { hint: more.hint }),
    ...START,
    path: '',
    ...at,
    ...(more?.related === undefined ? {} : { related: more.related }),
  }
}

/** Whether any of them makes the configuration invalid. */
export const hasErrors = (list: readonly Diagnostic[]): boolean => list.some((d) => d.severity === 'error')

/** Exit codes of the command line. */
export const EXIT = {
  ok: 0,
  invalid: 1,
  differences: 2,
  warnings: 3,
  usage: 64,
  noInput: 66,
  bug: 70,
  again: 75,
  refused: 78,
} as const

/** A failure with words for a person and an exit code; the command line prints the message without a stack. */
export class ClawError extends Error {
  readonly exitCode: number
  readonly diagnostics: readonly Diagnostic[]
  constructor(message: string, options: { exitCode?: number; diagnostics?: readonly Diagnostic[]; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ClawError'
    this.exitCode = options.exitCode ?? EXIT.bug
    this.diagnostics = options.diagnostics ?? []
  }
}
branded(ClawError, 'ClawError')

/** The state folder failed: its disk is full, or it cannot be read or written. The message names the path, for the owner. */
export class StateError extends ClawError {
  readonly isFull: boolean
  /** `passes`: it may be over in a while, so that a start is worth another try; a full disk always may. */
  constructor(message: string, options: { isFull: boolean; passes?: boolean; cause?: unknown }) {
    super(message, { exitCode: options.isFull || options.passes === true ? EXIT.again : EXIT.refused, cause: options.cause })
    this.name = 'StateError'
    this.isFull = options.isFull
  }
}

/** The message of whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
