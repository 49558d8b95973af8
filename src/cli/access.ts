// `claw access`: who can reach which tool. A table for a terminal, Markdown for a review, or JSON.

import { shownPath } from '../config/render.ts'
import { EXIT } from '../errors.ts'
import { type AccessRow, accessNotes, accessOf, type Way } from '../plan/access.ts'
import { type Io, paint, printJson, type Verb } from './io.ts'
import { planFrom } from './plan-loading.ts'
import { printable, printTable } from './table.ts'

const HEADS = ['sender', 'channel', 'chat', 'agent', 'by', 'tools', 'sandbox'] as const
/** Ways told in full; more are counted. */
const SHOWN = 3

export const run: Verb = async (_args, options, io) => {
  const loaded = await planFrom(options.config, io, { format: options.format })
  if (typeof loaded === 'number') return loaded
  const rows = accessOf(loaded.plan, loaded.registry)
  const notes = accessNotes(loaded.plan)
  if (options.format === 'json') printJson(io, { rows: rows.map((row) => shortened(row, io)), notes })
  else {
    if (options['markdown'] === true) io.out(markdown(rows))
    else table(rows, io)
    for (const note of notes) io.out(`\n${note}\n`)
  }
  return EXIT.ok
}

function shortened(row: AccessRow, io: Io): AccessRow {
  const place = (rule: Way['rule']): Way['rule'] => rule && { ...rule, file: shownPath(rule.file, io.cwd) }
  return { ...row, rule: place(row.rule), ways: row.ways.map((way) => ({ ...way, rule: place(way.rule) })) }
}

function by(row: AccessRow): string {
  const ways = row.ways.slice(0, SHOWN).map(({ rule, when }) => {
    const name = rule === null ? 'default' : `#${rule.index} line ${rule.line}`
    return when === '' ? name : `${name} (${when})`
  })
  const more = row.ways.length - SHOWN
  return ways.join('; ') + (more > 0 ? `; and ${more} more` : '')
}

const toolNames = (row: AccessRow): string =>
  row.tools.map((tool) => (tool.mode === 'free' ? tool.name : `${tool.name} [${tool.mode}]`)).join(', ') || 'none'

const cells = (row: AccessRow): readonly string[] => [
  row.sender,
  row.channelId,
  row.chatType,
  row.agentId,
  by(row),
  toolNames(row),
  row.tools.some((tool) => tool.traits.includes('runs')) ? row.sandbox : '',
]

const exposed = (rows: readonly AccessRow[]): readonly AccessRow[] =>
  rows.filter((row) => row.sender === 'stranger' && row.dangerous.length > 0)

function table(rows: readonly AccessRow[], io: Io): void {
  const open = exposed(rows)
  if (open.length > 0) {
    io.out(`${paint(io, 'red', 'Strangers reach tools that write, run or spend:')}\n`)
    for (const row of open)
      io.out(`  ${row.channelId} (${row.chatType}) → ${printable(by(row))} → ${row.agentId} → ${row.dangerous.join(', ')}\n`)
    io.out('\n')
  }
  printTable(io, HEADS, rows.map(cells))
}

/** One cell of a Markdown table: no line ends, no bars, nothing read as markup. */
const escaped = (text: string): string => printable(text).replace(/[|\\`*_<>[\]]/g, '\\$&')

function markdown(rows: readonly AccessRow[]): string {
  const row = (values: readonly string[]): string => `| ${values.join(' | ')} |`
  const body = rows.map((one) => {
    const marked = one.sender === 'stranger' && one.dangerous.length > 0
    return row(cells(one).map((text, at) => (marked && at === 0 ? `**${escaped(text)}**` : escaped(text))))
  })
  return `${[row(HEADS), row(HEADS.map(() => '---')), ...body].join('\n')}\n`
}
