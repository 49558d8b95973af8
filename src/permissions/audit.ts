// audit.jsonl: one line an act, each carrying the hash of the line before, so that a changed, cut or removed line shows.
// What is missing after the last line can't be seen from the file alone, so its head is kept in another place too.

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { textLines } from '../text-lines.ts'
import { redactDeep } from './redact.ts'

export interface Audit {
  /** Resolves when the line is written. @throws when it can't be: mode `record` then refuses the call. */
  append(record: Readonly<Record<string, unknown>>): Promise<void>
  close(): Promise<void>
}

/** Where the chain stood last. */
export interface AuditHead {
  readonly seq: number
  readonly hash: string
}

/** A second place for the head. It may lag behind the file, never run ahead of it. */
export interface AuditAnchor {
  load(): Promise<AuditHead | null>
  save(head: AuditHead): void
}

/** The key of the head in the engine's key-value store. */
export const ANCHOR_KEY = 'audit.head'

export const readHead = (text: string | null): AuditHead | null => (text === null ? null : (JSON.parse(text) as AuditHead))

export interface AuditReport {
  readonly ok: boolean
  readonly lines: number
  /** Each with the line's number, from 1. */
  readonly problems: readonly { readonly line: number; readonly message: string }[]
  /** Lines that a crash cut short; the line after each says so, and the chain goes on. */
  readonly torn: number
  readonly lastHash: string
}

const FIRST = '0'.repeat(64)
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')
const SEAL = /,"hash":"([0-9a-f]{64})"\}$/

export function createAudit(
  file: string,
  options: { redact?: (text: string) => string; now?: () => number; sync?: boolean; anchor?: AuditAnchor } = {},
): Audit {
  const now = options.now ?? Date.now
  let handle: FileHandle | undefined
  let previous = FIRST
  let seq = 0
  let queue: { text: Readonly<Record<string, unknown>>; done: () => void; fail: (error: unknown) => void }[] = []
  let running: Promise<void> | undefined
  let closed = false

  async function start(): Promise<FileHandle> {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    const opened = await open(file, 'a+', 0o600)
    try {
      await continueChain(opened)
    } catch (error) {
      await opened.close()
      throw error
    }
    return opened
  }

  async function continueChain(opened: FileHandle): Promise<void> {
    const end = await lastLines(opened)
    previous = end.hash
    seq = end.seq
    if (end.torn !== undefined) await opened.appendFile(`\n${seal({ type: 'torn', tornHash: hashOf(end.torn) })}\n`)
    const head = (await options.anchor?.load()) ?? null
    // Said in the log itself, so that going on does not cover it up.
    if (head !== null && (head.seq > end.seq || (head.seq === end.seq && head.hash !== end.hash)))
      await opened.appendFile(`${seal({ type: 'gap', written: head.seq, found: end.seq, lastHash: head.hash })}\n`)
  }

  function seal(record: Readonly<Record<string, unknown>>): string {
    const { hash: _, prev: __, seq: ___, ...rest } = record
    const plain = options.redact === undefined ? rest : (redactDeep(rest, options.redact) as typeof rest)
    const text = JSON.stringify({ seq: seq + 1, at: new Date(now()).toISOString(), ...plain, prev: previous })
    previous = hashOf(text)
    seq++
    return `${text.slice(0, -1)},"hash":"${previous}"}`
  }

  async function flush(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue
      queue = []
      try {
        handle ??= await start()
        await handle.appendFile(batch.map((entry) => `${seal(entry.text)}\n`).join(''))
        if (options.sync === true) await handle.datasync()
        options.anchor?.save({ seq, hash: previous })
        for (const entry of batch) entry.done()
      } catch (error) {
        // What reached the disk is unknown: read the end again before the next line.
        await handle?.close().catch(() => {})
        handle = undefined
        for (const entry of batch) entry.fail(error)
      }
    }
    running = undefined
  }

  return {
    append(record) {
      // The next process may hold the file by now.
      if (closed) return Promise.reject(new Error('The audit log is closed.'))
      return new Promise<void>((done, fail) => {
        queue.push({ text: record, done, fail })
        running ??= Promise.resolve().then(flush)
      })
    },
    async close() {
      closed = true
      await running
      await handle?.close()
      handle = undefined
    },
  }
}

/** Where the chain stands at the end of the file; `torn`: text after the last line feed. */
async function lastLines(handle: FileHandle): Promise<{ hash: string; seq: number; torn?: string }> {
  const { size } = await handle.stat()
  for (let span = 64 * 1024; ; span *= 4) {
    const length = Math.min(span, size)
    const buffer = Buffer.alloc(length)
    await handle.read(buffer, 0, length, size - length)
    const lines = buffer.toString('utf8').split('\n')
    const torn = lines.pop() ?? ''
    if (length < size) lines.shift()
    for (const line of lines.reverse()) {
      const hash = SEAL.exec(line)?.[1]
      if (hash === undefined) continue
      const seq = Number(/^\{"seq":([0-9]+)/.exec(line)?.[1] ?? 0)
      return torn === '' ? { hash, seq } : { hash, seq, torn }
    }
    if (length === size) return torn === '' ? { hash: FIRST, seq: 0 } : { hash: FIRST, seq: 0, torn }
  }
}

/** Reads the whole log and says where the chain breaks, or ends too early. @throws when the file can't be read. */
export async function verifyAudit(file: string, head: AuditHead | null = null): Promise<AuditReport> {
  const problems: { line: number; message: string }[] = []
  let previous = FIRST
  let seq = 0
  let number = 0
  let torn = 0
  let broken: string | undefined
  for await (const line of textLines(createReadStream(file))) {
    number++
    const sealed = SEAL.exec(line)
    const body = sealed === null ? undefined : `${line.slice(0, sealed.index)}}`
    if (sealed === null || body === undefined || hashOf(body) !== sealed[1]) {
      if (broken !== undefined) problems.push({ line: number - 1, message: 'The line is not as it was written.' })
      broken = line
      continue
    }
    const record = JSON.parse(body) as { seq?: number; prev?: string; type?: string; tornHash?: string; written?: number }
    if (broken !== undefined) {
      if (record.type === 'torn' && record.tornHash === hashOf(broken)) torn++
      else problems.push({ line: number - 1, message: 'The line is not as it was written.' })
      broken = undefined
    }
    if (record.prev !== previous || record.seq !== seq + 1)
      problems.push({
        line: number,
        message: `Lines are missing or out of order: expected number ${seq + 1}, found ${record.seq}.`,
      })
    if (record.type === 'gap')
      problems.push({
        line: number,
        message: `Before this line, up to ${record.written} lines had been written; the last are gone.`,
      })
    previous = sealed[1] as string
    seq = record.seq ?? seq + 1
    if (head?.seq === seq && head.hash !== previous)
      problems.push({ line: number, message: 'This is not the line that was written with its number.' })
  }
  if (broken !== undefined) problems.push({ line: number, message: 'The last line is not whole.' })
  if (head !== null && head.seq > seq)
    problems.push({
      line: number,
      message: `The end is missing: ${head.seq} lines were written, and the last here is number ${seq}.`,
    })
  return { ok: problems.length === 0, lines: number, problems, torn, lastHash: previous }
}
