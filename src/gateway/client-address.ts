// Who a request really comes from: the address of its connection, or what a trusted proxy in front says. Headers of anybody
// else are not believed, as everybody can write them.

import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

export type AddressOf = (request: IncomingMessage) => string

/** `proxies`: addresses and networks (`10.0.0.0/8`) whose `x-forwarded-for` counts. */
export function createAddressOf(proxies: readonly string[]): AddressOf {
  if (proxies.length === 0) return connectionAddress
  const trusted = blockListOf(proxies)
  const isTrusted = (address: string): boolean => {
    const version = isIP(address)
    return version !== 0 && trusted.check(address, version === 4 ? 'ipv4' : 'ipv6')
  }
  return (request) => {
    const connection = connectionAddress(request)
    if (!isTrusted(connection)) return connection
    // Each proxy adds whom it saw at the end: from there, the first that is no proxy of ours.
    const named = String(request.headers['x-forwarded-for'] ?? '').split(',')
    for (const one of named.reverse().map(withoutPort)) {
      if (isIP(one) === 0) return connection
      if (!isTrusted(one)) return one
    }
    return connection
  }
}

export const connectionAddress: AddressOf = (request) => withoutPrefix(request.socket.remoteAddress ?? '')

/** An IPv4 address as an IPv6 socket shows it is the IPv4 address. */
const withoutPrefix = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/, '')

const withoutPort = (text: string): string => {
  const address = text.trim().replace(/^"|"$/g, '')
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(address)?.[1]
  if (bracketed !== undefined) return bracketed
  return withoutPrefix(/^\d+(\.\d+){3}:\d+$/.test(address) ? address.slice(0, address.lastIndexOf(':')) : address)
}

function blockListOf(entries: readonly string[]): BlockList {
  const list = new BlockList()
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return list
}
