// Requests over node:http(s) for the service clients, at a fraction of the cost of the stock fetch on a short call. Takes what
// those clients send (a text body, plain headers, a signal); gives what they look at of a Response, with a body to read as
// text while it comes, in place of a web stream. Redirects are not followed.

import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { urlToHttpOptions } from 'node:url'
import type { StopSignal } from '../stop.ts'
import { shortened } from '../text-cut.ts'
import { StreamCut } from './failure-kind.ts'

export interface TextResponse extends Pick<Response, 'ok' | 'status' | 'statusText' | 'headers' | 'url' | 'text'> {
  /** Not here: see `read`. */
  readonly body: null
  /**
   * The body piece by piece, once, to its end or until `onText` returns true. Rejects when it is cut short, and with what
   * `onText` throws.
   */
  read(onText: (text: string) => boolean | undefined): Promise<void>
  /** Ends reading as if the body ended here. */
  stop(): void
}

/** All of a request but its body: the same from call to call, so it may be kept. */
export interface RequestHead {
  readonly url: string
  readonly method: string
  /** By names in lower case, without the length of the body. */
  readonly headers: Readonly<Record<string, string>>
  /** The address as Node's client takes it. */
  readonly target: Pick<RequestOptions, 'protocol' | 'hostname' | 'port' | 'path' | 'auth'>
}

export interface HttpFetch {
  fetch(input: string | URL | Request, init?: RequestInit): Promise<TextResponse>
  send(head: RequestHead, body: string | Uint8Array | undefined, signal: StopSignal | undefined): Promise<TextResponse>
  /** Closes idle connections; those in use end with their calls. */
  close(): void
}

export function createHttpFetch(): HttpFetch {
  // An idle socket doesn't keep the process alive: node's agent takes care of that.
  const http = new HttpAgent({ keepAlive: true })
  const https = new HttpsAgent({ keepAlive: true })

  const send: HttpFetch['send'] = (head, body, signal) => {
    const { target, method, headers } = head
    const isSecure = target.protocol === 'https:'
    const options = {
      method,
      headers: body === undefined ? headers : { 'content-length': String(Buffer.byteLength(body)), ...headers },
      agent: isSecure ? https : http,
      ...target,
    }
    const open = (): ClientRequest => (isSecure ? httpsRequest(options) : httpRequest(options))
    return exchange(head.url, open, body, signal)
  }
  return {
    send,
    fetch: async (input, init = {}) => {
      const { body = null } = init
      if (body !== null && typeof body !== 'string' && !(body instanceof Uint8Array))
        throw new TypeError('This fetch sends texts and bytes only.')
      return await send(headOf(input, init), body ?? undefined, init.signal ?? undefined)
    },
    close() {
      http.destroy()
      https.destroy()
    },
  }
}

/** What of a fetch's arguments stays when only the body changes. */
export function headOf(input: string | URL | Request, init: RequestInit = {}): RequestHead {
  const url = new URL(input instanceof Request ? input.url : input)
  const { 'content-length': _, ...given } = Object.fromEntries(new Headers(init.headers))
  const headers = { ...given, 'accept-encoding': 'identity' }
  // What Node makes of a URL has no prototype, and is slow to copy.
  const { protocol, hostname, port, path, auth } = urlToHttpOptions(url)
  const target = { protocol, hostname, port, path, ...(auth === undefined ? {} : { auth }) }
  return { url: url.href, method: init.method ?? 'GET', headers, target }
}

