// A gateway that others on the network can reach asks for a token, and a program that speaks for a channel for a secret.

import type { Diagnostic } from '../../errors.ts'
import { isLoopback } from '../../plan/loopback.ts'
import { type ConfigDocument, listAt, mapAt, textAt } from '../document.ts'
import type { Value } from '../fill.ts'
import type { Scope } from '../scope.ts'
import { pointerOf } from '../shape.ts'
import type { Check } from './check.ts'

export const checkGateway: Check = async ({ doc, scope }) => [
  ...openWithoutToken(doc),
  ...openSockets(doc, scope),
  ...(await strangeProxies(doc)),
]

async function strangeProxies(doc: ConfigDocument): Promise<readonly Diagnostic[]> {
  const proxies = listAt(mapAt(doc.value, 'gateway')['trustedProxies'])
  if (proxies.length === 0) return []
  // Node's part for addresses loads for those who name any.
  const { isIP } = await import('node:net')
  return proxies.flatMap((proxy, index) => {
    if (typeof proxy !== 'string' || isAddressOrNetwork(proxy, isIP)) return []
    const hint = 'Write an address or a network: 127.0.0.1, 10.0.0.0/8, ::1.'
    return [doc.problem('CLAW106', `"${proxy}" is no address.`, ['gateway', 'trustedProxies', index], { hint })]
  })
}

function openWithoutToken(doc: ConfigDocument): readonly Diagnostic[] {
  const gateway = mapAt(doc.value, 'gateway')
  const host = textAt(gateway, 'host')
  if (host === undefined || isLoopback(host)) return []
  if (hasSecret(doc, mapAt(gateway['auth'])['token'], '/gateway/auth/token')) return []
  const hint = 'Set gateway.auth.token: "${CLAW_TOKEN}", or listen on 127.0.0.1.'
  return [doc.problem('CLAW401', `The gateway listens on ${host} without a token.`, ['gateway', 'host'], { hint })]
}

/** A secret whose variable is not set yet is told elsewhere. */
function hasSecret(doc: ConfigDocument, value: Value | undefined, pointer: string): boolean {
  const field = doc.secrets.get(pointer)
  return value !== undefined && (field === undefined || field.value !== '' || field.unset.length > 0)
}

function openSockets(doc: ConfigDocument, scope: Scope): readonly Diagnostic[] {
  if (hasSecret(doc, mapAt(mapAt(doc.value, 'gateway')['auth'])['token'], '/gateway/auth/token')) return []
  const channels = mapAt(doc.value, 'channels')
  return [...scope.channels].flatMap(([id, type]) => {
    const channel = mapAt(channels[id])
    if (
      type !== 'socket' ||
      channel['enabled'] === false ||
      hasSecret(doc, channel['secret'], pointerOf(['channels', id, 'secret']))
    )
      return []
    const hint = `Set channels.${id}.secret: "\${BRIDGE_TOKEN}", and say the same in the program's hello.`
    const message = `Any program on this machine can speak for everybody on ${id}: the channel has no secret, and the gateway no token.`
    return [doc.problem('CLAW410', message, ['channels', id], { hint })]
  })
}

/** Whether the text is an address, or a network with a prefix length. */
function isAddressOrNetwork(text: string, isIP: (address: string) => number): boolean {
  const [address = '', prefix, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128))
}
