// Whose notes, and where their files lie: memory/people/<person>, memory/agents/<agent>, memory/shared; what lies in memory/
// itself is shared too.

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { decodeKeyFromFile, encodeKeyForFile } from '../plan/session-key.ts'

export type Scope =
  | { readonly kind: 'person'; readonly name: string }
  | { readonly kind: 'agent'; readonly name: string }
  | { readonly kind: 'shared' }

export const SHARED: Scope = { kind: 'shared' }

/** The folder of a scope's index, graph and versions. Names are encoded, so that no id leaves the folder or meets another. */
export function scopeFolder(root: string, scope: Scope): string {
  if (scope.kind === 'shared') return root
  return join(root, scope.kind === 'person' ? 'people' : 'agents', encodeKeyForFile(scope.name))
}

/** Folders of its notes below that, the one for new notes first. */
export const noteFolders = (scope: Scope): readonly string[] => (scope.kind === 'shared' ? ['shared', '.'] : ['.'])

/** As people read and write it: `shared`, `agent:main`, `person:mehdi`. */
export const scopeText = (scope: Scope): string => (scope.kind === 'shared' ? 'shared' : `${scope.kind}:${scope.name}`)

/** Every scope that has a folder. */
export function scopesIn(root: string): readonly Scope[] {
  const named = (kind: 'person' | 'agent', folder: string): Scope[] =>
    foldersIn(join(root, folder)).flatMap((name): Scope[] => {
      const decoded = decodeKeyFromFile(name)
      return decoded === null ? [] : [{ kind, name: decoded }]
    })
  return [SHARED, ...named('agent', 'agents'), ...named('person', 'people')]
}

function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
      .sort()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