function exchange(
  url: string,
  open: () => ClientRequest,
  body: string | Uint8Array | undefined,
  signal: StopSignal | undefined,
): Promise<TextResponse> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const request = open()
    let incoming: IncomingMessage | undefined
    const abort = (): void => {
      const reason = abortError(signal)
      if (incoming === undefined) request.destroy(reason)
      else incoming.destroy(reason)
    }
    const forget = (): void => signal?.removeEventListener('abort', abort)
    signal?.addEventListener('abort', abort, { once: true })
    request.once('response', (message) => {
      incoming = message
      message.once('close', forget)
      resolve(new Answer(message, url))
    })
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (incoming !== undefined) return // the body's stream tells
      forget()
      // The server may close a kept connection just as it is used again; nothing was answered, so it is sent again.
      const stale = request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
      if (stale && !signal?.aborted) exchange(url, open, body, signal).then(resolve, reject)
      else reject(error)
    })
    request.end(body)
  })
}

function abortError(signal: StopSignal | undefined): Error {
  const reason: unknown = signal?.reason
  return reason instanceof Error ? reason : new DOMException('This operation was aborted', 'AbortError')
}

/** How long a connection may stay open after what was asked for has come. */
const LINGER_MS = 1_000
/** An answer that began and then says nothing for so long has stalled: services that think show that they live. */
const LONGEST_SILENCE_MS = 120_000
const SILENT = `The service sent nothing for ${LONGEST_SILENCE_MS / 1000} seconds in the middle of its answer.`
/** Answers that are no success are read at once, so that a caller who tries again need not; longer ones are cut. */
const LONGEST_ERROR = 64 * 1024

/** A class, as an object literal with a getter would have a shape of its own each time, which V8 keeps until a full collection. */
class Answer implements TextResponse {
  readonly body = null
  readonly url: string
  readonly status: number
  readonly statusText: string
  readonly ok: boolean
  readonly #message: IncomingMessage
  readonly #failure: Promise<string> | undefined
  #stop: (() => void) | undefined
  #headers: Headers | undefined

  constructor(message: IncomingMessage, url: string) {
    this.url = url
    this.status = message.statusCode ?? 502
    this.statusText = message.statusMessage ?? ''
    this.ok = this.status >= 200 && this.status <= 299
    this.#message = message
    if (this.ok) return
    this.#failure = this.#whole(LONGEST_ERROR)
    // Anyone who asks for the text hears of it.
    this.#failure.catch(() => {})
  }

  /** Made when asked for: of an answer that is well nobody looks at them. */
  get headers(): Headers {
    this.#headers ??= headersOf(this.#message)
    return this.#headers
  }

  read(onText: (text: string) => boolean | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stop = () => {
        resolve()
        // What is left is its end; a server that never sends that has its connection closed.
        if (this.#message.readableEnded) return
        const timer = setTimeout(() => this.#message.destroy(), LINGER_MS).unref()
        this.#message.once('end', () => clearTimeout(timer))
      }
      readBody(this.#message, onText, this.#stop).then(resolve, reject)
    })
  }

  stop(): void {
    this.#stop?.()
  }

  text(): Promise<string> {
    return this.#failure ?? this.#whole()
  }

  async #whole(most = Number.POSITIVE_INFINITY): Promise<string> {
    let text = ''
    await this.read((piece) => {
      if (text.length < most) text += piece
      return false
    })
    return shortened(text, most, '')
  }
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers()
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) headers.append(rawHeaders[i] as string, rawHeaders[i + 1] as string)
  return headers
}

/** A connection cut short is an error, never an end; so is what `onText` throws, and the rest is not waited for. */
function readBody(message: IncomingMessage, onText: (text: string) => boolean | undefined, enough: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let isRead = false
    const silence = setTimeout(() => message.destroy(new StreamCut(SILENT)), LONGEST_SILENCE_MS).unref()
    message.setEncoding('utf8')
    message.on('data', (text: string) => {
      if (isRead) return
      silence.refresh()
      try {
        isRead = onText(text) === true
        if (isRead) enough()
      } catch (error) {
        reject(error)
        message.destroy()
      }
    })
    message.once('end', resolve)
    message.once('error', reject)
    message.once('close', () => {
      clearTimeout(silence)
      if (!message.readableEnded) reject(new Error('The connection was closed before the answer ended.'))
    })
  })
}
