// Bytes of one file → its tree, or what is wrong with it. Same bytes, same answer: a cache keeps the last ones.

import { createHash } from 'node:crypto'
import { type Diagnostic, diagnostic } from '../errors.ts'
import { lazily } from '../lazily.ts'
import { positionOf } from './positions.ts'
import type { SourceText, TreeNode } from './yaml/tree.ts'

export interface ParsedFile {
  readonly source: SourceText
  /** SHA-256 (hex) of its bytes. */
  hash(): string
  /** Null: empty, or not to be read. */
  readonly root: TreeNode | null
  readonly diagnostics: readonly Diagnostic[]
}

/** Trees of files already parsed, by path; a file whose text is the same is not parsed again. */
export type ParseCache = Map<string, ParsedFile>

export const MAX_FILE_BYTES = 16 * 1024 * 1024

export const hashOf = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')

/** Of one file, its hash; of several, one over theirs in order, so that text moved from a file to the next counts. */
export const hashOfFiles = (hashes: readonly string[]): string => (hashes.length === 1 ? hashes[0]! : hashOf(hashes.join('\n')))

export async function parseFile(file: string, bytes: Uint8Array, cache?: ParseCache): Promise<ParsedFile> {
  const { text, badOffset } = decode(bytes)
  const source = { file, text }
  if (badOffset !== undefined) {
    const at = positionOf(source, badOffset, badOffset)
    const problem = diagnostic('CLAW004', 'The file is not UTF-8.', at, { hint: 'Save it with the encoding UTF-8.' })
    return { source, hash: lazily(() => hashOf(bytes)), root: null, diagnostics: [problem] }
  }
  const known = cache?.get(file)
  if (known?.source.text === text) return known
  const { parseYaml } = await import('./yaml/read.ts')
  const parsed = { source, hash: lazily(() => hashOf(text)), ...(await parseYaml(source)) }
  cache?.set(file, parsed)
  return parsed
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Text of the bytes; for bytes that are not UTF-8, the text before the first bad one and where that is. */
function decode(bytes: Uint8Array): { text: string; badOffset?: number } {
  try {
    return { text: strict.decode(bytes) }
  } catch {
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
    const bad = text.indexOf('\ufffd')
    return { text, badOffset: bad === -1 ? 0 : bad }
  }
}
