// Open texts in, what the loader says of the configurations they belong to, out: the same loader that runs the bot. While a text is
// broken, the last document and Plan that were good still answer.

import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ConfigDocument } from '../config/document.ts'
import { type LoadResult, loadPlan } from '../config/load-plan.ts'
import type { ParseCache } from '../config/parse.ts'
import type { Plan } from '../plan/plan.ts'
import type { Registry } from '../registry.ts'
import { type Names, namesIn } from './names.ts'

/** One configuration: a root file with all it includes. */
export interface Project {
  readonly root: string
  readonly loaded: LoadResult
  /** The newest that could be read at all. */
  readonly document: ConfigDocument | null
  /** The newest without errors. */
  readonly plan: Plan | null
  /** Of `document`. */
  names(): Names | null
  /** Files of the newest load. */
  readonly files: ReadonlySet<string>
}

const ROOT_NAMES = ['openclaw.yaml', 'openclaw.yml']

export interface ProjectsOptions {
  readonly registry: Registry
  readonly env: Readonly<Record<string, string | undefined>>
  /** A root file that was named; files it includes belong to it. */
  readonly root?: string
}

export class Projects {
  readonly #options: ProjectsOptions
  readonly #open = new Map<string, string>()
  readonly #known = new Map<string, Project>()
  readonly #caches = new Map<string, ParseCache>()

  constructor(options: ProjectsOptions) {
    this.#options = options
  }

  /** The text of a file that is open; null closes it. */
  set(file: string, text: string | null): void {
    if (text === null) this.#open.delete(file)
    else this.#open.set(file, text)
  }

  textOf(file: string): string | undefined {
    return this.#open.get(file)
  }

  /** Loads the configuration that a file belongs to, again. */
  async reload(file: string): Promise<Project> {
    for (const root of this.#rootsOf(file)) {
      const project = await this.#load(root)
      if (root === file || project.files.has(file)) return project
    }
    return await this.#load(file)
  }

  /** As last loaded. */
  of(file: string): Project | undefined {
    return this.#known.get(file) ?? [...this.#known.values()].find(({ files }) => files.has(file))
  }

  /** Nearest first: a root that was named, one above it that may include it. */
  #rootsOf(file: string): readonly string[] {
    const known = this.of(file)
    const roots = known === undefined ? [] : [known.root]
    if (this.#options.root !== undefined) roots.push(this.#options.root)
    for (let folder = dirname(file), depth = 0; depth < MOST_FOLDERS; depth++) {
      for (const name of ROOT_NAMES) {
        const root = join(folder, name)
        if (root === file || this.#open.has(root) || existsSync(root)) roots.push(root)
      }
      const parent = dirname(folder)
      if (parent === folder) break
      folder = parent
    }
    return [...new Set(roots)]
  }

  async #load(root: string): Promise<Project> {
    const cache = this.#caches.get(root) ?? new Map()
    this.#caches.set(root, cache)
    const { registry, env } = this.#options
    const loaded = await loadPlan(root, { registry, env, open: this.#open, cache })
    const before = this.#known.get(root)
    // What one file defines is missing while its text is broken.
    const isWhole = loaded.document !== null && !loaded.diagnostics.some(({ code }) => UNREADABLE.has(code))
    const document = (isWhole ? loaded.document : before?.document) ?? loaded.document
    let names: Names | null | undefined
    const project: Project = {
      root,
      loaded,
      document,
      plan: loaded.plan ?? before?.plan ?? null,
      names() {
        names ??= document === null ? null : namesIn(document.root)
        return names
      },
      files: new Set([root, ...loaded.sources]),
    }
    this.#known.set(root, project)
    return project
  }
}

const UNREADABLE: ReadonlySet<string> = new Set(['CLAW001', 'CLAW003', 'CLAW004'])

/** Folders above a file that are looked through for the root that includes it. */
const MOST_FOLDERS = 6
