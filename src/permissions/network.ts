// The gate for every URL a tool takes: http and https only, every address of the name looked at, the connection made to an
// address that was looked at, and each redirect the same again.

import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Readable } from 'node:stream'
import { constants, createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import type { Dispatcher } from 'undici'
import { messageOf } from '../errors.ts'
import { addressProblem, canonicalAddress } from './addresses.ts'
import { type FetchedPage, GateError, type NetworkGate } from './port.ts'
import { globMatch } from './protected.ts'

export interface NetworkGateOptions {
  /** Globs of host names; absent: every public host. */
  readonly allowHosts?: readonly string[]
  readonly denyHosts: readonly string[]
  /** All addresses of a name. Default: the system's resolver. */
  readonly resolve?: (host: string) => Promise<readonly string[]>
  /** This machine's own addresses, public ones too. Default: those of its interfaces now. */
  readonly localAddresses?: () => readonly string[]
  /** Where to really connect for a checked address; tests lead it to a server of theirs. */
  readonly dial?: (address: string, port: number, secure: boolean) => { host: string; port: number; secure: boolean }
  readonly maxBytes?: number
  readonly timeoutMs?: number
  readonly maxRedirects?: number
  readonly userAgent?: string
}

const refuse = (message: string): never => {
  throw new GateError(message)
}

const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Z}]/u
const LOCAL_NAME = /(^|\.)(localhost|local|localdomain|internal|intranet|lan|home|corp|private|home\.arpa|test|invalid|onion)$/
/** Labels of letters, digits, `-` and `_`; a `;` or `,` in a host is where readers disagree about its end. */
const HOST_NAME = /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/
/** Ports of protocols that could mistake a request for a command. */
const PORTS = new Set(
  `1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117 119 123 135 137 139 143
  161 179 389 427 445 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 873 989 990 993 995 1080 1433 1521 1719
  1720 1723 2049 2375 2376 2379 2380 3306 3659 4045 4190 4369 5060 5061 5432 5672 5984 6000 6379 6380 6566 6665 6666 6667 6668 6669
  6679 6697 7000 7001 9042 9092 9160 9200 9300 10250 10255 10080 11211 27017 27018 50070`.split(/\s+/),
)
const DEFAULTS = { maxBytes: 2 * 1024 * 1024, timeoutMs: 20_000, maxRedirects: 5 } as const
const SENSITIVE = new Set(['authorization', 'cookie', 'proxy-authorization', 'x-api-key', 'x-subscription-token'])
const OURS = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'upgrade', 'accept-encoding', 'te', 'expect'])

