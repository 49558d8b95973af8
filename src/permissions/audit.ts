// audit.jsonl: one line an act, each carrying the hash of the line before, so that a changed, cut or removed line shows.
// What is missing after the last line can't be seen from the file alone, so its head is kept in another place too.

import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { firstLineAt, segmentName, segmentsOf } from './audit-segments.ts'
import { redactDeep } from './redact.ts'

export interface Audit {
  /** Resolves when the line is written. @throws when it can't be: mode `record` then refuses the call. */
  append(record: Readonly<Record<string, unknown>>): Promise<void>
  /**
   * Sets the file aside when it has grown old, and removes the files all of whose lines are older than `keepMs`. A line in the log
   * says where it begins from then on, so that it still verifies.
   */
  retire(keepMs: number): Promise<void>
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

/** A file is set aside after this time at the latest. */
const LONGEST_FILE_MS = 30 * 24 * 3_600_000
/** No link is followed: what it points to is not the log. */
const APPEND = constants.O_APPEND | constants.O_CREAT | constants.O_RDWR | constants.O_NOFOLLOW
export const FIRST_HASH = '0'.repeat(64)
export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')
export const SEAL = /,"hash":"([0-9a-f]{64})"\}$/

export function createAudit(
  file: string,
  options: { redact?: (text: string) => string; now?: () => number; sync?: boolean; anchor?: AuditAnchor } = {},
): Audit {
  const now = options.now ?? Date.now
  let handle: FileHandle | undefined
  let previous = FIRST_HASH
  let seq = 0
  let queue: { readonly record: Readonly<Record<string, unknown>>; done(): void; fail(error: unknown): void }[] = []
  const retiring: { readonly keepMs: number; done(): void; fail(error: unknown): void }[] = []
  let running: Promise<void> | undefined
  let closed = false

  async function start(): Promise<FileHandle> {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    const opened = await open(file, APPEND, 0o600)
    try {
      await continueChain(opened)
    } catch (error) {
      await opened.close()
      throw error
    }
    return opened
  }

  async function continueChain(opened: FileHandle): Promise<void> {
    const end = await endOf(opened)
    previous = end.hash
    seq = end.seq
    if (end.torn !== undefined) await opened.appendFile(`\n${seal({ type: 'torn', tornHash: hashOf(end.torn) })}\n`)
    const head = (await options.anchor?.load()) ?? null
    // Said in the log itself, so that going on does not cover it up.
    if (head !== null && (head.seq > end.seq || (head.seq === end.seq && head.hash !== end.hash)))
      await opened.appendFile(`${seal({ type: 'gap', written: head.seq, found: end.seq, lastHash: head.hash })}\n`)
  }

  /** An empty file goes on where the one before it ended. */
  async function endOf(opened: FileHandle): Promise<LogEnd> {
    const end = await lastLines(opened)
    const before = end.seq === 0 ? (await segmentsOf(file)).at(-1) : undefined
    return before === undefined ? end : { ...end, seq: before.seq, hash: await lastHash(before.path) }
  }

  async function setAside(keepMs: number): Promise<void> {
    const begun = await firstLineAt(file)
    if (begun === null || now() - begun < Math.min(LONGEST_FILE_MS, keepMs / 4)) return
    handle ??= await start()
    await handle.close()
    handle = undefined
    await rename(file, segmentName(file, seq))
  }

  async function retireNow(keepMs: number): Promise<void> {
    await setAside(keepMs)
    const segments = await segmentsOf(file)
    const young = segments.findIndex(({ lastAt }) => now() - lastAt <= keepMs)
    const old = young === -1 ? segments : segments.slice(0, young)
    const last = old.at(-1)
    if (last === undefined) return
    handle ??= await start()
    await handle.appendFile(`${seal({ type: 'retired', upTo: last.seq, lastHash: await lastHash(last.path) })}\n`)
    // Said before it is done: a crash in between leaves more than was said, never less.
    await handle.datasync()
    options.anchor?.save({ seq, hash: previous })
    for (const { path } of old) await rm(path, { force: true })
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
    while (queue.length > 0 || retiring.length > 0) {
      for (const { keepMs, done, fail } of retiring.splice(0)) await retireNow(keepMs).then(done, fail)
      const batch = queue
      queue = []
      try {
        if (batch.length === 0) continue
        handle ??= await start()
        await handle.appendFile(batch.map((entry) => `${seal(entry.record)}\n`).join(''))
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
        queue.push({ record, done, fail })
        running ??= Promise.resolve().then(flush)
      })
    },
    retire(keepMs) {
      if (closed) return Promise.resolve()
      return new Promise<void>((done, fail) => {
        retiring.push({ keepMs, done, fail })
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

interface LogEnd {
  readonly hash: string
  readonly seq: number
  /** Text after the last line feed. */
  readonly torn?: string
}

async function lastHash(path: string): Promise<string> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    return (await lastLines(handle)).hash
  } finally {
    await handle.close()
  }
}

/** Where the chain stands at the end of the file. */
async function lastLines(handle: FileHandle): Promise<LogEnd> {
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
    if (length === size) return torn === '' ? { hash: FIRST_HASH, seq: 0 } : { hash: FIRST_HASH, seq: 0, torn }
  }
}
