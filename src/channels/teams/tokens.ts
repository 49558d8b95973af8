// Tokens both ways: ours for the service, and the service's on each call, held against its published keys.

import { createRemoteJWKSet, jwtVerify } from 'jose'
import type { ChannelHost } from '../port.ts'

const ISSUER = 'https://api.botframework.com'
const SCOPE = 'https://api.botframework.com/.default'
/** A token is asked for again so long before it ends. */
const AHEAD_MS = 5 * 60_000

export interface Places {
  readonly login: string
  readonly metadata: string
}

/** Of the platform, or all below `apiRoot`. */
export const placesOf = (apiRoot: string | undefined, tenantId: string | undefined): Places => ({
  login: `${apiRoot ?? 'https://login.microsoftonline.com'}/${tenantId ?? 'botframework.com'}/oauth2/v2.0/token`,
  metadata: `${apiRoot ?? 'https://login.botframework.com'}/v1/.well-known/openidconfiguration`,
})

/** The credentials are refused; `message` is the platform's. */
export class LoginRefused extends Error {}

export function createTokens(
  host: Pick<ChannelHost, 'clock'>,
  places: Places,
  app: { readonly id: string; readonly password: string },
): {
  /** @throws LoginRefused, or what fetch throws */
  current(signal?: AbortSignal): Promise<string>
  forget(): void
  /** The service's address that the token speaks for; null: the token is not the platform's. @throws when its keys cannot be had */
  serviceOf(authorization: string | undefined): Promise<string | null>
} {
  let token: { readonly text: string; readonly endsAt: number } | null = null
  let keys: ReturnType<typeof createRemoteJWKSet> | null = null

  const login = async (signal?: AbortSignal): Promise<string> => {
    const form = { grant_type: 'client_credentials', client_id: app.id, client_secret: app.password, scope: SCOPE }
    const response = await fetch(places.login, { method: 'POST', body: new URLSearchParams(form), signal: signal ?? null })
    const answer = (await response.json().catch(() => ({}))) as { access_token?: string; expires_in?: number; error?: string }
    if (response.status === 400 || response.status === 401) throw new LoginRefused(answer.error ?? String(response.status))
    if (answer.access_token === undefined) throw new Error(`no token (${response.status})`)
    token = { text: answer.access_token, endsAt: host.clock.now() + (answer.expires_in ?? 3600) * 1000 }
    return token.text
  }

  const keysOfPlatform = async (): Promise<ReturnType<typeof createRemoteJWKSet>> => {
    const response = await fetch(places.metadata)
    if (!response.ok) throw new Error(`the platform's keys: status ${response.status}`)
    const { jwks_uri: uri } = (await response.json()) as { jwks_uri: string }
    return createRemoteJWKSet(new URL(uri))
  }

  return {
    current: async (signal) => (token !== null && token.endsAt - AHEAD_MS > host.clock.now() ? token.text : await login(signal)),
    forget() {
      token = null
    },
    async serviceOf(authorization) {
      const [scheme, jwt] = (authorization ?? '').split(' ')
      if (scheme !== 'Bearer' || jwt === undefined) return null
      keys ??= await keysOfPlatform()
      try {
        const { payload } = await jwtVerify(jwt, keys, { issuer: ISSUER, audience: app.id, clockTolerance: 300 })
        return typeof payload['serviceurl'] === 'string' ? payload['serviceurl'] : null
      } catch (error) {
        if ((error as { code?: string }).code === 'ERR_JWKS_TIMEOUT') throw error
        return null
      }
    },
  }
}
