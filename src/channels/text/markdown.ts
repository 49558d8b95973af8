// Markdown as models write it, in the dialect a platform shows. Enters: Markdown. Leaves: text for one platform.

import { lexer, type Token, type Tokens } from 'marked'

/** How one platform writes each thing. Inputs are already in the dialect, save `text`, `code` and `pre`, which are raw. */
export interface Dialect {
  text(raw: string): string
  bold(inner: string): string
  italic(inner: string): string
  strike(inner: string): string
  code(raw: string): string
  pre(raw: string, language: string): string
  link(inner: string, href: string): string
  heading(inner: string, depth: number): string
  quote(inner: string): string
  readonly rule: string
}

/** Renders with a dialect. Raw HTML is shown as text, never passed on. */
export function renderMarkdown(markdown: string, dialect: Dialect): string {
  return blocks(lexer(markdown), dialect).trim()
}

function blocks(tokens: readonly Token[], dialect: Dialect, quoted = false): string {
  const parts: string[] = []
  for (const token of tokens) {
    const part = block(token, dialect, quoted)
    if (part !== '') parts.push(part)
  }
  return parts.join('\n\n')
}

function block(token: Token, dialect: Dialect, quoted: boolean): string {
  switch (token.type) {
    case 'space':
    case 'def':
      return ''
    case 'heading':
      return dialect.heading(inline(token.tokens ?? [], dialect), (token as Tokens.Heading).depth)
    case 'code':
      return dialect.pre((token as Tokens.Code).text, ((token as Tokens.Code).lang ?? '').split(/\s/)[0] ?? '')
    case 'blockquote': {
      const inner = blocks(token.tokens ?? [], dialect, true)
      // Quotes in quotes are flat: not every platform can nest them.
      return quoted ? inner : dialect.quote(inner)
    }
    case 'list':
      return list(token as Tokens.List, dialect, 0, quoted)
    case 'table':
      return dialect.pre(tableText(token as Tokens.Table), '')
    case 'hr':
      return dialect.rule
    case 'html':
      return dialect.text((token as Tokens.HTML).text.trimEnd())
    case 'paragraph':
    case 'text':
      return inlineOr(token as Tokens.Text | Tokens.Paragraph, dialect)
    default:
      return dialect.text(token.raw.trimEnd())
  }
}

const inlineOr = (token: Tokens.Text | Tokens.Paragraph, dialect: Dialect): string =>
  token.tokens === undefined ? dialect.text(token.text) : inline(token.tokens, dialect)

function list(token: Tokens.List, dialect: Dialect, depth: number, quoted: boolean): string {
  const first = typeof token.start === 'number' ? token.start : 1
  const lines: string[] = []
  token.items.forEach((item, index) => {
    const mark = item.task ? (item.checked === true ? '☑' : '☐') : token.ordered ? `${first + index}.` : '•'
    const own: string[] = []
    const below: string[] = []
    for (const child of item.tokens) {
      if (child.type === 'checkbox' || child.type === 'space') continue
      if (child.type === 'list') below.push(list(child as Tokens.List, dialect, depth + 1, quoted))
      else own.push(block(child, dialect, quoted))
    }
    lines.push(`${'  '.repeat(depth)}${mark} ${own.join('\n')}`.trimEnd(), ...below)
  })
  return lines.join('\n')
}

function inline(tokens: readonly Token[], dialect: Dialect): string {
  return tokens.map((token) => inlineOne(token, dialect)).join('')
}

function inlineOne(token: Token, dialect: Dialect): string {
  const inner = (): string => inline('tokens' in token ? (token.tokens ?? []) : [], dialect)
  switch (token.type) {
    case 'strong':
      return dialect.bold(inner())
    case 'em':
      return dialect.italic(inner())
    case 'del':
      return dialect.strike(inner())
    case 'codespan':
      return dialect.code((token as Tokens.Codespan).text)
    case 'br':
      return '\n'
    case 'link':
      return dialect.link(inner(), (token as Tokens.Link).href)
    case 'image':
      return dialect.link(dialect.text((token as Tokens.Image).text || 'image'), (token as Tokens.Image).href)
    case 'escape':
      return dialect.text((token as Tokens.Escape).text)
    case 'text':
      return inlineOr(token as Tokens.Text, dialect)
    default:
      return dialect.text(token.raw)
  }
}

const wide = (text: string): number => [...text].length

/** A table as aligned columns, for places that show code in one width. */
function tableText(table: Tokens.Table): string {
  const rows = [table.header, ...table.rows].map((row) => row.map((cell) => plainInline(cell.tokens)))
  const widths = table.header.map((_, column) => Math.max(...rows.map((row) => wide(row[column] ?? ''))))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - wide(cell))))
      .join(' | ')
      .trimEnd()
  const [header, ...body] = rows
  return [line(header ?? []), widths.map((width) => '-'.repeat(width)).join('-+-'), ...body.map(line)].join('\n')
}

