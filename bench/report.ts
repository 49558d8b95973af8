// Measured parts in; a Markdown table and small plots out. No ratio where the two sides did different work or others kept the
// machine busy: then the spread stands in its place.

import type { Machine } from './machine.ts'
import type { Cell, Growth, PartResult } from './result.ts'
import { exponentOf, summarize } from './stats.ts'

export interface MeasuredPart extends PartResult {
  readonly name: string
  readonly about: string
  readonly seconds: number
  /** Cores that others kept busy meanwhile; null: unknown. */
  readonly foreignCores: number | null
}

/** More than this of a core used by others, and no ratio is printed. */
export const BUSY_CORES = 0.25

export interface Line {
  readonly name: string
  readonly ours: string
  readonly floor: string
  readonly ratio: string
  readonly verdict: string
}

export const isBusy = (part: MeasuredPart): boolean => part.foreignCores !== null && part.foreignCores > BUSY_CORES

export function lineOf(cell: Cell, busy: boolean): Line {
  const ours = summarize(cell.ours)
  const floor = cell.floor === undefined ? null : summarize(cell.floor)
  const inDoubt = busy && cell.steady !== true
  let ratio = ''
  let ratioValue: number | null = null
  if (floor !== null) {
    if (cell.unequal !== undefined) ratio = `none: ${cell.unequal}`
    else if (inDoubt) ratio = 'none: machine busy'
    else {
      ratioValue = ours.median / floor.median
      ratio = `${ratioValue.toFixed(ratioValue < 10 ? 2 : 0)}×`
    }
  }
  return {
    name: cell.name,
    ours: spread(ours, cell.unit),
    floor: floor === null ? '' : spread(floor, cell.unit),
    ratio,
    verdict: verdictOf(cell, ours.median, ratioValue, inDoubt),
  }
}

function verdictOf(cell: Cell, value: number, ratio: number | null, inDoubt: boolean): string {
  const { target } = cell
  if (target === undefined) return ''
  const sign = cell.better === 'more' ? '≥' : '≤'
  const meets = (one: number, bound: number): boolean => (cell.better === 'more' ? one >= bound : one <= bound)
  const parts: string[] = []
  if (target.value !== undefined)
    parts.push(
      `${sign} ${format(target.value, cell.unit)}: ${meets(value, target.value) ? 'met' : inDoubt ? 'open (busy)' : 'not met'}`,
    )
  if (target.ratio !== undefined)
    parts.push(`${sign} ${target.ratio}×: ${ratio === null ? 'open' : meets(ratio, target.ratio) ? 'met' : 'not met'}`)
  return parts.join('; ')
}

function format(value: number, unit: Cell['unit']): string {
  const digits =
    unit === 'count' || unit === 'bytes' || unit === 'tokens' || Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  const text = value.toLocaleString('en-US', { maximumFractionDigits: digits })
  return unit === 'count' ? text : unit === '%' || unit === '/s' ? `${text}${unit}` : `${text} ${unit}`
}

const spread = ({ n, median, min, max }: ReturnType<typeof summarize>, unit: Cell['unit']): string =>
  n < 2 ? format(median, unit) : `${format(median, unit)} (${format(min, unit)} – ${format(max, unit)})`

export function markdownOf(parts: readonly MeasuredPart[], machine: Machine, commit: string): string {
  const lines = [
    `Node ${machine.node}, ${machine.cores} cores (${machine.cpu}), ${machine.memoryGb} GB, ${machine.system}; load at the start ${machine.load.join(' / ')}; commit ${commit}.`,
    'Medians, with smallest and largest of the repeats in brackets; both sides take turns in the same run.',
    '',
  ]
  for (const part of parts) {
    const busy = isBusy(part)
    const others = part.foreignCores === null ? 'unknown' : part.foreignCores.toFixed(2)
    lines.push(
      `### ${part.name}`,
      '',
      `${part.about[0]?.toUpperCase()}${part.about.slice(1)}. Cores used by others meanwhile: ${others}.`,
      '',
    )
    if (busy)
      lines.push('Others kept the machine busy: no ratios from this part, the spread says how far the figures may be off.', '')
    lines.push('| | claw | bare Node | ratio | demanded |', '| --- | ---: | ---: | ---: | --- |')
    for (const cell of part.cells) {
      const { name, ours, floor, ratio, verdict } = lineOf(cell, busy)
      lines.push(`| ${name} | ${ours} | ${floor} | ${ratio} | ${verdict} |`)
    }
    for (const note of part.notes ?? []) lines.push('', note)
    for (const growth of part.growth ?? []) lines.push('', growthLine(growth))
    lines.push('')
  }
  return lines.join('\n')
}

export function growthLine(growth: Growth): string {
  const exponent = exponentOf(growth.points)
  const beside = growth.beside === undefined ? null : exponentOf(growth.beside.points)
  const text = exponent === null ? 'too few sizes to tell' : `grows with exponent ${exponent.toFixed(2)}`
  const sizes = growth.points.map(({ size }) => size.toLocaleString('en-US')).join(', ')
  return `${growth.name}: ${text} over ${growth.over} (${sizes})${beside === null ? '' : `; ${growth.beside?.name}: ${beside.toFixed(2)}`}.`
}

export const fileNameOf = (growth: Growth): string => `${growth.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}.svg`
