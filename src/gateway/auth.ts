// Who may come in. A raw request enters, a verdict leaves: which rights the caller has, or why not. Host and Origin hold
// even with a token, because a browser sends them truthfully and a page elsewhere can't forge them. Proxy
// headers are read from proxies that the file trusts alone: anyone can write them.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Caller } from '../engine/port.ts'
import type { GatewayPlan, Secret } from '../plan/plan.ts'
import type { Clock } from '../ports.ts'
import { createAddressOf } from './client-address.ts'

/** `none`: no or wrong credentials where a token is wanted. */
export type Rights = 'owner' | 'trusted' | 'claimed' | 'none'

export interface Refusal {
  readonly ok: false
  readonly status: number
  readonly code: string
  readonly message: string
}
export type Verdict = { readonly ok: true; readonly rights: Rights; readonly origin?: string } | Refusal

export interface Auth {
  setPlan(plan: GatewayPlan): void
  /** Who a request comes from, also behind a trusted proxy. */
  addressOf(request: IncomingMessage): string
  /** Host, Origin and the Authorization header of a request or an upgrade. */
  authorize(request: IncomingMessage): Verdict
  /** What a token said in the Authorization header or in `hello` is worth. */
  authenticate(token: string | undefined, address: string): Rights | Refusal
  /** Whether this is the secret of a channel; a wrong one counts as a failed attempt. */
  matches(secret: Secret, token: string | undefined, address: string): boolean | Refusal
}

/** A secret this long can't be found by trying, so those who know it come in whatever others of their address tried. */
const BEYOND_GUESSING = 20
const FAILURES_ALLOWED = 30
const FAILURE_WINDOW_MS = 60_000
const MAX_ADDRESSES = 10_000
const DUMMY_SECRET = randomBytes(24).toString('base64url')
const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Who is counted: an IPv4 address, or the network of an IPv6 one, since one machine has a whole network of those. */
const sourceOf = (address: string): string => {
  if (!address.includes(':') || address.includes('.')) return address
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::')
  const left = head.split(':').filter((group) => group !== '')
  const right = (tail ?? '').split(':').filter((group) => group !== '')
  const zeros = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0')
  return [...left, ...zeros, ...right].slice(0, 4).join(':')
}

/** `bridge`: a program with the secret of its channel. */
export const callerOf = (rights: Exclude<Rights, 'none'> | 'bridge'): Caller => ({
  kind: rights === 'bridge' ? 'channel' : rights,
})

export const refusal = (status: number, code: string, message: string): Refusal => ({ ok: false, status, code, message })

