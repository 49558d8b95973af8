// The sign-in at a server that wants OAuth: what is kept of it lies in `<stateDir>/mcp-auth.json`, for its owner alone. Only
// `claw mcp login` asks a person; a running engine refreshes what it has.

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type {
  OAuthClientMetadata,
  OAuthClientProvider,
  OAuthDiscoveryState,
  StoredOAuthClientInformation,
  StoredOAuthTokens,
} from '@modelcontextprotocol/client'
import { readOrdinaryFile } from '../ordinary-file.ts'
import type { McpServerPlan } from '../plan/plan.ts'

interface Kept {
  /** The address it is for: another one begins again. */
  readonly url: string
  readonly client?: StoredOAuthClientInformation
  readonly tokens?: StoredOAuthTokens
}

/** How a person is asked: the address that the browser comes back to, and what shows the address to open. */
export interface Interaction {
  readonly redirectUrl: string
  readonly state: string
  show(url: URL): void
}

export const newState = (): string => randomBytes(16).toString('base64url')

const pathOf = (stateDir: string): string => join(stateDir, 'mcp-auth.json')

async function readAll(stateDir: string): Promise<Record<string, Kept>> {
  try {
    return JSON.parse((await readOrdinaryFile(pathOf(stateDir))).toString('utf8')) as Record<string, Kept>
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}

/** One write at a time: two servers may refresh at once. */
let writing: Promise<void> = Promise.resolve()

function keep(stateDir: string, name: string, url: string, change: Partial<Kept>): Promise<void> {
  writing = writing
    .catch(() => {})
    .then(async () => {
      const { default: writeFileAtomic } = await import('write-file-atomic')
      const all = await readAll(stateDir)
      const before = all[name]?.url === url ? all[name] : { url }
      const text = JSON.stringify({ ...all, [name]: { ...before, ...change } }, null, 2)
      await writeFileAtomic(pathOf(stateDir), `${text}\n`, { mode: 0o600 })
    })
  return writing
}

/** Without `interaction` nobody is asked: a server that wants a new sign-in is told as such. */
export function oauthProvider(server: McpServerPlan, stateDir: string, interaction?: Interaction): OAuthClientProvider {
  const { name, url = '', oauth = {} } = server
  const kept = async (): Promise<Kept | undefined> => {
    const found = (await readAll(stateDir))[name]
    return found?.url === url ? found : undefined
  }
  let verifier = ''
  let registered: StoredOAuthClientInformation | undefined
  let discovered: OAuthDiscoveryState | undefined
  const clientMetadata: OAuthClientMetadata = {
    client_name: 'claw',
    redirect_uris: interaction === undefined ? [] : [interaction.redirectUrl],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    ...(oauth.scope === undefined ? {} : { scope: oauth.scope }),
  }
  return {
    // Without one the client would take it that no person signs in, and ask for a token in its own name.
    redirectUrl: interaction?.redirectUrl ?? 'http://127.0.0.1/',
    clientMetadata,
    state: () => interaction?.state ?? newState(),
    async clientInformation() {
      const { clientId, clientSecret } = oauth
      if (clientId !== undefined)
        return { client_id: clientId, ...(clientSecret === undefined ? {} : { client_secret: clientSecret.reveal() }) }
      // A person who signs in again registers again: the address that the browser comes back to is another one.
      if (interaction !== undefined) return registered
      const client = (await kept())?.client
      if (client === undefined) throw new Error(`sign in: claw mcp login ${name}`)
      return client
    },
    async saveClientInformation(client) {
      registered = client
      await keep(stateDir, name, url, { client })
    },
    tokens: async () => (interaction === undefined ? (await kept())?.tokens : undefined),
    saveTokens: (tokens) => keep(stateDir, name, url, { tokens }),
    redirectToAuthorization(address) {
      if (interaction === undefined) throw new Error(`sign in again: claw mcp login ${name}`)
      interaction.show(address)
    },
    saveCodeVerifier(text) {
      verifier = text
    },
    codeVerifier: () => verifier,
    // Both halves of a sign-in are with the same authorization server.
    saveDiscoveryState(state) {
      discovered = state
    },
    discoveryState: () => discovered,
  }
}
