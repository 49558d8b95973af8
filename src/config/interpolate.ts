// A text with `${…}` in it → the text with variables put in, or what is wrong with it. Never throws, reads nothing.

export type Lookup = (name: string) => string | undefined

export interface Interpolated {
  readonly text: string
  /** Names that were replaced by the environment or a default. */
  readonly used: readonly string[]
  /** Names that are not set and have no default, with the words of `${NAME:?words}`. */
  readonly unset: readonly { readonly name: string; readonly message?: string }[]
  /** The malformed piece, when there is one. */
  readonly malformed?: string
  /** True when nothing but replaced variables made up the text: no part of it stands literally in the file. */
  readonly onlyVariables: boolean
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*/

/**
 * `${VAR}`, `${VAR:-default}` (also when empty), `${VAR:?message}`, and `$${literal}` for a literal `${literal}`.
 * A default may itself hold variables.
 */
export function interpolate(text: string, lookup: Lookup): Interpolated {
  const used: string[] = []
  const unset: { name: string; message?: string }[] = []
  let out = ''
  let literal = false
  let malformed: string | undefined
  let at = 0
  while (at < text.length) {
    const next = text.indexOf('${', at)
    if (next === -1) {
      literal ||= at < text.length
      out += text.slice(at)
      break
    }
    if (text.charAt(next - 1) === '$' && next - 1 >= at) {
      literal = true
      const close = text.indexOf('}', next)
      const end = close === -1 ? text.length : close + 1
      out += text.slice(at, next - 1) + text.slice(next, end)
      at = end
      continue
    }
    literal ||= next > at
    out += text.slice(at, next)
    const close = closing(text, next + 2)
    if (close === -1) {
      malformed ??= text.slice(next)
      break
    }
    const inner = text.slice(next + 2, close)
    const name = NAME.exec(inner)?.[0]
    const rest = name === undefined ? '' : inner.slice(name.length)
    if (name === undefined || !(rest === '' || rest.startsWith(':-') || rest.startsWith(':?')))
      malformed ??= text.slice(next, close + 1)
    else {
      const value = lookup(name)
      if (value !== undefined && (value !== '' || rest === '')) {
        used.push(name)
        out += value
      } else if (rest.startsWith(':-')) {
        const inside = interpolate(rest.slice(2), lookup)
        out += inside.text
        used.push(name, ...inside.used)
        unset.push(...inside.unset)
        malformed ??= inside.malformed
        literal ||= inside.text !== '' && !inside.onlyVariables
      } else {
        const message = rest.slice(2).trim()
        unset.push(message === '' ? { name } : { name, message })
      }
    }
    at = close + 1
  }
  return { text: out, used, unset, onlyVariables: !literal, ...(malformed === undefined ? {} : { malformed }) }
}

/** Where the brace that opened before `from` closes; braces of inner variables count. */
function closing(text: string, from: number): number {
  let depth = 1
  for (let at = from; at < text.length; at++) {
    if (text.startsWith('${', at)) {
      depth++
      at++
    } else if (text.charAt(at) === '}' && --depth === 0) return at
  }
  return -1
}

/** The name in a text that other programs would take for a variable, `$NAME` or `%NAME%`; undefined: it is none. */
export function bareVariableName(text: string): string | undefined {
  const mark = text.charAt(0)
  if (mark === '$') return /^\$([A-Z_][A-Z0-9_]+)$/.exec(text)?.[1]
  return mark === '%' ? /^%([A-Z_][A-Z0-9_]+)%$/.exec(text)?.[1] : undefined
}
