// A gateway that others on the network can reach asks for a token.

import type { Diagnostic } from '../../errors.ts'
import { type ConfigDocument, listAt, mapAt, textAt } from '../document.ts'
import type { Check } from './check.ts'

export const checkGateway: Check = async ({ doc }) => [...openWithoutToken(doc), ...(await strangeProxies(doc))]

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
  const field = doc.secrets.get('/gateway/auth/token')
  const token = mapAt(gateway['auth'])['token']
  // A token whose variable is not set yet is told elsewhere.
  if (token !== undefined && (field === undefined || field.value !== '' || field.unset.length > 0)) return []
  const hint = 'Set gateway.auth.token: "${CLAW_TOKEN}", or listen on 127.0.0.1.'
  return [doc.problem('CLAW401', `The gateway listens on ${host} without a token.`, ['gateway', 'host'], { hint })]
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)

/** Whether the text is an address, or a network with a prefix length. */
function isAddressOrNetwork(text: string, isIP: (address: string) => number): boolean {
  const [address = '', prefix, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128))
}
