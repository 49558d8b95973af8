// The rows of `claw access` as text: for a terminal, in lines of at most 80 columns, or as a Markdown table for a review. Rows that
// differ in their door or kind of chat alone are one line.

import type { AccessRow, ReachableTool, Way } from '../plan/access.ts'
import { type Io, paint } from './io.ts'
import { printable, wrapped } from './table.ts'

/** Ways told in full; more are counted. */
const SHOWN = 3

function wayText({ kind, rule, when }: Way): string {
  const name = rule === null || kind === 'started' ? undefined : `#${rule.index} line ${rule.line}`
  if (kind === 'rule') return when === '' ? (name ?? '') : `${name} (${when})`
  return kind === 'default' ? 'default' : when
}

function by(ways: readonly Way[]): string {
  const more = ways.length - SHOWN
  return ways.slice(0, SHOWN).map(wayText).join('; ') + (more > 0 ? `; and ${more} more` : '')
}

const toolText = ({ name, mode }: ReachableTool): string => (mode === 'free' ? name : `${name} [${mode}]`)

const toolsText = ({ tools }: AccessRow): string => tools.map(toolText).join(', ') || 'none'

const sandboxText = ({ tools, sandbox }: AccessRow): string =>
  tools.some(({ traits }) => traits.includes('runs')) ? sandbox : ''

export const agentText = ({ via, agentId }: AccessRow): string => [...via, agentId].join(' → ')

/** Rows that agree in all but some fields, as one: the values of those fields, each once. */
interface Merged {
  readonly row: AccessRow
  readonly doors: readonly string[]
  readonly chats: readonly string[]
}

function merged(rows: readonly AccessRow[], keyOf: (row: AccessRow) => readonly unknown[]): readonly Merged[] {
  const groups = new Map<string, AccessRow[]>()
  for (const row of rows) {
    const key = JSON.stringify(keyOf(row))
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [row])
    else group.push(row)
  }
  return [...groups.values()].map((group) => ({
    row: group[0] as AccessRow,
    doors: [...new Set(group.map(({ door }) => door))],
    chats: [...new Set(group.map(({ chatType }) => chatType))],
  }))
}

const isExposed = (row: AccessRow): boolean => row.sender === 'stranger' && row.dangerous.length > 0

/** Where somebody comes in. A platform is its channel's only door, so its name says nothing more. */
function placeText({ row, doors, chats }: Merged): string {
  const isPlatform =
    doors.length === 1 && ![...doors].some((door) => door.startsWith('/') || door === 'socket' || door === 'page')
  return `${row.channelId} ${chats.join(' and ')}${isPlatform ? '' : ` by ${doors.join(', ')}`}`
}

/** For a terminal: a paragraph for each agent and what it can do, then who reaches it. */
export function printAccess(rows: readonly AccessRow[], io: Io): void {
  const exposed = merged(rows.filter(isExposed), (row) => [
    row.channelId,
    row.chatType,
    agentText(row),
    row.dangerous,
    by(row.ways),
  ])
  if (exposed.length > 0) io.out(`${paint(io, 'red', 'Strangers reach tools that write, run or spend:')}\n`)
  for (const { row } of exposed) {
    const way = row.ways[0]?.kind === 'started' ? '' : `${by(row.ways)} → `
    line(io, `${row.channelId} (${row.chatType}) → ${way}${agentText(row)} → ${row.dangerous.join(', ')}`, 2)
  }
  if (exposed.length > 0) io.out('\n')
  const powers = merged(rows, (row) => [agentText(row), row.tools, row.sandbox])
  for (const { row: agent } of powers) {
    io.out(`${paint(io, 'bold', printable(agentText(agent)))}\n`)
    line(io, `tools: ${toolsText(agent)}`, 2)
    const sandbox = sandboxText(agent)
    if (sandbox !== '') line(io, `sandbox: ${sandbox}`, 2)
    const memory = memoryText(agent)
    if (memory !== '') line(io, `memory: ${memory}`, 2)
    const own = rows.filter(
      (row) => agentText(row) === agentText(agent) && JSON.stringify(row.tools) === JSON.stringify(agent.tools),
    )
    for (const one of merged(own, (row) => [row.sender, row.channelId, by(row.ways), row.door]).reduce<Merged[]>(joinDoors, [])) {
      const sender = one.row.sender.padEnd('allow-listed'.length)
      line(io, `${sender}  ${placeText(one)}: ${by(one.row.ways)}`, 2, 'allow-listed'.length + 2)
    }
    io.out('\n')
  }
}

/** Lines that differ in their door alone become one. */
function joinDoors(all: Merged[], next: Merged): Merged[] {
  const isSame = ({ row, chats }: Merged): boolean =>
    row.sender === next.row.sender &&
    row.channelId === next.row.channelId &&
    by(row.ways) === by(next.row.ways) &&
    chats.join() === next.chats.join()
  const at = all.findIndex(isSame)
  const known = all[at]
  if (known === undefined) return [...all, next]
  return all.with(at, { ...known, doors: [...known.doors, ...next.doors] })
}

function memoryText({ memory: { read, write } }: AccessRow): string {
  const parts = [read.length === 0 ? '' : `reads ${read.join(', ')}`, write.length === 0 ? '' : `writes ${write.join(', ')}`]
  return parts.filter((part) => part !== '').join('; ')
}

/** A line, broken where it is longer than 80 columns; what follows the first stands under its text. */
function line(io: Io, text: string, indent: number, hang = 2): void {
  for (const part of wrapped(printable(text), { indent, hang })) io.out(`${part}\n`)
}

const HEADS = ['sender', 'channel', 'door', 'chat', 'agent', 'by', 'tools', 'sandbox'] as const

/** One cell of a Markdown table: no line ends, no bars, nothing read as markup. */
const escaped = (text: string): string => printable(text).replace(/[|\\`*_<>[\]]/g, '\\$&')

export function accessMarkdown(rows: readonly AccessRow[]): string {
  const cells = (values: readonly string[]): string => `| ${values.join(' | ')} |`
  const body = merged(rows, (row) => [row.sender, row.channelId, row.chatType, agentText(row), row.ways, row.tools]).map(
    ({ row, doors }) => {
      const values = [
        row.sender,
        row.channelId,
        doors.join(', '),
        row.chatType,
        agentText(row),
        by(row.ways),
        toolsText(row),
        sandboxText(row),
      ]
      return cells(values.map((text, at) => (isExposed(row) && at === 0 ? `**${escaped(text)}**` : escaped(text))))
    },
  )
  return `${[cells(HEADS), cells(HEADS.map(() => '---')), ...body].join('\n')}\n`
}
