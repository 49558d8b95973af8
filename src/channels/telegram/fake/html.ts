// Reads Telegram's HTML as its server does: which tags there are, that they close, what text remains.

const TAGS = new Set([
  'b',
  'strong',
  'i',
  'em',
  'u',
  'ins',
  's',
  'strike',
  'del',
  'span',
  'tg-spoiler',
  'a',
  'code',
  'pre',
  'blockquote',
  'tg-emoji',
])

export interface ParsedHtml {
  readonly text: string
  readonly entities: readonly { type: string; offset: number; length: number; url?: string; language?: string }[]
}

const TYPES: Record<string, string> = {
  b: 'bold',
  strong: 'bold',
  i: 'italic',
  em: 'italic',
  u: 'underline',
  ins: 'underline',
  s: 'strikethrough',
  strike: 'strikethrough',
  del: 'strikethrough',
  a: 'text_link',
  code: 'code',
  pre: 'pre',
  blockquote: 'blockquote',
  span: 'spoiler',
  'tg-spoiler': 'spoiler',
  'tg-emoji': 'custom_emoji',
}

/** Text and entities, or the description of the 400 the platform gives. */
export function parseTelegramHtml(html: string): ParsedHtml | { error: string } {
  let text = ''
  const entities: { type: string; offset: number; length: number; url?: string; language?: string }[] = []
  const open: { tag: string; at: number; attributes: string }[] = []
  const fail = (words: string): { error: string } => ({ error: `Bad Request: can't parse entities: ${words}` })
  for (let i = 0; i < html.length; ) {
    const c = html.charAt(i)
    if (c === '&') {
      const entity = /^&(?:(lt|gt|amp|quot)|#(\d+)|#x([0-9a-f]+));/i.exec(html.slice(i, i + 12))
      if (entity !== null) {
        const named: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"' }
        text +=
          entity[1] !== undefined
            ? (named[entity[1].toLowerCase()] ?? '')
            : String.fromCodePoint(Number.parseInt(entity[2] ?? entity[3] ?? '0', entity[2] === undefined ? 16 : 10))
        i += entity[0].length
        continue
      }
    }
    if (c !== '<') {
      text += c
      i++
      continue
    }
    const byte = Buffer.byteLength(html.slice(0, i))
    const end = html.indexOf('>', i)
    if (end === -1) return fail(`Unclosed start tag at byte offset ${byte}`)
    const inside = html.slice(i + 1, end)
    i = end + 1
    if (inside.startsWith('/')) {
      const tag = inside.slice(1).trim().toLowerCase()
      const top = open.pop()
      if (top === undefined) return fail(`Unexpected end tag at byte offset ${byte}`)
      if (tag !== '' && tag !== top.tag)
        return fail(`Unmatched end tag at byte offset ${byte}, expected "</${top.tag}>", found "</${tag}>"`)
      const href = /href="([^"]*)"/.exec(top.attributes)?.[1]
      const language = /class="language-([^"]*)"/.exec(top.attributes)?.[1]
      const inPre = top.tag === 'code' && open.at(-1)?.tag === 'pre'
      if (inPre && language !== undefined) {
        const pre = open.at(-1)
        if (pre !== undefined) pre.attributes = top.attributes
      } else if (text.length > top.at)
        entities.push({
          type: TYPES[top.tag] ?? top.tag,
          offset: top.at,
          length: text.length - top.at,
          ...(href === undefined ? {} : { url: href.replace(/&amp;/g, '&') }),
          ...(language === undefined ? {} : { language }),
        })
      continue
    }
    const tag = (/^[a-z0-9-]+/i.exec(inside)?.[0] ?? '').toLowerCase()
    if (!TAGS.has(tag)) return fail(`Unsupported start tag "${tag}" at byte offset ${byte}`)
    if (tag === 'blockquote' && open.some((o) => o.tag === 'blockquote')) return fail('blockquote entities can not be nested')
    open.push({ tag, at: text.length, attributes: inside.slice(tag.length) })
  }
  const left = open.at(-1)
  if (left !== undefined) return fail(`Can't find end tag corresponding to start tag "${left.tag}"`)
  return { text, entities: entities.sort((a, b) => a.offset - b.offset || b.length - a.length) }
}
