// The services' quirks as Markdown: the table of docs/compatibility.md, and its notes.

import { services } from './index.ts'
import { QUIRKS, type QuirkName } from './quirk.ts'

export const BEGIN = '<!-- services: made by scripts/compatibility-doc.mjs -->'
export const END = '<!-- services: end -->'

/** What stands between the two marks. */
export function servicesMarkdown(): string {
  const names = Object.keys(QUIRKS) as QuirkName[]
  const has = (service: (typeof services)[number], name: QuirkName): boolean => service.quirks.some(({ quirk }) => quirk === name)
  const rows = names.map((name) => `| ${QUIRKS[name]} | ${services.map((one) => (has(one, name) ? '✓' : '')).join(' | ')} |`)
  const notes = services.map(
    ({ name, quirks }) => `- **${name}**: ${quirks.map(({ quirk, what }) => `${shortName(quirk)}: ${what}`).join('; ')}.`,
  )
  return [
    `| | ${services.map(({ name }) => name).join(' | ')} |`,
    `| --- |${' :-: |'.repeat(services.length)}`,
    ...rows,
    '',
    ...notes,
  ].join('\n')
}

const shortName = (quirk: QuirkName): string => quirk.replaceAll('-', ' ')

/** The document with the part between the marks replaced. */
export function withServices(document: string): string {
  const begin = document.indexOf(BEGIN)
  const end = document.indexOf(END)
  if (begin === -1 || end < begin) throw new Error('docs/compatibility.md has lost its marks.')
  return `${document.slice(0, begin)}${BEGIN}\n\n${servicesMarkdown()}\n\n${document.slice(end)}`
}
