// The DevTools protocol over a pipe or a socket: commands out, answers and events in. Every session of a browser shares one line.

import type { Readable, Writable } from 'node:stream'

export type Params = Readonly<Record<string, unknown>>

/** Texts in both directions. */
export interface Line {
  send(text: string): void
  close(): void
  onText: (text: string) => void
  onEnd: () => void
}

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: Params
  readonly result?: Params
  readonly error?: { readonly message: string }
  readonly sessionId?: string
}

interface Waiting {
  readonly sessionId: string | undefined
  resolve(result: Params): void
  reject(error: Error): void
}

type Listener = (params: Params, sessionId: string | undefined) => void

const MOST_MESSAGE_BYTES = 64 * 1024 * 1024

export class Cdp {
  readonly #line: Line
  readonly #waiting = new Map<number, Waiting>()
  readonly #listeners = new Map<string, Set<Listener>>()
  #next = 1
  #ended = false

  constructor(line: Line) {
    this.#line = line
    line.onText = (text) => this.#take(JSON.parse(text) as Message)
    line.onEnd = () => this.#end()
  }

  get ended(): boolean {
    return this.#ended
  }

  /** `T` is what the protocol says the answer is. */
  async send<T = Params>(method: string, params: Params = {}, sessionId?: string): Promise<T> {
    if (this.#ended) throw new Error('The browser is gone.')
    const id = this.#next++
    const answer = new Promise<Params>((resolve, reject) => this.#waiting.set(id, { sessionId, resolve, reject }))
    this.#line.send(JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }))
    return (await answer) as T
  }

  /** Returns what ends the listening. */
  on(method: string, listener: Listener): () => void {
    const known = this.#listeners.get(method) ?? new Set()
    this.#listeners.set(method, known.add(listener))
    return () => void known.delete(listener)
  }

  close(): void {
    this.#line.close()
    this.#end()
  }

  #take({ id, method, params = {}, result = {}, error, sessionId }: Message): void {
    if (method !== undefined) {
      if (method === 'Target.detachedFromTarget') this.leave(String(params['sessionId']))
      for (const listener of [...(this.#listeners.get(method) ?? [])]) listener(params, sessionId)
      return
    }
    const waiting = this.#waiting.get(id ?? 0)
    this.#waiting.delete(id ?? 0)
    if (error === undefined) waiting?.resolve(result)
    else waiting?.reject(new Error(error.message))
  }

  /** What a tab that is gone was asked is answered by nobody: it is given up. */
  leave(session: string): void {
    for (const [id, { sessionId, reject }] of this.#waiting) {
      if (sessionId !== session) continue
      this.#waiting.delete(id)
      reject(new Error('The tab was closed.'))
    }
  }

  #end(): void {
    this.#ended = true
    for (const { reject } of this.#waiting.values()) reject(new Error('The browser is gone.'))
    this.#waiting.clear()
  }
}

/** Messages with a zero byte behind each, as Chromium has them on its pipes. */
export function pipeLine(input: Writable, output: Readable): Line {
  const line: Line = {
    send: (text) => void input.write(`${text}\0`),
    close: () => input.destroy(),
    onText: () => {},
    onEnd: () => {},
  }
  let parts: Buffer[] = []
  let size = 0
  input.on('error', () => {})
  output.on('data', (chunk: Buffer) => {
    let from = 0
    for (let end = chunk.indexOf(0); end !== -1; end = chunk.indexOf(0, from)) {
      line.onText(Buffer.concat([...parts, chunk.subarray(from, end)]).toString('utf8'))
      parts = []
      size = 0
      from = end + 1
    }
    parts.push(chunk.subarray(from))
    size += chunk.length - from
    if (size > MOST_MESSAGE_BYTES) output.destroy()
  })
  output.on('close', () => line.onEnd())
  output.on('error', () => line.onEnd())
  return line
}

/** A browser that runs already, somewhere else. */
export async function socketLine(endpoint: string): Promise<Line> {
  const { WebSocket } = await import('ws')
  const socket = new WebSocket(endpoint, { maxPayload: MOST_MESSAGE_BYTES, perMessageDeflate: false })
  await new Promise<void>((done, fail) => {
    socket.once('open', done)
    socket.once('error', (error) => fail(new Error(`No browser answers at the endpoint: ${error.message}`)))
  })
  const line: Line = {
    send: (text) => socket.send(text),
    close: () => socket.terminate(),
    onText: () => {},
    onEnd: () => {},
  }
  socket.on('message', (data) => line.onText(String(data)))
  socket.on('close', () => line.onEnd())
  socket.on('error', () => {})
  return line
}
