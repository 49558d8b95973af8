// A root file → every file it includes, parsed, in the order in which they count. The only stage that reads configuration files.

import { stat } from 'node:fs/promises'
import { dirname, isAbsolute, resolve } from 'node:path'
import { type Diagnostic, diagnostic, messageOf } from '../errors.ts'
import { readOrdinaryFile } from '../ordinary-file.ts'
import { absolutePattern, isGlob } from './glob.ts'
import { interpolate, type Lookup } from './interpolate.ts'
import { copyOf, expandMirrored, type Mirror } from './mirror.ts'
import { MAX_FILE_BYTES, type ParseCache, type ParsedFile, parseFile } from './parse.ts'
import { positionOf } from './positions.ts'
import { entryOf, type ScalarNode, type TreeNode } from './yaml/tree.ts'

export interface LoadedFiles {
  /** Root first, then includes; a file that could not be read or parsed is absent. */
  readonly files: readonly ParsedFile[]
  readonly includePatterns: readonly string[]
  readonly diagnostics: readonly Diagnostic[]
}

export interface FileSources {
  readonly cache?: ParseCache | undefined
  readonly mirror?: Mirror | undefined
  /** Texts that count in place of what is on the disk, by absolute path. */
  readonly open?: ReadonlyMap<string, string> | undefined
}

export async function loadFiles(rootFile: string, lookup: Lookup, from: FileSources = {}): Promise<LoadedFiles> {
  const { cache, mirror } = from
  const files: ParsedFile[] = []
  const includePatterns: string[] = []
  const diagnostics: Diagnostic[] = []
  const seen = new Set<string>()

  /** `entry` is the include entry that names the file; the root has none. */
  async function visit(file: string, entry: ScalarNode | null, trail: readonly string[]): Promise<void> {
    seen.add(file)
    const text = from.open?.get(file)
    const read = text === undefined ? await readBounded(file, copyOf(file, mirror)) : { bytes: Buffer.from(text) }
    if (typeof read === 'string' || read.problem !== undefined) {
      const [code, message] = typeof read === 'string' ? (['CLAW003', read] as const) : (['CLAW004', read.problem!] as const)
      const at = entry === null ? { file } : positionOf(entry.source, entry.start, entry.end)
      diagnostics.push(diagnostic(code, message, { ...at, path: entry === null ? '' : '/include' }))
      return
    }
    const parsed = await parseFile(file, read.bytes!, cache)
    files.push(parsed)
    diagnostics.push(...parsed.diagnostics)
    if (parsed.root?.kind === 'map') await includes(parsed.root, file, trail)
  }

  async function includes(root: TreeNode & { kind: 'map' }, file: string, trail: readonly string[]): Promise<void> {
    const value = entryOf(root, 'include')?.value
    const items = value?.kind === 'list' ? value.items : value === undefined ? [] : [value]
    for (const item of items) {
      // Anything but a text is left to the schema.
      if (item.kind !== 'scalar' || typeof item.value !== 'string' || item.value === '') continue
      const { text, unset, malformed } = interpolate(item.value, lookup)
      if (unset.length > 0 || malformed !== undefined) continue
      await include(text, item, file, [...trail, file])
    }
  }

  async function include(pattern: string, item: ScalarNode, file: string, trail: readonly string[]): Promise<void> {
    const folder = dirname(file)
    const complain = (code: 'CLAW005' | 'CLAW010', message: string, hint?: string): void => {
      const at = { ...positionOf(item.source, item.start, item.end), path: '/include' }
      diagnostics.push(diagnostic(code, message, at, hint === undefined ? {} : { hint }))
    }
    if (!isGlob(pattern)) {
      const target = isAbsolute(pattern) ? pattern : resolve(folder, pattern)
      includePatterns.push(target)
      if (trail.includes(target))
        complain('CLAW005', 'This file includes itself, by way of others or not.', 'Remove one of the includes.')
      else if (!seen.has(target)) await visit(target, item, trail)
      return
    }
    includePatterns.push(absolutePattern(pattern, folder))
    const found = await expandMirrored(pattern, folder, mirror)
    if (found.length === 0) complain('CLAW010', `No file matches ${pattern}.`, `Paths are relative to ${dirname(file)}.`)
    for (const target of found) {
      // A pattern that happens to match the file it stands in means the others.
      if (target === file) continue
      if (trail.includes(target)) complain('CLAW005', `${target} includes this file.`, 'Remove one of the includes.')
      else if (!seen.has(target)) await visit(target, item, trail)
    }
  }

  await visit(rootFile, null, [])
  return { files, includePatterns, diagnostics }
}

/** The bytes, or a sentence that says why not. */
async function readBounded(file: string, from: string): Promise<string | { bytes?: Buffer; problem?: string }> {
  try {
    const { size } = await stat(from)
    if (size > MAX_FILE_BYTES) return { problem: `${file} is larger than ${MAX_FILE_BYTES / 1024 / 1024} MiB.` }
    return { bytes: await readOrdinaryFile(from) }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT') return `There is no file ${file}.`
    if (code === 'EISDIR') return `${file} is a folder.`
    if (code === 'EACCES') return `${file} may not be read by this user.`
    return `${file} cannot be read: ${messageOf(error)}`
  }
}
