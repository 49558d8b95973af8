// What `.gitignore` files leave out of a repository. A path comes in; true leaves only where git would surely leave it out too.

import { existsSync, lstatSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { globMatch } from './protected.ts'

interface Rule {
  readonly negated: boolean
  readonly foldersOnly: boolean
  /** Components from the file's folder on; one alone counts at any depth. */
  readonly components: readonly string[]
  readonly anchored: boolean
  /** Written in a way that is not read here: as an exception it may match, as a rule it does not. */
  readonly unclear: boolean
}

const MOST_BYTES = 64 * 1024

/** The rules of a repository, as far as they were asked for. */
export class GitIgnored {
  readonly #top: string
  readonly #rules = new Map<string, readonly Rule[]>()

  /** `folder`: any folder of the repository, absolute. */
  constructor(folder: string) {
    this.#top = topOf(folder)
  }

  /** Whether git leaves a path out, itself or a folder above it. */
  has(path: string, isFolder: boolean): boolean {
    const parts = relative(this.#top, path).split('/')
    if (parts[0] === '..') return false
    return parts.some((_, index) => this.#leavesOut(parts.slice(0, index + 1), isFolder || index < parts.length - 1))
  }

  /** The last rule that matches decides; those of deeper folders come later. */
  #leavesOut(parts: readonly string[], isFolder: boolean): boolean {
    let out = false
    for (let depth = 0; depth < parts.length; depth++) {
      for (const rule of this.#rulesOf(join(this.#top, ...parts.slice(0, depth)))) {
        const rest = parts.slice(depth)
        if (rule.negated ? mayMatch(rule, rest) : matches(rule, rest, isFolder)) out = !rule.negated
      }
    }
    return out
  }

  #rulesOf(folder: string): readonly Rule[] {
    let rules = this.#rules.get(folder)
    if (rules === undefined) {
      rules = readRules(join(folder, '.gitignore'))
      this.#rules.set(folder, rules)
    }
    return rules
  }
}

/** The nearest folder above that has a `.git`, or the folder itself. */
function topOf(folder: string): string {
  for (let at = folder; at !== dirname(at); at = dirname(at)) if (existsSync(join(at, '.git'))) return at
  return folder
}

function readRules(file: string): readonly Rule[] {
  try {
    const info = lstatSync(file, { throwIfNoEntry: false })
    if (info?.isFile() !== true || info.size > MOST_BYTES) return []
    return readFileSync(file, 'utf8').split('\n').flatMap(ruleOf)
  } catch {
    return []
  }
}

function ruleOf(line: string): readonly Rule[] {
  const text = line.replace(/[ \r]+$/, '')
  if (text === '' || text.startsWith('#')) return []
  const negated = text.startsWith('!')
  const pattern = (negated ? text.slice(1) : text).replace(/^\*\*\//, '')
  const components = pattern.split('/').filter((part) => part !== '')
  if (components.length === 0) return []
  const anchored = pattern.startsWith('/') || components.length > 1
  return [{ negated, foldersOnly: pattern.endsWith('/'), components, anchored, unclear: /[[\]\\]|\*\*/.test(pattern) }]
}

function matches(rule: Rule, parts: readonly string[], isFolder: boolean): boolean {
  if (rule.unclear || (rule.foldersOnly && !isFolder)) return false
  if (!rule.anchored) return globMatch(rule.components[0] as string, parts.at(-1) ?? '')
  return (
    rule.components.length === parts.length &&
    rule.components.every((pattern, index) => globMatch(pattern, parts[index] as string))
  )
}

const mayMatch = (rule: Rule, parts: readonly string[]): boolean =>
  rule.unclear || globMatch(rule.components.at(-1) as string, parts.at(-1) ?? '')
