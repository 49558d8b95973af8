// JSON5 text in, the line of every key and list item out. The text was parsed before, so this only has to keep its place.

const SEPARATOR = '\u0000'

/** Path (parts joined by NUL) → line, from 1. */
export function linesOf(text: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>()
  let at = 0
  let line = 1

  function step(): string {
    const character = text[at++] ?? ''
    if (character === '\n') line++
    return character
  }
  function skip(): void {
    while (at < text.length) {
      if (text.startsWith('//', at)) while (at < text.length && text[at] !== '\n') at++
      else if (text.startsWith('/*', at)) {
        while (at < text.length && !text.startsWith('*/', at)) step()
        at += 2
      } else if (/[\s\uFEFF]/.test(text[at]!)) step()
      else return
    }
  }
  function quoted(): string {
    const quote = step()
    let raw = ''
    while (at < text.length && text[at] !== quote) {
      if (text[at] === '\\') raw += step()
      raw += step()
    }
    step()
    return raw.replaceAll(/\\(.)/gs, '$1')
  }
  function word(): string {
    const start = at
    while (at < text.length && !/[\s,:[\]{}]/.test(text[at]!) && !text.startsWith('//', at) && !text.startsWith('/*', at)) at++
    return text.slice(start, at)
  }
  function value(path: readonly string[]): void {
    skip()
    const first = text[at]
    if (first === '{') members(path)
    else if (first === '[') elements(path)
    else if (first === '"' || first === "'") quoted()
    else if (word() === '') step()
  }
  function members(path: readonly string[]): void {
    step()
    for (skip(); at < text.length && text[at] !== '}'; skip()) {
      const here = line
      const key = text[at] === '"' || text[at] === "'" ? quoted() : word()
      const inner = [...path, key]
      lines.set(inner.join(SEPARATOR), here)
      skip()
      if (text[at] === ':') step()
      value(inner)
      skip()
      if (text[at] === ',') step()
    }
    step()
  }
  function elements(path: readonly string[]): void {
    step()
    let index = 0
    for (skip(); at < text.length && text[at] !== ']'; skip()) {
      const inner = [...path, String(index++)]
      lines.set(inner.join(SEPARATOR), line)
      value(inner)
      skip()
      if (text[at] === ',') step()
    }
    step()
  }

  value([])
  return lines
}
