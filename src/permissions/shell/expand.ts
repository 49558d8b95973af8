// A word as written → the words a program gets: tilde and pathname patterns put in place as bash does it, in the order of a
// C.UTF-8 locale. What bash might do otherwise is not understood.

import { lstatSync, statSync } from 'node:fs'
import { compareNames, type Entry, type Listing, listingOf } from '../folders.ts'
import { firstInvisible } from '../invisible.ts'
import { compilePattern, isPattern, type NamePattern, type QuotedText } from './pattern.ts'
import type { Argument } from './tables/port.ts'
import { fail, type Word } from './words.ts'

export interface ExpandedWord extends Argument {
  readonly source: Word
  /** What its last component is, where the folder's listing told. */
  readonly entry: Entry | undefined
}

const MOST_PATTERNS_KEPT = 50
const LIMITS = { names: 60_000, folders: 500, words: 10_000, characters: 100_000 } as const

interface Met {
  path: string
  readonly entry: Entry | undefined
}

/** Expands the words of one command text; what all of them may look at together is limited. */
export class Expansion {
  readonly #home: string
  #names = 0
  #folders = 0
  #words = 0
  #characters = 0

  /** `home`: what `~` stands for. */
  constructor(home: string) {
    this.#home = home
  }

  /** `cwd`: where it would run, absolute. @throws NotUnderstood */
  words(word: Word, cwd: string): readonly ExpandedWord[] {
    const tilde = word.text.startsWith('~') && word.quoted[0] === 0 ? this.#tilde(word) : word
    const found = word.pattern ? this.#matches(tilde, word, cwd) : []
    const expanded = found.length > 0 ? found : [{ text: tilde.text, fromPattern: word.pattern, source: word, entry: undefined }]
    this.#words += expanded.length
    for (const { text } of expanded) this.#characters += text.length
    if (this.#words > LIMITS.words || this.#characters > LIMITS.characters) fail('Its patterns meet too many names.')
    return expanded
  }

  /** `~` and `~/…` stand for the home folder; every other tilde prefix for something that only a shell knows. */
  #tilde(word: Word): QuotedText {
    const { text, quoted } = word
    if (text !== '~' && (text.charAt(1) !== '/' || quoted[1] === 1)) {
      const slash = text.indexOf('/')
      // A quote anywhere in the prefix makes text of it.
      if (quoted.subarray(0, slash < 0 ? text.length : slash).includes(1)) return word
      return fail(`\`${text}\` stands for a folder that is not known beforehand.`)
    }
    if (word.emptyQuotes) return fail('Empty quotes stand in a word that begins with `~`.')
    const home = this.#home
    const rest = home === '/' ? text.slice(1).replace(/^\/+/, '') : text.slice(1)
    const marks = new Uint8Array(home.length + rest.length).fill(1)
    marks.set(quoted.subarray(text.length - rest.length), home.length)
    return { text: home + rest, quoted: marks }
  }

  /** The names a pattern meets, sorted; none: it stays as it is. */
  #matches(written: QuotedText, source: Word, cwd: string): readonly ExpandedWord[] {
    const { text } = written
    if (source.emptyQuotes && text.includes('[')) return fail('Empty quotes stand in a pattern.')
    if (text.includes('//')) return fail('A pattern holds a doubled slash.')
    let found: Met[] = [{ path: text.startsWith('/') ? '/' : '', entry: undefined }]
    let start = text.startsWith('/') ? 1 : 0
    let met = false
    let unusual = false
    for (;;) {
      const slash = text.indexOf('/', start)
      const end = slash < 0 ? text.length : slash
      const component = { text: text.slice(start, end), quoted: written.quoted.subarray(start, end) }
      if (isPattern(component)) {
        const pattern = compilePattern(component)
        found = this.#inFolders(found, component, pattern, cwd)
        met = true
        unusual ||= pattern.unusual
      } else if (met) {
        found = found.flatMap(({ path }) => this.#named(path, component.text, slash < 0, cwd))
      } else found = found.map(({ path }) => ({ path: path + component.text, entry: undefined }))
      if (slash < 0 || found.length === 0) break
      for (const one of found) one.path += '/'
      start = slash + 1
    }
    if (!met) return []
    if (found.length === 0 && unusual) fail(`The pattern \`${source.text}\` meets no file.`)
    const words = found.map(({ path, entry }) => ({ text: path, fromPattern: true, source, entry }))
    // A listing is in order already.
    return this.#folders === 1 ? words : words.sort((a, b) => compareNames(a.text, b.text))
  }

  #inFolders(folders: readonly { path: string }[], component: QuotedText, pattern: NamePattern, cwd: string): Met[] {
    const found: Met[] = []
    for (const { path } of folders) {
      const listing = listingOf(absolute(path, cwd))
      if (listing === undefined) return fail(`The folder \`${path}\` holds too many names to look \`${component.text}\` up.`)
      this.#names += listing.entries.length
      if (++this.#folders > LIMITS.folders || this.#names > LIMITS.names)
        fail(`\`${component.text}\` would have to be looked for in too many folders.`)
      for (const entry of metIn(listing, component, pattern)) found.push({ path: path + entry.name, entry })
    }
    return found
  }

  /** A fixed name below what a pattern met: it counts where it exists; an empty one, where a folder does. */
  #named(path: string, name: string, last: boolean, cwd: string): Met[] {
    const next = { path: path + name, entry: undefined }
    if (!last) return [next]
    if (++this.#names > LIMITS.names) fail('Its patterns meet too many names.')
    try {
      const there = name === '' ? statSync(absolute(path, cwd)).isDirectory() : lstatSync(absolute(next.path, cwd)) !== undefined
      return there ? [next] : []
    } catch {
      return []
    }
  }
}

const absolute = (path: string, cwd: string): string => (path.startsWith('/') ? path : `${cwd}/${path}`)

/** The entries that a pattern meets, in order. */
function metIn(listing: Listing, component: QuotedText, pattern: NamePattern): readonly Entry[] {
  if (!listing.readable) return fail('A folder holds a name that is not UTF-8.')
  const { text, quoted } = component
  const key = quoted.includes(1) ? undefined : text
  const known = key === undefined ? undefined : listing.met.get(key)
  if (known !== undefined) return known
  const met = pattern.among(listing.entries)
  for (const { name, ordinary } of met) {
    const invisible = ordinary ? undefined : name.includes('\n') ? 'U+000A' : firstInvisible(name)
    if (invisible !== undefined)
      fail(`The pattern \`${text}\` meets a name that holds the invisible or control character ${invisible}.`)
  }
  if (key !== undefined && listing.met.size < MOST_PATTERNS_KEPT) listing.met.set(key, met)
  return met
}
