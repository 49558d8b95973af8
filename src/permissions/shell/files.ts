// Files by where they are: a path of a command in, where it really leads and what is wrong with that out. Links are followed; what
// does not exist is placed by its nearest folder that does. Reads the disk, never throws; a walk through folders is bounded.

import { readFileSync, statSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import type { WorkspaceRoot } from '../../plan/plan.ts'
import { contains, isEngines, isPattern, patternFolder } from '../engine-files.ts'
import { namesProblem } from '../path-names.ts'
import { isProtectedName, protectedComponent } from '../protected.ts'
import { type Entry, entriesOf } from './folders.ts'
import { RealPaths } from './real-paths.ts'
import type { Operand } from './tables/port.ts'

export interface FilePlace {
  /** What relative paths start from, absolute. */
  readonly cwd: string
  /** The first is the workspace. */
  readonly roots: readonly WorkspaceRoot[]
  /** The engine's own files and folders, absolute. */
  readonly protectedPaths: readonly string[]
}

/** `engine`: never through a tool. `secret`: a person may still say yes in mode `ask`. */
export interface FileProblem {
  readonly kind: 'secret' | 'engine'
  readonly reason: string
}

export interface Found {
  /** Absolute, without links. */
  readonly real: string
  /** Whether it lies in a root; for a write, in one that may be written. */
  readonly inside: boolean
  readonly problem?: FileProblem
}

const KERNEL = /^\/(proc|sys|dev)(\/|$)/
const HARMLESS_DEVICES = new Set(['/dev/null', '/dev/zero'])
/** Names and folders that one walk looks at. */
const MOST_WALKED = { names: 20_000, folders: 2000 } as const
const CREDENTIAL = /:\/\/[^/\s@]+@|extraheader|\btoken\b|password/i
const MOST_SETTINGS = 256 * 1024

/** Judges the files of one command text; where a folder leads is looked up once. */
export class FileJudge {
  readonly #place: FilePlace
  readonly #paths = new RealPaths()
  readonly #found = new Map<string, Found>()
  readonly #folders = new Map<string, { real: string; plain: boolean }>()
  #roots: readonly WorkspaceRoot[] | undefined

  constructor(place: FilePlace) {
    this.#place = place
  }

  /** Whether a folder holds the workspace and is not it. */
  isAbove(real: string): boolean {
    return this.#realRoots().some((root) => real !== root.path && contains(real, root.path))
  }

  /** `entry`: what the listing of its folder says of the path, where that is known. */
  find(use: Operand, entry?: Entry): Found {
    if (entry?.ordinary === true && use.use === 'read' && !(use.deep && entry.folder)) {
      const found = this.#plainEntry(use.path, entry)
      if (found !== undefined) return found
    }
    const key = `${use.use}${use.deep ? (use.skipsHidden === true ? '*' : '**') : ''} ${use.path}`
    const known = this.#found.get(key)
    if (known !== undefined) return known
    const found = this.#look(use)
    this.#found.set(key, found)
    return found
  }

  #look(use: Operand): Found {
    const real = this.#paths.of(this.#absolute(use.path))
    const root = this.#realRoots().find((one) => contains(one.path, real))
    const inside = root !== undefined && (use.use === 'read' || root.access === 'write')
    const problem = this.#problem(use, real, root)
    return problem === undefined ? { real, inside } : { real, inside, problem }
  }

  #absolute(path: string): string {
    return path.startsWith('/') ? path : `${this.#place.cwd}/${path}`
  }

  /** No link, with an ordinary name, in a folder where nothing is the engine's. */
  #plainEntry(path: string, entry: Entry): Found | undefined {
    const folder = this.#absolute(path).slice(0, -entry.name.length - 1) || '/'
    let known = this.#folders.get(folder)
    if (known === undefined) {
      const real = this.#paths.of(folder)
      const root = this.#realRoots().find((one) => contains(one.path, real))
      const use = { path: folder, use: 'read', deep: false } as const
      const plain =
        root !== undefined &&
        this.#problem(use, real, root) === undefined &&
        !engineReal(this.#place.protectedPaths).some((own) => contains(real, isPattern(own) ? patternFolder(own) : own))
      known = { real, plain }
      this.#folders.set(folder, known)
    }
    if (!known.plain) return undefined
    return { real: `${known.real === '/' ? '' : known.real}/${entry.name}`, inside: true }
  }

  #realRoots(): readonly WorkspaceRoot[] {
    this.#roots ??= this.#place.roots.map((root) => ({ ...root, path: this.#paths.of(resolve(root.path)) }))
    return this.#roots
  }

  #problem(operand: Operand, real: string, root: WorkspaceRoot | undefined): FileProblem | undefined {
    const { path, use, deep } = operand
    if (HARMLESS_DEVICES.has(real)) return undefined
    const engine = this.#engineProblem(path, real, use)
    if (engine !== undefined) return engine
    if (KERNEL.test(real) || KERNEL.test(resolve(this.#place.cwd, path)))
      return { kind: 'secret', reason: `\`${path}\` lies in a kernel folder (/proc, /sys or /dev).` }
    const written = path.split('/').filter((part) => part !== '' && part !== '.')
    const names = root === undefined ? real.slice(1).split('/') : relative(root.path, real).split('/')
    const met = namesProblem(written, use) ?? namesProblem(names, use)
    if (met !== undefined)
      return { kind: 'secret', reason: protectedComponent(written) === undefined ? `\`${path}\` leads to it: ${met}` : met }
    return deep ? this.#walk(operand, real) : undefined
  }

  /** A workspace may lie inside the state folder. A folder that holds the engine's files is not written as a whole. */
  #engineProblem(path: string, real: string, use: Operand['use']): FileProblem | undefined {
    for (const own of engineReal(this.#place.protectedPaths)) {
      const within =
        isEngines(own, real) && !this.#realRoots().some((root) => contains(own, root.path) && contains(root.path, real))
      if (within || (use === 'write' && contains(real, isPattern(own) ? patternFolder(own) : own)))
        return {
          kind: 'engine',
          reason: `\`${path}\` ${within ? 'belongs to the engine' : 'holds files of the engine'}: its settings, grants and state are out of reach of tools.`,
        }
    }
    return undefined
  }

  /** Protected names below a folder. Published packages hold no secrets of this machine. */
  #walk({ path, skipsHidden }: Operand, start: string): FileProblem | undefined {
    const left = { names: MOST_WALKED.names as number, folders: MOST_WALKED.folders as number }
    const waiting = [start]
    const engine = engineReal(this.#place.protectedPaths).filter((own) => contains(start, own))
    for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
      let entries: readonly Entry[]
      try {
        entries = entriesOf(folder)
      } catch {
        entries = []
        left.names = 0
      }
      left.names -= entries.length
      if (--left.folders < 0 || left.names < 0)
        return { kind: 'secret', reason: `\`${path}\` holds too many files to look for protected names among them.` }
      for (const { name, folder: isFolder, link } of entries) {
        if (skipsHidden === true && name.startsWith('.')) continue
        const here = `${folder}/${name}`
        if (isProtectedName(name) || protectedComponent(here.split('/').slice(-2)) !== undefined)
          return { kind: 'secret', reason: `\`${path}\` holds \`${relative(start, here)}\`, a protected name.` }
        if (engine.includes(here))
          return { kind: 'secret', reason: `\`${path}\` holds \`${relative(start, here)}\`, which belongs to the engine.` }
        if (link || !isFolder) continue
        if (name === '.git') {
          if (holdsCredential(`${here}/config`))
            return { kind: 'secret', reason: `\`${path}\` holds \`.git/config\`, and that a credential.` }
        } else if (name !== 'node_modules') waiting.push(here)
      }
    }
    return undefined
  }
}

function holdsCredential(path: string): boolean {
  try {
    return statSync(path).size > MOST_SETTINGS || CREDENTIAL.test(readFileSync(path, 'utf8'))
  } catch {
    return false
  }
}

const engineKnown = new Map<string, readonly string[]>()

/** The engine's paths as they are written and as they really are. */
function engineReal(paths: readonly string[]): readonly string[] {
  const key = paths.join('\0')
  let known = engineKnown.get(key)
  if (known === undefined) {
    const real = new RealPaths()
    known = [...new Set(paths.flatMap((path) => [path, isPattern(path) ? path : real.of(path)]))]
    if (engineKnown.size > 100) engineKnown.clear()
    engineKnown.set(key, known)
  }
  return known
}