/** Compares without telling by its time how much was right; hashing first makes the lengths equal. */
function sameSecret(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

/** `name` or `name:port` of a Host header in parts; null when it is neither. IPv6 keeps its brackets. */
function splitHost(header: string): { name: string; port: string } | null {
  const match = /^(\[[0-9a-f:.]+\]|[^\s/@?#[\]:]+)(?::(\d{1,5}))?$/i.exec(header)
  return match === null ? null : { name: (match[1] ?? '').toLowerCase().replace(/\.$/, ''), port: match[2] ?? '' }
}

const bracketed = (address: string): string => (address.includes(':') ? `[${address}]` : address).toLowerCase()

export function createAuth(options: { plan: GatewayPlan; ownerSecret: string; clock: Clock; port: () => number }): Auth {
  const { ownerSecret, clock } = options
  let plan = options.plan
  let addressOf = createAddressOf(plan.trustedProxies)
  const failures = new Map<string, { count: number; since: number }>()

  function ownNames(request: IncomingMessage): Set<string> {
    const names = new Set(LOOPBACK_NAMES)
    if (plan.host !== '0.0.0.0' && plan.host !== '::') names.add(bracketed(plan.host))
    const local = (request.socket.localAddress ?? '').replace(/^::ffff:/, '')
    // A host that is the very address the connection came to can't be a rebound name.
    if (local !== '') names.add(bracketed(local))
    return names
  }

  function hostAllowed(request: IncomingMessage): boolean {
    const host = splitHost(request.headers.host ?? '')
    if (host === null) return false
    if (ownNames(request).has(host.name)) return true
    return plan.allowedHosts.some((one) => {
      const allowed = splitHost(one)
      return allowed !== null && allowed.name === host.name && (allowed.port === '' || allowed.port === host.port)
    })
  }

  /** Own origin is the one that names this very host (which was checked), or another of our names at our port. */
  function originAllowed(request: IncomingMessage, origin: string): boolean {
    if (plan.allowedOrigins.includes(origin)) return true
    const match = /^https?:\/\/([^/]+)$/i.exec(origin)
    if (match === null) return false
    const authority = (match[1] ?? '').toLowerCase()
    if (authority === request.headers.host?.toLowerCase()) return true
    const own = splitHost(authority)
    return own !== null && own.port === String(options.port()) && ownNames(request).has(own.name)
  }

  function tooManyFailures(address: string): boolean {
    const entry = failures.get(sourceOf(address))
    return entry !== undefined && entry.count >= FAILURES_ALLOWED && clock.now() - entry.since <= FAILURE_WINDOW_MS
  }

  /** The one that failed last stands last, so that what is forgotten is what has been quiet the longest. */
  function countFailure(address: string): void {
    const source = sourceOf(address)
    const entry = failures.get(source)
    const stands = entry !== undefined && clock.now() - entry.since <= FAILURE_WINDOW_MS
    failures.delete(source)
    failures.set(source, stands ? { ...entry, count: entry.count + 1 } : { count: 1, since: clock.now() })
    const [quietest] = failures.keys()
    if (failures.size > MAX_ADDRESSES && quietest !== undefined) failures.delete(quietest)
  }

  /** Whether a token is the wanted one, or that too many were not. The comparison is made in any case, so time tells nothing. */
  function holds(token: string, wanted: string, address: string): boolean | Refusal {
    const right = sameSecret(token, wanted)
    if (right && wanted.length >= BEYOND_GUESSING) return true
    const locked = tooManyFailures(address)
    if (!right) countFailure(address)
    return locked ? tooMany() : right
  }

  function authenticate(token: string | undefined, address: string): Rights | Refusal {
    const wanted = plan.token?.isSet ? plan.token.reveal() : undefined
    if (token === undefined || token === '') return wanted === undefined ? 'claimed' : 'none'
    // The per-start secret is too long to guess, so it passes even where others of this address tried too often.
    if (sameSecret(token, ownerSecret)) return 'owner'
    // Without a token to hold it against, whatever a client library says as its key is no claim to anything.
    if (wanted === undefined) return 'claimed'
    const right = holds(token, wanted, address)
    return typeof right === 'boolean' ? (right ? 'trusted' : 'none') : right
  }

  return {
    setPlan(next) {
      plan = next
      addressOf = createAddressOf(next.trustedProxies)
    },
    addressOf: (request) => addressOf(request),
    authenticate,
    matches(secret, token, address) {
      if (token === undefined) return tooManyFailures(address) ? tooMany() : false
      // Where none is set, nothing is right: a drawn one stands in, which nobody knows.
      return holds(token, secret.isSet ? secret.reveal() : DUMMY_SECRET, address)
    },
    authorize(request) {
      if (!request.url?.startsWith('/')) return refusal(400, 'bad_request', 'The request target must be a path.')
      if (!hostAllowed(request)) {
        return refusal(403, 'host', 'This Host is not served here; `gateway.allowedHosts` lists the names that are.')
      }
      const { origin } = request.headers
      if (origin !== undefined && !originAllowed(request, origin)) return badOrigin()
      // Requests that carry no Origin (images, scripts) still say where they come from in today's browsers.
      const site = request.headers['sec-fetch-site']
      const navigates = request.headers['sec-fetch-mode'] === 'navigate' && request.method === 'GET'
      if (origin === undefined && (site === 'cross-site' || site === 'same-site') && !navigates) return badOrigin()
      const rights = authenticate(bearerOf(request), addressOf(request))
      if (typeof rights !== 'string') return rights
      return { ok: true, rights, ...(origin === undefined ? {} : { origin }) }
    },
  }
}

const tooMany = (): Refusal =>
  refusal(429, 'too_many_attempts', 'Too many wrong tokens came from this address; try again in a minute.')

const badOrigin = (): Refusal =>
  refusal(403, 'origin', 'This Origin may not call; `gateway.allowedOrigins` lists those that may.')

/** The token of an `Authorization: Bearer` header. */
function bearerOf(request: IncomingMessage): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1]
}
