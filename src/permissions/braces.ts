// A pattern with braces in, the patterns it stands for out: `git {status,log}` is two. By micromatch; quotes and backslashes
// keep a brace as it is.

/** Beyond this a list is a mistake, or an attack on memory. */
export const MOST_EXPANDED = 256

/** @throws RangeError when it stands for more than `MOST_EXPANDED` */
export async function expandBraces(pattern: string): Promise<readonly string[]> {
  if (!pattern.includes('{')) return [pattern]
  if (mostOf(pattern) > MOST_EXPANDED) throw new RangeError(`It stands for more than ${MOST_EXPANDED}.`)
  const { default: micromatch } = await import('micromatch')
  const options = { expand: true, keepEscaping: true, keepQuotes: true, rangeLimit: MOST_EXPANDED }
  return micromatch.braces(pattern, options).filter((one) => one !== '')
}

/** Never less than the number of patterns it stands for: the choices of each pair of braces, multiplied. */
function mostOf(pattern: string): number {
  let product = 1
  const open: { choices: number; start: number }[] = []
  for (const [index, character] of [...pattern].entries()) {
    const innermost = open.at(-1)
    if (character === '{') open.push({ choices: 1, start: index + 1 })
    else if (character === ',' && innermost !== undefined) innermost.choices++
    else if (character === '}' && innermost !== undefined) {
      open.pop()
      product *= Math.max(innermost.choices, rangeSize([...pattern].slice(innermost.start, index).join('')))
    }
  }
  return product
}

/** How many `a..z` or `1..20` are; 1 for anything else. */
function rangeSize(text: string): number {
  const [, from, to] = /^(-?\d+|[a-z])\.\.(-?\d+|[a-z])(?:\.\.-?\d+)?$/i.exec(text) ?? []
  if (from === undefined || to === undefined) return 1
  const at = (end: string): number => (/\d/.test(end) ? Number(end) : (end.codePointAt(0) ?? 0))
  return Math.abs(at(to) - at(from)) + 1
}
