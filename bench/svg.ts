// Growth in, a small plot on logarithmic axes out.

import type { Growth } from './result.ts'
import { exponentOf, type Point } from './stats.ts'

const WIDTH = 420
const HEIGHT = 240
const LEFT = 62
const BOTTOM = 40
const TOP = 34
const RIGHT = 16
const COLORS = ['#2563eb', '#9ca3af'] as const

export function plotOf(growth: Growth): string {
  const lines = [growth.points, ...(growth.beside === undefined ? [] : [growth.beside.points])]
  const all = lines.flat().filter(({ size, value }) => size > 0 && value > 0)
  const xs = decades(all.map(({ size }) => size))
  const ys = decades(all.map(({ value }) => value))
  const x = (size: number): number => LEFT + share(size, xs) * (WIDTH - LEFT - RIGHT)
  const y = (value: number): number => HEIGHT - BOTTOM - share(value, ys) * (HEIGHT - BOTTOM - TOP)
  const text = (at: readonly [number, number], what: string, more = ''): string =>
    `<text x="${at[0].toFixed(1)}" y="${at[1].toFixed(1)}" ${more}>${what}</text>`
  const exponent = exponentOf(growth.points)
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11" fill="#374151">`,
    `<title>${growth.name}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(
      [LEFT, 18],
      `${growth.name}${exponent === null ? '' : `, exponent ${exponent.toFixed(2)}`}`,
      'font-size="13" font-weight="bold"',
    ),
  ]
  for (let d = xs[0]; d <= xs[1]; d++) {
    const at = x(10 ** d)
    parts.push(`<path d="M${at.toFixed(1)} ${TOP}V${HEIGHT - BOTTOM}" stroke="#e5e7eb"/>`)
    parts.push(text([at, HEIGHT - BOTTOM + 14], label(10 ** d), 'text-anchor="middle"'))
  }
  for (let d = ys[0]; d <= ys[1]; d++) {
    const at = y(10 ** d)
    parts.push(`<path d="M${LEFT} ${at.toFixed(1)}H${WIDTH - RIGHT}" stroke="#e5e7eb"/>`)
    parts.push(text([LEFT - 6, at + 4], `${label(10 ** d)} ${growth.unit}`, 'text-anchor="end"'))
  }
  parts.push(text([(LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8], growth.over, 'text-anchor="middle"'))
  for (const [i, points] of lines.entries()) {
    const usable = points.filter(({ size, value }) => size > 0 && value > 0)
    const path = usable.map(({ size, value }: Point, n) => `${n === 0 ? 'M' : 'L'}${x(size).toFixed(1)} ${y(value).toFixed(1)}`)
    parts.push(`<path d="${path.join('')}" fill="none" stroke="${COLORS[i as 0 | 1]}" stroke-width="2"/>`)
    for (const { size, value } of usable)
      parts.push(`<circle cx="${x(size).toFixed(1)}" cy="${y(value).toFixed(1)}" r="3" fill="${COLORS[i as 0 | 1]}"/>`)
  }
  if (growth.beside !== undefined)
    parts.push(text([WIDTH - RIGHT, TOP - 4], `grey: ${growth.beside.name}`, 'text-anchor="end" fill="#6b7280"'))
  return `${parts.join('\n')}\n</svg>\n`
}

/** The powers of ten around the values, at least one apart. */
function decades(values: readonly number[]): readonly [number, number] {
  const low = Math.floor(Math.log10(Math.min(...values)))
  return [low, Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))))]
}

const share = (value: number, [low, high]: readonly [number, number]): number => (Math.log10(value) - low) / (high - low)

const label = (value: number): string => (value >= 1_000 ? `${value / 1_000}k` : String(Number(value.toPrecision(1))))
