// Texts in; whether an address or a text stands in them word for word. An address counts whole: its beginning is not enough, as the
// length of a cut could carry a message.

/** A piece of an outside text must be this long to count: single letters and words stand in any page. */
export const SHORTEST_PIECE = 8

const ADDRESS = /\bhttps?:\/\/[^\s<>"'`\\|{}^]+/gi
const BARE_ADDRESS = /(?<![\w@/.-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}(?::\d+)?(?:[/?][^\s<>"'`\\|{}^]*)?/gi
const TRAILING = /[.,;:!?)\]*_~]$/

/** An address in the form in which two are compared; null: not one. The scheme, a fragment and a last slash say nothing. */
export function plainAddress(text: string): string | null {
  try {
    const url = new URL(text)
    if (url.protocol !== 'http:' && url.protocol !== 'https:') return null
    const sign = url.username === '' && url.password === '' ? '' : `${url.username}:${url.password}@`
    const path = url.search === '' ? url.pathname.replace(/\/$/, '') : url.pathname
    return `${sign}${url.host}${path}${url.search}`
  } catch {
    return null
  }
}

/** Every address in a text, in that form. What may end a sentence after an address is tried with and without. */
export function addressesIn(text: string): ReadonlySet<string> {
  const plain = text.replaceAll('\\/', '/').replaceAll('&amp;', '&')
  const found = new Set<string>()
  const add = (address: string): void => {
    const whole = plainAddress(address)
    if (whole !== null) found.add(whole)
    // A bracket can belong to the address or to the sentence: `(see https://a.example/b)`.
    for (let rest = address; TRAILING.test(rest); ) {
      rest = rest.slice(0, -1)
      const shorter = plainAddress(rest)
      if (shorter !== null) found.add(shorter)
    }
    const link = address.indexOf('](')
    if (link > 0) add(address.slice(0, link))
  }
  for (const [address] of plain.matchAll(ADDRESS)) add(address)
  for (const [address] of plain.matchAll(BARE_ADDRESS)) add(`https://${address}`)
  return found
}

const spaced = (text: string): string => text.replaceAll(/\s+/g, ' ').trim()

const isWordy = (character: string | undefined): boolean => character !== undefined && /[\p{L}\p{N}_]/u.test(character)

/** Whether a text holds a piece as whole words. Blanks of any kind and number are the same. */
export function holdsWords(text: string, piece: string): boolean {
  const [inside, wanted] = [spaced(text), spaced(piece)]
  if (wanted === '') return true
  for (let at = inside.indexOf(wanted); at >= 0; at = inside.indexOf(wanted, at + 1)) {
    const end = at + wanted.length
    const begins = !isWordy(wanted[0]) || !isWordy(inside[at - 1])
    const ends = !isWordy(wanted.at(-1)) || !isWordy(inside[end])
    if (begins && ends) return true
  }
  return false
}
