// A program that speaks MCP on its standard input and output, as a transport. It runs in a process group of its own, so that what
// it starts ends with it; what it writes is bounded in size and in pace.

import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { deserializeMessage, type JSONRPCMessage, serializeMessage, type Transport } from '@modelcontextprotocol/client'
import { tailOf } from '../text-cut.ts'

export interface Program {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

const MOST_MESSAGE_BYTES = 10 * 1024 * 1024
/** What a server may write in a second before it counts as out of control. */
const MOST_MESSAGES = 2_000
const MOST_BYTES = 64 * 1024 * 1024
const WINDOW_MS = 1_000
const STDERR_CHARS = 2_000
const GRACE_MS = 2_000

export class ProgramTransport implements Transport {
  readonly #program: Program
  #child: ChildProcessByStdio<Writable, Readable, Readable> | undefined
  #stderr = ''
  #why: string | undefined
  #closed = false
  onclose?: (() => void) | undefined
  onerror?: ((error: Error) => void) | undefined
  onmessage?: Transport['onmessage']

  constructor(program: Program) {
    this.#program = program
  }

  /** Why it ended, in a clause, with the last it said. */
  get detail(): string | undefined {
    const said = this.#stderr.trim()
    return this.#why === undefined ? undefined : said === '' ? this.#why : `${this.#why}; it said: ${said}`
  }

  async start(): Promise<void> {
    const { command, args, cwd, env } = this.#program
    const child = spawn(command, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'], detached: true })
    this.#child = child
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = tailOf(this.#stderr + text, STDERR_CHARS)
    })
    child.stdout.on('data', this.#reader())
    // One that is gone tells nobody that it cannot be written to.
    child.stdin.on('error', () => {})
    child.once('close', (code, signal) =>
      this.#end(signal === null ? `it ended with exit code ${code}` : `it was ended by ${signal}`),
    )
    await new Promise<void>((done, fail) => {
      child.once('spawn', done)
      child.once('error', (error) => {
        this.#end(`it cannot be started: ${error.message}`)
        fail(error)
      })
    })
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const { stdin } = this.#child ?? {}
    if (stdin === undefined || this.#closed || !stdin.writable) throw new Error('The server is gone.')
    if (stdin.write(serializeMessage(message))) return
    await new Promise<void>((done) => {
      stdin.once('drain', done)
      stdin.once('close', done)
    })
  }

  async close(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return this.#end('it was stopped')
    this.#why ??= 'it was stopped'
    const ended = new Promise<void>((done) => child.once('exit', () => done()))
    child.stdin.end()
    const polite = setTimeout(() => this.#kill('SIGTERM'), GRACE_MS / 4)
    const hard = setTimeout(() => this.#kill('SIGKILL'), GRACE_MS)
    await ended
    clearTimeout(polite)
    clearTimeout(hard)
    // What it left behind in its group.
    this.#kill('SIGKILL')
    this.#end('it was stopped')
  }

  /** Splits what it writes into messages. */
  #reader(): (chunk: Buffer) => void {
    let parts: Buffer[] = []
    let size = 0
    let window = { since: Date.now(), messages: 0, bytes: 0 }
    return (chunk) => {
      if (this.#closed || this.#why !== undefined) return
      const now = Date.now()
      if (now - window.since >= WINDOW_MS) window = { since: now, messages: 0, bytes: 0 }
      window.bytes += chunk.length
      let from = 0
      for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
        const line = Buffer.concat([...parts, chunk.subarray(from, end)])
          .toString('utf8')
          .trim()
        parts = []
        size = 0
        from = end + 1
        if (line === '') continue
        window.messages++
        if (window.messages > MOST_MESSAGES) break
        this.#take(line)
      }
      if (window.messages > MOST_MESSAGES || window.bytes > MOST_BYTES) return this.#giveUp('it wrote more than can be read')
      if (from < chunk.length) {
        parts.push(chunk.subarray(from))
        size += chunk.length - from
      }
      if (size > MOST_MESSAGE_BYTES) this.#giveUp(`it wrote a message of more than ${MOST_MESSAGE_BYTES} bytes`)
    }
  }

  #take(line: string): void {
    let message: JSONRPCMessage
    try {
      message = deserializeMessage(line)
    } catch {
      // Programs print greetings; what is no message is passed over.
      this.onerror?.(new Error('The server wrote a line that is no message.'))
      return
    }
    this.onmessage?.(message)
  }

  #giveUp(why: string): void {
    this.#why = why
    this.#child?.stdout.destroy()
    this.#kill('SIGKILL')
  }

  #kill(how: NodeJS.Signals): void {
    try {
      if (this.#child?.pid !== undefined) process.kill(-this.#child.pid, how)
    } catch {
      // Gone already.
    }
  }

  #end(why: string): void {
    if (this.#closed) return
    this.#closed = true
    this.#why ??= why
    this.#kill('SIGKILL')
    this.onclose?.()
  }
}
