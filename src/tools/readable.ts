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
const MAX_ELEMENTS = 50_000
const NEVER_TEXT = ['script', 'style', 'noscript', 'template', 'iframe', 'svg', 'canvas', 'form', 'button', 'input', 'select']

/** Never throws for bad HTML: what can't be parsed is read as plain text. */
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
  const article = new Readability(document as never, { charThreshold: 200, maxElemsToParse: MAX_ELEMENTS }).parse()
  const body = article?.content ?? whole?.innerHTML ?? ''
  const markdown = toMarkdown(body)
  const heading = article?.title?.trim() || title
  const withTitle = heading && !markdown.startsWith(`# ${heading}`) ? `# ${heading}\n\n${markdown}` : markdown
  return withTitle.trim() === '' ? '[the page has no text]' : withTitle
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

const plainText = (html: string): string =>
  html
    .replaceAll(/<(script|style)\b[\s\S]*?(<\/\1\s*>|$)/gi, ' ')
    .replaceAll(/<[^<>]*>/g, ' ')
    .replaceAll(/[ \t]+/g, ' ')
    .replaceAll(/\s*\n\s*/g, '\n')
    .trim()
