// The faults that the harness injects: at which calls, and with which codes.

export type FaultKind = 'full' | 'files' | 'rights' | 'locked' | 'broken' | 'network'

export interface Fault {
  readonly what: string
  readonly code: string
  /** Primary result code of SQLite. */
  readonly sqlite: number
  readonly calls: readonly string[]
}

const WRITES = ['open', 'write', 'sqlite run'] as const

export const FAULTS: Readonly<Record<FaultKind, Fault>> = {
  full: { what: 'the disk is full', code: 'ENOSPC', sqlite: 13, calls: WRITES },
  files: { what: 'too many files are open', code: 'EMFILE', sqlite: 14, calls: ['open'] },
  rights: { what: 'the folder cannot be written', code: 'EACCES', sqlite: 8, calls: WRITES },
  locked: { what: 'the database is locked', code: 'EBUSY', sqlite: 5, calls: ['sqlite run'] },
  broken: { what: 'reads and writes of the disk fail', code: 'EIO', sqlite: 10, calls: [...WRITES, 'sqlite get', 'sqlite all'] },
  network: { what: 'connections are reset', code: 'ECONNRESET', sqlite: 0, calls: ['send'] },
}