/** Reads a URL and refuses what can be refused by its text. @throws GateError */
function checkUrl(text: unknown): URL {
  if (typeof text !== 'string') return refuse('The address is not text.')
  if (text.length > 8192) refuse('The address is too long.')
  if (HIDDEN.test(text)) refuse('The address holds a blank, control or invisible character.')
  if (text.includes('\\')) refuse('The address holds a backslash, which readers take differently.')
  if (!/^https?:\/\/[^/?#]/i.test(text)) refuse('Only http:// and https:// addresses are fetched.')
  let url: URL
  try {
    url = new URL(text)
  } catch {
    return refuse('The address is not valid.')
  }
  if (url.username !== '' || url.password !== '' || /^https?:\/\/[^/?#]*@/i.test(text)) refuse('The address holds credentials.')
  if (url.port === '0' || PORTS.has(url.port)) refuse(`Port ${url.port} belongs to another protocol.`)
  const host = hostOf(url)
  if (isIP(host) === 0 && (host.length > 253 || !HOST_NAME.test(host))) refuse('The host is not valid.')
  return url
}

/** Origin of an address that the configuration names. @throws GateError */
function originOf(text: unknown): string {
  if (typeof text !== 'string' || !URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    return refuse('The configured address is not valid.')
  return new URL(text).origin
}

/** Host without brackets and trailing dot. */
const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')

const hostMatches = (glob: string, host: string): boolean => globMatch(glob.toLowerCase(), host.toLowerCase())

export interface Target {
  readonly url: URL
  /** Checked; the connection goes to one of these and nowhere else. */
  readonly addresses: readonly string[]
}

/** What a check needs to know. */
export type TargetCheck = Pick<NetworkGateOptions, 'allowHosts' | 'denyHosts' | 'resolve' | 'localAddresses' | 'dial'>

const systemResolve = async (host: string): Promise<readonly string[]> =>
  (await lookup(host, { all: true, verbatim: true })).map((entry) => entry.address)

const systemAddresses = (): readonly string[] =>
  Object.values(networkInterfaces())
    .flat()
    .flatMap((entry) => (entry === undefined ? [] : [entry.address]))

/** Looks at an address's text, its name and every address behind it; resolves once. `trusted`: an origin that may be local. @throws GateError */
export async function checkTarget(text: unknown, options: TargetCheck, trusted?: string): Promise<Target> {
  const isTrusted = trusted !== undefined && typeof text === 'string' && new URL(text).origin === trusted
  const url = isTrusted ? new URL(text) : checkUrl(text)
  const host = hostOf(url)
  if (!isTrusted) {
    if (options.denyHosts.some((glob) => hostMatches(glob, host))) refuse(`The host ${host} is denied to this agent.`)
    if (options.allowHosts !== undefined && !options.allowHosts.some((glob) => hostMatches(glob, host)))
      refuse(`The host ${host} is not among those this agent may reach.`)
  }
  const local = isTrusted ? [] : (options.localAddresses ?? systemAddresses)().map(canonicalAddress)
  const checkAddress = (address: string): void => {
    if (isTrusted) return
    const problem = addressProblem(address)
    if (problem !== undefined)
      refuse(`${host} leads to ${address === host ? 'an address' : address} that is no public one (${problem}).`)
    if (local.includes(canonicalAddress(address))) refuse(`${host} leads to this machine itself.`)
  }
  if (isIP(host) !== 0) {
    checkAddress(host)
    return { url, addresses: [host] }
  }
  if (!isTrusted && (LOCAL_NAME.test(host) || !host.includes('.')))
    refuse(`The name ${host} belongs to this machine or a local network.`)
  let addresses: readonly string[]
  try {
    addresses = await (options.resolve ?? systemResolve)(host)
  } catch (error) {
    return refuse(`The name ${host} was not found (${(error as NodeJS.ErrnoException).code ?? messageOf(error)}).`)
  }
  if (addresses.length === 0) refuse(`The name ${host} has no address.`)
  for (const address of addresses) checkAddress(address)
  return { url, addresses }
}

export function createNetworkGate(options: NetworkGateOptions): NetworkGate {
  async function connectorFor(target: Target, signal: AbortSignal): Promise<Dispatcher> {
    const { Agent } = await import('undici')
    const [{ connect: plain }, { connect: tls }] = await Promise.all([import('node:net'), import('node:tls')])
    return new Agent({
      connect: (request, callback) => {
        const secure = request.protocol === 'https:'
        const port = Number(request.port || (secure ? 443 : 80))
        const attempt = (index: number): void => {
          const address = target.addresses[index] as string
          const real = options.dial?.(address, port, secure) ?? { host: address, port, secure }
          const name = isIP(hostOf(target.url)) === 0 ? { servername: hostOf(target.url) } : {}
          const socket = real.secure
            ? tls({ host: real.host, port: real.port, ALPNProtocols: ['http/1.1'], ...name })
            : plain({ host: real.host, port: real.port })
          const stop = (): void => void socket.destroy(new Error('stopped'))
          signal.addEventListener('abort', stop, { once: true })
          socket.once('close', () => signal.removeEventListener('abort', stop))
          const failed = (error: Error): void => {
            socket.destroy()
            if (index + 1 < target.addresses.length && !signal.aborted) attempt(index + 1)
            else callback(error, null)
          }
          socket.setTimeout(10_000, () => socket.destroy(new Error('the server did not answer')))
          socket.once('error', failed)
          socket.once(real.secure ? 'secureConnect' : 'connect', () => {
            socket.removeListener('error', failed)
            socket.setTimeout(0)
            socket.setNoDelay(true)
            callback(null, socket)
          })
        }
        attempt(0)
      },
    })
  }

  return {
    async fetch(start, request = {}) {
      const timeoutMs = Math.min(request.timeoutMs ?? DEFAULTS.timeoutMs, options.timeoutMs ?? Number.POSITIVE_INFINITY)
      const timeout = AbortSignal.timeout(timeoutMs)
      const signal = request.signal === undefined ? timeout : AbortSignal.any([timeout, request.signal])
      const maxBytes = Math.min(request.maxBytes ?? DEFAULTS.maxBytes, options.maxBytes ?? Number.POSITIVE_INFINITY)
      let next: unknown = start
      const trusted = request.configured === true ? originOf(start) : undefined
      let method = request.method ?? 'GET'
      let body = request.body
      const headers = new Map<string, string>([['user-agent', options.userAgent ?? 'claw']])
      for (const [name, value] of Object.entries(request.headers ?? {})) {
        const key = name.toLowerCase()
        if (!OURS.has(key)) headers.set(key, value)
      }
      const { request: send } = await import('undici')
      for (let hop = 0; ; hop++) {
        const target = await abortable(checkTarget(next, options, trusted), signal)
        const dispatcher = await connectorFor(target, signal)
        try {
          const answer = await send(target.url, {
            method,
            headers: { ...Object.fromEntries(headers), 'accept-encoding': 'gzip, deflate, br' },
            ...(body === undefined || method === 'GET' ? {} : { body }),
            dispatcher,
            signal,
            headersTimeout: timeoutMs,
            bodyTimeout: timeoutMs,
          })
          const location = single(answer.headers['location'])
          if (![301, 302, 303, 307, 308].includes(answer.statusCode) || location === undefined)
            return await pageOf(target.url, answer, maxBytes, request.accept, signal)
          answer.body.on('error', () => {})
          answer.body.destroy()
          if (hop >= (options.maxRedirects ?? DEFAULTS.maxRedirects)) refuse('The address redirects too often.')
          const to = redirected(location, target.url)
          if (to.origin !== target.url.origin) {
            for (const name of SENSITIVE) headers.delete(name)
            if (body !== undefined && (answer.statusCode === 307 || answer.statusCode === 308))
              refuse('The address redirects a request with a body to another host.')
          }
          if (answer.statusCode === 303 || (method === 'POST' && answer.statusCode < 303)) {
            method = 'GET'
            body = undefined
            headers.delete('content-type')
          }
          next = to.href
        } catch (error) {
          throw error instanceof GateError ? error : new GateError(failure(error, timeout, timeoutMs, target.url))
        } finally {
          void dispatcher.destroy().catch(() => {})
        }
      }
    },
  }
}

/** Location against the page it came from. Its text is held to the same rules as a first address. @throws GateError */
function redirected(location: string, from: URL): URL {
  if (HIDDEN.test(location) || location.includes('\\')) return refuse('The address redirects to one that is not valid.')
  if (!URL.canParse(location, from.href)) return refuse('The address redirects to one that is not valid.')
  const to = new URL(location, from)
  if (to.protocol !== 'http:' && to.protocol !== 'https:')
    refuse(`The address redirects to ${to.protocol}, which is not fetched.`)
  if (from.protocol === 'https:' && to.protocol === 'http:') refuse('The address redirects from https down to http.')
  return to
}

const single = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value)

function failure(error: unknown, timeout: AbortSignal, timeoutMs: number, url: URL): string {
  if (timeout.aborted) return `${url.host} took longer than ${Math.round(timeoutMs / 1000)} s.`
  return `${url.host} can't be reached: ${messageOf(error)}.`
}

/** Rejects as soon as the signal aborts; a resolver can't be stopped. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) throw new GateError('The request was stopped.')
  let stop = (): void => {}
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(new GateError('The request was stopped or took too long.'))
    signal.addEventListener('abort', stop, { once: true })
  })
  try {
    return await Promise.race([work, stopped])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function decoded(body: Readable, encoding: string | undefined): Readable {
  const codec =
    encoding === 'gzip' || encoding === 'x-gzip'
      ? createGunzip({ finishFlush: constants.Z_SYNC_FLUSH })
      : encoding === 'deflate'
        ? createInflate({ finishFlush: constants.Z_SYNC_FLUSH })
        : encoding === 'br'
          ? createBrotliDecompress()
          : undefined
  if (codec === undefined) return body
  body.on('error', (error) => codec.destroy(error))
  return body.pipe(codec)
}

async function pageOf(
  url: URL,
  answer: Dispatcher.ResponseData,
  maxBytes: number,
  accept: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<FetchedPage> {
  const contentType = single(answer.headers['content-type']) ?? ''
  const kind = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''
  answer.body.on('error', () => {})
  if (accept !== undefined && kind !== '' && !accept.some((type) => globMatch(type, kind))) {
    answer.body.destroy()
    return refuse(`The page is of type ${kind}, which is not read here.`)
  }
  const encoding = single(answer.headers['content-encoding'])?.trim().toLowerCase()
  if (encoding !== undefined && !['', 'identity', 'gzip', 'x-gzip', 'deflate', 'br'].includes(encoding)) {
    answer.body.destroy()
    return refuse(`The page is packed as ${encoding}, which is not read here.`)
  }
  const chunks: Buffer[] = []
  let size = 0
  let truncated = false
  const stream = decoded(answer.body, encoding)
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (signal.aborted) throw new Error('stopped')
    const room = maxBytes - size
    chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk)
    size += Math.min(chunk.length, room)
    if (chunk.length > room) {
      truncated = true
      break
    }
  }
  answer.body.destroy()
  return { url: url.href, status: answer.statusCode, contentType, body: Buffer.concat(chunks), truncated }
}
