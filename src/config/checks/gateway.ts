// A gateway that others on the network can reach asks for a token.

import { mapAt, textAt } from '../document.ts'
import type { Check } from './check.ts'

export const checkGateway: Check = ({ doc }) => {
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
