// From a page's HTML to the Markdown a model reads: the article where there is one, else the whole body.

import { Readability } from '@mozilla/readability'
import { parseHTML } from 'linkedom'
import TurndownService from 'turndown'

// The few parts of the browser's types that are used here: the program as a whole is built without them.
interface PageElement {
  readonly innerHTML: string
  getAttribute(name: string): string | null
  setAttribute(name: string, value: string): void
  removeAttribute(name: string): void
  remove(): void
  cloneNode(deep: boolean): PageElement
}
interface PageDocument {
  readonly title?: string
  readonly body: PageElement | null
  querySelectorAll(selector: string): Iterable<PageElement>
}

const parse = (html: string): PageDocument => parseHTML(html).document as unknown as PageDocument

/** Larger pages cost seconds to parse; what stands beyond is rarely the article. */
const MAX_HTML_CHARS = 1_000_000
const MAX_ARTICLE_CHARS = 600_000
const MAX_ELEMENTS = 20_000
const MAX_DEPTH = 120
const NEVER_TEXT = ['script', 'style', 'noscript', 'template', 'iframe', 'svg', 'canvas', 'form', 'button', 'input', 'select']

/**
 * Never throws for bad HTML: what can't be parsed is read as plain text. It may take long, though: a few kilobytes of nested
 * tags are enough for seconds, so pages from outside go through read-page.ts.
 */
export function htmlToMarkdown(html: string, url: string): string {
  const source = html.slice(0, MAX_HTML_CHARS)
  try {
    return convert(source, url)
  } catch {
    return plainText(source)
  }
}

function convert(html: string, url: string): string {
  const document = parse(/<html[\s>]/i.test(html) ? html : `<html><body>${html}</body></html>`)
  for (const tag of NEVER_TEXT) for (const element of [...document.querySelectorAll(tag)]) element.remove()
  for (const element of [...document.querySelectorAll('[hidden],[aria-hidden="true"]')]) element.remove()
  absoluteLinks(document, url)
  const whole = document.body?.cloneNode(true)
  const title = document.title?.trim()
  const article = findArticle(document, html)
  const body = article?.content ?? whole?.innerHTML ?? ''
  const markdown = toMarkdown(body)
  const heading = article?.title?.trim() || title
  const withTitle = heading && !markdown.startsWith(`# ${heading}`) ? `# ${heading}\n\n${markdown}` : markdown
  return withTitle.trim() || '[the page has no text]'
}

/** Readability's work grows with the square of the size and the cube of the depth, so outsized pages are taken whole. */
function findArticle(document: PageDocument, html: string): { title?: string | null; content?: string | null } | null {
  if (html.length > MAX_ARTICLE_CHARS || depthOf(html) > MAX_DEPTH) return null
  return new Readability(document as never, { charThreshold: 200, maxElemsToParse: MAX_ELEMENTS }).parse() as never
}

/** How deep tags nest, near enough: every tag that is not void or closed counts. */
function depthOf(html: string): number {
  let depth = 0
  let deepest = 0
  for (const [, closing, name] of html.matchAll(/<(\/?)([a-z][a-z0-9]*)/gi)) {
    if (/^(?:p|li|br|hr|img|input|meta|link|td|th|tr|dt|dd|option|source|wbr|col)$/i.test(name!)) continue
    depth += closing === '/' ? -1 : 1
    if (depth > deepest) deepest = depth
  }
  return deepest
}

function toMarkdown(html: string): string {
  const service = new TurndownService({ headingStyle: 'atx', codeBlockStyle: 'fenced', bulletListMarker: '-', hr: '---' })
  service.addRule('image', {
    filter: 'img',
    replacement: (_, node) => {
      const alt = (node as unknown as PageElement).getAttribute('alt')
      return alt ? `[image: ${alt}]` : ''
    },
  })
  service.addRule('cell', { filter: ['th', 'td'], replacement: (content) => `${content.trim().replaceAll(/\s+/g, ' ')} | ` })
  service.addRule('row', { filter: 'tr', replacement: (content) => `| ${content.trim()}\n` })
  // Turndown looks for a browser's document to parse strings with; it takes a node instead.
  const { body } = parse(`<html><body>${html}</body></html>`)
  return service
    .turndown(body as never)
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim()
}

function absoluteLinks(document: PageDocument, base: string): void {
  for (const link of document.querySelectorAll('a[href]')) {
    const href = link.getAttribute('href') ?? ''
    const target = URL.canParse(href, base) ? new URL(href, base) : null
    if (target !== null && /^https?:$/.test(target.protocol)) link.setAttribute('href', target.href)
    else link.removeAttribute('href')
  }
}

/** The text between the tags. Every step is linear in the length of the page, whatever stands in it. */
export const plainText = (html: string): string =>
  html
    .replaceAll(/<(script|style)\b[\s\S]*?(<\/\1\s*>|$)/gi, ' ')
    .replaceAll(/<[^<>]*>/g, ' ')
    .replaceAll(/[^\S\n]+/g, ' ')
    .replaceAll(/ ?\n[ \n]*/g, '\n')
    .trim()
