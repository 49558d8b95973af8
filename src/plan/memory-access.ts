// Tools in; what of the agents' memory they read and write out. Notes are shared by all agents and people.

import type { KnownTool } from './tool-rights.ts'

export type MemoryScope = 'shared'

export interface MemoryAccess {
  readonly read: readonly MemoryScope[]
  readonly write: readonly MemoryScope[]
}

/** A tool that says nothing of itself may do both. */
export function memoryAccess(tools: readonly KnownTool[]): MemoryAccess {
  const can = (what: 'read' | 'write'): readonly MemoryScope[] =>
    tools.some(({ traits, memory }) => memory?.includes(what) ?? traits === undefined) ? ['shared'] : []
  return { read: can('read'), write: can('write') }
}
