// An address as text → where to connect to: every address of its name was looked at, and none is of this machine or its network.

import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { messageOf } from '../errors.ts'
import { addressProblem, canonicalAddress } from './addresses.ts'
import { firstInvisible } from './invisible.ts'
import { refuse } from './port.ts'
import { globMatch } from './protected.ts'

export interface Target {
  readonly url: URL
  /** Checked; the connection goes to one of these and nowhere else. */
  readonly addresses: readonly string[]
}

/** What a check needs to know. */
export interface TargetCheck {
  /** Globs of host names; absent: every public host. */
  readonly allowHosts?: readonly string[]
  readonly denyHosts: readonly string[]
  /** All addresses of a name. Default: the system's resolver. */
  readonly resolve?: (host: string) => Promise<readonly string[]>
  /** This machine's own addresses, public ones too. Default: those of its interfaces now. */
  readonly localAddresses?: () => readonly string[]
  /** Where to really connect for a checked address; tests lead it to a server of theirs. */
  readonly dial?: (address: string, port: number, secure: boolean) => { host: string; port: number; secure: boolean }
}

const holdsInvisible = (text: string): boolean => /[ \t\n]/.test(text) || firstInvisible(text) !== undefined
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

/** Reads a URL and refuses what can be refused by its text. @throws GateError */
function checkUrl(text: unknown): URL {
  if (typeof text !== 'string') return refuse('The address is not text.')
  if (text.length > 8192) refuse('The address is too long.')
  if (holdsInvisible(text)) refuse('The address holds a blank, control or invisible character.')
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
export function originOf(text: unknown): string {
  if (typeof text !== 'string' || !URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    return refuse('The configured address is not valid.')
  return new URL(text).origin
}

/** Host without brackets and trailing dot. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')

const hostMatches = (glob: string, host: string): boolean => globMatch(glob.toLowerCase(), host.toLowerCase())

const systemResolve = async (host: string): Promise<readonly string[]> =>
  (await lookup(host, { all: true, verbatim: true })).map((entry) => entry.address)

const systemAddresses = (): readonly string[] =>
  Object.values(networkInterfaces())
    .flat()
    .flatMap((entry) => (entry === undefined ? [] : [entry.address]))

/**
 * Looks at an address's text, its name and every address behind it; resolves once. `trusted`: an origin that the configuration
 * names, which is not looked at, or that the host may be of this machine or a private network. @throws GateError
 */
export async function checkTarget(
  text: unknown,
  options: TargetCheck,
  trusted?: string | { readonly local: true },
): Promise<Target> {
  const isTrusted = typeof trusted === 'string' && typeof text === 'string' && new URL(text).origin === trusted
  const mayBeLocal = isTrusted || typeof trusted === 'object'
  const url = isTrusted ? new URL(text) : checkUrl(text)
  const host = hostOf(url)
  if (!isTrusted) {
    if (options.denyHosts.some((glob) => hostMatches(glob, host))) refuse(`The host ${host} is denied to this agent.`)
    if (options.allowHosts !== undefined && !options.allowHosts.some((glob) => hostMatches(glob, host)))
      refuse(`The host ${host} is not among those this agent may reach.`)
  }
  const local = mayBeLocal ? [] : (options.localAddresses ?? systemAddresses)().map(canonicalAddress)
  const checkAddress = (address: string): void => {
    if (mayBeLocal) return
    const problem = addressProblem(address)
    if (problem !== undefined)
      refuse(`${host} leads to ${address === host ? 'an address' : address} that is no public one (${problem}).`)
    if (local.includes(canonicalAddress(address))) refuse(`${host} leads to this machine itself.`)
  }
  if (isIP(host) !== 0) {
    checkAddress(host)
    return { url, addresses: [host] }
  }
  if (!mayBeLocal && (LOCAL_NAME.test(host) || !host.includes('.')))
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

/** Location against the page it came from. Its text is held to the same rules as a first address. @throws GateError */
export function redirected(location: string, from: URL): URL {
  if (holdsInvisible(location) || location.includes('\\')) return refuse('The address redirects to one that is not valid.')
  if (!URL.canParse(location, from.href)) return refuse('The address redirects to one that is not valid.')
  const to = new URL(location, from)
  if (to.protocol !== 'http:' && to.protocol !== 'https:')
    refuse(`The address redirects to ${to.protocol}, which is not fetched.`)
  if (from.protocol === 'https:' && to.protocol === 'http:') refuse('The address redirects from https down to http.')
  return to
}
