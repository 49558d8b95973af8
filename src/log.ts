// The log of a running engine: JSON lines, or short lines on a terminal; whatever is written passes the redactor first.

import { pino } from 'pino'
import type { Logger } from './ports.ts'

export interface LogOptions {
  readonly level: string
  /** Short lines for people instead of JSON. */
  readonly human: boolean
  write(line: string): void
  /** Takes secrets out of a line. */
  redact(line: string): string
}

const NAMES: Readonly<Record<number, string>> = { 20: 'debug', 30: 'info ', 40: 'warn ', 50: 'error' }
const COMMON = new Set(['level', 'time', 'pid', 'hostname', 'msg'])

export function createLogger({ level, human, write, redact }: LogOptions): Logger {
  const destination = { write: (line: string) => write(redact(human ? short(line) : line)) }
  return pino({ level, base: null }, destination)
}

function short(line: string): string {
  const record = JSON.parse(line) as Record<string, unknown> & { level: number; time: number; msg: string }
  const fields = Object.entries(record).filter(([key]) => !COMMON.has(key))
  const rest = fields.map(
    ([key, value]) => `${key}=${typeof value === 'string' && !/[\s"]/.test(value) ? value : JSON.stringify(value)}`,
  )
  return `${new Date(record.time).toISOString().slice(11, 19)} ${NAMES[record.level] ?? record.level} ${record.msg}${rest.length === 0 ? '' : ` · ${rest.join(' ')}`}\n`
}
