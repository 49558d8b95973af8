// Which addresses are public. An IP address comes in; why it may not be reached leaves, or undefined.

import { BlockList, isIP, isIPv4 } from 'node:net'
import { lazily } from '../lazily.ts'

const V4: readonly (readonly [string, number, string])[] = [
  ['0.0.0.0', 8, 'this machine'],
  ['10.0.0.0', 8, 'a private network'],
  ['100.64.0.0', 10, 'a carrier’s inner network'],
  ['127.0.0.0', 8, 'this machine'],
  ['168.63.129.16', 32, 'a cloud’s host agent'],
  ['169.254.0.0', 16, 'link-local, where clouds keep their metadata'],
  ['172.16.0.0', 12, 'a private network'],
  ['192.0.0.0', 24, 'reserved'],
  ['192.0.2.0', 24, 'reserved for documentation'],
  ['192.88.99.0', 24, 'reserved'],
  ['192.168.0.0', 16, 'a private network'],
  ['198.18.0.0', 15, 'reserved for benchmarks'],
  ['198.51.100.0', 24, 'reserved for documentation'],
  ['203.0.113.0', 24, 'reserved for documentation'],
  ['224.0.0.0', 4, 'multicast'],
  ['240.0.0.0', 4, 'reserved'],
]

const lists = lazily(() =>
  V4.map(([network, prefix, what]) => {
    const list = new BlockList()
    list.addSubnet(network, prefix, 'ipv4')
    return { list, what }
  }),
)

/** The sixteen bytes of an IPv6 address, or undefined. */
function bytesOf(address: string): number[] | undefined {
  const plain = address.replace(/%.*$/, '')
  const dotted = /^(.*:)([0-9]+)\.([0-9]+)\.([0-9]+)\.([0-9]+)$/.exec(plain)
  const hex = (high: string | undefined, low: string | undefined): string => ((Number(high) << 8) | Number(low)).toString(16)
  const text = dotted === null ? plain : `${dotted[1]}${hex(dotted[2], dotted[3])}:${hex(dotted[4], dotted[5])}`
  const [head = '', tail] = text.split('::')
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'))
  const left = groups(head)
  const right = tail === undefined ? [] : groups(tail)
  const missing = 8 - left.length - right.length
  if (missing < 0 || (tail === undefined && missing !== 0)) return undefined
  const all = [...left, ...Array.from({ length: missing }, () => '0'), ...right].map((group) => Number.parseInt(group, 16))
  return all.some((group) => Number.isNaN(group)) ? undefined : all.flatMap((group) => [group >> 8, group & 255])
}

/** The IPv4 address that an IPv6 address is another spelling of: mapped, or translated by the well-known prefix. */
function spelledV4(bytes: readonly number[]): string | undefined {
  const zeros = (from: number, to: number): boolean => bytes.slice(from, to).every((byte) => byte === 0)
  const mapped = zeros(0, 10) && bytes[10] === 255 && bytes[11] === 255
  return mapped || (starts(bytes, 0, 0x64, 0xff, 0x9b) && zeros(4, 12)) ? v4At(bytes, 12) : undefined
}

/** The IPv4 address that an IPv6 address also leads to: ISATAP or 6to4. */
function tunnelledV4(bytes: readonly number[]): string | undefined {
  // ISATAP: the IPv4 address stands at the end of an ordinary prefix.
  if ((bytes[8] === 0 || bytes[8] === 2) && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe) return v4At(bytes, 12)
  return starts(bytes, 0x20, 0x02) ? v4At(bytes, 2) : undefined
}

const starts = (bytes: readonly number[], ...prefix: number[]): boolean => prefix.every((byte, index) => bytes[index] === byte)
const v4At = (bytes: readonly number[], at: number): string => bytes.slice(at, at + 4).join('.')

function v6Problem(address: string): string | undefined {
  const bytes = bytesOf(address)
  if (bytes === undefined) return 'no address'
  const spelled = spelledV4(bytes)
  if (spelled !== undefined) return addressProblem(spelled)
  if (bytes.slice(0, 15).every((byte) => byte === 0) && (bytes[15] ?? 0) < 2) return 'this machine'
  if (((bytes[0] ?? 0) & 0xe0) !== 0x20) return 'not a public IPv6 range'
  if (starts(bytes, 0x20, 0x01) && (bytes[2] ?? 0) < 2) return 'reserved for protocols and tunnels'
  if (starts(bytes, 0x20, 0x01, 0x0d, 0xb8) || (starts(bytes, 0x3f, 0xff) && (bytes[2] ?? 0) < 16))
    return 'reserved for documentation'
  // A tunnel's own prefix is public or not, and so is where it leads.
  const tunnelled = tunnelledV4(bytes)
  return tunnelled === undefined ? undefined : addressProblem(tunnelled)
}

/** Why an address is not public; undefined: it is. */
export function addressProblem(address: string): string | undefined {
  if (isIPv4(address)) return lists().find((entry) => entry.list.check(address, 'ipv4'))?.what
  return isIP(address) === 6 ? v6Problem(address) : 'no address'
}

/** The same spelling for the same address, whatever form carries it, so that addresses can be compared. */
export function canonicalAddress(address: string): string {
  if (isIP(address) !== 6) return address
  const bytes = bytesOf(address) ?? []
  return spelledV4(bytes) ?? tunnelledV4(bytes) ?? bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