const plainInline = (tokens: readonly Token[]): string => inline(tokens, PLAIN)

const safeLink = (href: string): boolean => /^(https?|mailto|tg|tel):/i.test(href)

const html = (raw: string): string => raw.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')

/** Telegram's HTML parse mode. */
export const TELEGRAM_HTML: Dialect = {
  text: html,
  bold: (inner) => `<b>${inner}</b>`,
  italic: (inner) => `<i>${inner}</i>`,
  strike: (inner) => `<s>${inner}</s>`,
  code: (raw) => `<code>${html(raw)}</code>`,
  pre: (raw, language) =>
    /^[\w+#.-]+$/.test(language)
      ? `<pre><code class="language-${language}">${html(raw)}</code></pre>`
      : `<pre>${html(raw)}</pre>`,
  link: (inner, href) => (safeLink(href) ? `<a href="${html(href).replace(/"/g, '&quot;')}">${inner}</a>` : inner),
  heading: (inner) => `<b>${inner}</b>`,
  quote: (inner) => `<blockquote>${inner}</blockquote>`,
  rule: '———',
}

/** HTML as Matrix clients take it; line ends outside code become breaks. */
export const MATRIX_HTML: Dialect = {
  ...TELEGRAM_HTML,
  bold: (inner) => `<strong>${inner}</strong>`,
  italic: (inner) => `<em>${inner}</em>`,
  strike: (inner) => `<del>${inner}</del>`,
  pre: (raw, language) =>
    `<pre><code${/^[\w+#.-]+$/.test(language) ? ` class="language-${language}"` : ''}>${html(raw)}</code></pre>`,
  heading: (inner, depth) => `<h${depth}>${inner}</h${depth}>`,
  rule: '<hr>',
}

/** Markdown as the HTML of a Matrix message. */
export const toMatrixHtml = (markdown: string): string =>
  renderMarkdown(markdown, MATRIX_HTML)
    .split(/(<pre>[\s\S]*?<\/pre>)/)
    .map((part) => (part.startsWith('<pre>') ? part : part.replaceAll('\n', '<br>')))
    .join('')

const quoteLines = (inner: string): string => inner.replace(/^/gm, '> ')

/** Slack's mrkdwn. */
export const SLACK_MRKDWN: Dialect = {
  text: html,
  bold: (inner) => `*${inner}*`,
  italic: (inner) => `_${inner}_`,
  strike: (inner) => `~${inner}~`,
  code: (raw) => `\`${html(raw)}\``,
  pre: (raw) => `\`\`\`\n${html(raw)}\n\`\`\``,
  link: (inner, href) => (safeLink(href) ? `<${html(href).replace(/\|/g, '%7C')}|${inner.replace(/\n/g, ' ')}>` : inner),
  heading: (inner) => `*${inner.replace(/^\*|\*$/g, '')}*`,
  quote: quoteLines,
  rule: '———',
}

/** WhatsApp's marks. */
export const WHATSAPP: Dialect = {
  text: (raw) => raw,
  bold: (inner) => `*${inner}*`,
  italic: (inner) => `_${inner}_`,
  strike: (inner) => `~${inner}~`,
  code: (raw) => `\`${raw}\``,
  pre: (raw) => `\`\`\`\n${raw}\n\`\`\``,
  link: (inner, href) => (inner === href || !safeLink(href) ? inner : `${inner} (${href})`),
  heading: (inner) => `*${inner.replace(/^\*|\*$/g, '')}*`,
  quote: quoteLines,
  rule: '———',
}

/** No marks at all. */
export const PLAIN: Dialect = {
  text: (raw) => raw,
  bold: (inner) => inner,
  italic: (inner) => inner,
  strike: (inner) => inner,
  code: (raw) => raw,
  pre: (raw) => raw,
  link: (inner, href) => (inner === href || !safeLink(href) ? inner : `${inner} (${href})`),
  heading: (inner) => inner,
  quote: quoteLines,
  rule: '———',
}

/** Discord shows Markdown as it is, save tables: those become code. */
export function toDiscord(markdown: string): string {
  return lexer(markdown)
    .map((token) => (token.type === 'table' ? `\`\`\`\n${tableText(token as Tokens.Table)}\n\`\`\`\n` : token.raw))
    .join('')
    .trim()
}

/** Length of Telegram HTML as the platform counts it: tags are nothing, an entity is one character. */
export const htmlLength = (rendered: string): number =>
  rendered.replace(/<[^>]*>/g, '').replace(/&(?:amp|lt|gt|quot);/g, ' ').length

const ENTITIES: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"' }

/** Telegram HTML without tags, as the text it shows. */
export const plainHtml = (rendered: string): string =>
  rendered.replace(/&(?:amp|lt|gt|quot);/g, (entity) => ENTITIES[entity] ?? entity)
