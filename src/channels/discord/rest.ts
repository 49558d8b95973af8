// Discord's REST client, wherever `apiRoot` says the platform is. Enters: the address as its owner wrote it. Leaves: the client.

import { type APIGatewayBotInfo, DefaultRestOptions, REST, type RESTOptions, Routes } from 'discord.js'

const SERVICE = 'https://discord.com/api'
type Fetch = RESTOptions['makeRequest']
type Answer = Awaited<ReturnType<Fetch>>

/** The client forgets its token at the first 401. Whether it is refused for good, the next answer tells. */
class LastingRest extends REST {
  /** Where the socket is, when its owner says so. */
  gatewayUrl: string | undefined

  override setToken(token: string | null): this {
    return token === null ? this : super.setToken(token)
  }

  /** What a server that imitates Discord leaves out of what it says of its gateway is filled in. */
  override async get(...[route, options]: Parameters<REST['get']>): Promise<unknown> {
    if (route !== Routes.gatewayBot()) return super.get(route, options)
    const said = this.gatewayUrl === undefined ? ((await super.get(route, options)) as Partial<APIGatewayBotInfo>) : {}
    const url = this.gatewayUrl === undefined ? {} : { url: this.gatewayUrl }
    return { shards: 1, ...said, ...url, session_start_limit: { ...UNLIMITED, ...said.session_start_limit } }
  }
}

export function createRest(apiRoot: string | undefined, token: string, gatewayUrl?: string): REST {
  const root = (apiRoot ?? SERVICE).replace(/\/+$/, '')
  const named = /^(.+)\/v(\d+)$/.exec(root)
  const [base, version] = named === null ? [root, '10'] : [named[1] as string, named[2] as string]
  const isWhole = named !== null || base.endsWith('/api')
  const api = isWhole ? base : `${base}/api`
  const request: Fetch = async (url, init) => withWait(await DefaultRestOptions.makeRequest(url, init as never))
  const rest = new LastingRest({
    version,
    api,
    retries: 2,
    timeout: 15_000,
    // Discord takes 50 requests a second from a bot; a server of one's own has limits of its own, and says so.
    globalRequestsPerSecond: apiRoot === undefined ? 50 : Number.POSITIVE_INFINITY,
    makeRequest: isWhole ? request : eitherWay(request, api, base),
  })
  rest.gatewayUrl = gatewayUrl
  return rest.setToken(token)
}

/** Under `/api` as on the platform, or at the root itself: the first request that is not answered 404 tells. */
function eitherWay(request: Fetch, api: string, base: string): Fetch {
  let found: string | null = null
  return async (url, init) => {
    const path = url.slice(api.length)
    if (found !== null) return request(found + path, init)
    const first = await request(url, init)
    if (first.status !== 404) {
      found = api
      return first
    }
    const second = await request(base + path, init)
    if (second.status !== 404) found = base
    const [answer, other] = second.status === 404 ? [first, second] : [second, first]
    await other.arrayBuffer()
    return answer
  }
}

/** The client reads the wait from a header alone; the body has it, too. */
async function withWait(answer: Answer): Promise<Answer> {
  if (answer.status !== 429 || answer.headers.has('retry-after')) return answer
  const body = await answer.text()
  const headers = new Headers([...answer.headers])
  headers.set('retry-after', String(waitOf(body)))
  return new Response(body, { status: 429, headers })
}

function waitOf(body: string): number {
  try {
    const { retry_after: seconds } = JSON.parse(body) as { retry_after?: unknown }
    return typeof seconds === 'number' && seconds > 0 ? seconds : 1
  } catch {
    return 1
  }
}

const UNLIMITED: APIGatewayBotInfo['session_start_limit'] = { total: 1000, remaining: 1000, reset_after: 0, max_concurrency: 1 }
