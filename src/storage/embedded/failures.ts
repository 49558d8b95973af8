// Errors of SQLite and of the file system in; a sentence that says what to do out.

import { messageOf, StateError } from '../../errors.ts'

const codeOf = (error: unknown): string => {
  const { code, sqliteCodeName, errcode } = (error ?? {}) as { code?: unknown; sqliteCodeName?: unknown; errcode?: unknown }
  if (typeof sqliteCodeName === 'string') return sqliteCodeName
  if (typeof errcode === 'number') return SQLITE[errcode & 0xff] ?? 'SQLITE_ERROR'
  return typeof code === 'string' ? code : ''
}

const SQLITE: Readonly<Record<number, string>> = {
  5: 'SQLITE_BUSY',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  26: 'SQLITE_NOTADB',
}

/** What may be over without anybody changing the configuration. */
const PASSING: ReadonlySet<string> = new Set(['SQLITE_BUSY', 'SQLITE_IOERR', 'EIO', 'EMFILE', 'ENFILE'])
const FULL: ReadonlySet<string> = new Set(['SQLITE_FULL', 'ENOSPC', 'EDQUOT'])

/** A disk with too little room to accept anything more. */
export const diskFull = (path: string): StateError => storageFailure({ code: 'ENOSPC' }, path) as StateError

export const isBusy = (error: unknown): boolean => codeOf(error) === 'SQLITE_BUSY'

/** The same failure with words for a person; what is not about the disk stays as it is. */
export function storageFailure(error: unknown, path: string): Error {
  const code = codeOf(error)
  const say = sentenceOf(code, path, messageOf(error))
  if (say !== null) return new StateError(say, { isFull: FULL.has(code), passes: PASSING.has(code), cause: error })
  return error instanceof Error ? error : new Error(String(error))
}

function sentenceOf(code: string, path: string, message: string): string | null {
  switch (code) {
    case 'SQLITE_FULL':
    case 'ENOSPC':
    case 'EDQUOT':
      return `The disk that holds ${path} is full. What was stored before still stands; free some space and try again.`
    case 'SQLITE_BUSY':
      return `Another program holds ${path} and does not let go of it. Close it; what waits is tried again.`
    case 'SQLITE_READONLY':
    case 'SQLITE_CANTOPEN':
    case 'EROFS':
    // What Node says of a folder that cannot be made on a read-only disk.
    case 'ENOENT':
    case 'EACCES':
    case 'EPERM':
      return `${path} cannot be written: give this user the right to write there, or set stateDir to another folder.`
    case 'ENOTDIR':
    case 'EEXIST':
      return `${path} is not a folder, or a file stands in its way; set stateDir to another folder.`
    case 'SQLITE_CORRUPT':
    case 'SQLITE_NOTADB':
      return `${path} is damaged (${message}). Move it away or bring back a copy; transcripts and memory are files of their own and are not touched.`
    case 'EMFILE':
    case 'ENFILE':
      return `Too many files are open, so ${path} cannot be opened. Raise the limit of open files (ulimit -n, LimitNOFILE); what waits is tried again.`
    case 'ELOOP':
      return `${path} is a link, which is not followed. Put the file itself there.`
    case 'SQLITE_IOERR':
    case 'EIO':
      return `${path} could not be read or written (${message}). Look at the disk.`
    default:
      return null
  }
}
