// The flows of `claw access` as text: for a terminal, or as a Markdown table. Rows that differ in their place and sender alone are one.

import type { FlowRow } from '../plan/flows.ts'
import { type Io, paint } from './io.ts'
import { printable, wrapped } from './table.ts'

const COLOURS = { open: 'red', guarded: 'yellow', closed: 'green' } as const

interface Told {
  readonly row: FlowRow
  readonly places: readonly string[]
}

function told(flows: readonly FlowRow[]): readonly Told[] {
  const groups = new Map<string, { row: FlowRow; places: Set<string> }>()
  for (const row of flows) {
    const key = JSON.stringify([row.agentId, row.verdict, row.why])
    const group = groups.get(key) ?? { row, places: new Set() }
    group.places.add(row.channel)
    groups.set(key, group)
  }
  return [...groups.values()].map(({ row, places }) => ({ row, places: [...places] }))
}

export function printFlows(flows: readonly FlowRow[], io: Io): void {
  if (flows.length === 0) return
  io.out(`${paint(io, 'bold', 'Can private data flow out?')}\n`)
  for (const { row, places } of told(flows)) {
    const head = `${printable(row.agentId)} on ${printable(places.join(', '))}`
    io.out(`  ${paint(io, COLOURS[row.verdict], row.verdict)}  ${head}\n`)
    for (const line of wrapped(printable(row.why), { indent: 4, hang: 0 })) io.out(`${line}\n`)
  }
  io.out('\n')
}

/** One cell of a Markdown table. */
const cell = (text: string): string => printable(text).replace(/[|\\`*_<>[\]]/g, '\\$&')

export function flowsMarkdown(flows: readonly FlowRow[]): string {
  if (flows.length === 0) return ''
  const rows = told(flows).map(({ row, places }) => [row.agentId, places.join(', '), row.verdict, row.why].map(cell))
  return [['agent', 'channels', 'flow', 'why'], ['---', '---', '---', '---'], ...rows]
    .map((values) => `| ${values.join(' | ')} |\n`)
    .join('')
}
