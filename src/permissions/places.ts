// Where paths really are: a path comes in, absolute paths without links leave, also for what does not exist yet.

import { lstatSync, readlinkSync } from 'node:fs'

export interface RealPlace {
  /** Where the path leads, all links followed; what is not there yet by its parent, and by what a dangling link names. */
  readonly real: string
  /** The entry itself, not what it leads to: what would be moved, removed or moved over. */
  readonly entry: string
}

/** As the system has it: a path through more links is refused by all. */
const MOST_LINKS = 40
const MOST_STEPS = 200_000

/** Resolves absolute paths as the system does: a `..` after a link leaves what the link leads to. Looks at each name once. */
export class Places {
  readonly #known = new Map<string, RealPlace>()

  #steps = 0

  /** @throws Error after more names than all paths of a command can honestly have */
  of(path: string): RealPlace {
    return this.#resolve(path, { left: MOST_LINKS })
  }

  #resolve(path: string, links: { left: number }): RealPlace {
    let place: RealPlace = { real: '', entry: '' }
    for (const name of path.split('/')) {
      if (name === '' || name === '.') continue
      if (++this.#steps > MOST_STEPS) throw new Error('The paths of a command take too many steps to follow.')
      if (name === '..') {
        const parent = place.real.slice(0, Math.max(place.real.lastIndexOf('/'), 0))
        place = { real: parent, entry: parent }
      } else place = this.#below(place.real, name, links)
    }
    return place.entry === '' ? { real: '/', entry: '/' } : { real: place.real || '/', entry: place.entry }
  }

  /** One name in a folder without links; the root is empty. */
  #below(folder: string, name: string, links: { left: number }): RealPlace {
    const entry = `${folder}/${name}`
    const known = this.#known.get(entry)
    if (known !== undefined) return known
    const target = linkAt(entry)
    let real = entry
    if (target !== undefined && links.left-- > 0) {
      real = this.#resolve(target.startsWith('/') ? target : `${folder}/${target}`, links).real
      if (real === '/') real = ''
    }
    const place = { real, entry }
    this.#known.set(entry, place)
    return place
  }
}

/** Of one path alone. */
export const realPlace = (path: string): RealPlace => new Places().of(path)

/** What a link names; undefined: it is none. */
function linkAt(path: string): string | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true ? readlinkSync(path) : undefined
  } catch {
    return undefined
  }
}
