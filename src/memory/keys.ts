// Keys of memories and the names of their files: readable, one file a key, and never a way out of the folder.

import { createHash } from 'node:crypto'
import { lazily } from '../lazily.ts'

/** Longest file name in bytes that every common file system takes, with room for a temporary suffix. */
const MAX_NAME_BYTES = 200
const EXTENSION = '.md'
const HEADER = /^<!-- key: ("(?:[^"\\\n]|\\.)*") -->\r?\n/

/** The form in which a key is compared: composed, trimmed. @throws Error when nothing is left or it is absurdly long. */
export function normalizeKey(key: string): string {
  const normal = Buffer.from(key).toString('utf8').normalize('NFC').trim()
  if (normal.includes('\0')) throw new Error('A key may not hold the character NUL.')
  if (normal === '') throw new Error('A memory needs a key: a short label such as user-preferences.')
  if (normal.length > 1000) throw new Error('This key is too long; use a short label and put the rest into the content.')
  return normal
}

/**
 * The file name of a key. Letters, digits, marks and common signs stand as they are, the rest percent-encoded. A name that
 * would be too long, or that `taken` says another key holds (file systems may fold case), is cut and ends in `~hash`; such
 * a file says its key in its first line.
 */
export function fileNameOf(key: string, taken: (name: string) => boolean = () => false): { name: string; header: string } {
  const plain = encode(key) + EXTENSION
  if (Buffer.byteLength(plain) <= MAX_NAME_BYTES && !taken(plain)) return { name: plain, header: '' }
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 16)
  const name = `${truncate(encode(key), MAX_NAME_BYTES - 20)}~${hash}${EXTENSION}`
  // `-->` inside the key must not end the comment.
  return { name, header: `<!-- key: ${JSON.stringify(key).replaceAll('>', '\\u003e')} -->\n` }
}

/** The key and the text of a file; null for a file that holds no memory. A header is read only where `~` asks for one. */
export function keyOf(name: string, text: string): { key: string; content: string } | null {
  if (!isMemoryFile(name)) return null
  const stem = name.slice(0, -EXTENSION.length)
  const header = stem.includes('~') ? HEADER.exec(text) : null
  if (header !== null) {
    const key: unknown = parse(header[1]!)
    if (typeof key === 'string' && key.trim() !== '')
      return { key: key.normalize('NFC').trim(), content: text.slice(header[0].length) }
  }
  const key = decode(stem).normalize('NFC').trim()
  return key === '' ? null : { key, content: text }
}

/** Hidden files (editors' temporary ones) are none. */
export const isMemoryFile = (name: string): boolean =>
  name.endsWith(EXTENSION) && name.length > EXTENSION.length && !name.startsWith('.')

const kept = lazily(() => /[\p{L}\p{N}\p{M}_\-+@=,()&' .]/u)

function encode(key: string): string {
  const characters = [...key]
  return characters
    .map((character, i) => {
      const atEdge = i === 0 || i === characters.length - 1
      const keep =
        kept().test(character) && !(atEdge && (character === '.' || character === ' ')) && !(i === 0 && character === '-')
      return keep ? character : percent(character)
    })
    .join('')
}

const percent = (character: string): string =>
  [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')

/** People's own files may hold a stray `%`: it stands for itself. */
function decode(stem: string): string {
  return stem.replaceAll(/(?:%[0-9A-Fa-f]{2})+/g, (run) => {
    try {
      return decodeURIComponent(run)
    } catch {
      return run
    }
  })
}

function truncate(text: string, maxBytes: number): string {
  let cut = ''
  let bytes = 0
  for (const character of text) {
    bytes += Buffer.byteLength(character)
    if (bytes > maxBytes) break
    cut += character
  }
  return cut.replace(/%[0-9A-F]?$/, '')
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return null
  }
}
