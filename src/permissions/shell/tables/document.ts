// The page of the documentation that says what a star lets through and what asks, written from the lists themselves.

import { tablesOf } from './index.ts'
import { aboutKind } from './kinds.ts'
import { commandNames, formsOf, operandsOf } from './lookup.ts'
import type { Form, Kind, OptionGroup, ToolTable } from './table.ts'

const INTRODUCTION = `# What a grant with a star lets through

This page is written from the lists in \`src/permissions/shell/tables\` by \`node scripts/commands-doc.mjs\`; a test holds both equal.

A grant such as \`git *\` covers what stands here and nothing else. Sub-commands and options count only as they are spelled here: no
abbreviation, no long option behind one dash, no letter that is not listed in a cluster such as \`-la\`. Operands must be of the kind
that is named. Whatever is not listed asks. A grant without a star covers its command as it is written, listed or not. For a tool
that has no list a star allows everything, and \`claw validate\` warns of it (CLAW405).

Files that a command names are judged by where they are, whatever the list says: protected names, the engine's own files and kernel
folders ask or are refused, writing outside the workspace asks.
`

const code = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\\\\|', '\\|')

/** Each set of options of a tool once, with a number that its sub-commands refer to. */
class Numbered {
  readonly #numbers = new Map<OptionGroup, number>()
  readonly #lines: string[] = []

  /** `1–4, 7`. */
  of(groups: readonly OptionGroup[]): string {
    const numbers = [...new Set(groups.map((group) => this.#number(group)))].sort((a, b) => a - b)
    const runs: [first: number, last: number][] = []
    for (const number of numbers) {
      const run = runs.at(-1)
      if (run !== undefined && run[1] === number - 1) run[1] = number
      else runs.push([number, number])
    }
    return runs.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`)).join(', ')
  }

  get table(): string[] {
    if (this.#lines.length === 0) return []
    return ['| | options | value | why it is harmless |', '| --- | --- | --- | --- |', ...this.#lines, '']
  }

  #number(group: OptionGroup): number {
    const known = this.#numbers.get(group)
    if (known !== undefined) return known
    const number = this.#numbers.size + 1
    this.#numbers.set(group, number)
    this.#lines.push(
      `| ${number} | ${optionNames(group.names)} | ${valueText(group)} | ${cell(group.why)}${group.deep === true ? ', with everything below' : ''} |`,
    )
    return number
  }
}

const optionNames = (names: string): string =>
  names
    .split(/\s+/)
    .filter((name) => name !== '')
    .map((name) => code(name === '-#' ? '-NUMBER' : name))
    .join(' ')

function valueText({ value, attached, twice }: OptionGroup): string {
  if (value !== undefined) return cell(twice === true ? `two of: ${aboutKind(value)}` : aboutKind(value))
  return attached === undefined ? '' : cell(`in the same word, or none: ${aboutKind(attached)}`)
}

const operands = (text: string | undefined): string =>
  operandsOf(text)
    .map(({ kind, least, many }) => {
      const about = aboutKind(kind as Kind)
      return many ? (least === 1 ? `${about}, one or more` : `${about}, any number`) : least === 1 ? about : `${about}, or none`
    })
    .join('; then ')

function formLine(title: string, form: Form, numbered: Numbered): string {
  const taken = operands(form.operands)
  const notes = [
    `${form.why.charAt(0).toUpperCase()}${form.why.slice(1)}.`,
    ...(form.needs === undefined ? [] : [`Only with ${form.needs.split(/\s+/).map(code).join(' or ')}.`]),
    ...(taken === '' ? [] : [`Operands: ${taken}.`]),
    ...(form.dashes === undefined ? [] : [form.dashes === 'none' ? '`--` asks.' : `Behind \`--\`: ${operands(form.dashes)}.`]),
    ...((form.options ?? []).length === 0 ? [] : [`Options ${numbered.of(form.options ?? [])}.`]),
    ...(form.runsProject === true ? ['It runs programs of the project.'] : []),
  ]
  return `- ${title}: ${notes.join(' ')}`
}

function toolLines(table: ToolTable): string[] {
  const [tool = ''] = table.tools
  const numbered = new Numbered()
  const lines = [`## ${table.tools.join(', ')}`, '', table.about, '']
  if (table.globalOptions !== undefined) lines.push(`- Before the sub-command: options ${numbered.of(table.globalOptions)}.`)
  if (table.options !== undefined) lines.push(`- With each sub-command: options ${numbered.of(table.options)}.`)
  for (const form of table.forms ?? []) lines.push(formLine(code(tool), form, numbered))
  for (const [names, forms] of Object.entries(table.commands ?? {}))
    for (const form of formsOf(forms)) {
      const title = commandNames(names).map((name) => code(`${tool} ${name}`))
      lines.push(formLine(title.join(', '), form, numbered))
    }
  lines.push('', ...numbered.table)
  if (table.asks.length === 0) return lines
  const left = table.asks.map(({ what, why }) => `| ${optionList(what)} | ${cell(`it ${why}`)} |`)
  return [...lines, 'Left out on purpose, so it asks:', '', '| what | why |', '| --- | --- |', ...left, '']
}

const optionList = (what: string): string =>
  what
    .split(',')
    .map((name) => (name === 'everything else' ? name : code(name.trim())))
    .join(' ')

/** The whole page, in Markdown. */
export const tablesMarkdown = (): string => {
  const tools = tablesOf().flatMap((table) => table.tools)
  const contents = [`${tools.length} tools have a list: ${tools.map((tool) => `\`${tool}\``).join(', ')}.`, '']
  return `${[INTRODUCTION, ...contents, ...tablesOf().flatMap(toolLines)].join('\n').trimEnd()}\n`
}
