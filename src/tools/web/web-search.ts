// web_search: titles, addresses and excerpts from the search service the configuration names.

import type { Plan } from '../../plan/plan.ts'
import { headOf } from '../../text-cut.ts'
import { fields, text } from '../input-fields.ts'
import type { ToolDefinition } from '../port.ts'

const COUNT = 8
const TIMEOUT_MS = 20_000
const MAX_BYTES = 1_000_000
const BRAVE = 'https://api.search.brave.com'

interface Hit {
  readonly title: string
  readonly url: string
  readonly excerpt: string
}
type Search = NonNullable<Plan['search']>

export const webSearch: ToolDefinition<{ query: string }, Search> = {
  name: 'web_search',
  description: 'Search the web: titles, addresses and excerpts. Read a result in full with web_fetch.',
  inputSchema: fields({ query: text('What to search for') }),
  traits: { sends: true, idempotent: true, outside: true },
  settings: 'search',
  // The service is the owner's choice.
  sendingOf: () => null,
  async run({ query }, { settings: search, network, signal }) {
    const request = requestFor(search, query)
    if (typeof request === 'string') return { content: request, isError: true }
    const page = await network.fetch(request.url, {
      headers: { accept: 'application/json', ...request.headers },
      maxBytes: MAX_BYTES,
      timeoutMs: TIMEOUT_MS,
      signal,
      configured: true,
    })
    if (page.status !== 200)
      return { content: `The search service answered ${page.status}${advice(page.status, search)}.`, isError: true }
    const hits = parseHits(page.body.toString('utf8'))
    if (hits === null) return { content: `The search service sent no JSON${advice(403, search)}.`, isError: true }
    if (hits.length === 0) return { content: 'Nothing was found.' }
    return { content: hits.map((hit, i) => `${i + 1}. ${hit.title}\n   ${hit.url}\n   ${hit.excerpt}`.trimEnd()).join('\n') }
  },
}

function requestFor(search: Search, query: string): { url: string; headers: Record<string, string> } | string {
  if (search.provider === 'searxng') {
    if (search.baseURL === undefined) return 'Web search is not set up: `search.baseURL` must name the SearXNG server.'
    const url = new URL(`${search.baseURL.replace(/\/+$/, '')}/search`)
    url.search = new URLSearchParams({ q: query, format: 'json' }).toString()
    const key = search.apiKey?.isSet ? { authorization: `Bearer ${search.apiKey.reveal()}` } : {}
    return { url: url.href, headers: key }
  }
  if (!search.apiKey?.isSet) return 'Web search is not set up: the key in `search.apiKey` is not set.'
  const url = new URL(`${(search.baseURL ?? BRAVE).replace(/\/+$/, '')}/res/v1/web/search`)
  url.search = new URLSearchParams({ q: headOf(query, 400), count: String(COUNT) }).toString()
  return { url: url.href, headers: { 'x-subscription-token': search.apiKey.reveal() } }
}

function advice(status: number, { provider }: Search): string {
  if (provider === 'searxng' && status === 403) return ' (its settings must list `json` under `search.formats`)'
  if (status === 401 || status === 403) return ' (is the key right?)'
  return status === 429 ? ' (too many searches; wait a while)' : ''
}

/** Both services' answers: SearXNG has `results`, Brave `web.results`. null: not JSON. */
function parseHits(body: string): Hit[] | null {
  let data: unknown
  try {
    data = JSON.parse(body)
  } catch {
    return null
  }
  const list = get(data, 'results') ?? get(get(data, 'web'), 'results')
  if (!Array.isArray(list)) return []
  return list.slice(0, COUNT).flatMap((item: unknown) => {
    const url = get(item, 'url')
    if (typeof url !== 'string') return []
    return [{ url, title: plain(get(item, 'title')) || url, excerpt: plain(get(item, 'content') ?? get(item, 'description')) }]
  })
}

const get = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#x27': "'", nbsp: ' ' }

const plain = (value: unknown): string =>
  typeof value === 'string'
    ? value
        .replaceAll(/<\/?[a-z][^<>]*>/gi, '')
        .replaceAll(/&([a-z]+|#39|#x27);/gi, (whole, name: string) => ENTITIES[name.toLowerCase()] ?? whole)
        .replaceAll(/\s+/g, ' ')
        .trim()
    : ''
