// `identityLinks` in any of its forms → people, each with a name and identities. A scalar that holds several is one person.

import { isMap, listAt, mapAt } from './document.ts'
import type { Value } from './fill.ts'
import type { Path } from './shape.ts'

export interface LinkEntry {
  readonly name: string
  /** Whether the file names the person, or the first identity stands in. */
  readonly named: boolean
  readonly identities: readonly { readonly text: string; readonly path: Path }[]
  readonly path: Path
}

export function readLinks(root: Value): readonly LinkEntry[] {
  const section = mapAt(root)['identityLinks']
  if (isMap(section)) {
    return Object.entries(section)
      .filter(([name]) => !name.startsWith('x-'))
      .map(([name, value]) => link(value, ['identityLinks', name], name))
  }
  return listAt(section)
    .map((value, index) => link(value, ['identityLinks', index]))
    .filter((entry) => entry.identities.length > 0)
}

function link(value: Value, path: Path, name?: string): LinkEntry {
  const identities =
    typeof value === 'string'
      ? splitIdentities(value).map((text) => ({ text, path }))
      : listAt(value).flatMap((item, index) =>
          typeof item === 'string' ? splitIdentities(item).map((text) => ({ text, path: [...path, index] })) : [],
        )
  return { name: name ?? identities[0]?.text ?? '', named: name !== undefined, identities, path }
}

/** Identities in one scalar are parted by blanks or commas. */
const splitIdentities = (text: string): readonly string[] => text.split(/[\s,]+/).filter((part) => part !== '')

/** `channelId:userId`; the user id may hold colons itself. Null: malformed. */
export function splitIdentity(text: string): { channelId: string; userId: string } | null {
  const at = text.indexOf(':')
  if (at < 1 || at === text.length - 1 || /\s/.test(text)) return null
  return { channelId: text.slice(0, at), userId: text.slice(at + 1) }
}
