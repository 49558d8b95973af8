// The name of a key, such as `Enter` or `Control+A`, in; what the protocol wants to press it out.

export interface Key {
  readonly key: string
  readonly code?: string
  readonly windowsVirtualKeyCode: number
  readonly modifiers: number
  /** What it writes. */
  readonly text?: string
}

const MODIFIERS: Readonly<Record<string, number>> = { alt: 1, control: 2, ctrl: 2, meta: 4, command: 4, shift: 8 }

/** Name → code of the key, and what it writes. */
const NAMED: Readonly<Record<string, readonly [code: number, text?: string]>> = {
  Enter: [13, '\r'],
  Tab: [9],
  Escape: [27],
  Backspace: [8],
  Delete: [46],
  Space: [32, ' '],
  ArrowLeft: [37],
  ArrowUp: [38],
  ArrowRight: [39],
  ArrowDown: [40],
  Home: [36],
  End: [35],
  PageUp: [33],
  PageDown: [34],
  Insert: [45],
  ...Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`F${index + 1}`, [112 + index]])),
}

/** @throws Error with the names there are */
export function keyOf(text: string): Key {
  const parts = text.split('+')
  const name = parts.pop() || '+'
  const modifiers = parts.reduce((sum, part) => sum | (MODIFIERS[part.trim().toLowerCase()] ?? unknown(text)), 0)
  const known = Object.keys(NAMED).find((one) => one.toLowerCase() === name.trim().toLowerCase())
  if (known !== undefined) {
    const [code = 0, writes] = NAMED[known] ?? []
    const key = known === 'Space' ? ' ' : known
    return {
      key,
      code: known,
      windowsVirtualKeyCode: code,
      modifiers,
      ...(writes === undefined || (modifiers & 7) !== 0 ? {} : { text: writes }),
    }
  }
  if ([...name].length !== 1) unknown(text)
  const isPlain = (modifiers & 7) === 0
  return { key: name, windowsVirtualKeyCode: name.toUpperCase().charCodeAt(0), modifiers, ...(isPlain ? { text: name } : {}) }
}

const unknown = (text: string): never => {
  throw new Error(
    `There is no key "${text}". Keys: a character, ${Object.keys(NAMED).slice(0, 14).join(', ')}, F1 to F12; Control+A.`,
  )
}
