// web_fetch: a public page as Markdown, through the network gate.

import { hostOf, type Sending } from '../../permissions/flow/sending.ts'
import type { FetchedPage } from '../../permissions/port.ts'
import { fields, text } from '../input-fields.ts'
import type { ToolDefinition } from '../port.ts'

const MAX_BYTES = 2_000_000
const TIMEOUT_MS = 30_000
const ACCEPT = [
  'text/html',
  'application/xhtml+xml',
  'text/*',
  'application/json',
  'application/*+json',
  'application/xml',
  'application/*+xml',
]

export const webFetch: ToolDefinition<{ url: string }> = {
  name: 'web_fetch',
  description: 'Fetch a public web page and read it as Markdown. JSON and plain text come as they are.',
  inputSchema: fields({ url: text('An http or https address') }),
  traits: { sends: true, idempotent: true, outside: true },
  sendingOf: (input) => pageOf(input),
  async run({ url }, { network, signal }) {
    const page = await network.fetch(url, { maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS, accept: ACCEPT, signal })
    const content = await present(page, signal)
    return page.status >= 400 ? { content: `The server answered ${page.status}.\n\n${content}`, isError: true } : { content }
  },
}

/** The address is all that is sent. */
function pageOf(input: unknown): Sending | null {
  const url = typeof input === 'object' && input !== null && 'url' in input ? String(input.url) : ''
  const host = hostOf(url)
  return { ...(host === undefined ? {} : { to: host }), addresses: [url], texts: [] }
}

async function present(page: FetchedPage, signal: AbortSignal): Promise<string> {
  const type = page.contentType.toLowerCase().split(';')[0]!.trim()
  const head = `${page.url}\n`
  const cut = page.truncated ? `\n\n[the page was longer than ${MAX_BYTES} bytes and was cut]` : ''
  if (page.body.length === 0) return `${head}[the page is empty]`
  if (type === 'text/html' || type === 'application/xhtml+xml') {
    const { readPage } = await import('./read-page.ts')
    return `${head}${await readPage(decode(page), page.url, signal)}${cut}`
  }
  if (type.startsWith('text/') || /[/+](json|xml|yaml|x-yaml|javascript|x-ndjson)$/.test(type))
    return `${head}${decode(page)}${cut}`
  if (type === '' && !page.body.subarray(0, 1000).includes(0)) return `${head}${decode(page)}${cut}`
  return `${head}[this is ${type || 'binary data'} of ${page.body.length} bytes, which is not text]`
}

/** Bytes to text by the charset the server or the page names; UTF-8 otherwise. */
function decode({ body, contentType }: FetchedPage): string {
  const named =
    /charset\s*=\s*["']?([\w-]+)/i.exec(contentType)?.[1] ??
    /<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*["']?([\w-]+)/i.exec(body.subarray(0, 2048).toString('latin1'))?.[1]
  try {
    return new TextDecoder(named ?? 'utf-8').decode(body)
  } catch {
    return new TextDecoder().decode(body)
  }
}
