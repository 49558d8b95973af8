// Whether an audit log is still what was written: all of its files in, where the chain breaks out.

import { createReadStream } from 'node:fs'
import { textLines } from '../text-lines.ts'
import { type AuditHead, FIRST_HASH, hashOf, SEAL } from './audit.ts'
import { auditFiles } from './audit-segments.ts'

export interface AuditReport {
  readonly ok: boolean
  readonly lines: number
  /** Each with the line's number in its file, from 1. */
  readonly problems: readonly AuditProblem[]
  /** Lines that a crash cut short; the line after each says so, and the chain goes on. */
  readonly torn: number
  readonly lastHash: string
}

export interface AuditProblem {
  readonly file: string
  readonly line: number
  readonly message: string
}

interface SealedRecord {
  readonly seq?: number
  readonly prev?: string
  readonly type?: string
  readonly tornHash?: string
  readonly written?: number
  readonly upTo?: number
  readonly lastHash?: string
}

/** Reads the whole log and says where the chain breaks, or ends too early. @throws when a file can't be read. */
export async function verifyAudit(file: string, head: AuditHead | null = null): Promise<AuditReport> {
  const chain = new Chain(head)
  for (const path of await auditFiles(file)) {
    chain.begin(path)
    for await (const line of textLines(createReadStream(path))) chain.read(line)
    chain.endFile()
  }
  return chain.end()
}

class Chain {
  readonly #head: AuditHead | null
  readonly #problems: AuditProblem[] = []
  #file = ''
  #number = 0
  #lines = 0
  #torn = 0
  #seq = 0
  #previous = FIRST_HASH
  #broken: string | undefined
  /** The log does not begin with its first line: a later one has to say that those before it were removed. */
  #missing: { readonly problem: AuditProblem; readonly seq: number; readonly hash: string } | undefined

  constructor(head: AuditHead | null) {
    this.#head = head
  }

  begin(file: string): void {
    this.#file = file
    this.#number = 0
  }

  read(line: string): void {
    this.#number++
    this.#lines++
    const sealed = SEAL.exec(line)
    const body = sealed === null ? undefined : `${line.slice(0, sealed.index)}}`
    const hash = sealed?.[1]
    if (hash === undefined || body === undefined || hashOf(body) !== hash) {
      this.#endBroken()
      this.#broken = line
      return
    }
    const record = JSON.parse(body) as SealedRecord
    if (record.type === 'torn' && this.#broken !== undefined && record.tornHash === hashOf(this.#broken)) {
      this.#torn++
      this.#broken = undefined
    }
    this.#endBroken()
    this.#link(record)
    if (record.type === 'gap')
      this.#report(`Before this line, up to ${record.written} lines had been written; the last are gone.`)
    if (record.type === 'retired' && record.upTo === this.#missing?.seq && record.lastHash === this.#missing?.hash)
      this.#missing = undefined
    this.#previous = hash
    this.#seq = record.seq ?? this.#seq + 1
    if (this.#head?.seq === this.#seq && this.#head.hash !== hash)
      this.#report('This is not the line that was written with its number.')
  }

  endFile(): void {
    if (this.#broken === undefined) return
    this.#report('The last line is not whole.')
    this.#broken = undefined
  }

  end(): AuditReport {
    if (this.#missing !== undefined) this.#problems.unshift(this.#missing.problem)
    if (this.#head !== null && this.#head.seq > this.#seq)
      this.#report(`The end is missing: ${this.#head.seq} lines were written, and the last here is number ${this.#seq}.`)
    const problems = this.#problems
    return { ok: problems.length === 0, lines: this.#lines, problems, torn: this.#torn, lastHash: this.#previous }
  }

  #link({ seq, prev }: SealedRecord): void {
    if (prev === this.#previous && seq === this.#seq + 1) return
    const message = `Lines are missing or out of order: expected number ${this.#seq + 1}, found ${seq}.`
    const problem = { file: this.#file, line: this.#number, message }
    const isFirst = this.#seq === 0 && this.#previous === FIRST_HASH
    if (isFirst && seq !== undefined && prev !== undefined) this.#missing = { problem, seq: seq - 1, hash: prev }
    else this.#problems.push(problem)
  }

  #endBroken(): void {
    if (this.#broken === undefined) return
    this.#report('The line is not as it was written.', this.#number - 1)
    this.#broken = undefined
  }

  #report(message: string, line = this.#number): void {
    this.#problems.push({ file: this.#file, line, message })
  }
}
