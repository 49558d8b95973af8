// The folders of an agent as its file tools see them: a path's text comes in, the folder it lies in and the names below it leave;
// and a real path that was opened comes in, and is refused where it may not be used.

import { lstat, mkdir, realpath } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import type { WorkspaceRoot } from '../plan/plan.ts'
import { contains } from './engine-files.ts'
import { type EngineGuard, engineGuard } from './engine-guard.ts'
import { codeOf } from './handles.ts'
import { realProblem } from './operands.ts'
import { type checkPathText, namesProblem, type Purpose } from './path-names.ts'
import { refuse } from './port.ts'

export interface Root {
  readonly path: string
  /** Without links. */
  readonly real: string
  readonly access: 'read' | 'write'
}

export interface Located {
  readonly root: Root
  /** Names below the root, without `..`. */
  readonly names: readonly string[]
}

export class PathRoots {
  /** The working folder, absolute. */
  readonly cwd: string
  readonly #configured: readonly WorkspaceRoot[]
  readonly #protectedPaths: readonly string[]
  #found: Promise<readonly Root[]> | undefined
  #guard: EngineGuard | undefined

  /** The first of `roots` is the working folder. */
  constructor(roots: readonly WorkspaceRoot[], protectedPaths: readonly string[]) {
    const [first] = roots
    if (first === undefined) throw new Error('A path gate needs a root.')
    this.cwd = resolve(first.path)
    this.#configured = roots
    this.#protectedPaths = protectedPaths
  }

  /** @throws GateError */
  async locate(text: ReturnType<typeof checkPathText>): Promise<Located> {
    if (text.folder) refuse('The path names a folder, not a file.')
    const { root, components } = await this.#rootOf(text)
    return { root, names: await withoutDots(root, components) }
  }

  /** As the tool's result names it: from the working folder, or absolute where it lies in another. */
  async shown(real: string): Promise<string> {
    const [first] = await this.#all()
    return first !== undefined && contains(first.real, real) ? relative(first.real, real) : real
  }

  /**
   * Refuses what a real path must not be: outside its root, under a protected name, the engine's own, a tool's settings. `what`: a
   * folder is gone through, not written. @throws GateError
   */
  check(real: string, root: Root, purpose: Purpose, what: 'file' | 'folder' = 'file'): void {
    if (!contains(root.real, real)) refuse('The path leads out of the workspace.')
    const components = relative(root.real, real).split(sep)
    const problem = namesProblem(what === 'file' ? components : [...components, ''], purpose)
    if (problem !== undefined) refuse(problem)
    this.#guard ??= engineGuard(
      this.#protectedPaths,
      this.#configured.map(({ path }) => path),
    )
    const met = realProblem(real, { use: what === 'file' ? purpose : 'read' }, { roots: [root], engine: this.#guard })
    if (met !== undefined) refuse(met.reason)
  }

  /** Makes the folders that may be written and finds where every one really is; again next time when that failed. */
  #all(): Promise<readonly Root[]> {
    this.#found ??= Promise.all(this.#configured.map(findRoot)).then((found) => found.flatMap((root) => root ?? []))
    this.#found.catch(() => {
      this.#found = undefined
    })
    return this.#found
  }

  async #rootOf(text: ReturnType<typeof checkPathText>): Promise<{ root: Root; components: readonly string[] }> {
    const all = await this.#all()
    if (!text.absolute) {
      const root = all.find(({ path }) => path === this.cwd)
      return root === undefined ? refuse('The working folder does not exist.') : { root, components: text.components }
    }
    if (text.components.includes('..')) refuse('An absolute path may not hold `..`.')
    const path = `/${text.components.join('/')}`
    for (const root of all) {
      const base = [root.path, root.real].find((one) => contains(one, path))
      if (base !== undefined)
        return {
          root,
          components: relative(base, path)
            .split(sep)
            .filter((part) => part !== ''),
        }
    }
    return refuse('The path lies outside the workspace.')
  }
}

/** undefined: there is no such folder. */
async function findRoot({ path, access }: WorkspaceRoot): Promise<Root | undefined> {
  if (access === 'write') await mkdir(path, { recursive: true })
  try {
    return { path: resolve(path), real: await realpath(path), access }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Takes `..` out, one real folder at a time: after a link it would lead elsewhere than the text says. */
async function withoutDots(root: Root, components: readonly string[]): Promise<readonly string[]> {
  const path: string[] = []
  for (const part of components) {
    if (part !== '..') {
      path.push(part)
      continue
    }
    if (path.length === 0) refuse('The path leaves the workspace.')
    const info = await lstat(join(root.real, ...path)).catch(() => undefined)
    if (info === undefined || !info.isDirectory()) refuse('`..` may only follow a folder of the workspace.')
    path.pop()
  }
  if (path.length === 0) refuse('The path names a folder, not a file.')
  return path
}
