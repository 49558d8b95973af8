// A YAML text and an offset in; which key or value is being written there, out. One pass over the text up to the offset, by
// indentation and brackets alone: it answers on a text that no parser takes.

/** A map or list that is open at the offset. */
interface Frame {
  /** Column of its keys or dashes; -1: a map or list in brackets. */
  readonly indent: number
  readonly kind: 'map' | 'list'
  /** Keys so far. */
  readonly keys: string[]
  /** The key, or the index, that is being filled. */
  at: string | number | undefined
}

export interface Cursor {
  /** Keys and indexes above what is written. */
  readonly path: readonly (string | number)[]
  /** Whether a key is being written, or a value. */
  readonly spot: 'key' | 'value'
  /** Of a value: its key, or the key of its list. */
  readonly key: string | undefined
  /** Keys before it in the same map. */
  readonly taken: readonly string[]
  /** What is written of the word so far. */
  readonly word: string
}

const KEY = /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'|([^\s#'"{}[\],&*!|>%@`][^#{}[\],]*?))\s*:(?=\s|$)/

export function cursorAt(text: string, offset: number): Cursor {
  const frames: Frame[] = [{ indent: 0, kind: 'map', keys: [], at: undefined }]
  const lines = text.slice(0, offset).split('\n')
  let flow = 0
  /** Lines of a text after `|` or `>` are further in than this. */
  let block = -1
  let rest = ''

  const top = (): Frame => frames[frames.length - 1] as Frame
  const open = (kind: Frame['kind'], indent: number): void =>
    void frames.push({ indent, kind, keys: [], at: kind === 'list' ? 0 : undefined })

  for (const [number, line] of lines.entries()) {
    const isLast = number === lines.length - 1
    let at = line.length - line.trimStart().length
    if (block >= 0) {
      if (line.trim() === '' || at > block) {
        rest = ''
        continue
      }
      block = -1
    }
    if (line.trim() === '' && flow === 0 && !isLast) continue
    // A bracket that nobody closed ends where a section begins.
    if (flow > 0 && at === 0 && KEY.test(line)) {
      while (frames.length > 1) frames.pop()
      flow = 0
    }
    if (flow === 0) {
      const isItem = /^-(?:\s|$)/.test(line.slice(at))
      while (frames.length > 1 && (top().indent > at || (top().indent === at && top().kind === 'list' && !isItem))) frames.pop()
      for (let item = isItem; item; item = /^-(?:\s|$)/.test(line.slice(at))) {
        const list = top()
        if (list.kind === 'list' && list.indent === at) list.at = Number(list.at) + 1
        else open('list', at)
        at += 1 + (/^-\s*/.exec(line.slice(at))?.[0].length ?? 1) - 1
      }
      if (at <= line.length && /^\s*$/.test(line.slice(at)) && isLast) {
        rest = ''
        if (isItem) open('map', at)
        else if (top().indent !== at || top().kind !== 'map') open('map', at)
        top().at = undefined
        continue
      }
      const key = KEY.exec(line.slice(at))
      if (key === null && line.charAt(at) === '#') continue
      if (key !== null || (isLast && /^[\w.-]*$/.test(line.slice(at)) && (top().kind === 'map' || isItem))) {
        if (top().kind !== 'map' || top().indent !== at) {
          if (!isItem && top().kind === 'map' && top().at === undefined && top().keys.length === 0 && frames.length > 1)
            frames.pop()
          open('map', at)
        }
        if (key === null) {
          top().at = undefined
          rest = line.slice(at)
          continue
        }
        const name = key[1] ?? key[2] ?? key[3] ?? ''
        top().at = name
        at += key[0].length
        if (/^\s*[|>][-+0-9]*\s*(#.*)?$/.test(line.slice(at))) block = line.length - line.trimStart().length
        if (!isLast || /^\s/.test(line.slice(at)) || line.slice(at) !== '') top().keys.push(name)
      }
    }
    rest = readFlow(line.slice(at), isLast)
  }

  /** Brackets, commas and keys in them; gives what is written after the last of these. */
  function readFlow(line: string, isLast: boolean): string {
    let word = ''
    for (let at = 0; at < line.length; at++) {
      const char = line.charAt(at)
      if ((char === '"' || char === "'") && word.trim() === '') {
        const end = line.indexOf(char, at + 1)
        word += end === -1 ? line.slice(at) : line.slice(at, end + 1)
        at = end === -1 ? line.length : end
      } else if (char === '#' && (at === 0 || /\s/.test(line.charAt(at - 1)))) break
      else if ((char === '{' || char === '[') && word.trim() === '') {
        flow++
        open(char === '{' ? 'map' : 'list', -1)
        word = ''
      } else if (flow > 0 && (char === '}' || char === ']')) {
        flow--
        frames.pop()
        word = ''
      } else if (flow > 0 && char === ',') {
        const frame = top()
        frame.at = frame.kind === 'list' ? Number(frame.at) + 1 : undefined
        word = ''
      } else if (
        flow > 0 &&
        char === ':' &&
        top().kind === 'map' &&
        top().at === undefined &&
        /^(\s|$)/.test(line.slice(at + 1))
      ) {
        const name = unquoted(word.trim())
        top().at = name
        top().keys.push(name)
        word = ''
      } else word += char
    }
    return isLast ? word : ''
  }

  const last = top()
  const isKey = last.kind === 'map' && last.at === undefined
  const path = frames.slice(0, isKey ? -1 : undefined).flatMap((frame) => (frame.at === undefined ? [] : [frame.at]))
  const word = unquoted(rest.trim())
  const key = [...path].reverse().find((part) => typeof part === 'string')
  return { path, spot: isKey ? 'key' : 'value', key: isKey ? undefined : (key as string | undefined), taken: last.keys, word }
}

const unquoted = (word: string): string => word.replace(/^["']|["']$/g, '')
