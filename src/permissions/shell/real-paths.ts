// Where paths really lead: links followed, component by component; what does not exist is placed below the nearest folder that
// does. An absolute path in, one without links out. Looks at each component of the disk once.

import { lstatSync, readlinkSync } from 'node:fs'

const MOST_LINKS = 40
const MOST_COMPONENTS = 1000

export class RealPaths {
  readonly #known = new Map<string, string>()

  /** Never throws; a path with too many links or components leads to where it can be followed. */
  of(path: string): string {
    return this.#follow(path, { left: MOST_LINKS })
  }

  #follow(path: string, links: { left: number }): string {
    const known = this.#known.get(path)
    if (known !== undefined) return known
    let real = ''
    for (const part of path.split('/', MOST_COMPONENTS)) {
      if (part === '' || part === '.') continue
      real = part === '..' ? real.slice(0, Math.max(real.lastIndexOf('/'), 0)) : this.#below(real, part, links)
    }
    real ||= '/'
    this.#known.set(path, real)
    return real
  }

  /** One component below a real folder. */
  #below(folder: string, name: string, links: { left: number }): string {
    const path = `${folder}/${name}`
    const known = this.#known.get(path)
    if (known !== undefined) return known === '/' ? '' : known
    const target = linkAt(path)
    const real =
      target === undefined || links.left-- <= 0
        ? path
        : this.#follow(target.startsWith('/') ? target : `${folder}/${target}`, links)
    this.#known.set(path, real)
    return real === '/' ? '' : real
  }
}

/** Of one path alone. */
export const realPathOf = (path: string): string => new RealPaths().of(path)

/** What a link says; undefined: there is no link. */
function linkAt(path: string): string | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true ? readlinkSync(path) : undefined
  } catch {
    return undefined
  }
}
